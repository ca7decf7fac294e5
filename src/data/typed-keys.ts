/**
 * Writes keys that hold the types that SQL has and JavaScript has not (see `typed.ts`), part by part. Nothing that user
 * code emits gets here. Arguments out of range are bugs of the caller.
 */
import { assert } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { ByteWriter } from './bytes.ts'
import { writeBigint } from './order-number.ts'
import { writeDecimal, writeInterval, writeTime, writeUuid } from './order-typed.ts'
import { ARRAY, END, MAP, writePart } from './order.ts'
import { keyTooLarge } from './refused.ts'
import { HUGEINT_BITS, ShapeWriter } from './shape.ts'
import type { TimeUnit } from '../words/iso.ts'

export class TypedKeyWriter {
  readonly #shape = new ShapeWriter()
  #w!: ByteWriter
  #start = 0
  #ceiling = 0

  /** A key begins, which is appended to `w`; between this and `finish` nobody else writes there. */
  begin(w: ByteWriter): this {
    this.#shape.begin()
    this.#w = w
    this.#start = w.length
    this.#ceiling = w.length + LIMITS.keyBytesMax
    return this
  }

  /** What JavaScript emits, as it emits it. @throws ShoalError USER_VALUE, RECORD_LIMIT, as writeKey does */
  plain(key: unknown): void {
    writePart(this.#w, this.#shape, key, this.#ceiling)
  }

  /** See `encodeDecimal` of `value-typed.ts`, as for those below. */
  decimal(unscaled: bigint, scale: number): void {
    writeDecimal(this.#w, this.#shape, unscaled, scale)
  }

  interval(months: number, days: number, micros: bigint): void {
    writeInterval(this.#w, this.#shape, months, days, micros)
  }

  time(time: bigint, unit: TimeUnit): void {
    writeTime(this.#w, this.#shape, time, unit)
  }

  uuid(uuid: Uint8Array): void {
    writeUuid(this.#w, uuid)
  }

  hugeint(v: bigint): void {
    assert(v === BigInt.asIntN(128, v), 'a HUGEINT has 128 bits')
    this.#shape.put(HUGEINT_BITS, 2)
    writeBigint(this.#w, v)
  }

  /** Elements follow, then `end`. */
  beginArray(): void {
    this.#w.u8(ARRAY)
  }

  /** Keys and values follow, one after the other, then `end`. */
  beginMap(): void {
    this.#w.u8(MAP)
  }

  end(): void {
    this.#w.u8(END)
  }

  /** The shape of the key, whose order form is in the writer. @throws ShoalError RECORD_LIMIT (LIMITS.keyBytesMax) */
  finish(): Uint8Array {
    if (this.#w.length - this.#start > LIMITS.keyBytesMax) throw keyTooLarge()
    return this.#shape.take()
  }
}
