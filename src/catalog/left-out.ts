import { compareUtf8 } from '../core/plan/ranks.ts'

/** Why something in an offered directory is no data. */
export const LEFT_OUT_KINDS = ['hidden', 'special', 'link', 'loop', 'long', 'home', 'receipt'] as const
export type LeftOutKind = (typeof LEFT_OUT_KINDS)[number]

/** What of one kind is left out: how many, and the first of them by name. Of a folder the folder alone counts. */
export interface LeftOut {
  readonly kind: LeftOutKind
  readonly count: number
  /** In UTF-8 order, at most LEFT_OUT_SAMPLES. */
  readonly samples: readonly string[]
}

/** Enough to know what kind of names they are. */
export const LEFT_OUT_SAMPLES = 5

const WORDS: Readonly<Record<LeftOutKind, readonly [one: string, many: string]>> = {
  hidden: ['name that begins with _ or . is not read', 'names that begin with _ or . are not read'],
  special: ['socket, pipe or device is not read', 'sockets, pipes or devices are not read'],
  link: [
    'link that leads out of the directory, or to nothing, is passed over',
    'links that lead out of the directory, or to nothing, are passed over',
  ],
  loop: ['link to a folder above itself is not followed', 'links to folders above themselves are not followed'],
  long: ['path longer than a file system allows is not read', 'paths longer than a file system allows are not read'],
  home: ['folder is the home of a node, and not read', 'folders are homes of nodes, and not read'],
  receipt: ['receipt of Shoal is not read', 'receipts of Shoal are not read'],
}

/** `3 names that begin with _ or . are not read: _SUCCESS, …` */
export function leftOutText({ kind, count, samples }: Omit<LeftOut, 'kind'> & { readonly kind: string }): string {
  const named = count > samples.length ? [...samples, '…'] : samples
  // A job's record may come from another version, with a kind that has no words here.
  const words = Object.hasOwn(WORDS, kind)
    ? WORDS[kind as LeftOutKind]
    : [`${kind} is not read`, `${kind} are not read`]
  return `${count} ${words[count === 1 ? 0 : 1]}: ${named.join(', ')}`
}

/** Counts what a scan leaves out. */
export class LeftOutBook {
  readonly #kinds = new Map<LeftOutKind, { count: number; samples: string[] }>()

  add(kind: LeftOutKind, path: string): void {
    const known = this.#kinds.get(kind) ?? { count: 0, samples: [] }
    this.#kinds.set(kind, known)
    known.count++
    if (known.samples.length === LEFT_OUT_SAMPLES && compareUtf8(path, known.samples.at(-1)!) > 0) return
    known.samples = [...known.samples, path].toSorted(compareUtf8).slice(0, LEFT_OUT_SAMPLES)
  }

  /** In the order of LEFT_OUT_KINDS. */
  all(): LeftOut[] {
    return LEFT_OUT_KINDS.flatMap((kind) => {
      const known = this.#kinds.get(kind)
      return known === undefined ? [] : [{ kind, ...known }]
    })
  }
}

/** The same of several directories, or nodes, together. */
export function joinLeftOut(all: Iterable<LeftOut>): LeftOut[] {
  const byKind = Map.groupBy(all, ({ kind }) => kind)
  return LEFT_OUT_KINDS.flatMap((kind) => {
    const some = byKind.get(kind)
    if (some === undefined) return []
    const samples = [...new Set(some.flatMap((one) => one.samples))].toSorted(compareUtf8).slice(0, LEFT_OUT_SAMPLES)
    return [{ kind, count: some.reduce((sum, { count }) => sum + count, 0), samples }]
  })
}
