/**
 * Values of a key in an order of their own (secondary sort). In the runs of such a stage the order form of a record is
 * the key's, and behind it that of what its value is sorted by; the shape begins with the length of the first. Forms are
 * prefix-free, so that bytewise order is by key, then by value, and records of one key are those that begin alike.
 */
import { ShoalError } from '../core/errors.ts'
import { ByteReader, ByteWriter, compareBytes } from './bytes.ts'
import { writeKey } from './order.ts'
import type { RecordView } from './run.ts'

/** Appends the order form of what a value is sorted by. @throws ShoalError USER_VALUE, RECORD_LIMIT */
export function writeSortKey(w: ByteWriter, sortKey: unknown): void {
  try {
    writeKey(w, sortKey)
  } catch (error) {
    if (!(error instanceof ShoalError)) throw error
    throw new ShoalError(error.code, `what sortValues gives cannot be sorted by: ${error.message}`, {
      why: error.why,
      try: error.try,
    })
  }
}

const prefix = new ByteWriter(64)

/** A shape behind the length of its key's order form; good until the next call. */
export function withKeyLength(length: number, shape: Uint8Array): Uint8Array {
  prefix.reset()
  prefix.varint(length)
  prefix.bytes(shape)
  return prefix.view()
}

/** The key of a record among those of sorted values: where its order form ends, and where its shape begins. */
export interface KeyOf {
  orderEnd: number
  shapeStart: number
}

const reader = new ByteReader()

/** Fills `found` in. */
export function keyOf({ buffer, orderStart, shapeStart, shapeEnd }: RecordView, found: KeyOf): void {
  reader.over(buffer, shapeStart, shapeEnd)
  found.orderEnd = orderStart + reader.varint()
  found.shapeStart = reader.offset
}

/** Whether a record is of the key whose order form this is. */
export function isOfKey(view: RecordView, found: KeyOf, key: ByteWriter): boolean {
  return compareBytes(view.buffer, view.orderStart, found.orderEnd, key.buffer, 0, key.length) === 0
}
