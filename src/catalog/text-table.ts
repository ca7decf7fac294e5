import { LIMITS } from '../core/limits.ts'
import { isColumnsText } from '../data/formats/parquet/metadata/columns.ts'

/** The texts of files' columns, each once, in the order of the files that have them first; files have their numbers. */
export class TextTable {
  readonly #texts: string[] = []
  readonly #numbers = new Map<string, number>()
  /** While files are decoded: how many of the texts have been used. */
  #used = 0

  /** Decoded; throws an Error unless all are texts of columns, and different. */
  static of(value: unknown): TextTable {
    if (!Array.isArray(value) || value.length > LIMITS.shardsMax) throw new Error('columns: no list, or too long')
    const table = new TextTable()
    for (const text of value as unknown[]) {
      if (typeof text !== 'string' || !isColumnsText(text)) throw new Error('columns that are none')
      if (table.#numbers.has(text)) throw new Error('columns that come twice')
      table.from(text)
    }
    return table
  }

  get all(): readonly string[] {
    return this.#texts
  }

  from(text: string | undefined): number | null {
    if (text === undefined) return null
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.#numbers.set(text, this.#texts.length)
    return this.#texts.push(text) - 1
  }

  /** Throws an Error for what `from` cannot have given here. */
  to(number: unknown): { readonly columns?: string } {
    if (number === null) return {}
    if (typeof number !== 'number' || !(number in this.#texts) || number > this.#used)
      throw new Error('columns of an unknown number')
    if (number === this.#used) this.#used++
    return { columns: this.#texts[number]! }
  }

  /** All files are decoded. Throws an Error for texts that none of them has. */
  end(): void {
    if (this.#used < this.#texts.length) throw new Error('columns of no file')
  }
}
