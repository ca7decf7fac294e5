import { brotliDecompressSync, crc32, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { ColumnMetaData, Compressors } from 'hyparquet'
import { compressors as pure } from 'hyparquet-compressors'
import { parquetHeader } from 'hyparquet/src/column.js'
import type { DataPageHeaderV2, PageHeader } from 'hyparquet/src/types.js'
import { LIMITS } from '../../core/limits.ts'

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

/**
 * Walks a column chunk's pages by their headers, before the library decodes them: it trusts a header's counts and fills
 * memory by them. The values of all data pages must be as many as the footer says; page checksums, where the writer
 * has set any, must be right. Throws an Error that says what is wrong.
 */
export function checkPages(chunk: ArrayBuffer, meta: ColumnMetaData): void {
  const reader = { view: new DataView(chunk), offset: 0 }
  const total = Number(meta.num_values)
  let values = 0
  // The library, too, takes a last byte alone for padding, and stops when it has all values.
  while (values < total && reader.offset < chunk.byteLength - 1) {
    const header = parquetHeader(reader)
    const length = header.compressed_page_size
    if (!(length >= 0) || reader.offset + length > chunk.byteLength) throw new Error('a page is truncated')
    checkCrc(new Uint8Array(chunk, reader.offset, length), header.crc)
    values += checkCounts(header, meta)
    reader.offset += length
  }
  if (values !== total) throw new Error(`its pages hold ${values} values where the footer says ${total}`)
}

function checkCrc(page: Uint8Array, expected: number | undefined): void {
  if (expected !== undefined && crc32(page) !== expected >>> 0) throw new Error('the checksum of a page is wrong')
}

/** The number of values of a data page; 0 for others. */
function checkCounts(header: PageHeader, meta: ColumnMetaData): number {
  const { uncompressed_page_size: size, compressed_page_size: stored } = header
  if (!(size >= 0) || size > LIMITS.parquetPageBytesMax) throw new Error(`a page would be ${size} bytes long`)
  if (meta.codec === 'UNCOMPRESSED' && size !== stored) throw new Error('a page that is not compressed has two lengths')
  if (header.type === 'DICTIONARY_PAGE') {
    const entries = header.dictionary_page_header?.num_values
    if (entries === undefined || !(entries >= 0 && entries <= size))
      throw new Error('a dictionary is longer than its page')
    return 0
  }
  const v1 = header.data_page_header
  const v2 = header.data_page_header_v2
  const values = header.type === 'DATA_PAGE' ? v1?.num_values : header.type === 'DATA_PAGE_V2' ? v2?.num_values : 0
  if (values === undefined || !(values >= 0) || values > Number(meta.num_values))
    throw new Error('a page has an impossible number of values')
  if (header.type === 'DATA_PAGE_V2' && v2 !== undefined) checkV2(v2, size)
  return values
}

function checkV2(header: DataPageHeaderV2, size: number): void {
  const levels = header.definition_levels_byte_length + header.repetition_levels_byte_length
  const nonNegative = header.definition_levels_byte_length >= 0 && header.repetition_levels_byte_length >= 0
  if (!nonNegative || levels > size) throw new Error('the levels of a page are longer than the page')
  if (!(header.num_nulls >= 0 && header.num_nulls <= header.num_values))
    throw new Error('a page has more nulls than values')
}
