import type { Bytes } from '../../../core/types.ts'
import { Damage } from './damage.ts'
import { BLOCK_HEADER, blockHeader, FRAME_HEADER_MAX, frameHeader, type FrameHeader } from './zstd-header.ts'

const CHECKSUM = 4

/** So many bytes, or all that are left, are needed to walk on. */
export const WALK_AHEAD: Bytes = FRAME_HEADER_MAX

/**
 * Walks the frames of a zstd stream (RFC 8878, section 3) by their headers alone, ahead of the decoder. The decoder of
 * Node's zlib stops quietly at bytes that begin no frame; this tells of them, and of a stream that is cut short.
 *
 * The stream is walked in parts, each for a decoder of its own: a frame that is to be alone is a part by itself.
 */
export class ZstdFrames {
  readonly #isAlone: (header: FrameHeader) => boolean
  /** What comes after the next `#skip` bytes. */
  #expect: 'frame' | 'block' = 'frame'
  #skip: Bytes = 0
  #checksum = false
  #frames = 0
  /** Bytes at the stream's end that are too few for what should be there. */
  #rest: Bytes = 0
  #partBegun = false
  #alone: FrameHeader | null = null

  /** `isAlone` sees the header of each frame of data first, and throws to refuse it. */
  constructor(isAlone: (header: FrameHeader) => boolean) {
    this.#isAlone = isAlone
  }

  /** The frame that is this part, if it is to be alone. */
  get alone(): FrameHeader | null {
    return this.#alone
  }

  beginPart(): void {
    this.#partBegun = false
    this.#alone = null
  }

  /**
   * How many of these bytes, which follow those walked so far, belong to this part and may be decoded; 0 where it ends
   * before them. @throws Damage
   */
  walk(piece: Uint8Array): Bytes {
    for (let at = 0; ;) {
      const step = Math.min(this.#skip, piece.length - at)
      at += step
      this.#skip -= step
      if (at === piece.length) return at
      const taken = this.#expect === 'frame' ? this.#frame(piece.subarray(at)) : this.#block(piece.subarray(at))
      if (taken === 'ends') return at
      if (taken === 'short') {
        // There is more if these are not all the bytes that were asked for.
        if (at > 0) return at
        this.#rest = piece.length
        return piece.length
      }
      at += taken
    }
  }

  /** The stream ends here. @throws Damage where it cannot */
  end(): void {
    const whole = this.#expect === 'frame' && this.#skip === 0
    if (whole && this.#rest > 0 && this.#rest < 4 && this.#frames > 0)
      throw new Damage(`${this.#rest} bytes follow the last frame`)
    if (!whole || this.#rest > 0) throw new Damage('it is truncated: its last frame is not complete')
    if (this.#frames === 0) throw new Damage('it is empty: there is no frame in it')
  }

  #frame(bytes: Uint8Array): Bytes | 'short' | 'ends' {
    const header = frameHeader(bytes)
    if (header === 'short') return 'short'
    if (header === 'none') {
      throw new Damage(
        this.#frames === 0
          ? 'it is not zstd: it begins with other bytes'
          : 'bytes that are no frame follow the last frame',
      )
    }
    const alone = header.kind === 'frame' && this.#isAlone(header)
    if (this.#partBegun && (alone || this.#alone !== null)) return 'ends'
    this.#partBegun = true
    this.#frames++
    if (header.kind === 'skippable') this.#skip = header.size
    else {
      if (alone) this.#alone = header
      this.#checksum = header.checksum
      this.#expect = 'block'
    }
    return header.length
  }

  #block(bytes: Uint8Array): Bytes | 'short' {
    if (bytes.length < BLOCK_HEADER) return 'short'
    const { last, kind, bodyLength } = blockHeader(bytes)
    if (kind === 3) throw new Damage('a block is of a kind that does not exist')
    this.#skip = bodyLength
    if (last) {
      if (this.#checksum) this.#skip += CHECKSUM
      this.#expect = 'frame'
    }
    return BLOCK_HEADER
  }
}
