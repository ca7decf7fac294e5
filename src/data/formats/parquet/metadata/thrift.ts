/**
 * Thrift's compact protocol, as far as Parquet's metadata uses it (thrift/doc/specs/thrift-compact-protocol.md). What is
 * read comes from files of any origin: depth, counts and lengths are bounded before memory is given for them.
 */
import { LIMITS } from '../../../../core/limits.ts'

const STOP = 0
const TRUE = 1
const FALSE = 2
const BYTE = 3
const I16 = 4
const I32 = 5
const I64 = 6
const DOUBLE = 7
const BINARY = 8
const LIST = 9
const SET = 10
const STRUCT = 12

/** Footers nest a handful of levels. */
const DEPTH_MAX = 32
/** A number of 64 bits takes 10 bytes. */
const NUMBER_BYTES_MAX = 10
const FIELD_ID_MAX = 0x7fff

/** The fields of a struct that are kept, by number; `true` keeps a field whatever it is. The others are walked over. */
export interface Wanted {
  readonly [field: number]: true | Wanted
}

/** A struct's fields by number, a list's elements, a number, a truth value or bytes. Nothing is known of its shape. */
export type Thrift = number | boolean | Uint8Array | readonly Thrift[] | ThriftStruct
export class ThriftStruct extends Map<number, Thrift> {}

/**
 * Reads the struct that begins at `start`; `end` is the offset behind it. Throws an Error where it is not whole, or holds
 * more than `valuesMax` fields and elements. Numbers beyond 2^53 are not exact: whoever needs one checks its range.
 */
export function readThrift(
  bytes: Uint8Array,
  start: number,
  valuesMax: number,
  wanted: Wanted,
): { readonly struct: ThriftStruct; readonly end: number } {
  const reader = new ThriftReader(bytes, start, valuesMax)
  const struct = reader.struct(wanted, 0)!
  return { struct, end: reader.at }
}

class ThriftReader {
  at: number
  readonly #bytes: Uint8Array
  #left: number
  #structs = 0

  constructor(bytes: Uint8Array, start: number, valuesMax: number) {
    this.#bytes = bytes
    this.at = start
    this.#left = valuesMax
  }

  /** Null where none of it is wanted. */
  struct(wanted: true | Wanted | undefined, depth: number): ThriftStruct | null {
    if (depth > DEPTH_MAX) throw new Error('its metadata nests too deep')
    const fields = wanted === undefined ? null : new ThriftStruct()
    if (fields !== null && ++this.#structs > LIMITS.parquetFooterStructsMax)
      throw new Error('its metadata holds too much')
    for (let id = 0; ;) {
      const head = this.#byte()
      const type = head & 0x0f
      if (type === STOP) return fields
      const step = head >> 4
      id = step === 0 ? zigzag(this.#varint()) : id + step
      if (!(id >= 0 && id <= FIELD_ID_MAX)) throw new Error('its metadata has a field that is none')
      const keep = wanted === true ? true : wanted?.[id]
      const value = this.#value(type, keep, depth)
      if (fields !== null && keep !== undefined && value !== null) fields.set(id, value)
    }
  }

  #value(type: number, wanted: true | Wanted | undefined, depth: number): Thrift | null {
    if (--this.#left < 0) throw new Error('its metadata holds too much')
    switch (type) {
      case TRUE:
        return true
      case FALSE:
        return false
      case BYTE:
        return (this.#byte() << 24) >> 24
      case I16:
      case I32:
      case I64:
        return zigzag(this.#varint())
      case DOUBLE:
        return this.#take(8)
      case BINARY:
        return this.#take(this.#length())
      case LIST:
      case SET:
        return this.#list(wanted, depth)
      case STRUCT:
        return this.struct(wanted, depth + 1)
      default:
        throw new Error(`its metadata holds a value of an unknown type (${type})`)
    }
  }

  #list(wanted: true | Wanted | undefined, depth: number): Thrift[] | null {
    if (depth > DEPTH_MAX) throw new Error('its metadata nests too deep')
    const head = this.#byte()
    const type = head & 0x0f
    const length = head >> 4 === 15 ? this.#length() : head >> 4
    // Each element takes at least a byte; a truth value, too, within a list.
    if (length > this.#bytes.length - this.at) throw new Error('its metadata is cut off')
    const elements: Thrift[] = []
    for (let i = 0; i < length; i++) {
      const element = this.#value(type === TRUE || type === FALSE ? BYTE : type, wanted, depth + 1)
      if (element !== null && wanted !== undefined) elements.push(element)
    }
    return wanted === undefined ? null : elements
  }

  #length(): number {
    const length = this.#varint()
    if (length > this.#bytes.length - this.at) throw new Error('its metadata is cut off')
    return length
  }

  #varint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < NUMBER_BYTES_MAX; i++) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
    throw new Error('its metadata holds a number that is none')
  }

  #take(length: number): Uint8Array {
    const start = this.at
    this.at += length
    if (this.at > this.#bytes.length) throw new Error('its metadata is cut off')
    return this.#bytes.subarray(start, this.at)
  }

  #byte(): number {
    const byte = this.#bytes[this.at++]
    if (byte === undefined) throw new Error('its metadata is cut off')
    return byte
  }
}

/** A signed number, as it is written without a sign. */
export function zigzag(n: number): number {
  return n % 2 === 0 ? n / 2 : -(n + 1) / 2
}

/** Whether what stands there is a number that counts something. */
export function isCount(value: Thrift | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Writes structs; fields in ascending order. Numbers are safe integers. */
export class ThriftWriter {
  #bytes = new Uint8Array(64)
  #length = 0
  /** The last field's number in each open struct. */
  readonly #last: number[] = [0]

  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  i32(id: number, value: number): void {
    this.#field(id, I32)
    this.#zigzag(value)
  }

  i64(id: number, value: number): void {
    this.#field(id, I64)
    this.#zigzag(value)
  }

  flag(id: number, value: boolean): void {
    this.#field(id, value ? TRUE : FALSE)
  }

  text(id: number, value: string): void {
    this.#field(id, BINARY)
    this.#text(value)
  }

  struct(id: number, write: () => void): void {
    this.#field(id, STRUCT)
    this.#struct(write)
  }

  structs<T>(id: number, elements: readonly T[], write: (element: T) => void): void {
    this.#list(id, STRUCT, elements.length)
    for (const element of elements) this.#struct(() => write(element))
  }

  i32s(id: number, values: readonly number[]): void {
    this.#list(id, I32, values.length)
    for (const value of values) this.#zigzag(value)
  }

  texts(id: number, values: readonly string[]): void {
    this.#list(id, BINARY, values.length)
    for (const value of values) this.#text(value)
  }

  end(): void {
    this.#byte(STOP)
  }

  #struct(write: () => void): void {
    this.#last.push(0)
    write()
    this.#last.pop()
    this.#byte(STOP)
  }

  #list(id: number, type: number, length: number): void {
    this.#field(id, LIST)
    if (length < 15) this.#byte((length << 4) | type)
    else {
      this.#byte(0xf0 | type)
      this.#varint(length)
    }
  }

  #field(id: number, type: number): void {
    const step = id - this.#last.at(-1)!
    this.#last[this.#last.length - 1] = id
    if (step > 0 && step < 16) this.#byte((step << 4) | type)
    else {
      this.#byte(type)
      this.#zigzag(id)
    }
  }

  #zigzag(value: number): void {
    this.#varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  #varint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.#byte((rest % 0x80) + 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.#byte(rest)
  }

  #text(value: string): void {
    const bytes = Buffer.from(value, 'utf8')
    this.#varint(bytes.length)
    for (const byte of bytes) this.#byte(byte)
  }

  #byte(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2)
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes[this.#length++] = byte
  }
}
