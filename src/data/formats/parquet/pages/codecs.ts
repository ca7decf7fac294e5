import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { compressors } from 'hyparquet-compressors'
import { hadoopLz4, lz4Block } from './lz4.ts'
import { Unsupported } from '../problems.ts'

type Decompress = (input: Uint8Array, length: number) => Uint8Array

interface Codec {
  readonly name: string
  /** Null: not supported. Where Node has the codec built in, it is that one. */
  readonly decompress: Decompress | null
  /** What a byte may become at most, by the codec's format. */
  readonly expansion: number
}

/** CompressionCodec of Parquet, by number. */
const CODECS: readonly Codec[] = [
  { name: 'uncompressed', decompress: (input) => input, expansion: 1 },
  { name: 'snappy', decompress: (input, length) => compressors.SNAPPY!(input, length), expansion: 64 },
  { name: 'gzip', decompress: (input, length) => gunzipSync(input, sized(length)), expansion: 1_100 },
  { name: 'LZO', decompress: null, expansion: 1 },
  { name: 'brotli', decompress: (input, length) => brotliDecompressSync(input, sized(length)), expansion: Infinity },
  { name: 'lz4', decompress: hadoopLz4, expansion: 256 },
  { name: 'zstd', decompress: (input, length) => zstdDecompressSync(input, sized(length)), expansion: 50_000 },
  { name: 'lz4_raw', decompress: (input, length) => lz4Block(input, new Uint8Array(length), 0), expansion: 256 },
]

export const UNCOMPRESSED = 0

/** Memory that is full makes Node take as much again. */
function sized(length: number): { maxOutputLength: number; chunkSize: number } {
  return { maxOutputLength: Math.max(length, 1), chunkSize: length + 64 }
}

/** Throws Unsupported, naming the codec, unless it can be decompressed. */
export function checkCodec(codec: number): void {
  const known = CODECS[codec]
  if (known === undefined) throw new Unsupported(`it is compressed with an unknown codec (${codec})`)
  if (known.decompress === null) throw new Unsupported(`it is compressed with ${known.name}, which is not supported`)
}

/** Throws an Error where so many bytes cannot have come of so few: memory is taken for them before it shows. */
export function checkExpansion(codec: number, stored: number, size: number): void {
  const { name, expansion } = CODECS[codec]!
  if (size > 64 + stored * expansion) throw new Error(`a page would be ${size} bytes, out of ${stored} of ${name}`)
}

/** What was compressed, in memory that may be the library's own. Throws an Error unless it is `length` bytes. */
export function decompress(codec: number, input: Uint8Array, length: number): Uint8Array {
  // Writers differ in what nothing becomes.
  if (length === 0) return new Uint8Array(0)
  const { name, decompress: of } = CODECS[codec]!
  let output: Uint8Array
  try {
    output = of!(input, length)
  } catch (error) {
    throw new Error(`a page is no ${name}, or longer than it says`, { cause: error })
  }
  if (output.length !== length) throw new Error(`a page has ${output.length} bytes where its header says ${length}`)
  return output
}
