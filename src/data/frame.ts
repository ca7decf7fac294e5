/** Frames for streams and logs: u32 length, u32 CRC-32 of the payload, payload. */
import { crc32 } from 'node:zlib'
import { ShoalError } from '../core/errors.ts'
import { asBuffer } from './bytes.ts'

export const FRAME_HEADER_BYTES = 8

/** The payload in its frame. */
export function frame(payload: Uint8Array): Uint8Array {
  const framed = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.byteLength)
  framed.writeUInt32BE(payload.byteLength, 0)
  framed.writeUInt32BE(crc32(payload), 4)
  framed.set(payload, FRAME_HEADER_BYTES)
  return framed
}

/** Takes bytes in any pieces and gives payloads. It never holds more than one frame and the piece in hand. */
export class FrameDecoder {
  readonly #max: number
  #held: Uint8Array[] = []
  #heldBytes = 0
  /** Bytes needed before there is anything to do. */
  #needed = FRAME_HEADER_BYTES

  /** @param max largest payload that is accepted */
  constructor(max: number) {
    this.#max = max
  }

  /** Bytes of a frame that is not whole yet: what is lost if the stream ends here. */
  get pending(): number {
    return this.#heldBytes
  }

  /**
   * The payloads that these bytes complete, in order; their memory is the caller's.
   * @throws ShoalError DAMAGED on a wrong checksum or a length above the maximum; the decoder is then of no further use
   */
  push(bytes: Uint8Array): Uint8Array[] {
    if (bytes.byteLength === 0) return []
    this.#held.push(bytes)
    this.#heldBytes += bytes.byteLength
    if (this.#heldBytes < this.#needed) {
      // What is kept for later must not be the caller's memory.
      this.#held[this.#held.length - 1] = Uint8Array.prototype.slice.call(bytes)
      return []
    }
    const whole = this.#held.length === 1 ? asBuffer(bytes) : Buffer.concat(this.#held, this.#heldBytes)
    const payloads: Uint8Array[] = []
    let at = 0
    this.#needed = FRAME_HEADER_BYTES
    while (whole.length - at >= FRAME_HEADER_BYTES) {
      const length = whole.readUInt32BE(at)
      if (length > this.#max) throw new ShoalError('DAMAGED', `a frame of ${length} bytes is larger than ${this.#max}`)
      if (whole.length - at < FRAME_HEADER_BYTES + length) {
        this.#needed = FRAME_HEADER_BYTES + length
        break
      }
      const payload = Uint8Array.prototype.slice.call(whole, at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + length)
      if (crc32(payload) !== whole.readUInt32BE(at + 4)) throw new ShoalError('DAMAGED', 'a frame has a wrong checksum')
      payloads.push(payload)
      at += FRAME_HEADER_BYTES + length
    }
    this.#held = at === whole.length ? [] : [Uint8Array.prototype.slice.call(whole, at)]
    this.#heldBytes = whole.length - at
    return payloads
  }
}
