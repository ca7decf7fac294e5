import type { SchemaElement } from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { assert } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { cell, Columns, type Column } from './columns.ts'
import { kindOf, typeOf, type ParquetType } from './parquet-types.ts'
import type { RenderedFile, Renderer } from './renderer.ts'

/**
 * Parquet with the columns of CSV and the narrowest types that hold their values exactly, see `typeOf`. Nulls and
 * absent fields are null. Memory: one row group.
 */
export function parquet(): Renderer {
  const columns = new Columns()
  const kinds = new Map<string, number>()
  let list: readonly Column[] | null = null
  let types: readonly ParquetType[] = []
  return {
    format: 'parquet',
    suffix: '.parquet',
    needsScan: true,
    scan: (key, value) => {
      assert(list === null, 'all records are scanned before a file is opened')
      columns.observe(key, value)
      observeKinds(kinds, key, value)
    },
    open: (): RenderedFile => {
      if (list === null) {
        list = columns.list()
        types = list.map((column) => typeOf(column.name, kinds.get(slotOf(column)) ?? 0))
      }
      return new ParquetFile(list, types)
    },
  }
}

/** Names what a column is filled from, before the columns' own names are known. */
function slotOf({ from }: Column): string {
  if (from.part === 'field') return `field:${from.name}`
  return from.part === 'key-element' ? `key:${from.index}` : from.part
}

function observeKinds(kinds: Map<string, number>, key: unknown, value: unknown): void {
  const add = (slot: string, part: unknown): void => {
    const kind = kindOf(part)
    const known = kinds.get(slot) ?? 0
    if ((known & kind) !== kind) kinds.set(slot, known | kind)
  }
  if (Array.isArray(key)) for (const [index, part] of key.entries()) add(`key:${index}`, part)
  else add('key', key)
  if (
    typeof value !== 'object' ||
    value === null ||
    Array.isArray(value) ||
    value instanceof Date ||
    value instanceof Uint8Array
  ) {
    add('value', value)
    return
  }
  const names = Object.keys(value)
  if (names.length === 0) add('value', value)
  for (const name of names) add(`field:${name}`, (value as Record<string, unknown>)[name])
}

/** Collects what the writer has written since it was last taken. */
class TakenWriter extends ByteWriter {
  take(): Uint8Array {
    const bytes = this.getBytes().slice()
    this.index = 0
    return bytes
  }
}

class ParquetFile implements RenderedFile {
  readonly #columns: readonly Column[]
  readonly #types: readonly ParquetType[]
  readonly #bytes = new TakenWriter()
  readonly #writer: ParquetWriter
  #values: unknown[][]
  #rows = 0
  #weight = 0

  constructor(columns: readonly Column[], types: readonly ParquetType[]) {
    this.#columns = columns
    this.#types = types
    const root: SchemaElement = { name: 'root', num_children: columns.length }
    const schema = [root, ...types.map(({ element }) => element)]
    this.#writer = new ParquetWriter({ writer: this.#bytes, schema, createdBy: 'shoal' })
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
    const full = this.#rows >= LIMITS.outputRowGroupRows || this.#weight >= LIMITS.outputRowGroupBytes
    return full ? this.#writeGroup() : ''
  }

  end(): Uint8Array {
    this.#writeRows()
    void this.#writer.finish()
    return this.#bytes.take()
  }

  #writeGroup(): Uint8Array {
    this.#writeRows()
    return this.#bytes.take()
  }

  #writeRows(): void {
    if (this.#rows === 0) return
    const columnData = this.#columns.map(({ name }, i) => ({ name, data: this.#values[i]! }))
    // Synchronous, as the writer into memory is.
    void this.#writer.write({ columnData, rowGroupSize: this.#rows })
    this.#values = this.#columns.map(() => [])
    this.#rows = 0
    this.#weight = 0
  }
}

/** About what a value takes in memory. */
function weightOf(value: unknown): number {
  if (typeof value === 'string') return 16 + value.length
  return value instanceof Uint8Array ? 64 + value.length : 16
}
