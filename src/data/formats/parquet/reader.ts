import { createHash, type Hash } from 'node:crypto'
import { ShoalError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { Bytes, Digest } from '../../../core/types.ts'
import type { Batch, RecordReader, SplitInput, SplitRead } from '../reader.ts'
import type { RowFactory } from '../rows.ts'
import type { RandomAccess } from '../source.ts'
import { ParquetBatch } from './batch.ts'
import { loadDecoder } from './decode/decoder.ts'
import { damaged, readParquetFooter, type ParquetFile } from './metadata/footer.ts'
import type { Forms } from './values/forms.ts'
import { enterGroup } from './decode/group.ts'
import type { Bench } from './decode/leaf-column.ts'
import { PieceMemory } from './decode/piece.ts'
import { countLeaves, type SchemaNode } from './metadata/schema.ts'
import { GroupWindows } from './decode/windows.ts'

/** What is known once the footer is read. */
interface Opened {
  readonly bench: Bench
  readonly file: ParquetFile
  readonly columns: readonly SchemaNode[]
  readonly names: readonly string[]
  /** The numbers of the columns' leaves. */
  readonly leaves: readonly number[]
  readonly forms: Forms
  readonly makeRow: (fields: readonly unknown[]) => unknown
}

interface Group {
  readonly index: number
  readonly windows: GroupWindows
}

/**
 * Reads row groups of a Parquet file, as objects by column name, in windows of rows. Which form values have follows from
 * the schema alone: docs/record.md has the table. Everything that fails is DAMAGED.
 */
export class ParquetReader implements RecordReader {
  readonly #input: SplitInput
  readonly #source: GuardedSource
  readonly #factory: RowFactory
  readonly #hash: Hash = createHash('sha256')
  #opened: Opened | null = null
  #group: Group | null = null
  /** The number of the next row in the file. */
  #row = 0
  #bytes: Bytes = 0

  constructor(input: SplitInput, factory: RowFactory) {
    this.#input = input
    this.#source = new GuardedSource(input.source)
    this.#factory = factory
  }

  async next(): Promise<Batch | null> {
    const { name } = this.#input
    try {
      this.#opened ??= await this.#open()
      return await this.#nextWindow(this.#opened)
    } catch (error) {
      if (this.#source.failed) throw this.#source.failure
      if (error instanceof ShoalError) throw error
      throw damaged(name, this.#group === null ? 'it cannot be read' : `row group ${this.#group.index}`, error)
    }
  }

  facts(): SplitRead {
    return { bytes: this.#bytes, input: this.#hash.copy().digest('hex') as Digest }
  }

  async #open(): Promise<Opened> {
    const { name, options, rowGroups, start, agreed } = this.#input
    if (options.compression !== 'none')
      throw damaged(name, 'Parquet inside gzip or zstd is not supported; it compresses by itself')
    const file = await readParquetFooter(this.#source, name)
    this.#hash.update(file.footer)
    const columns = this.#select(file.columns)
    const names = columns.map((column) => column.name)
    const forms: Forms = {
      factory: this.#factory,
      timestamps: options.timestamps,
      maps: options.maps,
      bytesAreText: options.encoding === 'utf-8',
      widened: new Map(agreed?.widened),
    }
    if (rowGroups) for (const group of file.groups.slice(0, start)) this.#row += group.rows
    const makeRow = this.#factory.row(names)
    const leaves = numbersOf(file.columns, columns)
    return {
      bench: { decoder: await loadDecoder(), memory: new PieceMemory(), windowBytes: this.#windowBytes },
      file,
      columns,
      names,
      leaves,
      forms,
      makeRow,
    }
  }

  /** A task that has more memory decodes more at once: then fewer pages are decoded twice. */
  get #windowBytes(): Bytes {
    const room = (this.#input.windowBytesMax ?? 0) / 8
    return Math.max(LIMITS.parquetWindowBytes, Math.min(LIMITS.parquetWindowBytesMax, Math.floor(room)))
  }

  #select(all: readonly SchemaNode[]): readonly SchemaNode[] {
    const { name, options, agreed } = this.#input
    const lacking = new Set(agreed?.lacking)
    const byName = Map.groupBy(all, (column) => column.name)
    return (options.columns ?? all.map((column) => column.name)).flatMap((column) => {
      const [found, another] = byName.get(column) ?? []
      if (found !== undefined && another === undefined) return [found]
      if (found === undefined && lacking.has(column)) return []
      const names = [...byName.keys()]
      const why = `its columns are ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}`
      if (another !== undefined)
        throw new ShoalError(
          'BAD_RECORD',
          `${name} has two columns of one name, '${column}': no record could have both`,
          {
            why,
            try: ['`columns` of this input, without it', 'write the file again with names of their own'],
          },
        )
      throw new ShoalError('BAD_RECORD', `${name} has no column '${column}'`, {
        why,
        try: ['correct `columns` of this input'],
      })
    })
  }

  async #nextWindow(opened: Opened): Promise<Batch | null> {
    for (;;) {
      const window = (await this.#group?.windows.next()) ?? null
      if (window === null) {
        this.#group = await this.#nextGroup(opened)
        if (this.#group === null) return null
        continue
      }
      const rowStart = this.#row
      this.#row += window.rows
      const { names, makeRow } = opened
      return new ParquetBatch(this.#input.name, rowStart, window.rows, names, window.getters, makeRow)
    }
  }

  async #nextGroup({ bench, file, columns, leaves, forms }: Opened): Promise<Group | null> {
    const { start, end, rowGroups } = this.#input
    const index = this.#group === null ? (rowGroups ? start : 0) : this.#group.index + 1
    if (index >= (rowGroups ? end : file.groups.length)) return null
    const { rows, chunks } = file.groups[index]!
    for (const leaf of leaves) this.#bytes += chunks[leaf]!.end - chunks[leaf]!.start
    try {
      const entered = await enterGroup(this.#source, this.#input.name, file, index, leaves, this.#hash, bench.memory)
      return { index, windows: new GroupWindows(bench, columns, entered, rows, forms) }
    } catch (error) {
      if (this.#source.failed || error instanceof ShoalError) throw error
      throw damaged(this.#input.name, `row group ${index}`, error)
    }
  }
}

/** The numbers, in the file, of the leaves of these of its columns: in the order of the columns. */
function numbersOf(all: readonly SchemaNode[], columns: readonly SchemaNode[]): number[] {
  const numbers = new Map<SchemaNode, number[]>()
  let at = 0
  for (const node of all)
    numbers.set(
      node,
      Array.from({ length: countLeaves(node) }, () => at++),
    )
  return columns.flatMap((column) => numbers.get(column)!)
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
