/**
 * Walks the encodings within a page before the Parquet library decodes them: it repeats a value as often as a run
 * says, beyond all that was asked for, and follows lengths that lead backwards for ever.
 */
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js'
import { LIMITS } from '../../../core/limits.ts'

/** Values that a bit-packed run may hold beyond those needed: writers fill up to eight, some to more. */
const PADDING_MAX = 65_536
const VARINT_BYTES_MAX = 10

/** A place within bytes; reading beyond `end` throws. */
export class Cursor {
  readonly bytes: Uint8Array
  readonly end: number
  at: number

  constructor(bytes: Uint8Array, at: number = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get left(): number {
    return this.end - this.at
  }

  byte(): number {
    if (this.at >= this.end) throw new Error('a page is cut off')
    return this.bytes[this.at++]!
  }

  uint32(): number {
    return this.byte() + this.byte() * 0x100 + this.byte() * 0x1_0000 + this.byte() * 0x100_0000
  }

  varint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < VARINT_BYTES_MAX; i++) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
    throw new Error('a page holds a number that is none')
  }

  /** Skips so many pieces, each behind its length: a page of texts has hundreds of thousands. */
  skipLengthed(count: number): void {
    const { bytes, end } = this
    let { at } = this
    for (let i = 0; i < count; i++) {
      if (end - at < 4) throw new Error('a page is cut off')
      const length = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
      at += 4 + length
      if (at > end) throw new Error('a page is cut off')
    }
    this.skip(at - this.at)
  }

  skip(bytes: number): void {
    if (!(bytes >= 0 && bytes <= this.left)) throw new Error('a page is cut off')
    this.at += bytes
  }
}

/**
 * Walks `count` values of the hybrid of runs and packed bits (levels, dictionary indexes, truth values), `width` bits
 * each; returns how many of them are `top`.
 */
export function walkHybrid(from: Cursor, width: number, count: number, top: number = -1): number {
  if (width > 32) throw new Error('a page has values of too many bits')
  let tops = 0
  for (let seen = 0; seen < count;) {
    const header = from.varint()
    const wanted = count - seen
    if (header % 2 === 1) {
      const packed = ((header - 1) / 2) * 8
      if (packed === 0 || packed - wanted > PADDING_MAX) throw new Error('a page has more values than it says')
      const taken = Math.min(packed, wanted)
      const bytes = (packed / 8) * width
      if (top >= 0) tops += countPacked(from, width, taken, top)
      // The bytes that would only fill up the last run may be missing.
      from.skip(bytes <= from.left ? bytes : Math.ceil((taken * width) / 8))
      seen += taken
    } else {
      const repeated = header / 2
      if (repeated > wanted) throw new Error('a page has more values than it says')
      let value = 0
      for (let i = 0; i < (width + 7) >> 3; i++) value += from.byte() * 256 ** i
      if (value === top) tops += repeated
      seen += repeated
    }
  }
  return tops
}

function countPacked(from: Cursor, width: number, count: number, top: number): number {
  const { bytes, at } = from
  if (Math.ceil((count * width) / 8) > from.left) throw new Error('a page is cut off')
  let tops = 0
  let held = 0
  let bits = 0
  let next = at
  const mask = 2 ** width - 1
  for (let i = 0; i < count; i++) {
    while (bits < width) {
      held |= bytes[next++]! << bits
      bits += 8
    }
    if ((held & mask) === top) tops++
    held >>>= width
    bits -= width
  }
  return tops
}

/** Walks `count` numbers of DELTA_BINARY_PACKED. */
export function walkDelta(from: Cursor, count: number): void {
  const blockSize = from.varint()
  const miniblocks = from.varint()
  const each = blockSize / miniblocks
  if (!(blockSize <= PADDING_MAX && miniblocks > 0 && each > 0 && each % 8 === 0))
    throw new Error('a page has blocks of an impossible size')
  from.varint()
  from.varint()
  for (let seen = 1; seen < count;) {
    from.varint()
    const widths = new Cursor(from.bytes, from.at, from.end)
    from.skip(miniblocks)
    for (let i = 0; i < miniblocks && seen < count; i++) {
      const width = widths.byte()
      if (width > 64) throw new Error('a page has values of too many bits')
      // The last one may lack what would only fill it up.
      const needed = Math.ceil((Math.min(each, count - seen) * width) / 8)
      from.skip(seen + each < count ? (each * width) / 8 : Math.min((each * width) / 8, Math.max(needed, from.left)))
      seen += each
    }
  }
}

/** Walks texts that share beginnings with the one before: their lengths add up to no more than a page may be. */
export function walkPrefixed(from: Cursor, count: number): void {
  const prefixes = lengths(from, count)
  const suffixes = lengths(from, count)
  let before = 0
  let copied = 0
  let own = 0
  for (let i = 0; i < count; i++) {
    const prefix = prefixes[i]!
    const suffix = suffixes[i]!
    if (prefix < 0 || prefix > before || suffix < 0) throw new Error('a page has texts of impossible lengths')
    before = prefix + suffix
    own += suffix
    if (prefix > 0) copied += before
    if (copied > LIMITS.parquetPageBytesMax) throw new Error('a page has texts that are longer together than any page')
  }
  from.skip(own)
}

/** The numbers that a walk has shown to be there. */
function lengths(from: Cursor, count: number): Int32Array {
  walkDelta(new Cursor(from.bytes, from.at, from.end), count)
  const output = new Int32Array(count)
  const { bytes } = from
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: from.at }
  deltaBinaryUnpack(reader, count, output)
  from.at = reader.offset
  return output
}
