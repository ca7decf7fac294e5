import { zstdDecompressSync } from 'node:zlib'
import type { Bytes } from '../../../core/types.ts'
import { INSIDE_ENOUGH, INSIDE_MAX, LOOKED_AT, type FileAhead, type Inside } from './inside-ahead.ts'
import { BLOCK_HEADER, blockHeader, FRAME_HEADER_MAX, frameHeader } from './zstd-header.ts'

/** Empty or skippable frames before the first that has data. */
const FRAMES_MAX = 100
const BLOCK_MAX: Bytes = 128 * 1024
/** Magic, no flags, and a window of 256 KiB: as far as data within INSIDE_MAX can refer back. */
const SMALL_WINDOW = Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x40)

/** See `firstBytesWithin`. */
export async function zstdInside(file: FileAhead): Promise<Inside | null> {
  const pieces: Uint8Array[] = []
  let length = 0
  let at = 0
  const ends = (whole: boolean): Inside => ({ bytes: Buffer.concat(pieces), whole, dictionary: false })
  for (let frames = 0; frames < FRAMES_MAX && length < INSIDE_ENOUGH; frames++) {
    if (at === file.size && frames > 0) return ends(true)
    const header = frameHeader(await file.at(at, FRAME_HEADER_MAX))
    if (header === 'short' || header === 'none') return ends(false)
    at += header.length
    if (header.kind === 'skippable') {
      at += header.size
      if (at > file.size) return ends(false)
      continue
    }
    if (header.dictionary !== 0)
      return length > 0 ? ends(false) : { bytes: new Uint8Array(0), whole: false, dictionary: true }
    const { blocks, ended, end } = await firstBlocks(file, at)
    const { bytes, used } = decompress(blocks)
    pieces.push(bytes)
    length += bytes.length
    at = end + (header.checksum ? 4 : 0)
    if (!ended || used < blocks.length || at > file.size) return ends(false)
  }
  return ends(at === file.size)
}

interface Blocks {
  readonly blocks: readonly Uint8Array[]
  /** The last of them is the last of the frame, which ends at `end`. */
  readonly ended: boolean
  readonly end: Bytes
}

/** So many whole blocks that there is something to look at, as a rule; none where the first is not whole. */
async function firstBlocks(file: FileAhead, at: Bytes): Promise<Blocks> {
  const blocks: Uint8Array[] = []
  let compressed = 0
  let certain = 0
  while (compressed < LOOKED_AT && certain < INSIDE_MAX) {
    const begin = await file.at(at, BLOCK_HEADER)
    if (begin.length < BLOCK_HEADER) break
    const { last, kind, size, bodyLength } = blockHeader(begin)
    if (kind === 3 || size > BLOCK_MAX) break
    const length = BLOCK_HEADER + bodyLength
    const block = begin.length < length ? await file.at(at, length) : begin
    if (block.length < length) break
    blocks.push(Uint8Array.from(block.subarray(0, length)))
    at += length
    compressed += length
    // Of a compressed block the size is not known before.
    if (kind !== 2) certain += size
    if (last) return { blocks, ended: true, end: at }
  }
  return { blocks, ended: false, end: at }
}

/**
 * Decompresses blocks as a frame by themselves: a frame's own window may be of any size, and a decoder reserves it.
 * Where the result would be too large, or there is damage, half of them may do; one block is never too large.
 */
function decompress(blocks: readonly Uint8Array[]): { bytes: Uint8Array; used: number } {
  for (let used = blocks.length; used > 0; used >>>= 1) {
    const frame = Buffer.concat([SMALL_WINDOW, ...blocks.slice(0, used)])
    const last = frame.length - blocks[used - 1]!.length
    frame[last]! |= 1
    try {
      return { bytes: zstdDecompressSync(frame, { maxOutputLength: INSIDE_MAX }), used }
    } catch {
      continue
    }
  }
  return { bytes: new Uint8Array(0), used: 0 }
}
