import { createHash } from 'node:crypto'
import { resolve, sep } from 'node:path'
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { isDatasetName } from './path.ts'

/** One `--data NAME=DIR[,replicated]`. Several of one name are one dataset, and a path in two of them counts twice. */
export interface DataOffer {
  readonly name: string
  /** Absolute. */
  readonly dir: string
  readonly replicated: boolean
  /** Only these relative paths of the directory (the simulator deals files out to its nodes). */
  readonly files?: readonly string[]
}

const REPLICATED = ',replicated'

/**
 * Reads `NAME=DIR[,replicated]`; DIR is taken from `from` where it is relative. `,replicated` at the very end is always
 * the option: a directory whose own name ends so is given with a `/` behind it.
 * Throws USAGE. Whether the directory is there is for `Catalog.start` to see.
 */
export function parseOffer(text: string, from: string): DataOffer {
  const equals = text.indexOf('=')
  if (equals < 0) refuse(text, 'there is no = between name and directory')
  const name = text.slice(0, equals)
  const rest = text.slice(equals + 1)
  const replicated = rest.endsWith(REPLICATED)
  const dir = replicated ? rest.slice(0, -REPLICATED.length) : rest
  if (name === '') refuse(text, 'the name is empty')
  if (!isDatasetName(name))
    refuse(text, `a name has letters, digits and . _ - only, at most ${LIMITS.namesBytesMax} bytes`)
  if (dir === '') refuse(text, 'the directory is empty')
  if (dir.includes('\0')) refuse(text, 'the directory contains a NUL')
  return { name, dir: resolve(from, dir), replicated }
}

function refuse(text: string, why: string): never {
  throw new ShoalError('USAGE', `--data ${JSON.stringify(text)} is not NAME=DIR[,replicated]`, {
    why,
    try: ['--data logs=/var/log/nginx', '--data logs=/mnt/copy,replicated'],
  })
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
