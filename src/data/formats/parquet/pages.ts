import { crc32 } from 'node:zlib'
import type { ColumnMetaData, Compressors } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import type { DataPageHeaderV2, PageHeader } from 'hyparquet/src/types.js'
import { LIMITS } from '../../../core/limits.ts'
import { compressors } from './codecs.ts'
import { Cursor, walkDelta, walkHybrid, walkPrefixed } from './runs.ts'
import type { Leaf } from './schema.ts'
import { walkThrift } from './thrift.ts'

/** Looks at what a page holds once it is decompressed. */
type Check = (page: Uint8Array) => void

/** A page's header, with statistics, holds some dozen values. */
const HEADER_VALUES_MAX = 1_000

/**
 * Checks the pages of column chunks before the Parquet library decodes them: it trusts counts, lengths and run lengths,
 * fills memory by them, and follows some of them for ever. Headers are walked when a chunk is read; what lies within
 * a page is looked at there, or where it is compressed, as it is decompressed: none without a check.
 */
export class CheckedPages {
  /** By the memory of a chunk, then by where the compressed bytes of a page begin. */
  readonly #waiting = new WeakMap<ArrayBufferLike, Map<number, Check>>()
  readonly codecs: Compressors = compressors((input, page) => {
    const check = this.#waiting.get(input.buffer)?.get(input.byteOffset)
    if (check === undefined) throw new Error('a page lies where there is none')
    check(page)
  })

  /**
   * The chunk as the library may have it, without what follows its pages. Throws an Error that says what is wrong.
   * Checksums, which cost a pass over all bytes, are looked at only where `sums`.
   */
  add(chunk: ArrayBuffer, meta: ColumnMetaData, leaf: Omit<Leaf, 'type'>, sums: boolean): ArrayBuffer {
    const waiting = new Map<number, Check>()
    this.#waiting.set(chunk, waiting)
    const bytes = new Uint8Array(chunk)
    const reader = { view: new DataView(chunk), offset: 0 }
    const total = Number(meta.num_values)
    let values = 0
    let dictionary = false
    // The library, too, takes a last byte alone for padding.
    while (values < total && reader.offset < chunk.byteLength - 1) {
      walkThrift(bytes, reader.offset, HEADER_VALUES_MAX)
      const header = parquetHeader(reader)
      const length = header.compressed_page_size
      if (!(length >= 0 && length <= chunk.byteLength - reader.offset)) throw new Error('a page is truncated')
      const page = bytes.subarray(reader.offset, reader.offset + length)
      if (sums) checkCrc(page, header.crc)
      values += checkCounts(header, meta)
      const isDictionary = header.type === 'DICTIONARY_PAGE'
      if (!isDictionary && usesDictionary(header) && !dictionary) throw new Error('a page is of a dictionary not there')
      dictionary ||= isDictionary
      const { levels, check } = checkOf(header, { ...leaf, type: meta.type }, page)
      const compressed = meta.codec !== 'UNCOMPRESSED' && header.data_page_header_v2?.is_compressed !== false
      if (compressed) waiting.set(page.byteOffset + levels, check)
      else check(page.subarray(levels))
      reader.offset += length
    }
    if (values !== total) throw new Error(`its pages hold ${values} values where the footer says ${total}`)
    if (reader.offset === chunk.byteLength) return chunk
    const cut = chunk.slice(0, reader.offset)
    this.#waiting.set(cut, waiting)
    return cut
  }
}

function checkCrc(page: Uint8Array, expected: number | undefined): void {
  if (expected !== undefined && crc32(page) !== expected >>> 0) throw new Error('the checksum of a page is wrong')
}

function usesDictionary({ data_page_header: v1, data_page_header_v2: v2, type }: PageHeader): boolean {
  return (type === 'DATA_PAGE' ? v1 : v2)?.encoding?.endsWith('_DICTIONARY') === true
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
  if (values > LIMITS.parquetPageValuesMax)
    throw new Error(`a page has ${values} values, more than ${LIMITS.parquetPageValuesMax}`)
  if (header.type === 'DATA_PAGE_V2' && v2 !== undefined) checkV2(v2, size, stored)
  return values
}

function checkV2(header: DataPageHeaderV2, size: number, stored: number): void {
  const levels = header.definition_levels_byte_length + header.repetition_levels_byte_length
  const nonNegative = header.definition_levels_byte_length >= 0 && header.repetition_levels_byte_length >= 0
  if (!nonNegative || levels > size || levels > stored) throw new Error('the levels of a page are longer than the page')
  if (!(header.num_nulls >= 0 && header.num_nulls <= header.num_values))
    throw new Error('a page has more nulls than values')
  if (!(header.num_rows >= 0 && header.num_rows <= header.num_values))
    throw new Error('a page has more rows than values')
}

/** Checks what lies bare, and says how to check the rest: the bytes behind `levels`, decompressed. */
function checkOf(header: PageHeader, leaf: Leaf, page: Uint8Array): { levels: number; check: Check } {
  const v1 = header.data_page_header
  const v2 = header.data_page_header_v2
  if (header.type === 'DICTIONARY_PAGE') {
    const entries = header.dictionary_page_header!.num_values
    return { levels: 0, check: (bytes) => checkPlain(new Cursor(bytes), leaf, entries) }
  }
  if (header.type === 'DATA_PAGE' && v1 !== undefined) {
    const check = (bytes: Uint8Array): void => {
      const from = new Cursor(bytes)
      if (leaf.maxRepetition > 0) walkLevels(from, leaf.maxRepetition, v1.num_values)
      const there = leaf.maxDefinition > 0 ? walkLevels(from, leaf.maxDefinition, v1.num_values) : v1.num_values
      checkValues(from, v1.encoding, leaf, there, 1)
    }
    return { levels: 0, check }
  }
  if (header.type === 'DATA_PAGE_V2' && v2 !== undefined) {
    const repetition = v2.repetition_levels_byte_length
    const levels = repetition + v2.definition_levels_byte_length
    const { maxRepetition, maxDefinition } = leaf
    if (maxRepetition > 0) walkHybrid(new Cursor(page, 0, repetition), bitsOf(maxRepetition), v2.num_values)
    if (maxDefinition > 0) walkHybrid(new Cursor(page, repetition, levels), bitsOf(maxDefinition), v2.num_values)
    const there = v2.num_values - v2.num_nulls
    if (maxDefinition === 0 && there < v2.num_values) throw new Error('a page has nulls where there can be none')
    if (maxRepetition === 0 && v2.num_rows !== v2.num_values) throw new Error('a page has not a row for each value')
    return { levels, check: (bytes) => checkValues(new Cursor(bytes), v2.encoding, leaf, there, 2) }
  }
  throw new Error('a page is of an unknown kind')
}

/** Levels with their length before them; returns how many are the highest: those have values. */
function walkLevels(from: Cursor, max: number, count: number): number {
  const length = from.uint32()
  const start = from.at
  from.skip(length)
  return walkHybrid(new Cursor(from.bytes, start, start + length), bitsOf(max), count, max)
}

const bitsOf = (max: number): number => 32 - Math.clz32(max)

function checkValues(from: Cursor, encoding: string, leaf: Leaf, count: number, version: 1 | 2): void {
  switch (encoding) {
    case 'PLAIN':
      checkPlain(from, leaf, count)
      return
    case 'RLE':
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY':
      checkIndexes(from, encoding, leaf, count, version)
      return
    case 'DELTA_BINARY_PACKED':
    case 'DELTA_LENGTH_BYTE_ARRAY':
      walkDelta(from, count)
      return
    case 'DELTA_BYTE_ARRAY':
      walkPrefixed(from, count)
      return
    case 'BYTE_STREAM_SPLIT':
      from.skip(count * (WIDTHS[leaf.type ?? ''] ?? leaf.typeLength))
      return
    default:
      throw new Error(`a page has the encoding ${encoding}, which is not supported`)
  }
}

/** Truth values, and indexes into the dictionary, as the library tells them apart. */
function checkIndexes(from: Cursor, encoding: string, leaf: Leaf, count: number, version: 1 | 2): void {
  const truths = version === 1 ? leaf.type === 'BOOLEAN' : encoding === 'RLE'
  if (truths) {
    const length = from.uint32()
    // Some writers give a length that is too long.
    walkHybrid(new Cursor(from.bytes, from.at, Math.min(from.end, from.at + length)), 1, count)
    return
  }
  const width = from.byte()
  if (width > 0 || version === 2) walkHybrid(from, width, count)
}

const WIDTHS: Readonly<Record<string, number>> = { INT32: 4, INT64: 8, INT96: 12, FLOAT: 4, DOUBLE: 8 }

/** Values one after the other: the library reserves a place for each before it reads the first. */
function checkPlain(from: Cursor, { type, typeLength }: Leaf, count: number): void {
  if (type === 'BOOLEAN') from.skip(Math.ceil(count / 8))
  else if (type === 'BYTE_ARRAY') from.skipLengthed(count)
  else from.skip(count * (WIDTHS[type ?? ''] ?? Math.max(1, typeLength)))
}
