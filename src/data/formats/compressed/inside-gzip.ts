import { constants, inflateRawSync, type InflateRaw } from 'node:zlib'
import { LIMITS } from '../../../core/limits.ts'
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

const TRAILER = 8
/** Extra field, name, comment. */
const HEADER_MAX: Bytes = 64 * 1024 + 2 * LIMITS.gzipHeaderTextMax

/** See `firstBytesWithin`. */
export async function gzipInside(file: FileAhead): Promise<Inside | null> {
  const pieces: Uint8Array[] = []
  let length = 0
  let at = 0
  const ends = (whole: boolean): Inside => ({ bytes: Buffer.concat(pieces), whole, dictionary: false })
  for (let members = 0; members < PARTS_MAX && length < INSIDE_ENOUGH; members++) {
    if (at === file.size && members > 0) return ends(true)
    const offset = await dataOffset(file, at)
    if (offset === null) return ends(members > 0 && (await onlyZeros(file, at)))
    const data = await firstData(file, offset, INSIDE_ENOUGH - length)
    pieces.push(data.bytes)
    length += data.bytes.length
    at = offset + data.used + TRAILER
    if (!data.ended || at > file.size) return ends(false)
  }
  return ends(at === file.size)
}

/** Where a member's deflate data begin; null where no member begins, or its header does not end. */
async function dataOffset(file: FileAhead, at: Bytes): Promise<Bytes | null> {
  const bytes = await file.at(at, LOOKED_AT)
  let header = headerLength(bytes)
  if (header === 'short' && bytes.length < file.size - at) header = headerLength(await file.at(at, HEADER_MAX))
  return header === 'short' || header === 'none' ? null : at + header
}

/** RFC 1952, section 2.3. */
function headerLength(bytes: Uint8Array): Bytes | 'short' | 'none' {
  if (bytes.length < 10) return 'short'
  const flags = bytes[3]!
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8 || (flags & 0xe0) !== 0) return 'none'
  let at = 10
  if ((flags & 4) !== 0) {
    if (bytes.length < at + 2) return 'short'
    at += 2 + bytes[at]! + 256 * bytes[at + 1]!
  }
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue
    const zero = bytes.indexOf(0, at)
    if (zero < 0) return 'short'
    at = zero + 1
  }
  if ((flags & 2) !== 0) at += 2
  return at > bytes.length ? 'short' : at
}

interface Inflated {
  readonly bytes: Uint8Array
  /** Of the input. */
  readonly used: Bytes
  /** The data ended by themselves, before the input did. */
  readonly ended: boolean
}

/** What the data at `offset` begin with: all of a small member, and at least `wanted` of any other. */
async function firstData(file: FileAhead, offset: Bytes, wanted: Bytes): Promise<Inflated> {
  const few = await file.at(offset, LOOKED_AT)
  const found = inflate(few.subarray(0, LOOKED_AT), wanted)
  if (found.ended || found.bytes.length >= wanted) return found
  const more = await file.at(offset, LOOKED_AT_MOST)
  return more.length <= LOOKED_AT ? found : inflate(more.subarray(0, LOOKED_AT_MOST), wanted)
}

/**
 * Inflates the beginning of deflate data. Where the result would be too large, or there is damage, less of the input may
 * do: so much is sought that there is enough. Of 128 bytes the result is never too large: deflate makes no more than 1032
 * bytes of one.
 */
function inflate(input: Uint8Array, wanted: Bytes): Inflated {
  let best: Inflated = { bytes: new Uint8Array(0), used: 0, ended: false }
  let good = 0
  let bad = input.length + 1
  for (let length = input.length; length > good; length = (good + bad) >>> 1) {
    try {
      const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: INSIDE_MAX, info: true }
      // With `info` it gives the stream, too.
      const result = inflateRawSync(input.subarray(0, length), options) as unknown as Result
      const used = result.engine.bytesWritten
      best = { bytes: result.buffer, used, ended: used < length }
      if (best.ended || best.bytes.length >= wanted) return best
      good = length
    } catch {
      bad = length
    }
    if (bad - good <= 128 && good > 0) return best
  }
  return best
}

interface Result {
  readonly buffer: Buffer
  readonly engine: InflateRaw & { readonly bytesWritten: Bytes }
}

/** gzip(1) takes zero bytes after the members for a tape's padding; of long padding nothing is said. */
async function onlyZeros(file: FileAhead, at: Bytes): Promise<boolean> {
  const rest = await file.at(at, LOOKED_AT)
  return rest.length >= file.size - at && rest.every((byte) => byte === 0)
}
