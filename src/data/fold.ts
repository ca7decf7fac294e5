/**
 * Groups over merged runs: what reduce sees. Keys come in order; the values of a key in order of (split, position),
 * one at a time, however many there are. With several inputs (co-group) a key has one sequence of values per alias.
 */
import { assert, ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Bytes } from '../core/types.ts'
import type { Aggregate, By } from './aggregates/aggregate.ts'
import { ofTypedKey } from './aggregates/misfit.ts'
import { ByteReader, ByteWriter, compareBytes } from './bytes.ts'
import { type Merge, inputOfPart, inputsOfRun, merge } from './merge.ts'
import { KeyReader } from './order.ts'
import type { RecordView, RunExpectation } from './run.ts'
import { isOfKey, type KeyOf, keyOf } from './sorted-values.ts'
import type { SpillFiles, SpillInput } from './spill.ts'
import { type ValueFactory, decodeValue } from './value.ts'
import { ValueQueue } from './value-queue.ts'

/** Stands for: no further value. */
export const END: unique symbol = Symbol('end')

/** One run to reduce; see RunWork in core/plan/work.ts for `ranks` and `aliases`. */
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
  /** What runs have accumulators of, and parts values for: then each alias of a group has one value, or none. */
  readonly aggregate?: Aggregate | null
  /** What the aggregate compares the values of parts by. */
  readonly by?: By | null
  /** Runs have sorted values, see sorted-values.ts: of one alias alone. */
  readonly sorted?: boolean
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
  readonly #aggregate: Aggregate | null
  readonly #by: By | null
  readonly #aliasOf: Uint16Array
  readonly #queues: ValueQueue[] = []
  readonly #keys = new KeyReader()
  readonly #values = new ByteReader()
  readonly #passed = new ByteWriter(64)
  /** The record in hand: the next one to give, if it is of this group. */
  #view: RecordView | null = null
  #within = false
  #alias = 0
  #started = false
  #shape: Buffer = Buffer.alloc(0)
  /** Of the group, where values are sorted. */
  readonly #key = new ByteWriter(64)
  readonly #sorted: boolean
  readonly #at: KeyOf = { orderEnd: 0, shapeStart: 0 }

  constructor(options: GroupOptions) {
    const { inputs, parts = [], aliases, make, files, fanIn, progress } = options
    this.#make = make
    this.#aggregate = options.aggregate ?? null
    this.#by = options.by ?? null
    this.#sorted = options.sorted ?? false
    assert(!this.#sorted || (aliases === 1 && parts.length === 0 && this.#aggregate === null), 'only runs are sorted')
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
    // What is left unread of an aggregate is looked at all the same: whether values fit does not depend on who reads them.
    while (this.#within) {
      if (this.#aggregate === null) this.#advance()
      else this.#foldAlias(this.#aggregate)
    }
    for (const queue of this.#queues) queue.clear()
    const view = this.#view
    if (view === null) return false
    this.#within = true
    this.groups++
    this.key = this.#typedKey(view)
    this.recordKey = this.key
    const { shapeStart } = this.#at
    if (view.shapeEnd > shapeStart || this.#shape.length > 0) {
      this.#shape = Buffer.from(view.buffer.subarray(shapeStart, view.shapeEnd))
    }
    if (this.#sorted) {
      this.#key.reset()
      this.#key.slice(view.buffer, view.orderStart, this.#at.orderEnd)
    }
    return true
  }

  /** The order form of the group's key; valid until the group's first value is taken. */
  get order(): Uint8Array {
    return this.#sorted ? this.#key.view() : this.#merge.merger.key
  }

  /** The next value of that alias in this group, or END, then and from then on. */
  nextValue(alias: number): unknown {
    const queue = this.#queues[alias]!
    if (queue.next(this.#values)) return this.#value()
    while (this.#within && this.#alias < alias) {
      this.#passOver(this.#queues[this.#alias]!)
    }
    if (!this.#within || this.#alias > alias) return END
    const view = this.#view!
    this.recordKey = view.shapeEnd > this.#at.shapeStart || this.#shape.length > 0 ? this.#ownKey(view) : this.key
    if (this.#aggregate !== null) return this.#finished(this.#aggregate, this.#foldAlias(this.#aggregate))
    this.#values.over(view.buffer, view.valueStart, view.valueEnd)
    const value = this.#value()
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
    this.#locateKey(view)
    this.#within &&= merger.sameKey || (this.#sorted && isOfKey(view, this.#at, this.#key))
    this.#alias = this.#aliasOf[merger.rank]!
    this.records++
    this.weights[this.#alias]! += view.weight
  }

  /** Keeps the next value, or all values of its alias folded, for who asks for them later. */
  #passOver(queue: ValueQueue): void {
    if (this.#aggregate === null) {
      const view = this.#view!
      queue.put(view.buffer, view.valueStart, view.valueEnd)
      this.#advance()
      return
    }
    const folded = this.#foldAlias(this.#aggregate)
    this.#passed.reset()
    this.#aggregate.write(this.#passed, folded)
    queue.put(this.#passed.buffer, 0, this.#passed.length)
  }

  /** The accumulator of all records of the group's next alias. */
  #foldAlias(aggregate: Aggregate): unknown {
    const alias = this.#alias
    try {
      let folded = this.#accumulator(aggregate)
      for (this.#advance(); this.#within && this.#alias === alias; this.#advance())
        folded = aggregate.merge(folded, this.#accumulator(aggregate))
      return folded
    } catch (error) {
      throw ofTypedKey(error, this.key)
    }
  }

  /** That of the next record: of a part it has the value alone, and no value begins as an accumulator does. */
  #accumulator(aggregate: Aggregate): unknown {
    const { buffer, valueStart, valueEnd } = this.#view!
    this.#values.over(buffer, valueStart, valueEnd)
    if (buffer[valueStart] === aggregate.tag) return aggregate.read(this.#values)
    return aggregate.lift(aggregate.take(this.#decoded(), this.#by))
  }

  #finished(aggregate: Aggregate, folded: unknown): unknown {
    try {
      return aggregate.finish(folded, this.#make)
    } catch (error) {
      throw ofTypedKey(error, this.key)
    }
  }

  /** The value that `#values` is over, and nothing behind it. */
  #value(): unknown {
    if (this.#aggregate !== null) return this.#finished(this.#aggregate, this.#aggregate.read(this.#values))
    return this.#decoded()
  }

  #decoded(): unknown {
    const value = decodeValue(this.#values, this.#make)
    if (!this.#values.done) throw new ShoalError('DAMAGED', 'a value in a record is not as long as it says')
    return value
  }

  /** Where in the record in hand its key is. */
  #locateKey(view: RecordView): void {
    if (this.#sorted) return keyOf(view, this.#at)
    this.#at.orderEnd = view.orderEnd
    this.#at.shapeStart = view.shapeStart
  }

  #typedKey({ buffer, orderStart, shapeEnd }: RecordView): unknown {
    const { orderEnd, shapeStart } = this.#at
    return this.#keys.read(buffer, orderStart, orderEnd, buffer, shapeStart, shapeEnd, this.#make)
  }

  #ownKey(view: RecordView): unknown {
    const shape = this.#shape
    const same = compareBytes(view.buffer, this.#at.shapeStart, view.shapeEnd, shape, 0, shape.length) === 0
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
