/** Writes emitted records in run form into a sorter, each with the partition that its key belongs to. */
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Partition } from '../core/types.ts'
import type { ByteWriter } from './bytes.ts'
import { type KeyForm, writeKey } from './order.ts'
import { partitionOf, rangePartitionOf } from './partition.ts'
import { withKeyLength, writeSortKey } from './sorted-values.ts'
import type { Sorter } from './sorter.ts'
import { encodeValue } from './value.ts'

/** Appends what a record has as its value: the form of values, or another one. */
export type WriteValue = (w: ByteWriter, value: unknown) => void

function tooLargeTogether(): ShoalError {
  return new ShoalError('RECORD_LIMIT', 'a key and what its value is sorted by take more than 64 KiB together', {
    try: ['sort by less of the value: a number or a time, as a rule'],
  })
}

export class RecordOutput {
  /** The local index of the split, or, for records on their way to be combined, of the combine block. */
  split = 0
  readonly #sorter: Sorter
  readonly #partitions: number
  readonly #bounds: readonly Uint8Array[] | null
  readonly #write: WriteValue

  constructor(
    sorter: Sorter,
    partitions: number,
    bounds: readonly Uint8Array[] | null,
    write: WriteValue = encodeValue,
  ) {
    this.#sorter = sorter
    this.#partitions = partitions
    this.#bounds = bounds
    this.#write = write
  }

  /**
   * As `add`, for values of a key in an order of their own: that of `sortKey`, whose order form stands behind the key's.
   * Which part of it is the key's is said before the shape, see `keyOf` in sorted-values.ts. Partitions go by keys alone.
   * @throws ShoalError USER_VALUE, RECORD_LIMIT; nothing is then left of the record.
   */
  addSorted(key: unknown, sortKey: unknown, value: unknown): void {
    const w = this.#sorter.arena
    const start = w.length
    try {
      w.u8(0)
      const shape = writeKey(w, key)
      const keyLength = w.length - start - 1
      writeSortKey(w, sortKey)
      const length = w.length - start - 1
      if (length > LIMITS.keyBytesMax) throw tooLargeTogether()
      w.fixLength(start, length)
      const at = w.length - length
      const partition = this.#partition(w.buffer, at, at + keyLength)
      this.#finish(w, withKeyLength(keyLength, shape), 1, value)
      this.#sorter.append(start, partition)
    } catch (error) {
      if (w.length > start) w.reset(start)
      throw error
    }
  }

  /**
   * Returns the length of order form and shape.
   * @throws ShoalError USER_VALUE, RECORD_LIMIT; nothing is then left of the record.
   */
  add(key: unknown, weight: number, value: unknown): number {
    const w = this.#sorter.arena
    const start = w.length
    try {
      w.u8(0)
      const shape = writeKey(w, key)
      const length = w.length - start - 1
      w.fixLength(start, length)
      const partition = this.#partition(w.buffer, w.length - length, w.length)
      this.#finish(w, shape, weight, value)
      this.#sorter.append(start, partition)
      return length + shape.byteLength
    } catch (error) {
      if (w.length > start) w.reset(start)
      throw error
    }
  }

  /** As `add`, with a key that is encoded already. */
  addForm(form: KeyForm, weight: number, value: unknown): number {
    const w = this.#sorter.arena
    const start = w.length
    w.varint(form.order.byteLength)
    w.bytes(form.order)
    this.#finish(w, form.shape, weight, value)
    this.#sorter.append(start, this.#partition(form.order, 0, form.order.byteLength))
    return form.order.byteLength + form.shape.byteLength
  }

  #finish(w: ByteWriter, shape: Uint8Array, weight: number, value: unknown): void {
    const shapeLength = shape.byteLength
    w.varint(shapeLength)
    if (shapeLength > 0) w.bytes(shape)
    w.varint(this.split)
    w.varint(weight)
    const at = w.length
    w.u8(0)
    this.#write(w, value)
    w.fixLength(at, w.length - at - 1)
  }

  #partition(bytes: Uint8Array, start: number, end: number): Partition {
    return this.#bounds === null
      ? partitionOf(bytes, start, end, this.#partitions)
      : rangePartitionOf(bytes, start, end, this.#bounds)
  }
}
