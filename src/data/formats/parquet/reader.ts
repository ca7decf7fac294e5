import { createHash, type Hash } from 'node:crypto'
import { parquetScan, parquetSchema, type FileMetaData, type ParquetScan, type SchemaTree } from 'hyparquet'
import { assert, ShoalError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { Bytes, Digest } from '../../../core/types.ts'
import { ParquetBatch } from './batch.ts'
import { ParquetChunks } from './chunks.ts'
import { damaged, readParquetFooter } from './footer.ts'
import { converterOf, exactSchema, PARSERS, type Convert } from './values.ts'
import type { Batch, RecordReader, SplitInput, SplitRead } from '../reader.ts'
import type { RowFactory } from '../rows.ts'
import type { RandomAccess } from '../source.ts'

/** What is known once the footer is read. */
interface Opened {
  readonly metadata: FileMetaData
  readonly scan: ParquetScan
  readonly chunks: ParquetChunks
  readonly columns: readonly SchemaTree[]
  readonly names: ReadonlySet<string>
  readonly converters: readonly Convert[]
  readonly makeRow: (fields: readonly unknown[]) => unknown
}

interface Group {
  readonly index: number
  readonly rowStart: number
  readonly rows: number
  readonly windowRows: number
}

/**
 * Reads row groups of a Parquet file, as objects by column name, in windows of rows. INT64 is bigint, DECIMAL a string
 * with all its digits, timestamps and dates are Dates, binary columns without a text annotation bytes (or text, with
 * encoding 'utf-8' given). Nested columns are decoded a row group at a time. Everything that fails is DAMAGED.
 */
export class ParquetReader implements RecordReader {
  readonly #input: SplitInput
  readonly #source: GuardedSource
  readonly #factory: RowFactory
  readonly #hash: Hash = createHash('sha256')
  #opened: Opened | null = null
  #group: Group | null = null
  /** Rows of the present group that were given. */
  #given = 0

  constructor(input: SplitInput, factory: RowFactory) {
    this.#input = input
    this.#source = new GuardedSource(input.source)
    this.#factory = factory
  }

  async next(): Promise<Batch | null> {
    try {
      this.#opened ??= await this.#open()
      return await this.#nextWindow(this.#opened)
    } catch (error) {
      if (this.#source.failed) throw this.#source.failure
      if (error instanceof ShoalError) throw error
      throw damaged(
        this.#input.name,
        this.#group === null ? 'it cannot be read' : `row group ${this.#group.index} cannot be read`,
        error,
      )
    }
  }

  facts(): SplitRead {
    return { bytes: this.#opened?.chunks.bytes ?? 0, input: this.#hash.copy().digest('hex') as Digest }
  }

  async #open(): Promise<Opened> {
    const { name, options } = this.#input
    const source = this.#source
    if (options.compression !== 'none')
      throw damaged(name, 'Parquet inside gzip or zstd is not supported; it compresses by itself')
    const footer = await readParquetFooter(source, name)
    this.#hash.update(footer.bytes)
    const metadata = exactSchema(footer.metadata)
    const schema = parquetSchema(footer.metadata)
    const chunks = new ParquetChunks(source, name, this.#hash, schema)
    const columns = this.#select(schema.children)
    // Rows of nothing take no room in a file, and there could be any number of them.
    if (columns.length === 0) throw damaged(name, 'it has no columns')
    const names = columns.map((column) => column.element.name)
    const scan = await parquetScan({
      file: chunks,
      metadata,
      columns: names,
      compressors: chunks.codecs,
      parsers: PARSERS,
      utf8: options.encoding === 'utf-8',
      geoparquet: false,
      useOffsetIndex: false,
    })
    const converters = columns.map((column) => converterOf(column, this.#factory))
    return { metadata, scan, chunks, columns, names: new Set(names), converters, makeRow: this.#factory.row(names) }
  }

  #select(all: readonly SchemaTree[]): readonly SchemaTree[] {
    const wanted = this.#input.options.columns
    if (wanted === null) return all
    return wanted.map((name) => {
      const column = all.find(({ element }) => element.name === name)
      if (column !== undefined) return column
      const names = all.map(({ element }) => element.name)
      throw new ShoalError('BAD_RECORD', `${this.#input.name} has no column '${name}'`, {
        why: `its columns are ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}`,
        try: ['correct `columns` of this input'],
      })
    })
  }

  async #nextWindow(opened: Opened): Promise<Batch | null> {
    const group = await this.#groupWithRows(opened)
    if (group === null) return null
    const rows = Math.min(group.windowRows, group.rows - this.#given)
    const rowStart = group.rowStart + this.#given
    const values: ArrayLike<unknown>[] = []
    for (const column of opened.columns) {
      const data = await this.#readColumn(opened.scan, column, group, rowStart, rows)
      if (data.length !== rows) throw new Error(`column ${column.element.name} has ${data.length} of ${rows} rows`)
      values.push(data)
    }
    this.#given += rows
    return new ParquetBatch(this.#input.name, rowStart, rows, values, opened.converters, opened.makeRow)
  }

  async #readColumn(
    scan: ParquetScan,
    column: SchemaTree,
    group: Group,
    rowStart: number,
    rows: number,
  ): Promise<ArrayLike<unknown>> {
    const name = column.element.name
    if (column.children.length === 0 && column.element.repetition_type !== 'REPEATED') {
      const values = await scan.readColumn({ column: name, rowStart, rowEnd: rowStart + rows })
      // An index beyond the dictionary gives none; what is null is null.
      if (Array.isArray(values) && values.includes(undefined)) throw new Error(`column ${name} lacks values`)
      return values
    }
    // The library decodes a nested chunk whole for any rows of it, and keeps what it gave last: so all, once.
    const all = await scan.readColumn({ column: name, rowStart: group.rowStart, rowEnd: group.rowStart + group.rows })
    if (all.length !== group.rows) return all
    return all.slice(rowStart - group.rowStart, rowStart - group.rowStart + rows)
  }

  /** The group of which rows are left, or the next one that has any. */
  async #groupWithRows({ metadata, chunks, names }: Opened): Promise<Group | null> {
    const { start, end, rowGroups } = this.#input
    while (this.#group === null || this.#given === this.#group.rows) {
      const index = this.#group === null ? (rowGroups ? start : 0) : this.#group.index + 1
      if (index >= (rowGroups ? end : metadata.row_groups.length)) return null
      const group = metadata.row_groups[index]
      assert(group !== undefined, 'a split has the row groups of its file')
      const rowStart =
        this.#group === null ? rowsBefore(metadata.row_groups, index) : this.#group.rowStart + this.#group.rows
      const rows = Number(group.num_rows)
      if (!Number.isSafeInteger(rows) || rows < 0) throw new Error('it has an impossible number of rows')
      this.#group = { index, rowStart, rows, windowRows: windowRows(rows, uncompressedBytes(group.columns, names)) }
      this.#given = 0
      await chunks.enter(group, names)
    }
    return this.#group
  }
}

function rowsBefore(groups: FileMetaData['row_groups'], index: number): number {
  let rows = 0
  for (let i = 0; i < index; i++) rows += Number(groups[i]!.num_rows)
  return rows
}

type Columns = FileMetaData['row_groups'][number]['columns']

function uncompressedBytes(columns: Columns, names: ReadonlySet<string>): Bytes {
  let bytes = 0
  for (const { meta_data: meta } of columns) {
    if (meta !== undefined && names.has(meta.path_in_schema[0]!)) bytes += Number(meta.total_uncompressed_size)
  }
  return bytes
}

function windowRows(rows: number, bytes: Bytes): number {
  const windows = Math.max(Math.ceil(bytes / LIMITS.parquetWindowBytes), Math.ceil(rows / LIMITS.parquetWindowRows), 1)
  return Math.max(1, Math.ceil(rows / windows))
}

/** Remembers what reading threw: a failing disk is not a damaged file, wherever in the decoder it shows. */
class GuardedSource implements RandomAccess {
  readonly size: Bytes
  failed = false
  failure: unknown
  readonly #source: RandomAccess

  constructor(source: RandomAccess) {
    this.size = source.size
    this.#source = source
  }

  async read(offset: Bytes, length: Bytes): Promise<Uint8Array> {
    try {
      return await this.#source.read(offset, length)
    } catch (error) {
      this.failed = true
      this.failure = error
      throw error
    }
  }
}
