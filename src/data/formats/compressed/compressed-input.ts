import { createHash, type Hash } from 'node:crypto'
import { LIMITS } from '../../../core/limits.ts'
import type { Bytes, Digest } from '../../../core/types.ts'
import { readRange } from '../feed.ts'
import type { SplitRead } from '../reader.ts'
import type { RandomAccess } from '../source.ts'

/** Reads a whole file from front to back, in pieces that are looked at and then taken, and hashes it. */
export class CompressedInput {
  readonly #source: RandomAccess
  readonly #name: string
  readonly #hash: Hash = createHash('sha256')
  #position: Bytes = 0
  #ahead: Uint8Array = new Uint8Array(0)

  constructor(source: RandomAccess, name: string) {
    this.#source = source
    this.#name = name
  }

  /** Bytes of the file that are not taken yet. */
  get left(): Bytes {
    return this.#source.size - this.#position + this.#ahead.length
  }

  /** The next bytes, without taking them: at least so many, or all that are left; null at the end of the file. */
  async peek(atLeast: Bytes = 1): Promise<Uint8Array | null> {
    while (this.#ahead.length < atLeast) {
      const length = Math.min(LIMITS.readChunkBytes, this.#source.size - this.#position)
      if (length === 0) break
      // The next read may reuse the array that they are in.
      const kept = Uint8Array.from(this.#ahead)
      const read = await readRange(this.#source, this.#name, this.#position, length)
      this.#hash.update(read)
      this.#position += length
      this.#ahead = kept.length === 0 ? read : Buffer.concat([kept, read])
    }
    return this.#ahead.length === 0 ? null : this.#ahead
  }

  /** Takes bytes that `peek` has shown. */
  skip(length: Bytes): void {
    this.#ahead = this.#ahead.subarray(length)
  }

  /** Takes one byte; null at the end of the file. */
  async byte(): Promise<number | null> {
    const ahead = await this.peek()
    if (ahead === null) return null
    this.skip(1)
    return ahead[0]!
  }

  facts(): SplitRead {
    return { bytes: this.#position, input: this.#hash.copy().digest('hex') as Digest }
  }
}
