import type { SchemaElement } from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { LIMITS } from '../../../core/limits.ts'
import { cell, type Column } from '../columns.ts'
import type { RenderedFile } from '../renderer.ts'
import { settleStatistics } from './statistics.ts'
import type { ParquetType } from './types.ts'

/** Collects what the writer has written since it was last taken. */
class TakenWriter extends ByteWriter {
  take(): Uint8Array {
    const bytes = this.getBytes().slice()
    this.index = 0
    return bytes
  }
}

/** One file: its records are kept by column until they are a row group. */
export class ParquetFile implements RenderedFile {
  readonly #columns: readonly Column[]
  readonly #types: readonly ParquetType[]
  readonly #schema: SchemaElement[]
  readonly #leaves: readonly SchemaElement[]
  readonly #bytes = new TakenWriter()
  readonly #writer: ParquetWriter
  #values: unknown[][]
  #rows = 0
  #weight = 0

  constructor(columns: readonly Column[], types: readonly ParquetType[]) {
    this.#columns = columns
    this.#types = types
    this.#schema = [{ name: 'schema', num_children: columns.length }, ...types.flatMap(({ elements }) => elements)]
    this.#leaves = this.#schema.filter(({ type }) => type !== undefined)
    // JSON is text already: the library would make JSON of it once more.
    const schema = this.#schema.map((element): SchemaElement => {
      if (element.converted_type !== 'JSON') return element
      return { ...element, converted_type: 'UTF8', logical_type: { type: 'STRING' } }
    })
    const statisticsTruncateLength = LIMITS.outputBoundBytes
    this.#writer = new ParquetWriter({ writer: this.#bytes, schema, createdBy: 'shoal', statisticsTruncateLength })
    this.#values = columns.map(() => [])
  }

  begin(): Uint8Array {
    return this.#bytes.take()
  }

  record(key: unknown, value: unknown): string | Uint8Array {
    for (const [i, column] of this.#columns.entries()) {
      const part = cell(column, key, value)
      const stored = part === null || part === undefined ? null : this.#types[i]!.of(part)
      this.#values[i]!.push(stored)
      this.#weight += weightOf(stored)
    }
    this.#rows++
    if (this.#rows < LIMITS.outputRowGroupRows && this.#weight < LIMITS.outputRowGroupBytes) return ''
    this.#writeRows()
    return this.#bytes.take()
  }

  end(): Uint8Array {
    this.#writeRows()
    this.#writer.schema = this.#schema
    void this.#writer.finish()
    return this.#bytes.take()
  }

  #writeRows(): void {
    if (this.#rows === 0) return
    const columnData = this.#columns.map(({ name }, i) => ({ name, data: this.#values[i]! }))
    // Synchronous, as the writer into memory is.
    void this.#writer.write({ columnData, rowGroupSize: this.#rows })
    settleStatistics(this.#writer.row_groups.at(-1)!, this.#leaves)
    this.#values = this.#columns.map(() => [])
    this.#rows = 0
    this.#weight = 0
  }
}

/** About what a value takes in memory. */
function weightOf(value: unknown): number {
  if (typeof value === 'string') return 16 + value.length
  if (typeof value !== 'object' || value === null || value instanceof Date) return 16
  if (value instanceof Uint8Array) return 64 + value.length
  let weight = 64
  if (Array.isArray(value)) for (const part of value) weight += weightOf(part)
  else for (const name in value) weight += 16 + weightOf((value as Record<string, unknown>)[name])
  return weight
}
