import { createHash } from 'node:crypto'
import { sep } from 'node:path'
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'

/** One `--data NAME=DIR[,replicated][,all][,follow|,skip-links]`. Several of one name are one dataset, and a path in two of them counts twice. */
export interface DataOffer {
  readonly name: string
  /** Absolute. */
  readonly dir: string
  readonly replicated: boolean
  /** Names that begin with `_` or `.`, and receipts of Shoal, are data like others. */
  readonly all?: boolean
  /** Links that lead out of the directory: files like others, or passed over; absent: unreadable. */
  readonly links?: 'follow' | 'skip'
  /** Only these relative paths of the directory (the simulator deals files out to its nodes). */
  readonly files?: readonly string[]
}

/**
 * Names an offered directory on its node: the first 12 hex digits of a SHA-256 of dataset and absolute path. It tells
 * directories of one node apart and is never compared between nodes.
 */
export function rootId(offer: Pick<DataOffer, 'name' | 'dir'>): string {
  return createHash('sha256').update(`${offer.name}\0${offer.dir}`).digest('hex').slice(0, 12)
}

/**
 * What no single `--data` shows: a directory given twice under one name (or one inside the other) would count its
 * files twice, and one name cannot be both own and replicated. Throws USAGE, DATASET_MODE or LIMIT.
 */
export function checkOffers(offers: readonly DataOffer[]): void {
  if (offers.length > LIMITS.rootsMax) {
    throw new ShoalError('LIMIT', `${offers.length} directories are offered, more than ${LIMITS.rootsMax}`, {
      try: ['offer a folder that contains them'],
    })
  }
  for (const [i, offer] of offers.entries()) {
    for (const other of offers.slice(0, i).filter((one) => one.name === offer.name)) checkPair(other, offer)
  }
}

function checkPair(a: DataOffer, b: DataOffer): void {
  if (a.replicated !== b.replicated) {
    throw new ShoalError('DATASET_MODE', `${a.name} is given both as replicated and as own`, {
      why: `${a.dir} and ${b.dir}`,
      try: ['say ,replicated for both, or for none'],
    })
  }
  if (a.dir === b.dir || isInside(a.dir, b.dir) || isInside(b.dir, a.dir)) {
    const what = a.dir === b.dir ? `${a.dir} is given twice` : `${a.dir} and ${b.dir} lie one in the other`
    throw new ShoalError('USAGE', `--data ${a.name}: ${what}`, { why: 'their files would count twice' })
  }
}

/** Whether `path` is in the directory `dir`, or is it; both absolute and without symbolic links. */
export function isInside(path: string, dir: string): boolean {
  return path === dir || path.startsWith(dir.endsWith(sep) ? dir : dir + sep)
}
