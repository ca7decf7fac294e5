import { Unsupported } from './problems.ts'

/** CompressionCodec of Parquet, by number. */
const CODECS: readonly { readonly name: string; readonly supported: boolean }[] = [
  { name: 'uncompressed', supported: true },
  { name: 'snappy', supported: true },
  { name: 'gzip', supported: true },
  { name: 'LZO', supported: false },
  { name: 'brotli', supported: true },
  { name: 'lz4', supported: true },
  { name: 'zstd', supported: true },
  { name: 'lz4_raw', supported: true },
]

export const UNCOMPRESSED = 0
const HADOOP_LZ4 = 5

/** Throws an Error that names the codec unless it can be decompressed. */
export function checkCodec(codec: number): void {
  const known = CODECS[codec]
  if (known === undefined) throw new Unsupported(`it is compressed with an unknown codec (${codec})`)
  if (!known.supported) throw new Unsupported(`it is compressed with ${known.name}, which is not supported`)
}

/**
 * An error of decoding pages of this codec. Of Hadoop's frames of lz4, which Parquet deprecates, the decoder reads those of
 * one block, and not all of others.
 */
export function codecError(codec: number, error: unknown): unknown {
  if (codec !== HADOOP_LZ4 || !(error instanceof Error) || error.constructor !== Error) return error
  return new Unsupported(`its pages may be lz4 in several blocks, which is not supported: ${error.message}`)
}
