import { constants, createInflateRaw, crc32, inflateRawSync, type InflateRaw } from 'node:zlib'
import { LIMITS } from '../../../core/limits.ts'
import type { CompressedInput } from './compressed-input.ts'
import { Damage } from './damage.ts'
import { decompress } from './zlib-stream.ts'

/** The decompressed bytes of all members of a gzip file. */
export async function* gzipMembers(input: CompressedInput): AsyncGenerator<Uint8Array, void, undefined> {
  for (let members = 0; await takeGzipHeader(input, members === 0); members++) {
    const small = await smallMember(input)
    if (small !== null) {
      if (small.length > 0) yield small
      await checkEnd(input, crc32(small), small.length)
      continue
    }
    let crc = 0
    let length = 0
    const inflate = createInflateRaw({ chunkSize: LIMITS.decompressedChunkBytes, finishFlush: constants.Z_SYNC_FLUSH })
    for await (const piece of decompress(inflate, input, () => input.peek())) {
      crc = crc32(piece, crc)
      length = (length + piece.length) >>> 0
      yield piece
    }
    await checkEnd(input, crc, length)
  }
}

/**
 * All of a member's data where little of the file is left, and the data are not many; else null, and nothing is taken.
 * A stream of its own, and the turns that it takes, would cost more than the data.
 */
async function smallMember(input: CompressedInput): Promise<Uint8Array | null> {
  if (input.left > LIMITS.smallFileBytes) return null
  const few = await input.peek(input.left)
  if (few === null) return null
  const options = {
    finishFlush: constants.Z_SYNC_FLUSH,
    maxOutputLength: LIMITS.decompressedChunkBytes,
    info: true,
  }
  try {
    // With `info` it gives the stream, too.
    const { buffer, engine } = inflateRawSync(few, options) as unknown as Inflated
    // Data that go to the very end of the file may be cut short.
    if (engine.bytesWritten >= few.length) return null
    input.skip(engine.bytesWritten)
    return buffer
  } catch {
    // Too much, or damaged: the stream will tell.
    return null
  }
}

interface Inflated {
  readonly buffer: Buffer
  readonly engine: InflateRaw & { readonly bytesWritten: number }
}

async function checkEnd(input: CompressedInput, crc: number, length: number): Promise<void> {
  if ((await uint32(input)) !== crc) throw new Damage('the checksum is wrong')
  if ((await uint32(input)) !== length) throw new Damage('the length is wrong')
}

const FLAG_HEADER_CRC = 2
const FLAG_EXTRA = 4
const FLAG_NAME = 8
const FLAG_COMMENT = 16
const FLAGS_RESERVED = 0xe0

/** Takes a member's header. False at the end of the file, or of the members when only zero bytes follow. */
async function takeGzipHeader(input: CompressedInput, first: boolean): Promise<boolean> {
  if ((await input.peek()) === null && !first) return false
  let crc = 0
  const take = async (): Promise<number> => {
    const byte = await input.byte()
    if (byte === null) throw new Damage(first ? 'it is truncated' : 'bytes that are no member follow the last member')
    crc = crc32(Uint8Array.of(byte), crc)
    return byte
  }
  const magic = await take()
  if (magic === 0 && !first) return onlyZeros(input)
  if (magic !== 0x1f || (await take()) !== 0x8b) {
    throw new Damage(
      first ? 'it is not gzip: it begins with other bytes' : 'bytes that are no member follow the last member',
    )
  }
  if ((await take()) !== 8) throw new Damage('its compression method is unknown')
  const flags = await take()
  if ((flags & FLAGS_RESERVED) !== 0) throw new Damage('its header has unknown flags')
  for (let i = 0; i < 6; i++) await take()
  if ((flags & FLAG_EXTRA) !== 0) {
    for (let left = (await take()) + 256 * (await take()); left > 0; left--) await take()
  }
  for (const flag of [FLAG_NAME, FLAG_COMMENT]) {
    if ((flags & flag) === 0) continue
    for (let length = 0; (await take()) !== 0; length++) {
      if (length > LIMITS.gzipHeaderTextMax) throw new Damage('its header does not end')
    }
  }
  const expected = crc & 0xffff
  if ((flags & FLAG_HEADER_CRC) !== 0 && (await take()) + 256 * (await take()) !== expected) {
    throw new Damage('the checksum of its header is wrong')
  }
  return true
}

async function onlyZeros(input: CompressedInput): Promise<false> {
  for (let piece = await input.peek(); piece !== null; piece = await input.peek()) {
    if (piece.some((byte) => byte !== 0)) throw new Damage('bytes that are no member follow the last member')
    input.skip(piece.length)
  }
  return false
}

async function uint32(input: CompressedInput): Promise<number> {
  let value = 0
  for (let i = 0; i < 4; i++) {
    const byte = await input.byte()
    if (byte === null) throw new Damage('it is truncated')
    value += byte * 256 ** i
  }
  return value
}
