/**
 * Merging sorted runs into one sequence, by (key, rank of the split, position). A tree of losers (Knuth, The Art of
 * Computer Programming 3, 5.4.1) takes one comparison a level; a record with the same key and rank as the one before
 * it in its run takes none. Memory is one block a run.
 */
import { LIMITS } from '../core/limits.ts'
import { BlockWriter, damaged } from './blocks.ts'
import { ByteWriter, compareBytes } from './bytes.ts'
import { PartCursor } from './part-cursor.ts'
import { RUN_MAGIC, RunCursor, type RecordStream, type RecordView, type RunExpectation, writeRecordAs } from './run.ts'
import type { SpillFiles, SpillInput } from './spill.ts'

/**
 * How records of equal keys of one run rank among those of other runs: `by-input` in the order of the inputs,
 * `by-split` by the number that each record carries as its split, or by a table from that number.
 */
export type Ranking = 'by-input' | 'by-split' | readonly number[]

/** The records of one file, in order. */
interface Cursor extends RecordView {
  next(): RecordView | null
  /** This record has the key of the one before it. */
  readonly sameKey: boolean
  close(): void
}

/** One run to merge, opened when it is needed. */
export interface MergeInput {
  readonly name: string
  open(): Cursor
  readonly ranking: Ranking
  /** The splits to read, if not all: another cursor over the same run reads the others. */
  readonly only?: ReadonlySet<number>
}

/** A run within a merge: its cursor, and what comparisons need of its current record. */
class Contender {
  readonly cursor: Cursor
  readonly #name: string
  readonly #ranking: Ranking
  readonly #only: ReadonlySet<number> | undefined
  rank = 0
  /** The first eight bytes of the order form, filled up with zeros. */
  high = 0
  low = 0
  sameKey = false
  done = false

  constructor(input: MergeInput) {
    this.cursor = input.open()
    this.#name = input.name
    this.#ranking = input.ranking
    this.#only = input.only
  }

  /** Goes on to the next record; true if it has the key and rank of the one before. */
  advance(): boolean {
    const { cursor } = this
    let same = true
    do {
      if (cursor.next() === null) {
        this.done = true
        return false
      }
      same = same && cursor.sameKey
    } while (this.#only !== undefined && !this.#only.has(cursor.split))
    const rank = this.#rank(cursor.split)
    const still = same && rank === this.rank
    this.sameKey = same
    this.rank = rank
    if (!same) this.#prefix()
    return still
  }

  #rank(split: number): number {
    if (this.#ranking === 'by-input') return 0
    if (this.#ranking === 'by-split') return split
    const rank = this.#ranking[split]
    if (rank === undefined) throw damaged(this.#name, 'a record names no split of its task')
    return rank
  }

  #prefix(): void {
    const { buffer, orderStart, orderEnd } = this.cursor
    this.high = wordAt(buffer, orderStart, orderEnd)
    this.low = wordAt(buffer, orderStart + 4, orderEnd)
  }

  /** Whether this record comes before the other's; `first` decides between equals. */
  before(other: Contender, first: boolean): boolean {
    if (this.done || other.done) return other.done
    if (this.high !== other.high) return this.high < other.high
    if (this.low !== other.low) return this.low < other.low
    const a = this.cursor
    const b = other.cursor
    const difference = compareBytes(a.buffer, a.orderStart, a.orderEnd, b.buffer, b.orderStart, b.orderEnd)
    if (difference !== 0) return difference < 0
    if (this.rank !== other.rank) return this.rank < other.rank
    return first
  }
}

function wordAt(buffer: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end) {
    return ((buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!) >>> 0
  }
  let word = 0
  for (let i = 0; i < 4; i++) word = (word << 8) | (at + i < end ? buffer[at + i]! : 0)
  return word >>> 0
}

/** The merged sequence. At most LIMITS.mergeFanIn inputs: `merge` sees to that. */
class Merger implements RecordStream {
  /** The record has the key of the one before. */
  sameKey = false
  rank = 0
  readonly #runs: Contender[]
  /** #tree[0] is the winner, #tree[i] the loser of the match at node i; the leaf of run r would be node r + count. */
  readonly #tree: Int32Array
  #winner: Contender | null = null
  /** The key of the record returned last. */
  readonly #key = new ByteWriter(64)
  #started = false

  constructor(inputs: readonly MergeInput[]) {
    this.#runs = []
    this.#tree = new Int32Array(Math.max(1, inputs.length)).fill(-1)
    try {
      for (const input of inputs) this.#runs.push(new Contender(input))
    } catch (error) {
      this.close()
      throw error
    }
  }

  next(): RecordView | null {
    const before = this.#winner
    if (before === null) {
      if (this.#started || this.#runs.length === 0) return null
      this.#start()
    } else if (before.advance()) {
      this.sameKey = true
      return before.cursor
    } else if (this.#runs.length > 1) {
      this.#replay(this.#tree[0]!)
    }
    const winner = this.#runs[this.#tree[0]!]!
    if (winner.done) {
      this.#winner = null
      return null
    }
    this.#winner = winner
    this.rank = winner.rank
    const { cursor } = winner
    const key = this.#key
    this.sameKey =
      winner === before
        ? winner.sameKey
        : before !== null &&
          compareBytes(key.buffer, 0, key.length, cursor.buffer, cursor.orderStart, cursor.orderEnd) === 0
    if (!this.sameKey) {
      key.reset()
      key.slice(cursor.buffer, cursor.orderStart, cursor.orderEnd)
    }
    return cursor
  }

  /** The order form of the current record's key: valid until `next`. */
  get key(): Uint8Array {
    return this.#key.view()
  }

  close(): void {
    for (const run of this.#runs) run.cursor.close()
  }

  #start(): void {
    this.#started = true
    const count = this.#runs.length
    for (const run of this.#runs) run.advance()
    if (count === 1) {
      this.#tree[0] = 0
      return
    }
    for (let leaf = 0; leaf < count; leaf++) this.#enter(leaf)
  }

  /** Lets a leaf climb: it waits at the first node that no one has reached, or plays who waits there. */
  #enter(leaf: number): void {
    let winner = leaf
    for (let node = (leaf + this.#runs.length) >> 1; node >= 1; node >>= 1) {
      const waiting = this.#tree[node]!
      if (waiting === -1) {
        this.#tree[node] = winner
        return
      }
      if (this.#wins(waiting, winner)) {
        this.#tree[node] = winner
        winner = waiting
      }
    }
    this.#tree[0] = winner
  }

  #replay(leaf: number): void {
    let winner = leaf
    for (let node = (leaf + this.#runs.length) >> 1; node >= 1; node >>= 1) {
      const waiting = this.#tree[node]!
      if (this.#wins(waiting, winner)) {
        this.#tree[node] = winner
        winner = waiting
      }
    }
    this.#tree[0] = winner
  }

  #wins(a: number, b: number): boolean {
    return this.#runs[a]!.before(this.#runs[b]!, a < b)
  }
}

/** A merge with what it left on disk on the way. */
export interface Merge {
  readonly merger: Merger
  close(): void
}

export interface MergeOptions {
  readonly files: SpillFiles
  /** Begins the names of intermediate files. */
  readonly prefix: string
  readonly fanIn?: number
  readonly progress?: ((bytes: number) => void) | undefined
}

/**
 * Merges any number of runs, with at most LIMITS.mergeFanIn open at once: neighbours are first merged into
 * intermediate runs, no more of them than needed. Weights and the order of equal keys stay.
 */
export function merge(inputs: readonly MergeInput[], options: MergeOptions): Merge {
  const fanIn = options.fanIn ?? LIMITS.mergeFanIn
  const temporary = new Set<string>()
  const drop = (names: readonly MergeInput[]): void => {
    for (const { name } of names) {
      if (temporary.delete(name)) options.files.remove(name)
    }
  }
  let made = 0
  let level = inputs
  while (level.length > fanIn) {
    const next: MergeInput[] = []
    let at = 0
    while (at < level.length) {
      const excess = next.length + (level.length - at) - fanIn
      if (excess <= 0) {
        next.push(...level.slice(at))
        break
      }
      const group = level.slice(at, at + Math.min(fanIn, excess + 1))
      at += group.length
      if (group.length === 1) {
        next.push(group[0]!)
        continue
      }
      const name = `${options.prefix}${made++}`
      temporary.add(name)
      next.push(mergeInto(name, group, options))
      drop(group)
    }
    level = next
  }
  const merger = new Merger(level)
  const close = (): void => {
    merger.close()
    for (const name of temporary) options.files.remove(name)
    temporary.clear()
  }
  return { merger, close }
}

function mergeInto(name: string, group: readonly MergeInput[], options: MergeOptions): MergeInput {
  const merger = new Merger(group)
  const ranked = group[0]!.ranking !== 'by-input'
  const out = options.files.create(name)
  const writer = new BlockWriter(out, { magic: RUN_MAGIC, compress: false, digest: false, progress: options.progress })
  const record = new ByteWriter(1024)
  try {
    for (let view = merger.next(); view !== null; view = merger.next()) {
      if (ranked) {
        record.reset()
        writeRecordAs(record, view, merger.rank)
        writer.append(record.buffer, 0, record.length, view.weight)
      } else {
        writer.append(view.buffer, view.start, view.valueEnd, view.weight)
      }
    }
    writer.finish()
  } finally {
    merger.close()
    out.close()
  }
  return {
    name,
    open: () => new RunCursor(options.files.open(name), 0, name),
    ranking: ranked ? 'by-split' : 'by-input',
  }
}

/**
 * The inputs for one run whose splits rank by `ranks`. A run has its records of one key in the order of its splits;
 * where ranks do not ascend with them, the run is read by several cursors, each over splits whose ranks do.
 */
export function inputsOfRun(
  name: string,
  open: () => SpillInput,
  ranks: readonly number[],
  expected: RunExpectation | null,
): MergeInput[] {
  const groups: { splits: Set<number>; last: number }[] = []
  for (let split = 0; split < ranks.length; split++) {
    const rank = ranks[split]!
    const group = groups.find((g) => g.last < rank)
    if (group === undefined) groups.push({ splits: new Set([split]), last: rank })
    else {
      group.splits.add(split)
      group.last = rank
    }
  }
  const input = { name, open: () => new RunCursor(open(), 0, name, expected), ranking: ranks }
  return groups.length <= 1 ? [input] : groups.map((group) => ({ ...input, only: group.splits }))
}

/** The input for one part whose keys ascend, and whose records all rank the same. */
export function inputOfPart(name: string, open: () => SpillInput, rank: number, expected: RunExpectation): MergeInput {
  return { name, open: () => new PartCursor(open(), name, expected), ranking: [rank] }
}
