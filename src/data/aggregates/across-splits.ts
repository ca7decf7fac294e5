/**
 * Folds the records of a key that neighbouring splits of a task gave, where the aggregate allows it: of many small files a
 * key has one record, or a few. What is folded stands where its first record stood, so the order of equal keys stays, and
 * with it the form of the group's key and what is first among equal values.
 */
import { ByteReader, ByteWriter, compareBytes } from '../bytes.ts'
import { RecordView, type RecordStream } from '../run.ts'
import type { Aggregate } from './aggregate.ts'
import { ofKey } from './misfit.ts'

/** By split of the task: splits with the same number are of one input, and in the order in which their records rank. */
export type SplitRanges = readonly number[]

/** The stream with such records folded. @throws from `next`, as `merge` does */
export class AcrossSplits extends RecordView implements RecordStream {
  readonly #stream: RecordStream
  readonly #aggregate: Aggregate
  readonly #ranges: SplitRanges
  readonly #reader = new ByteReader()
  /** The record to give next, as it came; nothing is decoded before a second one meets it. */
  readonly #held = new ByteWriter(1024)
  readonly #view = new RecordView()
  /** A record that was folded. */
  readonly #out = new ByteWriter(1024)
  #next: RecordView | null = null
  #started = false

  constructor(stream: RecordStream, aggregate: Aggregate, ranges: SplitRanges) {
    super()
    this.#stream = stream
    this.#aggregate = aggregate
    this.#ranges = ranges
  }

  next(): RecordView | null {
    if (!this.#started) {
      this.#started = true
      this.#next = this.#stream.next()
    }
    const first = this.#next
    if (first === null) return null
    const held = this.#held
    held.reset()
    held.slice(first.buffer, first.start, first.valueEnd)
    const view = this.#view
    view.parse(held.buffer, 0)
    let { weight } = view
    let folded: unknown = null
    let merged = false
    for (;;) {
      const other = this.#stream.next()
      this.#next = other
      if (other === null || !this.#isNeighbour(view, other)) break
      if (!merged) folded = this.#foldedOf(view)
      const more = this.#foldedOf(other)
      if (!this.#aggregate.joins(folded, more)) break
      folded = this.#merge(folded, more)
      merged = true
      weight += other.weight
    }
    if (!merged) this.parse(held.buffer, 0)
    else this.#write(folded, weight)
    return this
  }

  #isNeighbour(view: RecordView, other: RecordView): boolean {
    if (this.#ranges[view.split] !== this.#ranges[other.split]) return false
    const { buffer, orderStart, orderEnd } = other
    return compareBytes(view.buffer, view.orderStart, view.orderEnd, buffer, orderStart, orderEnd) === 0
  }

  #foldedOf(view: RecordView): unknown {
    this.#reader.over(view.buffer, view.valueStart, view.valueEnd)
    return this.#aggregate.read(this.#reader)
  }

  #merge(a: unknown, b: unknown): unknown {
    try {
      return this.#aggregate.merge(a, b)
    } catch (error) {
      const { buffer, orderStart, orderEnd, shapeStart, shapeEnd } = this.#view
      throw ofKey(error, {
        order: buffer.subarray(orderStart, orderEnd),
        shape: buffer.subarray(shapeStart, shapeEnd),
      })
    }
  }

  /** Replaces weight and value of the record that is held. */
  #write(folded: unknown, weight: number): void {
    const { buffer, start, shapeEnd, split } = this.#view
    const w = this.#out
    w.reset()
    w.slice(buffer, start, shapeEnd)
    w.varint(split)
    w.varint(weight)
    const at = w.length
    w.u8(0)
    this.#aggregate.write(w, folded)
    w.fixLength(at, w.length - at - 1)
    this.parse(w.buffer, 0)
  }
}
