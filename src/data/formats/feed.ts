import { createHash, type Hash } from 'node:crypto'
import { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Bytes, Digest } from '../../core/types.ts'
import type { SplitRead } from './reader.ts'
import type { RandomAccess } from './source.ts'

/** The bytes of one split's records, chunk by chunk. The first byte begins a record; the last one ends one. */
export interface ByteFeed {
  /** At most LIMITS.readChunkBytes, never empty, valid until the next call; null at the end. */
  next(): Promise<Uint8Array | null>
  facts(): SplitRead
}

const LF = 0x0a

/** Reads exactly [offset, offset + length) of a file that is known to be so long. */
export async function readRange(source: RandomAccess, name: string, offset: Bytes, length: Bytes): Promise<Uint8Array> {
  const read = source.read(offset, length)
  const bytes = read instanceof Uint8Array ? read : await read
  if (bytes.length === length) return bytes
  throw new ShoalError('SHARD_CHANGED', `${name} is shorter than it was`, {
    why: `${offset + bytes.length} of ${source.size} bytes are there`,
    try: ['submit again, over files that no longer change'],
  })
}

/**
 * The records of an uncompressed line file whose first byte lies in [start, end). A record begins at 0 and after each
 * LF, so the byte before `start` decides whether one begins there, and the last record is read to its end beyond
 * `end`. Contiguous splits thus share all bytes among them, wherever the cuts fall.
 */
export class RangeFeed implements ByteFeed {
  readonly #source: RandomAccess
  readonly #name: string
  readonly #start: Bytes
  readonly #end: Bytes
  readonly #headerBytes: Bytes
  readonly #hash: Hash = createHash('sha256')
  #position: Bytes | null = null
  #atRecordStart = true
  #bytes = 0

  /** The file's first `headerBytes` enter the input hash before the records of a split that begins after them. */
  constructor(source: RandomAccess, name: string, start: Bytes, end: Bytes, headerBytes: Bytes) {
    this.#source = source
    this.#name = name
    this.#start = start
    this.#end = end
    this.#headerBytes = start === 0 ? 0 : headerBytes
  }

  async next(): Promise<Uint8Array | null> {
    const position = (this.#position ??= await this.#firstRecord())
    if (position < this.#end) return this.#take(position, Math.min(LIMITS.readChunkBytes, this.#end - position), false)
    if (this.#atRecordStart || position >= this.#source.size) return null
    return this.#take(position, Math.min(LIMITS.splitTailBytes, this.#source.size - position), true)
  }

  facts(): SplitRead {
    return { bytes: this.#bytes, input: this.#hash.copy().digest('hex') as Digest }
  }

  async #take(position: Bytes, length: Bytes, tail: boolean): Promise<Uint8Array> {
    let chunk = await readRange(this.#source, this.#name, position, length)
    if (tail) {
      const lineEnd = chunk.indexOf(LF) + 1
      if (lineEnd > 0) chunk = chunk.subarray(0, lineEnd)
    }
    this.#hash.update(chunk)
    this.#bytes += chunk.length
    this.#position = position + chunk.length
    this.#atRecordStart = chunk[chunk.length - 1] === LF
    return chunk
  }

  /** Where the first record at or after `start` begins; `end` or more if that is another split's. */
  async #firstRecord(): Promise<Bytes> {
    if (this.#headerBytes > 0) this.#hash.update(await readRange(this.#source, this.#name, 0, this.#headerBytes))
    if (this.#start === 0) return 0
    let position = this.#start - 1
    while (position < this.#end) {
      const length = Math.min(LIMITS.splitTailBytes, this.#end - position)
      const chunk = await readRange(this.#source, this.#name, position, length)
      const lineEnd = chunk.indexOf(LF) + 1
      if (lineEnd > 0) return position + lineEnd
      position += length
    }
    return position
  }
}
