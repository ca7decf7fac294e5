import type { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Bytes } from '../../core/types.ts'
import type { ByteFeed } from './feed.ts'

/** Finds where records end. It sees the chunks of a feed in order, once each. */
export interface RecordEnds {
  /** The first and the last offset in the chunk after a record's line end; 0 where no record ends in it. */
  scan(chunk: Buffer): void
  readonly first: number
  readonly last: number
}

/** Makes the error for the record that begins after all regions given so far, of which so much is read. */
export type TooLong = (begun: readonly Uint8Array[]) => Promise<ShoalError>

const LF = 0x0a

/** Every LF ends a record. */
export class LineEnds implements RecordEnds {
  first = 0
  last = 0

  scan(chunk: Buffer): void {
    this.last = chunk.lastIndexOf(LF) + 1
    // Only a record that came in several chunks asks for `first`.
    this.first = this.last === 0 ? 0 : chunk.indexOf(LF) + 1
  }
}

/**
 * Regroups a feed into regions of whole records: some hundred at once, so that a region can be decoded as one string.
 * Memory: one region, at most LIMITS.recordBytesMax and two chunks.
 */
export class Regions {
  readonly #feed: Pick<ByteFeed, 'next'>
  readonly #ends: RecordEnds
  readonly #tooLong: TooLong
  #carry: Uint8Array[] = []
  #carried: Bytes = 0
  #joined: Buffer = Buffer.alloc(0)

  constructor(feed: Pick<ByteFeed, 'next'>, ends: RecordEnds, tooLong: TooLong) {
    this.#feed = feed
    this.#ends = ends
    this.#tooLong = tooLong
  }

  /** The next whole records, valid until the next call; null at the end. Only the last region may lack its last line end. */
  async next(): Promise<Buffer | null> {
    for (;;) {
      const bytes = await this.#feed.next()
      if (bytes === null) return this.#rest()
      const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      this.#ends.scan(chunk)
      const { first, last } = this.#ends
      // A record within one chunk is far below the limit, so only a carried one can pass it.
      if (this.#carried > 0 && passesLimit(this.#carried + (first > 0 ? first : chunk.length)))
        throw await this.#tooLong(this.#carry)
      if (last === 0) {
        this.#keep(chunk)
        continue
      }
      const head = chunk.subarray(0, last)
      const region = this.#carried === 0 ? head : this.#join(head)
      if (last < chunk.length) this.#keep(chunk.subarray(last))
      return region
    }
  }

  #keep(bytes: Buffer): void {
    this.#carry.push(Buffer.from(bytes))
    this.#carried += bytes.length
  }

  async #rest(): Promise<Buffer | null> {
    if (this.#carried === 0) return null
    return this.#join(null)
  }

  /** What was carried, and `head`; in a buffer that is used again, as a new one for each chunk is much garbage. */
  #join(head: Buffer | null): Buffer {
    const length = this.#carried + (head?.length ?? 0)
    if (this.#joined.length < length) this.#joined = Buffer.allocUnsafeSlow(length)
    let at = 0
    for (const piece of this.#carry) {
      this.#joined.set(piece, at)
      at += piece.length
    }
    if (head !== null) this.#joined.set(head, at)
    this.#carry = []
    this.#carried = 0
    return this.#joined.subarray(0, length)
  }
}

/** The line end (CR LF) is allowed for; how the file came in chunks does not matter. */
function passesLimit(bytes: Bytes): boolean {
  return bytes > LIMITS.recordBytesMax + 2
}
