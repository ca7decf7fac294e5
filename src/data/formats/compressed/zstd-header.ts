import type { Bytes } from '../../../core/types.ts'

/** The header of a frame of data. */
export interface FrameHeader {
  readonly kind: 'frame'
  readonly length: Bytes
  /** How far back its data refer: a decoder keeps so much of what it has decompressed. */
  readonly window: Bytes
  /** Its decompressed size, if it says so. */
  readonly contentSize: Bytes | null
  /** 0: none. */
  readonly dictionary: number
  readonly checksum: boolean
}

/** A frame of user data, which decoders pass over: `size` bytes follow. */
export interface SkippableHeader {
  readonly kind: 'skippable'
  readonly length: Bytes
  readonly size: Bytes
}

/** Magic, descriptor, window, dictionary id, content size. */
export const FRAME_HEADER_MAX: Bytes = 4 + 1 + 1 + 4 + 8

const MAGIC = 0xfd2fb528
/** 16 magics: 0x184D2A50 … 0x184D2A5F. */
const SKIPPABLE = 0x184d2a50

/**
 * Reads the header that a zstd frame begins with (RFC 8878, section 3.1.1.1). `short`: these bytes are fewer than it
 * has; `none`: they begin no frame.
 */
export function frameHeader(bytes: Uint8Array): FrameHeader | SkippableHeader | 'short' | 'none' {
  if (bytes.length < 4) return 'short'
  const magic = littleEndian(bytes, 0, 4)
  if (magic >= SKIPPABLE && magic <= SKIPPABLE + 15)
    return bytes.length < 8 ? 'short' : { kind: 'skippable', length: 8, size: littleEndian(bytes, 4, 4) }
  if (magic !== MAGIC) return 'none'
  if (bytes.length < 5) return 'short'
  const descriptor = bytes[4]!
  const singleSegment = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!
  const sizeFlag = descriptor >> 6
  const sizeBytes = sizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag
  const dictionaryAt = singleSegment ? 5 : 6
  const sizeAt = dictionaryAt + dictionaryBytes
  const length = sizeAt + sizeBytes
  if (bytes.length < length) return 'short'
  const contentSize = sizeBytes === 0 ? null : littleEndian(bytes, sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0)
  return {
    kind: 'frame',
    length,
    window: singleSegment ? contentSize! : windowOf(bytes[5]!),
    contentSize,
    dictionary: littleEndian(bytes, dictionaryAt, dictionaryBytes),
    checksum: (descriptor & 0x04) !== 0,
  }
}

/** From 1 KiB to 3.75 TiB. */
function windowOf(descriptor: number): Bytes {
  const base = 2 ** (10 + (descriptor >> 3))
  return base + (base / 8) * (descriptor & 7)
}

/** A block's header: three bytes. `kind`: 0 as it is, 1 one byte repeated, 2 compressed; 3 does not exist. */
export function blockHeader(bytes: Uint8Array): { last: boolean; kind: number; size: Bytes; bodyLength: Bytes } {
  const value = littleEndian(bytes, 0, BLOCK_HEADER)
  const kind = (value >> 1) & 3
  const size = value >> 3
  return { last: (value & 1) === 1, kind, size, bodyLength: kind === 1 ? 1 : size }
}

export const BLOCK_HEADER = 3

/** An unsigned number; above 2^53 not exact, as nothing is of that size. */
function littleEndian(bytes: Uint8Array, at: number, length: number): number {
  let value = 0
  for (let i = length - 1; i >= 0; i--) value = value * 256 + bytes[at + i]!
  return value
}
