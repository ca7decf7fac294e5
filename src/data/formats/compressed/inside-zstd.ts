import { zstdDecompressSync } from 'node:zlib'
import type { Bytes } from '../../../core/types.ts'
import {
  INSIDE_ENOUGH,
  INSIDE_MAX,
  LOOKED_AT,
  LOOKED_AT_MOST,
  PARTS_MAX,
  type FileAhead,
  type Inside,
} from './inside-ahead.ts'
import { BLOCK_HEADER, blockHeader, FRAME_HEADER_MAX, frameHeader } from './zstd-header.ts'

const BLOCK_MAX: Bytes = 128 * 1024
/** Magic, no flags, and a window of 256 KiB: as far as data within INSIDE_MAX can refer back. */
const SMALL_WINDOW = Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x40)

/** See `firstBytesWithin`. */
export async function zstdInside(file: FileAhead): Promise<Inside | null> {
  const pieces: Uint8Array[] = []
  let length = 0
  let at = 0
  const ends = (whole: boolean): Inside => ({ bytes: Buffer.concat(pieces), whole, dictionary: false })
  for (let frames = 0; frames < PARTS_MAX && length < INSIDE_ENOUGH; frames++) {
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
    const { bytes, ended, end } = await firstData(file, at, INSIDE_ENOUGH - length)
    pieces.push(bytes)
    length += bytes.length
    at = end + (header.checksum ? 4 : 0)
    if (!ended || at > file.size) return ends(false)
  }
  return ends(at === file.size)
}

/** What a frame's blocks from `at` on begin with: all of a small frame, and at least `wanted` of any other. */
async function firstData(
  file: FileAhead,
  at: Bytes,
  wanted: Bytes,
): Promise<{ readonly bytes: Uint8Array; readonly ended: boolean; readonly end: Bytes }> {
  const few = await firstBlocks(file, at, LOOKED_AT)
  const found = decompress(few.blocks, wanted)
  if (few.ended || found.bytes.length >= wanted) return { ...found, ended: few.ended && found.all, end: few.end }
  const more = await firstBlocks(file, at, LOOKED_AT_MOST)
  const rest = decompress(more.blocks, wanted)
  return { ...rest, ended: more.ended && rest.all, end: more.end }
}

interface Blocks {
  readonly blocks: readonly Uint8Array[]
  /** The last of them is the last of the frame, which ends at `end`. */
  readonly ended: boolean
  readonly end: Bytes
}

/** So many whole blocks that they have `enough` bytes; none where the first is not whole. */
async function firstBlocks(file: FileAhead, from: Bytes, enough: Bytes): Promise<Blocks> {
  let at = from
  const blocks: Uint8Array[] = []
  let compressed = 0
  let certain = 0
  while (compressed < enough && certain < INSIDE_MAX) {
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
 * Where the result would be too large, or there is damage, fewer of them may do: so many are sought that there is enough.
 * One block is never too large.
 */
function decompress(blocks: readonly Uint8Array[], wanted: Bytes): { bytes: Uint8Array; all: boolean } {
  let best: Uint8Array = new Uint8Array(0)
  let good = 0
  let bad = blocks.length + 1
  for (let used = blocks.length; used > good; used = (good + bad) >>> 1) {
    const frame = Buffer.concat([SMALL_WINDOW, ...blocks.slice(0, used)])
    const last = frame.length - blocks[used - 1]!.length
    frame[last]! |= 1
    try {
      best = zstdDecompressSync(frame, { maxOutputLength: INSIDE_MAX })
      if (used === blocks.length || best.length >= wanted) return { bytes: best, all: used === blocks.length }
      good = used
    } catch {
      bad = used
    }
  }
  return { bytes: best, all: false }
}
