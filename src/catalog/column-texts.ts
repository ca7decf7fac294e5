import { LIMITS } from '../core/limits.ts'
import { digestOfText } from '../data/formats/parquet/metadata/columns.ts'

/**
 * What columns many Parquet files have: thousands of files have one text, which is here once. Where there is no more
 * room for another one, a file has a digest of it: that tells files apart, though not in what.
 */
export class ColumnTexts {
  readonly #known = new Map<string, string>()
  #size = 0

  of(text: string | undefined): { readonly columns?: string } {
    if (text === undefined) return {}
    const known = this.#known.get(text)
    if (known !== undefined) return { columns: known }
    const kept = this.#size + text.length <= LIMITS.columnsTextsMax ? text : digestOfText(text)
    this.#known.set(kept, kept)
    this.#size += kept.length
    return { columns: kept }
  }

  /** All others make room. */
  keepOnly(files: Iterable<{ readonly columns?: string }>): void {
    this.#known.clear()
    this.#size = 0
    for (const { columns } of files) {
      if (columns === undefined || this.#known.has(columns)) continue
      this.#known.set(columns, columns)
      this.#size += columns.length
    }
  }
}
