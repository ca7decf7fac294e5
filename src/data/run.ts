/**
 * Runs: sorted sequences of records, the form of all data between map and reduce. One record is
 *
 *     varint(orderLen) order  varint(shapeLen) shape  varint(split)  varint(weight)  varint(valueLen) value
 *
 * `split` is the local index of the split in the run's task; `weight` says how many emitted records it stands for.
 */
import { LIMITS } from '../core/limits.ts'
import type { Digest } from '../core/types.ts'
import { BlockReader, type Totals, damaged } from './blocks.ts'
import { ByteWriter, compareBytes } from './bytes.ts'
import type { SpillInput } from './spill.ts'

export const RUN_MAGIC = 'SHr1'

/** One record within a buffer: offsets into it. */
export class RecordView {
  buffer: Buffer = Buffer.alloc(0)
  start = 0
  orderStart = 0
  orderEnd = 0
  shapeStart = 0
  shapeEnd = 0
  split = 0
  weight = 0
  valueStart = 0
  /** Also the end of the record. */
  valueEnd = 0
  #at = 0

  /** Points at the record that begins at `start`. Where it is damaged, `valueEnd` lies beyond its block, or is NaN. */
  parse(buffer: Buffer, start: number): void {
    this.buffer = buffer
    this.start = start
    // Nearly every number here is one byte.
    this.#at = start + 1
    let length = buffer[start]!
    if (length >= 0x80) length = this.#longVarint(length)
    this.orderStart = this.#at
    let at = this.#at + length
    this.orderEnd = at
    this.#at = at + 1
    length = buffer[at]!
    if (length >= 0x80) length = this.#longVarint(length)
    this.shapeStart = this.#at
    at = this.#at + length
    this.shapeEnd = at
    this.#at = at + 1
    const split = buffer[at]!
    this.split = split < 0x80 ? split : this.#longVarint(split)
    const weight = buffer[this.#at++]!
    this.weight = weight < 0x80 ? weight : this.#longVarint(weight)
    length = buffer[this.#at++]!
    if (length >= 0x80) length = this.#longVarint(length)
    this.valueStart = this.#at
    this.valueEnd = this.#at + length
  }

  #longVarint(first: number): number {
    const { buffer } = this
    let value = first & 0x7f
    let scale = 0x80
    let byte: number
    do {
      byte = buffer[this.#at++]!
      value += (byte & 0x7f) * scale
      scale *= 0x80
    } while (byte >= 0x80)
    return value
  }
}

/** A sequence of records, read one by one. `next` answers with the same view each time, or null behind the last. */
export interface RecordStream {
  next(): RecordView | null
}

/** Writes one record, given its parts, behind what is in `w`. */
export function writeRecord(
  w: ByteWriter,
  order: Uint8Array,
  shape: Uint8Array,
  split: number,
  weight: number,
  value: Uint8Array,
): void {
  w.varint(order.byteLength)
  w.bytes(order)
  w.varint(shape.byteLength)
  w.bytes(shape)
  w.varint(split)
  w.varint(weight)
  w.varint(value.byteLength)
  w.bytes(value)
}

/** The record in `view` with another split. */
export function writeRecordAs(w: ByteWriter, view: RecordView, split: number): void {
  w.slice(view.buffer, view.start, view.shapeEnd)
  w.varint(split)
  w.varint(view.weight)
  w.varint(view.valueEnd - view.valueStart)
  w.slice(view.buffer, view.valueStart, view.valueEnd)
}

/** What is expected of a run that came from elsewhere. */
export interface RunExpectation {
  readonly digest: Digest
  readonly bytes: number
}

/**
 * Reads one run. It holds one block at a time. At the end, counts are compared with the run's own trailer, and with
 * `expected` where that is given.
 * @throws ShoalError DAMAGED
 */
export class RunCursor extends RecordView implements RecordStream {
  /** This record has the key of the one before it. */
  sameKey = false
  readonly #input: SpillInput
  readonly #blocks: BlockReader
  readonly #name: string
  readonly #expected: RunExpectation | null
  #records = 0
  #weight = 0
  #end = 0
  /** The last key of the block before, kept for `sameKey`. */
  readonly #lastKey = new ByteWriter(64)

  constructor(input: SpillInput, base: number, name: string, expected: RunExpectation | null = null) {
    super()
    this.#input = input
    this.#name = name
    this.#expected = expected
    this.#blocks = new BlockReader(input.read, base, { magic: RUN_MAGIC, name, digest: expected !== null })
  }

  next(): RecordView | null {
    const { orderStart, orderEnd, valueEnd } = this
    if (valueEnd === this.#end) return this.#nextBlock()
    this.parse(this.buffer, valueEnd)
    this.sameKey = compareBytes(this.buffer, orderStart, orderEnd, this.buffer, this.orderStart, this.orderEnd) === 0
    this.#count()
    return this
  }

  close(): void {
    this.#input.close()
  }

  #nextBlock(): RecordView | null {
    this.#lastKey.reset()
    this.#lastKey.slice(this.buffer, this.orderStart, this.orderEnd)
    const block = this.#blocks.next()
    if (block === null) {
      this.#check(this.#blocks.totals!)
      return null
    }
    this.#end = block.byteLength
    this.parse(block, 0)
    const last = this.#lastKey
    this.sameKey =
      this.#records > 0 && compareBytes(last.buffer, 0, last.length, block, this.orderStart, this.orderEnd) === 0
    this.#count()
    return this
  }

  #count(): void {
    // Not `>`: lengths that lie beyond the block are no numbers.
    if (!(this.valueEnd <= this.#end && this.orderEnd - this.orderStart <= LIMITS.keyBytesMax)) {
      throw damaged(this.#name, 'a record is longer than its block')
    }
    this.#records++
    this.#weight += this.weight
  }

  #check(totals: Totals): void {
    if (totals.records !== this.#records || totals.weight !== this.#weight) {
      throw damaged(this.#name, 'its counts are wrong')
    }
    const expected = this.#expected
    if (expected !== null && (expected.digest !== totals.digest || expected.bytes !== totals.bytes)) {
      throw damaged(this.#name, 'it is not the run that its manifest names')
    }
  }
}
