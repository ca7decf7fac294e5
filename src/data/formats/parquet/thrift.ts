/**
 * Walks bytes of Thrift's compact protocol before the Parquet library parses them: it reserves what a length says, and
 * works through numbers and nestings of any size. What is walked through here it parses in the same way, in bounded
 * memory and time.
 */
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
const STRUCT = 12

/** Footers nest a handful of levels. */
const DEPTH_MAX = 32
/** A number of 64 bits takes 10 bytes, a length 5. */
const NUMBER_BYTES_MAX = 10
const LENGTH_BYTES_MAX = 5
const LENGTH_MAX = 2 ** 31 - 1

/**
 * Walks the struct that begins at `start` and returns the offset behind it. Throws an Error where it is not whole, or
 * holds more than `valuesMax` fields and elements.
 */
export function walkThrift(bytes: Uint8Array, start: number, valuesMax: number): number {
  return new Walk(bytes, start, valuesMax).struct(0)
}

class Walk {
  readonly #bytes: Uint8Array
  #at: number
  #left: number

  constructor(bytes: Uint8Array, start: number, valuesMax: number) {
    this.#bytes = bytes
    this.#at = start
    this.#left = valuesMax
  }

  struct(depth: number): number {
    if (depth > DEPTH_MAX) throw new Error('its metadata nests too deep')
    for (;;) {
      const head = this.#byte()
      const type = head & 0x0f
      if (type === STOP) return this.#at
      if (head >> 4 === 0) this.#number(LENGTH_BYTES_MAX)
      this.#value(type, depth)
    }
  }

  #value(type: number, depth: number): void {
    if (--this.#left < 0) throw new Error('its metadata holds too much')
    switch (type) {
      case TRUE:
      case FALSE:
        return
      case BYTE:
        this.#skip(1)
        return
      case I16:
      case I32:
      case I64:
        this.#number(NUMBER_BYTES_MAX)
        return
      case DOUBLE:
        this.#skip(8)
        return
      case BINARY:
        this.#skip(this.#length())
        return
      case LIST:
        this.#list(depth)
        return
      case STRUCT:
        this.struct(depth + 1)
        return
      default:
        throw new Error(`its metadata holds a value of an unknown type (${type})`)
    }
  }

  #list(depth: number): void {
    if (depth > DEPTH_MAX) throw new Error('its metadata nests too deep')
    const head = this.#byte()
    const type = head & 0x0f
    const length = head >> 4 === 15 ? this.#length() : head >> 4
    // Each element takes at least a byte; a truth value, too, within a list.
    if (length > this.#bytes.length - this.#at) throw new Error('its metadata is cut off')
    for (let i = 0; i < length; i++) this.#value(type === TRUE || type === FALSE ? BYTE : type, depth + 1)
  }

  #length(): number {
    const length = this.#number(LENGTH_BYTES_MAX)
    if (length > LENGTH_MAX) throw new Error('its metadata holds a length that is none')
    return length
  }

  #number(bytesMax: number): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < bytesMax; i++) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
    throw new Error('its metadata holds a number that is none')
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new Error('its metadata is cut off')
    return byte
  }

  #skip(length: number): void {
    this.#at += length
    if (this.#at > this.#bytes.length) throw new Error('its metadata is cut off')
  }
}
