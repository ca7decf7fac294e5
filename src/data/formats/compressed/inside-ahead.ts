import { LIMITS } from '../../../core/limits.ts'
import type { Bytes } from '../../../core/types.ts'
import type { RandomAccess } from '../source.ts'

/** What a compressed file begins with when it is decompressed. */
export interface Inside {
  readonly bytes: Uint8Array
  /** These bytes are all there is. */
  readonly whole: boolean
  /** It needs a zstd dictionary, so there are no bytes. */
  readonly dictionary: boolean
}

export const INSIDE_MAX: Bytes = 256 * 1024
/** Members or frames are decompressed until there is so much: as is looked at of a file that is not compressed. */
export const INSIDE_ENOUGH: Bytes = LIMITS.lookBytes
/** Members or frames that are looked into: also where each holds a line, as some writers of logs have it. */
export const PARTS_MAX = 1000

/** Of the compressed bytes so many are looked at first, and then so many as data that are not compressible take. */
export const LOOKED_AT: Bytes = 4 * 1024
export const LOOKED_AT_MOST: Bytes = INSIDE_ENOUGH + 2 * 1024
/** So much is read at once: for most files that is one read. */
const READ_AT_ONCE: Bytes = LOOKED_AT_MOST + LOOKED_AT
/** A few pieces are enough for any ordinary file; others lead from place to place for ever. */
const READS_MAX = 64

/** Gives pieces of a file, near each other as a rule, by few reads. */
export class FileAhead {
  readonly size: Bytes
  readonly #source: RandomAccess
  #bytes: Uint8Array
  #offset: Bytes = 0
  #reads = 0

  /** `begin`: what is read already. */
  constructor(source: RandomAccess, begin: Uint8Array) {
    this.#bytes = begin
    this.size = source.size
    this.#source = source
  }

  /**
   * At least the `length` bytes from `offset`, or all to the file's end; fewer where enough has been read. Valid until
   * the next call.
   */
  async at(offset: Bytes, length: Bytes): Promise<Uint8Array> {
    const start = offset - this.#offset
    const wanted = Math.min(length, this.size - offset)
    const here = start >= 0 && start + wanted <= this.#bytes.length
    if (!here && wanted > 0 && this.#reads < READS_MAX) {
      this.#reads++
      this.#bytes = await this.#source.read(offset, Math.min(Math.max(length, READ_AT_ONCE), this.size - offset))
      this.#offset = offset
      return this.#bytes
    }
    return start < 0 ? new Uint8Array(0) : this.#bytes.subarray(start)
  }
}
