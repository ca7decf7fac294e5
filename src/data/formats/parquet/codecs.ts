import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { compressors } from 'hyparquet-compressors'
import { hadoopLz4, lz4Block } from './lz4.ts'
import { Unsupported } from './problems.ts'

type Decompress = (input: Uint8Array, length: number) => Uint8Array

/** CompressionCodec of Parquet, by number; null: not supported. Where Node has the codec built in, it is that one. */
const CODECS: readonly { readonly name: string; readonly decompress: Decompress | null }[] = [
  { name: 'uncompressed', decompress: (input) => input },
  { name: 'snappy', decompress: (input, length) => compressors.SNAPPY!(input, length) },
  { name: 'gzip', decompress: (input, length) => gunzipSync(input, sized(length)) },
  { name: 'LZO', decompress: null },
  { name: 'brotli', decompress: (input, length) => brotliDecompressSync(input, sized(length)) },
  { name: 'lz4', decompress: hadoopLz4 },
  { name: 'zstd', decompress: (input, length) => zstdDecompressSync(input, sized(length)) },
  { name: 'lz4_raw', decompress: (input, length) => lz4Block(input, new Uint8Array(length), 0) },
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
