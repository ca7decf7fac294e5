import { damaged } from './footer.ts'
import { UnreadableValue, type Convert } from './values.ts'
import { BAD, type Batch } from '../reader.ts'

/** Rows of a row group, held by column and made into records one by one. */
export class ParquetBatch implements Batch {
  readonly length: number
  readonly #name: string
  readonly #rowStart: number
  readonly #values: readonly ArrayLike<unknown>[]
  readonly #converters: readonly Convert[]
  readonly #makeRow: (fields: readonly unknown[]) => unknown

  /** `rowStart` is the first row's number in the file, from 0. */
  constructor(
    name: string,
    rowStart: number,
    length: number,
    values: readonly ArrayLike<unknown>[],
    converters: readonly Convert[],
    makeRow: (fields: readonly unknown[]) => unknown,
  ) {
    this.#name = name
    this.#rowStart = rowStart
    this.length = length
    this.#values = values
    this.#converters = converters
    this.#makeRow = makeRow
  }

  record(i: number): unknown {
    try {
      return this.#makeRow(this.#fields(i))
    } catch (error) {
      if (error instanceof UnreadableValue) return BAD
      // The values are not of the shape that the schema says: a damaged schema.
      throw damaged(this.#name, `row ${this.#rowStart + i + 1} is not as its schema says`, error)
    }
  }

  bad(i: number): string {
    try {
      this.#fields(i)
      return ''
    } catch (error) {
      if (error instanceof UnreadableValue) return error.message
      throw error
    }
  }

  place(i: number): string {
    return `${this.#name}#${this.#rowStart + i + 1}`
  }

  raw(i: number): string {
    return JSON.stringify(
      this.#values.map((column) => column[i] ?? null),
      (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    )
  }

  #fields(i: number): unknown[] {
    const fields: unknown[] = Array.from({ length: this.#values.length })
    for (let c = 0; c < fields.length; c++) fields[c] = this.#converters[c]!(this.#values[c]![i])
    return fields
  }
}
