/**
 * Looks at a page's content where the decoder would not say that it is damaged: it takes levels that the schema has not,
 * fills up what is missing of deltas and of split bytes, and gives a text the beginning that it has not.
 */
import { LIMITS } from '../../../../core/limits.ts'
import type { Bytes } from '../../../../core/types.ts'
import { BYTE_STREAM_SPLIT, DELTA_BINARY_PACKED, DELTA_BYTE_ARRAY, DELTA_LENGTH_BYTE_ARRAY } from './encodings.ts'
import type { Page } from './pages.ts'
import type { Leaf } from '../metadata/schema.ts'
import { zigzag } from '../metadata/thrift.ts'
import { WIDTHS } from './widths.ts'

/** Throws an Error that says what is wrong. */
export function checkContent(page: Page, bytes: Uint8Array, leaf: Leaf): void {
  if (page.kind !== 'data') return
  const from = new Cursor(bytes)
  const { version, values, rows, repetitionBytes, definitionBytes } = page
  const levelsOf = (max: number, length: Bytes): Cursor =>
    from.take(version === 1 ? (max > 0 ? from.uint32() : 0) : length)
  const repetitions = levelsOf(leaf.maxRepetition, repetitionBytes)
  const begun = checkLevels(repetitions, leaf.maxRepetition, values, version === 2)
  checkLevels(levelsOf(leaf.maxDefinition, definitionBytes), leaf.maxDefinition, values, false)
  // Which pages a row lies in follows from it.
  if (begun !== null && begun !== rows) throw new Error(`a page has ${begun} rows where its header says ${rows}`)
  switch (page.encoding) {
    case DELTA_BINARY_PACKED:
    case DELTA_LENGTH_BYTE_ARRAY:
      if (from.left > 0) deltas(from, false)
      return
    case DELTA_BYTE_ARRAY:
      if (from.left > 0) checkPrefixes(from)
      return
    case BYTE_STREAM_SPLIT: {
      const width = WIDTHS[leaf.node.physical!] ?? leaf.node.length
      if (from.left % width !== 0) throw new Error(`a page has ${from.left} bytes of values of ${width} bytes each`)
      return
    }
  }
}

/** Rows that begin in a page of the first version, by its levels. */
export function rowsBegun({ values }: Page, bytes: Uint8Array, { maxRepetition }: Leaf): number {
  const from = new Cursor(bytes)
  let rows = 0
  eachLevel(from.take(from.uint32()), maxRepetition, values, (level, times) => {
    if (level === 0) rows += times
  })
  return rows
}

/** The length of the longest text of a dictionary's page. */
export function longestOf(bytes: Uint8Array): Bytes {
  const from = new Cursor(bytes)
  let longest = 0
  while (from.left > 0) {
    const length = from.uint32()
    from.take(length)
    longest = Math.max(longest, length)
  }
  return longest
}

/** A place within bytes; reading beyond the end throws. */
class Cursor {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get left(): Bytes {
    return this.#bytes.length - this.#at
  }

  byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new Error('a page is cut off')
    return byte
  }

  uint32(): number {
    return this.byte() + this.byte() * 0x100 + this.byte() * 0x1_0000 + this.byte() * 0x100_0000
  }

  /** LEB128. Beyond 2^53 it is not exact, and too much for all that is read with it but a first value. */
  varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      if (scale > 2 ** 63) throw new Error('a page holds a number that is none')
    }
  }

  take(length: Bytes): Cursor {
    if (!(length <= this.left)) throw new Error('a page is cut off')
    const start = this.#at
    this.#at += length
    return new Cursor(this.#bytes.subarray(start, this.#at))
  }

  /** Numbers of `width` ≤ 32 bits each, lowest bits first. */
  packed(width: number, count: number, each: (value: number) => void): void {
    let held = 0
    let bits = 0
    for (let i = 0; i < count; i++) {
      while (bits < width) {
        held += this.byte() * 2 ** bits
        bits += 8
      }
      const value = held % 2 ** width
      each(value)
      held = (held - value) / 2 ** width
      bits -= width
    }
  }
}

/**
 * Throws an Error where a level is above `max`, or, with `counts`, where the first begins no row. With `counts` the number of
 * rows that begin here, which is that of zeros; else, and where all levels are 0, null.
 */
function checkLevels(from: Cursor, max: number, count: number, counts: boolean): number | null {
  if (max === 0) return null
  let zeros = 0
  let first = true
  const check = (level: number, times: number): void => {
    if (level > max) throw new Error(`a page has a level of ${level}, where the highest is ${max}`)
    if (level === 0) zeros += times
    else if (counts && first) throw new Error('a page begins within a row')
    first = false
  }
  // Where all bit patterns are levels there is nothing to see.
  const anyPattern = (max & (max + 1)) === 0 && !counts
  eachLevel(from, max, count, check, anyPattern)
  return counts ? zeros : null
}

/** Runs and packed bits (parquet-format/Encodings.md, RLE). */
function eachLevel(
  from: Cursor,
  max: number,
  count: number,
  each: (level: number, times: number) => void,
  runsAlone: boolean = false,
): void {
  const width = 32 - Math.clz32(max)
  for (let seen = 0; seen < count;) {
    const header = from.varint()
    if (header % 2 === 1) {
      const packed = ((header - 1) / 2) * 8
      if (packed === 0) throw new Error('a page has levels that are none')
      // The bytes that would only fill up the last run may be missing.
      const taken = Math.min(packed, count - seen)
      const part = from.take(Math.min(Math.ceil((packed * width) / 8), from.left))
      if (!runsAlone) part.packed(width, taken, (level) => each(level, 1))
      seen += taken
    } else {
      let level = 0
      for (let i = 0; i < width; i += 8) level += from.byte() * 2 ** i
      const times = Math.min(header / 2, count - seen)
      if (times > 0) each(level, times)
      seen += header / 2
    }
  }
}

/** Values of a block may be so many; writers have 128. */
const BLOCK_MAX = 65_536

/** Walks DELTA_BINARY_PACKED, and gives its numbers, modulo 2^32, where they are wanted. */
function deltas(from: Cursor, wanted: boolean): Int32Array {
  const blockSize = from.varint()
  const miniblocks = from.varint()
  const count = from.varint()
  const each = blockSize / miniblocks
  if (!(blockSize <= BLOCK_MAX && each > 0 && each % 8 === 0))
    throw new Error('a page has blocks of an impossible size')
  if (count > LIMITS.parquetPageValuesMax) throw new Error(`a page has ${count} deltas`)
  const numbers = new Int32Array(wanted ? count : 0)
  let last = zigzag(from.varint())
  if (wanted && count > 0) numbers[0] = last
  for (let seen = 1; seen < count;) {
    const least = zigzag(from.varint())
    const widths = Array.from({ length: miniblocks }, () => from.byte())
    for (const width of widths) {
      if (seen >= count) break
      const inside = Math.min(each, count - seen)
      if (width > 64) throw new Error('a page has deltas of too many bits')
      // The last one may lack what would only fill it up.
      const needed = Math.ceil((inside * width) / 8)
      const part = from.take(
        seen + each < count ? (each * width) / 8 : Math.max(needed, Math.min(from.left, (each * width) / 8)),
      )
      if (wanted && width > 32) throw new Error('a page has lengths of too many bits')
      if (wanted)
        part.packed(width, inside, (delta) => {
          last = (last + least + delta) | 0
          numbers[seen++] = last
        })
      else seen += inside
    }
  }
  return numbers
}

/** Texts that share beginnings with the one before: their lengths add up to no more than a page may be. */
function checkPrefixes(from: Cursor): void {
  const prefixes = deltas(from, true)
  const suffixes = deltas(from, true)
  if (prefixes.length !== suffixes.length) throw new Error('a page has not an end for each of its texts')
  let before = 0
  let all = 0
  for (const [i, prefix] of prefixes.entries()) {
    const suffix = suffixes[i]!
    if (prefix < 0 || prefix > before || suffix < 0) throw new Error('a page has texts of impossible lengths')
    before = prefix + suffix
    all += before
    if (all > LIMITS.parquetPageBytesMax) throw new Error('a page has texts that are longer together than any page')
  }
}
