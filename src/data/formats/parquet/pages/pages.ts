import { crc32 } from 'node:zlib'
import { LIMITS } from '../../../../core/limits.ts'
import type { Bytes } from '../../../../core/types.ts'
import { checkExpansion, UNCOMPRESSED } from './codecs.ts'
import { BIT_PACKED } from './encodings.ts'
import type { Chunk } from '../metadata/footer.ts'
import { Unsupported } from '../problems.ts'
import type { Leaf } from '../metadata/schema.ts'
import { isCount, readThrift, ThriftStruct, type Thrift, type Wanted } from '../metadata/thrift.ts'

/** A page of a column chunk; offsets are from the chunk's start. */
export interface Page {
  readonly kind: 'dictionary' | 'data' | 'other'
  readonly start: Bytes
  /** Behind the header, where the content begins. */
  readonly content: Bytes
  readonly end: Bytes
  /** Of the content, decompressed. */
  readonly size: Bytes
  /** Levels lie before what is compressed in the second version, and within it in the first. */
  readonly version: 1 | 2
  readonly compressed: boolean
  /** Of a data page: its values, nulls included. Of a dictionary: its entries. */
  readonly values: number
  /** Of a data page: rows that begin in it; null where the header does not say. */
  readonly rows: number | null
  readonly encoding: number
  /** In the second version. */
  readonly nulls: number
  readonly definitionBytes: Bytes
  readonly repetitionBytes: Bytes
}

/** Bytes of a chunk by their offsets in it; fewer at its end alone. They are valid until the next call. */
export type ReadChunk = (offset: Bytes, length: Bytes) => Promise<Uint8Array>

/** Fields of PageHeader that are read. */
const HEADER: Wanted = { 1: true, 2: true, 3: true, 4: true, 5: true, 7: true, 8: true }
/** A page's header, with statistics, holds some dozen values. */
const HEADER_VALUES_MAX = 1_000
/** Headers have some dozen bytes, or some thousand where they hold statistics of long texts. */
const HEADER_BYTES = 256
const HEADER_BYTES_MAX = 16 * 1024 * 1024

const DATA = 0
const INDEX = 1
const DICTIONARY = 2
const DATA_V2 = 3

/**
 * Finds the pages of a chunk, and checks them by their checksums where they have any (Parquet's are optional). `seen` is
 * given all bytes of the chunk once, in order. Counts and lengths are bounded: the decoder reserves memory by them.
 * Throws an Error that says what is wrong.
 */
export async function pagesOf(
  chunk: Chunk,
  leaf: Leaf,
  read: ReadChunk,
  seen: (bytes: Uint8Array) => void,
): Promise<Page[]> {
  const length = chunk.end - chunk.start
  const pages: Page[] = []
  let values = 0
  let at = 0
  // A last byte alone is padding that some writers leave.
  while (values < chunk.values && at < length - 1) {
    const { struct, bytes } = await readHeader(read, at, length)
    const page = pageOf(struct, chunk, at, bytes, leaf)
    if (page.end > length) throw new Error('a page is cut off')
    if (page.kind === 'dictionary' && pages.length > 0) throw new Error('a dictionary lies behind other pages')
    const crc = struct.get(4)
    const sum = await readAll(read, at, bytes, page.end, seen)
    if (typeof crc === 'number' && sum !== crc >>> 0)
      throw new Error(
        `the checksum of ${page.kind === 'dictionary' ? 'its dictionary' : `page ${pages.length}`} is wrong`,
      )
    if (page.kind === 'data') values += page.values
    pages.push(page)
    at = page.end
  }
  await readAll(read, at, 0, length, seen)
  if (values !== chunk.values) throw new Error(`its pages hold ${values} values where the footer says ${chunk.values}`)
  return pages
}

async function readHeader(read: ReadChunk, at: Bytes, length: Bytes): Promise<{ struct: ThriftStruct; bytes: Bytes }> {
  for (let size = HEADER_BYTES; ; size *= 16) {
    const bytes = await read(at, Math.min(size, length - at))
    try {
      const { struct, end } = readThrift(bytes, 0, HEADER_VALUES_MAX, HEADER)
      return { struct, bytes: end }
    } catch (error) {
      // Perhaps there is more of it.
      if (size >= HEADER_BYTES_MAX || at + size >= length) throw error
    }
  }
}

/** Gives all bytes up to `end` to `seen`, and the checksum of those behind the first `skip`. */
async function readAll(
  read: ReadChunk,
  start: Bytes,
  skip: Bytes,
  end: Bytes,
  seen: (bytes: Uint8Array) => void,
): Promise<number> {
  let sum = 0
  for (let at = start; at < end;) {
    const part = at < start + skip ? start + skip - at : Math.min(LIMITS.readChunkBytes, end - at)
    const bytes = await read(at, Math.min(part, LIMITS.readChunkBytes))
    seen(bytes)
    if (at >= start + skip) sum = crc32(bytes, sum)
    at += bytes.length
  }
  return sum
}

function pageOf(header: ThriftStruct, chunk: Chunk, start: Bytes, headerBytes: Bytes, leaf: Leaf): Page {
  const [type, size, stored] = [1, 2, 3].map((field) => header.get(field))
  if (!isCount(type) || !isCount(size) || !isCount(stored)) throw new Error('the header of a page says what cannot be')
  if (size > LIMITS.parquetPageBytesMax) throw new Error(`a page would be ${size} bytes long`)
  const compressed = chunk.codec !== UNCOMPRESSED
  if (!compressed && size !== stored) throw new Error('a page that is not compressed has two lengths')
  checkExpansion(chunk.codec, stored, size)
  const content = start + headerBytes
  const page = {
    ...({ kind: 'other', start, content, end: content + stored, size, version: 1, compressed } as const),
    ...{ values: 0, rows: 0, encoding: 0, nulls: 0, definitionBytes: 0, repetitionBytes: 0 },
  }
  if (type === INDEX) return page
  if (type === DICTIONARY) {
    const { values, encoding } = countOf(header.get(7), 1, 2)
    if (values > size) throw new Error('a dictionary is longer than its page')
    return { ...page, kind: 'dictionary', values, encoding }
  }
  if (type !== DATA && type !== DATA_V2) throw new Error(`a page is of an unknown kind (${type})`)
  const fields = header.get(type === DATA ? 5 : 8)
  const { values, encoding } = countOf(fields, 1, type === DATA ? 2 : 4)
  if (values > chunk.values) throw new Error(`a page has ${values} of ${chunk.values} values`)
  if (values > LIMITS.parquetPageValuesMax)
    throw new Error(`a page has ${values} values, more than ${LIMITS.parquetPageValuesMax}`)
  const data = { ...page, kind: 'data', values, encoding } as const
  if (type === DATA) {
    checkLevels(fields as ThriftStruct, leaf)
    return { ...data, rows: leaf.repeats ? null : values }
  }
  const second = secondVersion(fields as ThriftStruct, values, Math.min(size, stored), leaf.repeats)
  const within = compressed && second.compressed
  if (!within && size !== stored) throw new Error('a page that is not compressed has two lengths')
  return { ...data, ...second, version: 2, compressed: within }
}

/** The encoding of levels before 2013, which the decoder takes for the later one of that kind. */
function checkLevels(fields: ThriftStruct, { maxDefinition, maxRepetition }: Leaf): void {
  const packed = (field: number, max: number): boolean => max > 0 && fields.get(field) === BIT_PACKED
  if (packed(3, maxDefinition) || packed(4, maxRepetition))
    throw new Unsupported('its levels are in the encoding BIT_PACKED, which is not supported')
}

function countOf(
  fields: Thrift | undefined,
  countField: number,
  encodingField: number,
): { values: number; encoding: number } {
  if (!(fields instanceof ThriftStruct)) throw new Error('the header of a page is incomplete')
  const values = fields.get(countField)
  const encoding = fields.get(encodingField)
  if (!isCount(values) || !isCount(encoding)) throw new Error('the header of a page says what cannot be')
  return { values, encoding }
}

function secondVersion(
  fields: ThriftStruct,
  values: number,
  bytesMax: Bytes,
  repeats: boolean,
): Pick<Page, 'nulls' | 'rows' | 'definitionBytes' | 'repetitionBytes' | 'compressed'> {
  const [nulls, rows, definitionBytes, repetitionBytes] = [2, 3, 5, 6].map((field) => fields.get(field))
  if (!isCount(nulls) || !isCount(rows) || !isCount(definitionBytes) || !isCount(repetitionBytes))
    throw new Error('the header of a page says what cannot be')
  if (definitionBytes + repetitionBytes > bytesMax) throw new Error('the levels of a page are longer than the page')
  if (nulls > values) throw new Error('a page has more nulls than values')
  if (rows > values || (!repeats && rows !== values)) throw new Error(`a page has ${values} values for ${rows} rows`)
  return { nulls, rows, definitionBytes, repetitionBytes, compressed: fields.get(7) !== false }
}
