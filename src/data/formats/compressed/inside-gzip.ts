import { constants, inflateRawSync, type InflateRaw } from 'node:zlib'
import { LIMITS } from '../../../core/limits.ts'
import type { Bytes } from '../../../core/types.ts'
import { INSIDE_ENOUGH, INSIDE_MAX, LOOKED_AT, type FileAhead, type Inside } from './inside-ahead.ts'

/** Empty members before the first that is not: more than any writer leaves. */
const MEMBERS_MAX = 100
const TRAILER = 8
/** Extra field, name, comment. */
const HEADER_MAX: Bytes = 64 * 1024 + 2 * LIMITS.gzipHeaderTextMax

/** See `firstBytesWithin`. */
export async function gzipInside(file: FileAhead): Promise<Inside | null> {
  const pieces: Uint8Array[] = []
  let length = 0
  let at = 0
  const ends = (whole: boolean): Inside => ({ bytes: Buffer.concat(pieces), whole, dictionary: false })
  for (let members = 0; members < MEMBERS_MAX && length < INSIDE_ENOUGH; members++) {
    if (at === file.size && members > 0) return ends(true)
    const data = await memberData(file, at)
    if (data === null) return ends(members > 0 && (await onlyZeros(file, at)))
    const inflated = inflate(data.bytes)
    pieces.push(inflated.bytes)
    length += inflated.bytes.length
    at = data.offset + inflated.used + TRAILER
    if (!inflated.ended || at > file.size) return ends(false)
  }
  return ends(at === file.size)
}

/** The first of a member's deflate data; null where no member begins, or its header does not end. */
async function memberData(file: FileAhead, at: Bytes): Promise<{ offset: Bytes; bytes: Uint8Array } | null> {
  let bytes = await file.at(at, LOOKED_AT)
  let header = headerLength(bytes)
  if (header === 'short' && bytes.length < file.size - at) {
    bytes = await file.at(at, HEADER_MAX)
    header = headerLength(bytes)
  }
  if (header === 'short' || header === 'none') return null
  const offset = at + header
  // Of large headers little may be left to look at.
  if (bytes.length - header < LOOKED_AT / 2) bytes = await file.at(offset, LOOKED_AT)
  else bytes = bytes.subarray(header)
  return { offset, bytes: bytes.subarray(0, LOOKED_AT) }
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

/**
 * Inflates the beginning of deflate data. Where the result would be too large, or there is damage, half of the input may
 * do. Of 128 bytes the result is never too large: deflate makes no more than 1032 bytes of one.
 */
function inflate(input: Uint8Array): Inflated {
  for (let length = input.length; length > 0; length = length > 128 ? length >>> 1 : 0) {
    try {
      const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: INSIDE_MAX, info: true }
      // With `info` it gives the stream, too.
      const result = inflateRawSync(input.subarray(0, length), options) as unknown as Result
      const used = result.engine.bytesWritten
      return { bytes: result.buffer, used, ended: used < length }
    } catch {
      continue
    }
  }
  return { bytes: new Uint8Array(0), used: 0, ended: false }
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
