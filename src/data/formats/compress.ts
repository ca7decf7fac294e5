import { constants, createInflateRaw, createZstdDecompress, crc32 } from 'node:zlib'
import { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { CompressedInput } from './compressed-input.ts'
import type { ByteFeed } from './feed.ts'
import type { SplitRead } from './reader.ts'
import type { RandomAccess } from './source.ts'
import { decompress } from './zlib-stream.ts'
import { ZstdFrames } from './zstd-frames.ts'

/**
 * The decompressed bytes of a whole gzip file (all its members, RFC 1952) or zstd file (all its frames), in bounded
 * memory. Rejects with DAMAGED where it is truncated, a checksum is wrong, or bytes follow that do not belong to it;
 * after gzip members zero bytes may follow, as tapes pad so and gzip(1) allows it. An empty file is truncated.
 */
export class DecompressedFeed implements ByteFeed {
  readonly #name: string
  readonly #kind: 'gzip' | 'zstd'
  readonly #input: CompressedInput
  readonly #output: AsyncGenerator<Uint8Array, void, undefined>

  constructor(source: RandomAccess, name: string, kind: 'gzip' | 'zstd') {
    this.#name = name
    this.#kind = kind
    this.#input = new CompressedInput(source, name)
    this.#output = kind === 'gzip' ? gzipMembers(this.#input) : zstdFrames(this.#input)
  }

  async next(): Promise<Uint8Array | null> {
    for (;;) {
      const { value, done } = await this.#output.next().catch((error: unknown) => {
        throw this.#explain(error)
      })
      if (done === true) return null
      if (value.length > 0) return value
    }
  }

  facts(): SplitRead {
    return this.#input.facts()
  }

  #explain(error: unknown): unknown {
    const why = whyDamaged(error)
    if (why === null) return error
    return new ShoalError('DAMAGED', `${this.#name} is damaged`, {
      why: `as ${this.#kind}: ${why}`,
      try: [`restore the file from a good copy; \`${this.#kind} -t FILE\` checks it`, 'leave it out of the input'],
      cause: error,
    })
  }
}

/** Damage that is found here; what zlib finds comes with codes of its own. */
class Damage extends Error {}

/** Null where it is no damage, but a failing disk or a bug. */
function whyDamaged(error: unknown): string | null {
  if (error instanceof Damage) return error.message
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  if (error.code === 'Z_BUF_ERROR') return 'it is truncated'
  return error.code.startsWith('Z_') || error.code.startsWith('ZSTD_') ? error.message : null
}

async function* zstdFrames(input: CompressedInput): AsyncGenerator<Uint8Array, void, undefined> {
  const frames = new ZstdFrames()
  yield* decompress(createZstdDecompress({ chunkSize: LIMITS.decompressedChunkBytes }), input, (piece) => {
    const problem = piece === null ? frames.end() : frames.scan(piece)
    if (problem !== null) throw new Damage(problem)
  })
  // The decoder ends by itself where bytes follow that begin no frame: too few of them for `scan` to refuse.
  if ((await input.peek()) !== null) throw new Damage(frames.end() ?? 'bytes that were not read follow a frame')
}

async function* gzipMembers(input: CompressedInput): AsyncGenerator<Uint8Array, void, undefined> {
  for (let members = 0; await takeGzipHeader(input, members === 0); members++) {
    let crc = 0
    let length = 0
    const inflate = createInflateRaw({ chunkSize: LIMITS.decompressedChunkBytes, finishFlush: constants.Z_SYNC_FLUSH })
    for await (const piece of decompress(inflate, input, () => {})) {
      crc = crc32(piece, crc)
      length = (length + piece.length) >>> 0
      yield piece
    }
    if ((await uint32(input)) !== crc) throw new Damage('the checksum is wrong')
    if ((await uint32(input)) !== length) throw new Damage('the length is wrong')
  }
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
