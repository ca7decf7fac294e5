/**
 * Bytes in and out: a growable writer and a bounds-checked reader. All multi-byte numbers are big-endian; `varint` is
 * LEB128 (seven bits a byte, lowest first) over 0 … 2^53 − 1, in its shortest form.
 */
import { ShoalError, assert } from '../core/errors.ts'

/** Methods of Buffer that its types do not declare. With `toString` and `write` the encoding is looked up at each call. */
interface FastStrings {
  utf8Write(text: string, offset: number, length: number): number
  utf8Slice(start: number, end: number): string
  latin1Slice(start: number, end: number): string
}

/** Below this many characters a loop is faster than a call into native code. */
const SHORT_TEXT = 32
const SHORT_TEXT_READ = 6

const double = new Float64Array(1)
const doubleBytes = new Uint8Array(double.buffer)
/** Platform byte order: the bytes of a double are written highest first whatever the machine. */
const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** The number of bytes that `varint(n)` takes. */
export function varintLength(n: number): number {
  if (n < 0x80) return 1
  if (n < 0x4000) return 2
  if (n < 0x20_0000) return 3
  if (n < 0x1000_0000) return 4
  if (n < 0x8_0000_0000) return 5
  if (n < 0x400_0000_0000) return 6
  if (n < 0x2_0000_0000_0000) return 7
  return 8
}

/** The number of bytes of a well-formed string in UTF-8. */
export function utf8Length(text: string): number {
  if (text.length > SHORT_TEXT) return Buffer.byteLength(text)
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) >= 0x80) return Buffer.byteLength(text)
  }
  return text.length
}

/** A growable byte array. `buffer` is replaced when it grows: keep offsets, never views, across writes. */
export class ByteWriter {
  buffer: Buffer
  length = 0

  constructor(capacity = 256) {
    this.buffer = Buffer.allocUnsafeSlow(Math.max(16, capacity))
  }

  /** Makes room for `extra` more bytes. */
  reserve(extra: number): void {
    if (this.length + extra > this.buffer.length) this.#grow(extra)
  }

  #grow(extra: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.length + extra, this.buffer.length * 2))
    this.buffer.copy(grown, 0, 0, this.length)
    this.buffer = grown
  }

  u8(byte: number): void {
    if (this.length === this.buffer.length) this.#grow(1)
    this.buffer[this.length++] = byte
  }

  u32(word: number): void {
    this.reserve(4)
    this.length = this.buffer.writeUInt32BE(word, this.length)
  }

  varint(n: number): void {
    this.reserve(8)
    this.length = putVarint(this.buffer, this.length, n)
  }

  f64(n: number): void {
    this.reserve(8)
    this.length = this.buffer.writeDoubleBE(n, this.length)
  }

  bytes(view: Uint8Array): void {
    this.reserve(view.byteLength)
    this.buffer.set(view, this.length)
    this.length += view.byteLength
  }

  /** Copies `from[start, end)`. */
  slice(from: Uint8Array, start: number, end: number): void {
    const count = end - start
    this.reserve(count)
    copyBytes(from, start, end, this.buffer, this.length)
    this.length += count
  }

  /** Writes text as UTF-8, without its length; the text must be well-formed. Returns the number of bytes. */
  utf8(text: string): number {
    const from = this.length
    const count = text.length
    if (count <= SHORT_TEXT) {
      this.reserve(count * 3)
      const buffer = this.buffer
      let i = 0
      for (; i < count; i++) {
        const unit = text.charCodeAt(i)
        if (unit >= 0x80) break
        buffer[from + i] = unit
      }
      if (i === count) {
        this.length = from + count
        return count
      }
    }
    // Three bytes a code unit is the worst case; a long text is measured first so that it does not reserve thrice its size.
    const room = count < 4096 ? count * 3 : Buffer.byteLength(text)
    this.reserve(room)
    const written = (this.buffer as unknown as FastStrings).utf8Write(text, from, room)
    this.length = from + written
    return written
  }

  /** Writes `varint(length)` and the UTF-8 bytes of a well-formed text. */
  text(text: string): void {
    const at = this.length
    this.u8(0)
    this.fixLength(at, this.utf8(text))
  }

  /** Turns the one byte kept free at `at`, which `length` bytes follow, into `varint(length)`, moving them if needed. */
  fixLength(at: number, length: number): void {
    if (length < 0x80) {
      this.buffer[at] = length
      return
    }
    const more = varintLength(length) - 1
    this.reserve(more)
    this.buffer.copyWithin(at + 1 + more, at + 1, at + 1 + length)
    putVarint(this.buffer, at, length)
    this.length += more
  }

  /** The bytes from `from` on, without a copy: valid until the next write. */
  view(from = 0): Uint8Array {
    return this.buffer.subarray(from, this.length)
  }

  /** The bytes from `from` on, as a copy. */
  copy(from = 0): Uint8Array {
    return Uint8Array.prototype.slice.call(this.buffer, from, this.length)
  }

  /** Drops what follows the first `length` bytes. */
  reset(length = 0): void {
    assert(length <= this.length, 'a writer is cut, never stretched')
    this.length = length
  }
}

/** Writes a varint at `at`, where 8 bytes are free; returns the offset behind it. */
function putVarint(buffer: Uint8Array, at: number, n: number): number {
  let rest = n
  while (rest >= 0x1000_0000) {
    buffer[at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  while (rest >= 0x80) {
    buffer[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  buffer[at++] = rest
  return at
}

/** Copies a range; a short one byte by byte, which is faster than a native call. */
export function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > 48) {
    to.set(from.subarray(start, end), at)
    return
  }
  for (let i = start; i < end; i++) to[at++] = from[i]!
}

/** Reads what ByteWriter wrote. Reading past the end, or a varint in a longer form, is DAMAGED. */
export class ByteReader {
  buffer: Buffer
  offset: number
  end: number

  constructor(bytes: Uint8Array = new Uint8Array(0), offset = 0, end: number = bytes.byteLength) {
    this.buffer = asBuffer(bytes)
    this.offset = offset
    this.end = end
  }

  /** Reads `bytes[offset, end)` from now on. */
  over(bytes: Buffer, offset: number, end: number): void {
    this.buffer = bytes
    this.offset = offset
    this.end = end
  }

  get done(): boolean {
    return this.offset >= this.end
  }

  u8(): number {
    if (this.offset >= this.end) throw cutShort()
    return this.buffer[this.offset++]!
  }

  u32(): number {
    const at = this.#take(4)
    return this.buffer.readUInt32BE(at)
  }

  varint(): number {
    let byte = this.u8()
    if (byte < 0x80) return byte
    let value = byte & 0x7f
    let scale = 0x80
    do {
      byte = this.u8()
      value += (byte & 0x7f) * scale
      scale *= 0x80
    } while (byte >= 0x80 && scale <= 0x2_0000_0000_0000)
    if (byte >= 0x80 || byte === 0 || value > Number.MAX_SAFE_INTEGER) {
      throw new ShoalError('DAMAGED', 'a number in a record is not in its shortest form')
    }
    return value
  }

  f64(): number {
    const at = this.#take(8)
    for (let i = 0; i < 8; i++) doubleBytes[LITTLE_ENDIAN ? 7 - i : i] = this.buffer[at + i]!
    return double[0]!
  }

  /** The next `count` bytes, without a copy. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count)
    return this.buffer.subarray(at, at + count)
  }

  /** The next `count` bytes as UTF-8 text. */
  utf8(count: number): string {
    const at = this.#take(count)
    return textAt(this.buffer, at, at + count)
  }

  #take(count: number): number {
    const at = this.offset
    if (count > this.end - at) throw cutShort()
    this.offset = at + count
    return at
  }
}

/** Text of UTF-8 bytes that are known to be well-formed. */
export function textAt(buffer: Buffer, start: number, end: number): string {
  if (end - start <= SHORT_TEXT_READ) {
    let text = ''
    for (let i = start; i < end; i++) {
      const byte = buffer[i]!
      if (byte >= 0x80) return (buffer as unknown as FastStrings).utf8Slice(start, end)
      text += String.fromCharCode(byte)
    }
    return text
  }
  return (buffer as unknown as FastStrings).utf8Slice(start, end)
}

/** One character per byte: a way to have bytes as the key of a Map. */
export function latin1At(buffer: Buffer, start: number, end: number): string {
  return (buffer as unknown as FastStrings).latin1Slice(start, end)
}

/** The same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Order of two byte sequences, shorter first where one begins the other: negative, 0 or positive. */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const count = Math.min(aEnd - aStart, bEnd - bStart)
  for (let i = 0; i < count; i++) {
    const difference = a[aStart + i]! - b[bStart + i]!
    if (difference !== 0) return difference
  }
  return aEnd - aStart - (bEnd - bStart)
}

function cutShort(): ShoalError {
  return new ShoalError('DAMAGED', 'a record ends before its last byte')
}
