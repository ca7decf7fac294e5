import { brotliDecompressSync, crc32, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { Compressors } from 'hyparquet'
import { compressors as pure } from 'hyparquet-compressors'
import { parquetHeader } from 'hyparquet/src/column.js'

/** Where Node has the codec built in, that one: it is several times faster, and bounded by the page's own length. */
export const COMPRESSORS: Compressors = {
  ...pure,
  GZIP: (input, length) => ofLength(gunzipSync(input, { maxOutputLength: Math.max(length, 1) }), length),
  ZSTD: (input, length) => ofLength(zstdDecompressSync(input, { maxOutputLength: Math.max(length, 1) }), length),
  BROTLI: (input, length) => ofLength(brotliDecompressSync(input, { maxOutputLength: Math.max(length, 1) }), length),
}

function ofLength(output: Uint8Array, length: number): Uint8Array {
  if (output.length !== length) throw new Error(`a page has ${output.length} bytes where its header says ${length}`)
  return output
}

/** Compares the checksums of a column chunk's pages, where the writer has set any; the library does not. */
export function checkPages(chunk: ArrayBuffer): void {
  const reader = { view: new DataView(chunk), offset: 0 }
  // The library, too, takes a last byte alone for padding.
  while (reader.offset < chunk.byteLength - 1) {
    const header = parquetHeader(reader)
    const length = header.compressed_page_size
    if (!(length >= 0) || reader.offset + length > chunk.byteLength) throw new Error('a page is truncated')
    if (header.crc !== undefined) {
      const actual = crc32(new Uint8Array(chunk, reader.offset, length))
      if (actual !== header.crc >>> 0) throw new Error('the checksum of a page is wrong')
    }
    reader.offset += length
  }
}
