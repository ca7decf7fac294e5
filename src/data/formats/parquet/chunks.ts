import type { Hash } from 'node:crypto'
import type { AsyncBuffer, ColumnMetaData, Compressors, RowGroup, SchemaTree } from 'hyparquet'
import { LIMITS } from '../../../core/limits.ts'
import type { Bytes } from '../../../core/types.ts'
import { readRange } from '../feed.ts'
import { CheckedPages } from './pages.ts'
import { leafKey, leavesOf, type Leaf } from './schema.ts'
import type { RandomAccess } from '../source.ts'

export interface ChunkRange {
  readonly start: Bytes
  readonly end: Bytes
  readonly meta: ColumnMetaData
}

interface CheckedRange extends ChunkRange {
  readonly leaf: Omit<Leaf, 'type'>
}

/** The file as the Parquet library reads it: column chunks of one row group at a time, hashed and checked. */
export class ParquetChunks implements AsyncBuffer {
  readonly byteLength: Bytes
  /** Bytes of column chunks read. */
  bytes = 0
  readonly #source: RandomAccess
  readonly #name: string
  readonly #hash: Hash
  readonly #leaves: ReadonlyMap<string, Omit<Leaf, 'type'>>
  readonly #pages = new CheckedPages()
  /** The chunks of the present row group, and those of them that are kept, by where they lie. */
  readonly #ranges = new Map<string, CheckedRange>()
  readonly #kept = new Map<string, ArrayBuffer>()
  #keptBytes = 0

  constructor(source: RandomAccess, name: string, hash: Hash, schema: SchemaTree) {
    this.byteLength = source.size
    this.#source = source
    this.#name = name
    this.#hash = hash
    this.#leaves = leavesOf(schema)
  }

  /** To be given to the library: they check each page that they decompress. */
  get codecs(): Compressors {
    return this.#pages.codecs
  }

  /** Reads the chunks of these columns once, in the footer's order, for hash and checksums. */
  async enter(group: RowGroup, columns: ReadonlySet<string>): Promise<void> {
    this.#ranges.clear()
    this.#kept.clear()
    this.#keptBytes = 0
    for (const range of this.#rangesOf(group, columns)) {
      const { start, end, meta, leaf } = range
      const key = `${start}-${end}`
      if (this.#ranges.has(key)) throw new Error('two columns lie at one place')
      this.#ranges.set(key, range)
      const chunk = await this.#read(start, end)
      this.#hash.update(new Uint8Array(chunk))
      this.bytes += chunk.byteLength
      const checked = this.#pages.add(chunk, meta, leaf, true)
      if (this.#keptBytes + checked.byteLength > LIMITS.parquetKeptBytes) continue
      this.#kept.set(key, checked)
      this.#keptBytes += checked.byteLength
    }
  }

  /** A chunk, checked: the library decodes no other bytes. Where it asks for several at once, it takes each from them. */
  async slice(start: number, end: number = this.byteLength): Promise<ArrayBuffer> {
    const key = `${start}-${end}`
    const range = this.#ranges.get(key)
    if (range === undefined) {
      const several = { slice: (from: number, to: number) => this.slice(start + from, start + to) }
      return several as unknown as ArrayBuffer
    }
    return this.#kept.get(key) ?? this.#pages.add(await this.#read(start, end), range.meta, range.leaf, false)
  }

  async #read(start: Bytes, end: Bytes): Promise<ArrayBuffer> {
    if (!(start >= 0 && start <= end && end <= this.byteLength)) throw new Error('a column chunk lies outside the file')
    const bytes = new Uint8Array(end - start)
    for (let at = 0; at < bytes.length; at += LIMITS.readChunkBytes) {
      const length = Math.min(LIMITS.readChunkBytes, bytes.length - at)
      bytes.set(await readRange(this.#source, this.#name, start + at, length), at)
    }
    return bytes.buffer
  }

  /** Of two chunks with one path the library gives the first, and whatever the second throws would end the process. */
  #rangesOf(group: RowGroup, columns: ReadonlySet<string>): CheckedRange[] {
    const seen = new Set<string>()
    return chunkRanges(group, columns).map((range) => {
      const key = leafKey(range.meta.path_in_schema)
      const leaf = this.#leaves.get(key)
      if (leaf === undefined) throw new Error('a column is not in the schema')
      if (seen.has(key)) throw new Error(`two columns have one name: ${range.meta.path_in_schema.join('.')}`)
      seen.add(key)
      if (leaf.maxRepetition === 0 && Number(range.meta.num_values) !== Number(group.num_rows))
        throw new Error('a column has not a value for each row')
      return { ...range, leaf }
    })
  }
}

/** Where the chunks of these columns (null: of all) lie, in the footer's order. What a damaged footer says is not checked. */
export function chunkRanges(group: RowGroup, columns: ReadonlySet<string> | null): ChunkRange[] {
  const ranges: ChunkRange[] = []
  for (const { meta_data: meta } of group.columns) {
    if (meta === undefined || columns?.has(meta.path_in_schema[0]!) === false) continue
    const start = Number(meta.dictionary_page_offset || meta.data_page_offset)
    ranges.push({ meta, start, end: start + Number(meta.total_compressed_size) })
  }
  return ranges
}
