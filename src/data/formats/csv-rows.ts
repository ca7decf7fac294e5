import { csvBounds, type CsvBounds } from './csv-bounds.ts'
import { csvFields } from './csv-parse.ts'
import { linesOf } from './text-of.ts'

/** The records of a region, before their fields become objects. */
export interface CsvRows {
  readonly length: number
  /** Lines of the region, for counting on. */
  readonly lineCount: number
  fields(i: number): readonly string[]
  /** Why the record whose fields were asked for last cannot be read; null if it can. */
  readonly problem: string | null
  /** From 0, within the region. */
  line(i: number): number
  raw(i: number): string
}

/** Splits a region into rows. Without a quote in it, lines and delimiters are all there is to know: the fast path. */
export function csvRows(text: string, delimiter: string, quote: string): CsvRows {
  if (quote !== '' && text.includes(quote)) return new QuotedRows(text, delimiter, quote)
  return new PlainRows(text, delimiter)
}

class PlainRows implements CsvRows {
  readonly length: number
  readonly lineCount: number
  readonly problem: null = null
  readonly #lines: readonly string[]
  /** Null where no line was blank. */
  readonly #numbers: readonly number[] | null
  readonly #delimiter: string

  constructor(text: string, delimiter: string) {
    // The last line of a file may end in CR without LF. Before an LF, no more than one CR is part of a line's end.
    const lines = linesOf(text.endsWith('\r') ? text.slice(0, -1) : text)
    this.lineCount = lines.length
    this.#numbers = lines.includes('') ? [...lines.keys()].filter((i) => lines[i] !== '') : null
    this.#lines = this.#numbers === null ? lines : lines.filter((line) => line !== '')
    this.length = this.#lines.length
    this.#delimiter = delimiter
  }

  fields(i: number): readonly string[] {
    return this.#lines[i]!.split(this.#delimiter)
  }

  line(i: number): number {
    return this.#numbers === null ? i : this.#numbers[i]!
  }

  raw(i: number): string {
    return this.#lines[i]!
  }
}

class QuotedRows implements CsvRows {
  readonly length: number
  readonly lineCount: number
  problem: string | null = null
  readonly #text: string
  readonly #bounds: CsvBounds
  readonly #delimiter: string
  readonly #quote: string

  constructor(text: string, delimiter: string, quote: string) {
    this.#text = text
    this.#bounds = csvBounds(text, delimiter, quote)
    this.length = this.#bounds.starts.length
    this.lineCount = this.#bounds.lineCount
    this.#delimiter = delimiter
    this.#quote = quote
  }

  fields(i: number): readonly string[] {
    const record = this.raw(i)
    this.problem = null
    if (!this.#bounds.quoted[i]!) return record.split(this.#delimiter)
    const { fields, problem } = csvFields(record, this.#delimiter, this.#quote)
    this.problem = problem
    return fields
  }

  line(i: number): number {
    return this.#bounds.lines[i]!
  }

  raw(i: number): string {
    return this.#text.slice(this.#bounds.starts[i], this.#bounds.ends[i])
  }
}
