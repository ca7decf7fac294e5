import { crc32 } from 'node:zlib'

/**
 * Frames on streams and in logs: u32 length, u32 crc32 of the payload (both big-endian), payload.
 * A frame's length is bounded before anything is allocated for it.
 */
const HEADER = 8

/** Bytes that are no frame: too long, or their checksum is wrong. */
export class FrameError extends Error {
  override readonly name: string = 'FrameError'
}

export function encodeFrame(payload: Uint8Array): Uint8Array {
  const out = Buffer.allocUnsafe(HEADER + payload.length)
  out.writeUInt32BE(payload.length, 0)
  out.writeUInt32BE(crc32(payload), 4)
  out.set(payload, HEADER)
  return out
}

/** Takes chunks as they come and gives whole payloads back, in order. */
export class FrameDecoder {
  readonly #max: number
  #chunks: Uint8Array[] = []
  #length = 0

  constructor(maxPayload: number) {
    this.#max = maxPayload
  }

  /** Bytes taken in that are no whole frame yet. */
  get pending(): number {
    return this.#length
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#length += chunk.length
  }

  /** The next payload, or null until more has come. Throws FrameError. */
  next(): Uint8Array | null {
    if (this.#length < HEADER) return null
    const header = this.#peek(HEADER)
    const length = header.readUInt32BE(0)
    if (length > this.#max) throw new FrameError(`a frame of ${length} bytes; at most ${this.#max}`)
    if (this.#length < HEADER + length) return null
    const frame = this.#peek(HEADER + length)
    this.#drop(HEADER + length)
    const payload = frame.subarray(HEADER)
    if (crc32(payload) !== header.readUInt32BE(4)) throw new FrameError('checksum of a frame is wrong')
    return payload
  }

  /** The first `length` bytes in one piece; joins chunks only where it must. */
  #peek(length: number): Buffer {
    let first = this.#chunks[0]!
    if (first.length < length) {
      first = Buffer.concat(this.#chunks)
      this.#chunks = [first]
    }
    return Buffer.from(first.buffer, first.byteOffset, length)
  }

  #drop(length: number): void {
    this.#length -= length
    const first = this.#chunks[0]!
    if (first.length === length) this.#chunks.shift()
    else this.#chunks[0] = first.subarray(length)
  }
}
