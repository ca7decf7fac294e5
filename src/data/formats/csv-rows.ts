import { parseCsv, type CsvRecords } from './csv-parse.ts'
import { linesOf } from './text-of.ts'

/** The records of a region, before their fields become objects. */
export interface CsvRows {
  readonly length: number
  /** Lines of the region, for counting on. */
  readonly lineCount: number
  fields(i: number): readonly string[]
  problem(i: number): string | undefined
  /** From 0, within the region. */
  line(i: number): number
  raw(i: number): string
}

/** Splits a region into rows. Without a quote in it, lines and delimiters are all there is to know: the fast path. */
export function csvRows(text: string, delimiter: string, quote: string): CsvRows {
  if (quote !== '' && text.includes(quote)) return new ParsedRows(parseCsv(text, delimiter, quote), text)
  return new PlainRows(linesOf(text), delimiter)
}

class PlainRows implements CsvRows {
  readonly length: number
  readonly lineCount: number
  readonly #lines: readonly string[]
  /** Null where no line was blank. */
  readonly #numbers: readonly number[] | null
  readonly #delimiter: string

  constructor(lines: string[], delimiter: string) {
    this.lineCount = lines.length
    // The last line of a file may end in CR without LF.
    const last = lines.at(-1)
    if (last?.endsWith('\r') === true) lines[lines.length - 1] = last.slice(0, -1)
    this.#numbers = lines.includes('') ? [...lines.keys()].filter((i) => lines[i] !== '') : null
    this.#lines = this.#numbers === null ? lines : lines.filter((line) => line !== '')
    this.length = this.#lines.length
    this.#delimiter = delimiter
  }

  fields(i: number): readonly string[] {
    return this.#lines[i]!.split(this.#delimiter)
  }

  problem(_i: number): undefined {
    return undefined
  }

  line(i: number): number {
    return this.#numbers === null ? i : this.#numbers[i]!
  }

  raw(i: number): string {
    return this.#lines[i]!
  }
}

class ParsedRows implements CsvRows {
  readonly length: number
  readonly lineCount: number
  readonly #records: CsvRecords
  readonly #text: string

  constructor(records: CsvRecords, text: string) {
    this.length = records.fields.length
    this.lineCount = records.lineCount
    this.#records = records
    this.#text = text
  }

  fields(i: number): readonly string[] {
    return this.#records.fields[i]!
  }

  problem(i: number): string | undefined {
    return this.#records.problems.get(i)
  }

  line(i: number): number {
    return this.#records.lines[i]!
  }

  raw(i: number): string {
    return this.#text.slice(this.#records.starts[i], this.#records.ends[i])
  }
}
