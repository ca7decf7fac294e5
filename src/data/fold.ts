/**
 * Groups over merged runs: what reduce sees. Keys come in order; the values of a key in order of (split, position),
 * one at a time, however many there are. With several inputs (co-group) a key has one sequence of values per alias.
 */
import { assert, ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Bytes } from '../core/types.ts'
import { ByteReader, compareBytes } from './bytes.ts'
import { type Merge, inputOfPart, inputsOfRun, merge } from './merge.ts'
import { KeyReader } from './order.ts'
import type { RecordView, RunExpectation } from './run.ts'
import type { SpillFiles, SpillInput } from './spill.ts'
import { type ValueFactory, decodeValue } from './value.ts'
import { ValueQueue } from './value-queue.ts'

/** Stands for: no further value. */
export const END: unique symbol = Symbol('end')

/** One run to reduce; see RunWork in ports.ts for `ranks` and `aliases`. */
export interface GroupInput {
  readonly name: string
  open(): SpillInput
  readonly ranks: readonly number[]
  readonly aliases: readonly number[]
  /** null: the run's own checksums are enough. */
  readonly expected: RunExpectation | null
}

/** One part to reduce, whose keys ascend: all its records come at one rank, of one alias. */
export interface GroupPart {
  readonly name: string
  open(): SpillInput
  readonly rank: number
  readonly alias: number
  readonly expected: RunExpectation
}

export interface GroupOptions {
  readonly inputs: readonly GroupInput[]
  readonly parts?: readonly GroupPart[]
  /** The number of aliases. Ranks are alias-major: all of alias 0 below all of alias 1, and so on. */
  readonly aliases: number
  readonly make: ValueFactory
  readonly files: SpillFiles
  /** Values that were passed over are kept in memory up to this; default LIMITS.passedOverBytes. */
  readonly memory?: Bytes
  readonly fanIn?: number
  readonly progress?: ((bytes: number) => void) | undefined
}

/**
 * Use: `while (groups.nextGroup())` read `groups.key`, and `nextValue(alias)` until it gives END, as often as wanted;
 * what is left unread is skipped.
 * @throws ShoalError DAMAGED from any step
 */
export class Groups {
  /** The key of this group, as its first record had it. */
  key: unknown = null
  /** The typed key of the record whose value came last: 1n where the group's key is 1. */
  recordKey: unknown = null
  /** Groups begun. */
  groups = 0
  /** Records read, groups skipped included. */
  records = 0
  /** By alias, emitted records that those read stand for. */
  readonly weights: number[]
  readonly #merge: Merge
  readonly #make: ValueFactory
  readonly #aliasOf: Uint16Array
  readonly #queues: ValueQueue[] = []
  readonly #keys = new KeyReader()
  readonly #values = new ByteReader()
  /** The record in hand: the next one to give, if it is of this group. */
  #view: RecordView | null = null
  #within = false
  #alias = 0
  #started = false
  #shape: Buffer = Buffer.alloc(0)

  constructor(options: GroupOptions) {
    const { inputs, parts = [], aliases, make, files, fanIn, progress } = options
    this.#make = make
    this.weights = new Array<number>(aliases).fill(0)
    this.#aliasOf = aliasesByRank([...inputs, ...parts.map(({ rank, alias }) => ({ ranks: [rank], aliases: [alias] }))])
    const memory = (options.memory ?? LIMITS.passedOverBytes) / Math.max(1, aliases - 1)
    for (let alias = 0; alias < aliases; alias++) {
      this.#queues.push(new ValueQueue(files, `passed-${alias}`, memory))
    }
    this.#merge = merge(
      [
        ...inputs.flatMap((input) => inputsOfRun(input.name, () => input.open(), input.ranks, input.expected)),
        ...parts.map((part) => inputOfPart(part.name, () => part.open(), part.rank, part.expected)),
      ],
      { files, prefix: 'merge-', progress, ...(fanIn === undefined ? {} : { fanIn }) },
    )
  }

  /** Goes to the next key; false when there is none. */
  nextGroup(): boolean {
    if (!this.#started) {
      this.#started = true
      this.#advance()
    }
    while (this.#within) this.#advance()
    for (const queue of this.#queues) queue.clear()
    const view = this.#view
    if (view === null) return false
    this.#within = true
    this.groups++
    this.key = this.#typedKey(view)
    this.recordKey = this.key
    if (view.shapeEnd > view.shapeStart || this.#shape.length > 0) {
      this.#shape = Buffer.from(view.buffer.subarray(view.shapeStart, view.shapeEnd))
    }
    return true
  }

  /** The order form of the group's key; valid until the group's first value is taken. */
  get order(): Uint8Array {
    return this.#merge.merger.key
  }

  /** The next value of that alias in this group, or END, then and from then on. */
  nextValue(alias: number): unknown {
    const queue = this.#queues[alias]!
    if (queue.next(this.#values)) return this.#value()
    while (this.#within && this.#alias < alias) {
      const view = this.#view!
      this.#queues[this.#alias]!.put(view.buffer, view.valueStart, view.valueEnd)
      this.#advance()
    }
    if (!this.#within || this.#alias > alias) return END
    const view = this.#view!
    this.#values.over(view.buffer, view.valueStart, view.valueEnd)
    const value = this.#value()
    this.recordKey = view.shapeEnd > view.shapeStart || this.#shape.length > 0 ? this.#ownKey(view) : this.key
    this.#advance()
    return value
  }

  /** The values of an alias as a one-pass iterable of this realm. */
  *values(alias = 0): Generator<unknown, void, undefined> {
    const group = this.groups
    while (this.groups === group) {
      const value = this.nextValue(alias)
      if (value === END) return
      yield value
    }
  }

  close(): void {
    this.#merge.close()
    for (const queue of this.#queues) queue.clear()
  }

  #advance(): void {
    const { merger } = this.#merge
    const view = merger.next()
    this.#view = view
    if (view === null) {
      this.#within = false
      return
    }
    this.#within &&= merger.sameKey
    this.#alias = this.#aliasOf[merger.rank]!
    this.records++
    this.weights[this.#alias]! += view.weight
  }

  /** The value that `#values` is over, and nothing behind it. */
  #value(): unknown {
    const value = decodeValue(this.#values, this.#make)
    if (!this.#values.done) throw new ShoalError('DAMAGED', 'a value in a record is not as long as it says')
    return value
  }

  #typedKey(view: RecordView): unknown {
    const { buffer, orderStart, orderEnd, shapeStart, shapeEnd } = view
    return this.#keys.read(buffer, orderStart, orderEnd, buffer, shapeStart, shapeEnd, this.#make)
  }

  #ownKey(view: RecordView): unknown {
    const shape = this.#shape
    const same = compareBytes(view.buffer, view.shapeStart, view.shapeEnd, shape, 0, shape.length) === 0
    return same ? this.key : this.#typedKey(view)
  }
}

function aliasesByRank(inputs: readonly Pick<GroupInput, 'ranks' | 'aliases'>[]): Uint16Array {
  let top = -1
  for (const { ranks } of inputs) for (const rank of ranks) top = Math.max(top, rank)
  const aliasOf = new Uint16Array(top + 1)
  for (const { ranks, aliases } of inputs) {
    assert(ranks.length === aliases.length, 'each split has a rank and an alias')
    for (let i = 0; i < ranks.length; i++) aliasOf[ranks[i]!] = aliases[i]!
  }
  return aliasOf
}
