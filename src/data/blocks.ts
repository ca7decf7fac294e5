/**
 * The framing that runs and parts share. A file is a magic, blocks of whole records, an end block:
 *
 *     magic(4)  { u32 raw  u32 stored  u32 crc  bytes(stored) } …  u32 0  u32 stored  u32 crc  trailer(stored)
 *
 * `crc` is the CRC-32 of the stored bytes; these are zstd where that is shorter than `raw`, else the raw bytes. The
 * trailer holds what the whole file must add up to, so that a file that was cut anywhere is known to be.
 * Hashes are over raw bytes: neither block borders nor the compressor show in them.
 */
import { type Hash, createHash } from 'node:crypto'
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Digest } from '../core/types.ts'
import { ByteReader, ByteWriter, asBuffer, copyBytes } from './bytes.ts'
import type { ReadAt, SpillOutput } from './spill.ts'

const BLOCK_HEADER_BYTES = 12
const MAGIC_BYTES = 4
/** A record that is larger than a usual block has a block of its own, so this is the most that a block can be. */
const BLOCK_BYTES_MAX = LIMITS.recordBytesMax + LIMITS.keyBytesMax * 2 + 64
const FASTEST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** What a file adds up to. */
export interface Totals {
  readonly records: number
  readonly weight: number
  /** Raw bytes of all records. */
  readonly bytes: number
  /** SHA-256 of the raw bytes; all zeros in temporary files, which nobody reads but who wrote them. */
  readonly digest: Digest
}

export interface BlockOptions {
  readonly magic: string
  readonly compress: boolean
  readonly digest: boolean
  /** Called with the raw bytes of each block written. */
  readonly progress?: ((bytes: number) => void) | undefined
  /** A buffer of LIMITS.runBlockBytes to gather blocks in, for many writers one after the other; default: one of its own. */
  readonly block?: Buffer
}

/** Writes records into blocks. A record never spans two; one larger than a block has a block of its own. */
export class BlockWriter {
  records = 0
  weight = 0
  bytes = 0
  /** Bytes written to the file so far. */
  stored = 0
  readonly #out: SpillOutput
  readonly #options: BlockOptions
  readonly #hash: Hash | null
  readonly #block: Buffer
  #used = 0
  readonly #header = Buffer.allocUnsafeSlow(BLOCK_HEADER_BYTES)

  constructor(out: SpillOutput, options: BlockOptions) {
    this.#out = out
    this.#options = options
    this.#block = options.block ?? Buffer.allocUnsafeSlow(LIMITS.runBlockBytes)
    this.#hash = options.digest ? createHash('sha256') : null
    this.#write(Buffer.from(options.magic, 'latin1'))
  }

  /** Appends one record, `from[start, end)`. */
  append(from: Uint8Array, start: number, end: number, weight: number): void {
    const length = end - start
    this.records++
    this.weight += weight
    this.bytes += length
    if (this.#used + length > LIMITS.runBlockBytes) {
      this.#flush()
      if (length > LIMITS.runBlockBytes) {
        this.#store(asBuffer(from).subarray(start, end))
        return
      }
    }
    copyBytes(from, start, end, this.#block, this.#used)
    this.#used += length
  }

  /** Writes the end. The file itself stays open: it is the caller's. */
  finish(): Totals {
    this.#flush()
    const digest = this.#hash === null ? Buffer.alloc(32) : this.#hash.digest()
    const trailer = new ByteWriter(64)
    trailer.varint(this.records)
    trailer.varint(this.weight)
    trailer.varint(this.bytes)
    trailer.bytes(digest)
    this.#frame(0, trailer.view())
    return { records: this.records, weight: this.weight, bytes: this.bytes, digest: digest.toString('hex') as Digest }
  }

  #flush(): void {
    if (this.#used === 0) return
    this.#store(this.#block.subarray(0, this.#used))
    this.#used = 0
  }

  #store(raw: Uint8Array): void {
    this.#hash?.update(raw)
    let stored = raw
    if (this.#options.compress) {
      const packed = zstdCompressSync(raw, FASTEST)
      if (packed.byteLength < raw.byteLength) stored = packed
    }
    this.#frame(raw.byteLength, stored)
    this.#options.progress?.(raw.byteLength)
  }

  #frame(raw: number, stored: Uint8Array): void {
    this.#header.writeUInt32BE(raw, 0)
    this.#header.writeUInt32BE(stored.byteLength, 4)
    this.#header.writeUInt32BE(crc32(stored), 8)
    this.#write(this.#header)
    this.#write(stored)
  }

  #write(bytes: Uint8Array): void {
    this.#out.write(bytes)
    this.stored += bytes.byteLength
  }
}

export interface ReadOptions {
  readonly magic: string
  /** Names the file in errors. */
  readonly name: string
  /** Checks the SHA-256 too, not the CRCs alone. */
  readonly digest: boolean
}

/** Reads blocks from `base` on. All damage is DAMAGED, naming the file. */
export class BlockReader {
  /** What the file says it adds up to; null until its end was read. */
  totals: Totals | null = null
  readonly #read: ReadAt
  readonly #options: ReadOptions
  readonly #hash: Hash | null
  #at: number
  #bytes = 0

  constructor(read: ReadAt, base: number, options: ReadOptions) {
    this.#read = read
    this.#options = options
    this.#hash = options.digest ? createHash('sha256') : null
    const magic = read(base, MAGIC_BYTES)
    if (asBuffer(magic).toString('latin1') !== options.magic) throw damaged(options.name, 'it does not begin as one')
    this.#at = base + MAGIC_BYTES
  }

  /** The raw bytes of the next block, or null behind the last one. They are valid until the next call. */
  next(): Buffer | null {
    if (this.totals !== null) return null
    const header = asBuffer(this.#exactly(BLOCK_HEADER_BYTES))
    const raw = header.readUInt32BE(0)
    const stored = header.readUInt32BE(4)
    const crc = header.readUInt32BE(8)
    if (raw > BLOCK_BYTES_MAX || stored > Math.max(raw, 64)) throw damaged(this.#options.name, 'a length is impossible')
    const bytes = asBuffer(this.#exactly(stored))
    if (crc32(bytes) !== crc) throw damaged(this.#options.name, 'a checksum is wrong')
    if (raw === 0) {
      this.#end(bytes)
      return null
    }
    const block = stored === raw ? bytes : unpack(bytes, raw, this.#options.name)
    this.#hash?.update(block)
    this.#bytes += raw
    return block
  }

  #exactly(length: number): Uint8Array {
    const bytes = this.#read(this.#at, length)
    if (bytes.byteLength !== length) throw damaged(this.#options.name, 'it ends too early')
    this.#at += length
    return bytes
  }

  #end(trailer: Buffer): void {
    this.totals = readTotals(trailer)
    if (this.totals.bytes !== this.#bytes) throw damaged(this.#options.name, 'bytes are missing')
    if (this.#hash !== null && this.#hash.digest('hex') !== this.totals.digest) {
      throw damaged(this.#options.name, 'its digest is wrong')
    }
  }
}

function unpack(bytes: Uint8Array, raw: number, name: string): Buffer {
  let block: Buffer
  try {
    block = zstdDecompressSync(bytes, { chunkSize: Math.max(64, raw), maxOutputLength: raw })
  } catch (cause) {
    throw damaged(name, 'a block cannot be decompressed', cause)
  }
  if (block.byteLength !== raw) throw damaged(name, 'a block is shorter than it says')
  return block
}

function readTotals(trailer: Uint8Array): Totals {
  const r = new ByteReader(trailer)
  const records = r.varint()
  const weight = r.varint()
  const bytes = r.varint()
  return { records, weight, bytes, digest: asBuffer(r.bytes(32)).toString('hex') as Digest }
}

export function damaged(name: string, how: string, cause?: unknown): ShoalError {
  return new ShoalError('DAMAGED', `${name} is damaged: ${how}`, { cause })
}
