/**
 * Declared aggregates, as lift, merge and finish. What a key's values come to is folded into an accumulator wherever
 * records of the key meet: in a split, over the splits of a task, in a reduce. Only the end of the group finishes it. An
 * accumulator is plain data with an encoded form (docs/record.md), so that no code of the job is needed to merge two.
 *
 * Whatever is merged with what first, the finished value is the same: of `sum` and `count` in any order, of the others
 * as long as the order of (split, position) stays.
 */
import type { ByteReader, ByteWriter } from '../bytes.ts'
import type { ValueFactory } from '../value.ts'

/** What the job compares values by, called in its realm. */
export type By = (value: unknown) => unknown

/** Items and accumulators are what the aggregate makes of them: nobody else looks into them. */
export interface Aggregate<Item = unknown, Folded = unknown> {
  /** The first byte of its accumulators: no value begins with it. */
  readonly tag: number
  /**
   * A checked copy of an emitted value, as far as the aggregate needs it.
   * @throws ShoalError USER_VALUE, RECORD_LIMIT; what `by` throws
   */
  take(value: unknown, by: By | null): Item
  /** Heap bytes of an item beside 16, estimated. */
  itemHeap(item: Item): number
  /** The accumulator of one value. */
  lift(item: Item): Folded
  /**
   * The accumulator with one more value behind all that are in it; `folded` may be used up.
   * @throws as `merge` does
   */
  add(folded: Folded, item: Item): Folded
  /**
   * The accumulator of all values of both; those of `a` come first. Both may be used up.
   * @throws ShoalError USER_VALUE, RECORD_LIMIT, to be named after the key: see `ofKey`
   */
  merge(a: Folded, b: Folded): Folded
  /**
   * Whether the accumulators of two splits of a task may become one that stands where `a` stood, though splits of other
   * tasks may lie between the two.
   */
  joins(a: Folded, b: Folded): boolean
  /** The value that reduce sees. @throws as `merge` does */
  finish(folded: Folded, make: ValueFactory): unknown
  /** Heap bytes of an accumulator, estimated. */
  heap(folded: Folded): number
  /** Appends the encoded form: equal accumulators have equal bytes, whatever was merged with what to get them. */
  write(w: ByteWriter, folded: Folded): void
  /** @throws ShoalError DAMAGED */
  read(r: ByteReader): Folded
}

/** First bytes of accumulators. Tags of values are below. */
export const TAGS = { sum: 0x20, count: 0x21, min: 0x22, max: 0x23, first: 0x24, last: 0x25, collect: 0x26, top: 0x27 }
