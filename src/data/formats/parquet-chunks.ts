import type { Hash } from 'node:crypto'
import type { AsyncBuffer, ColumnMetaData, RowGroup } from 'hyparquet'
import { LIMITS } from '../../core/limits.ts'
import type { Bytes } from '../../core/types.ts'
import { readRange } from './feed.ts'
import { checkPages } from './parquet-pages.ts'
import type { RandomAccess } from './source.ts'

interface Range {
  readonly start: Bytes
  readonly end: Bytes
}

export interface ChunkRange extends Range {
  readonly meta: ColumnMetaData
}

/** The file as the Parquet library reads it: column chunks of one row group at a time, hashed and checked once. */
export class ParquetChunks implements AsyncBuffer {
  readonly byteLength: Bytes
  /** Bytes of column chunks read. */
  bytes = 0
  readonly #source: RandomAccess
  readonly #name: string
  readonly #hash: Hash
  readonly #kept = new Map<string, ArrayBuffer>()
  #keptBytes = 0

  constructor(source: RandomAccess, name: string, hash: Hash) {
    this.byteLength = source.size
    this.#source = source
    this.#name = name
    this.#hash = hash
  }

  /** Reads the chunks of these columns once, in the footer's order, for hash and checksums. */
  async enter(group: RowGroup, columns: ReadonlySet<string>): Promise<void> {
    this.#kept.clear()
    this.#keptBytes = 0
    for (const range of chunkRanges(group, columns)) {
      const chunk = await this.#read(range)
      this.#hash.update(new Uint8Array(chunk))
      this.bytes += chunk.byteLength
      checkPages(chunk, range.meta)
      if (this.#keptBytes + chunk.byteLength > LIMITS.parquetKeptBytes) continue
      this.#kept.set(`${range.start}-${range.end}`, chunk)
      this.#keptBytes += chunk.byteLength
    }
  }

  async slice(start: number, end: number = this.byteLength): Promise<ArrayBuffer> {
    return this.#kept.get(`${start}-${end}`) ?? (await this.#read({ start, end }))
  }

  async #read({ start, end }: Range): Promise<ArrayBuffer> {
    if (!(start >= 0 && start <= end && end <= this.byteLength)) throw new Error('a column chunk lies outside the file')
    const bytes = new Uint8Array(end - start)
    for (let at = 0; at < bytes.length; at += LIMITS.readChunkBytes) {
      const length = Math.min(LIMITS.readChunkBytes, bytes.length - at)
      bytes.set(await readRange(this.#source, this.#name, start + at, length), at)
    }
    return bytes.buffer
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
