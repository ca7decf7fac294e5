import { BAD, type Batch } from '../reader.ts'
import { UnreadableValue, type Getter } from './values/forms.ts'
import { damaged } from './metadata/footer.ts'

/** Rows of a row group, held by column and made into records one by one. */
export class ParquetBatch implements Batch {
  readonly length: number
  readonly #name: string
  readonly #rowStart: number
  readonly #names: readonly string[]
  readonly #getters: readonly Getter[]
  readonly #fields: unknown[]
  readonly #makeRow: (fields: readonly unknown[]) => unknown

  /** `rowStart` is the first row's number in the file, from 0; `names` those of the columns. */
  constructor(
    name: string,
    rowStart: number,
    length: number,
    names: readonly string[],
    getters: readonly Getter[],
    makeRow: (fields: readonly unknown[]) => unknown,
  ) {
    this.#name = name
    this.#rowStart = rowStart
    this.length = length
    this.#names = names
    this.#getters = getters
    this.#fields = Array.from({ length: getters.length }, () => null)
    this.#makeRow = makeRow
  }

  record(i: number): unknown {
    const getters = this.#getters
    const fields = this.#fields
    try {
      for (let c = 0; c < getters.length; c++) fields[c] = getters[c]!(i)
    } catch (error) {
      if (error instanceof UnreadableValue) return BAD
      // What a variant holds is looked at here.
      const said = error instanceof Error && error.constructor === Error ? error : undefined
      throw damaged(this.#name, `row ${this.#rowStart + i + 1} is not as its schema says`, said)
    }
    return this.#makeRow(fields)
  }

  bad(i: number): string {
    const found = this.#unreadable(i)
    return found === null ? '' : `column ${found.column}: ${found.error.message}`
  }

  remedies(i: number): readonly string[] {
    return this.#unreadable(i)?.error.remedies ?? []
  }

  place(i: number): string {
    return `${this.#name}#${this.#rowStart + i + 1}`
  }

  raw(i: number): string {
    const row = this.#getters.map((get, c): [string, unknown] => {
      try {
        return [this.#names[c]!, get(i)]
      } catch {
        return [this.#names[c]!, '(unreadable)']
      }
    })
    return JSON.stringify(Object.fromEntries(row), (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    )
  }

  #unreadable(i: number): { readonly column: string; readonly error: UnreadableValue } | null {
    for (const [c, get] of this.#getters.entries()) {
      try {
        get(i)
      } catch (error) {
        if (error instanceof UnreadableValue) return { column: this.#names[c]!, error }
        throw error
      }
    }
    return null
  }
}
