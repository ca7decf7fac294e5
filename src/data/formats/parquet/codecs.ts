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

/** Throws an Error that names the codec unless it can be decompressed. */
export function checkCodec(codec: number): void {
  const known = CODECS[codec]
  if (known === undefined) throw new Unsupported(`it is compressed with an unknown codec (${codec})`)
  if (!known.supported) throw new Unsupported(`it is compressed with ${known.name}, which is not supported`)
}
