import { ShoalError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { Bytes } from '../../../core/types.ts'
import type { ByteFeed } from '../feed.ts'
import type { SplitRead } from '../reader.ts'

/** U+FEFF, the byte order mark, in the other order. No character has this number. */
const MARK_SWAPPED = 0xfffe
/** The bytes CR LF as one unit of UTF-16LE. No character has this number. */
const CR_LF = '\u0a0d'
/** A UTF-16 unit of two bytes becomes at most three bytes. */
const UNITS_AT_ONCE = Math.floor(LIMITS.readChunkBytes / 3)

/**
 * Gives the UTF-8 of a whole file in UTF-16, so that readers know one encoding of Unicode alone. The byte order mark
 * stays, as UTF-8's: who reads UTF-8 drops one at the start of a file, and just one.
 *
 * Half a surrogate pair has no UTF-8. It becomes the three bytes that it would have as a character: not U+FFFD, which
 * is text, but bytes that make the record that holds them a bad one.
 *
 * Rejects with BAD_RECORD where the file ends within a character, its byte order mark is of the other order, or text of
 * single bytes was appended to it.
 */
export class Utf16Feed implements ByteFeed {
  readonly #feed: ByteFeed
  readonly #name: string
  readonly #encoding: 'utf-16le' | 'utf-16be'
  /** UTF-16LE that is not given yet; ends with whole units. */
  #units: Buffer = Buffer.alloc(0)
  /** What the next chunk begins with: an odd byte, as it came. */
  #odd: Buffer = Buffer.alloc(0)
  #atStart = true

  constructor(feed: ByteFeed, name: string, encoding: string) {
    this.#feed = feed
    this.#name = name
    this.#encoding = encoding === 'utf-16be' ? encoding : 'utf-16le'
  }

  async next(): Promise<Uint8Array | null> {
    // One unit may be the first half of a pair whose other half is yet to come.
    let ended = false
    while (!ended && this.#units.length < 4) ended = !(await this.#fill())
    if (this.#units.length === 0) return null
    const text = this.#units.toString('utf16le', 0, this.#pieceLength(ended))
    this.#units = this.#units.subarray(2 * text.length)
    if (this.#encoding === 'utf-16le' && text.includes(CR_LF))
      throw this.#unreadable('text of single bytes stands in it: CR and LF are one unit, U+0A0D, which is no character')
    return utf8Of(text)
  }

  facts(): SplitRead {
    return this.#feed.facts()
  }

  /** Of the units at hand, in bytes: so many as are given at once, and not ending between the halves of a pair. */
  #pieceLength(ended: boolean): Bytes {
    const length = Math.min(this.#units.length, 2 * UNITS_AT_ONCE)
    if (ended && length === this.#units.length) return length
    const last = this.#units.readUInt16LE(length - 2)
    return last >= 0xd800 && last <= 0xdbff ? length - 2 : length
  }

  /** Takes a chunk from the feed; false at its end. */
  async #fill(): Promise<boolean> {
    const bytes = await this.#feed.next()
    if (bytes === null) {
      if (this.#odd.length > 0) throw this.#unreadable('it ends within a character: its number of bytes is odd')
      return false
    }
    const all = Buffer.concat([this.#odd, bytes])
    const whole = all.length - (all.length % 2)
    this.#odd = all.subarray(whole)
    const units = all.subarray(0, whole)
    if (this.#encoding === 'utf-16be') units.swap16()
    if (this.#atStart && whole > 0) this.#checkMark(units.readUInt16LE(0))
    this.#units = this.#units.length === 0 ? units : Buffer.concat([this.#units, units])
    return true
  }

  #checkMark(first: number): void {
    this.#atStart = false
    if (first !== MARK_SWAPPED) return
    const other = this.#encoding === 'utf-16le' ? 'utf-16be' : 'utf-16le'
    throw this.#unreadable(`its byte order mark says ${other}, the input says ${this.#encoding}`, [
      `encoding: '${other}' for this input`,
    ])
  }

  #unreadable(why: string, remedies: readonly string[] = ['restore the file from a good copy']): ShoalError {
    return new ShoalError('BAD_RECORD', `${this.#name} cannot be read as ${this.#encoding}: ${why}`, {
      try: [...remedies, 'leave it out of the input'],
    })
  }
}

function utf8Of(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8')
  const bytes = Buffer.allocUnsafe(3 * text.length)
  let length = 0
  let from = 0
  for (const { index } of text.matchAll(/\p{Surrogate}/gu)) {
    length += bytes.write(text.slice(from, index), length, 'utf8')
    const half = text.charCodeAt(index)
    bytes[length++] = 0xe0 | (half >> 12)
    bytes[length++] = 0x80 | ((half >> 6) & 0x3f)
    bytes[length++] = 0x80 | (half & 0x3f)
    from = index + 1
  }
  return bytes.subarray(0, length + bytes.write(text.slice(from), length, 'utf8'))
}
