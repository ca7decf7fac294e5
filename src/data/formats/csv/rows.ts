import { csvBounds, type CsvBounds } from './bounds.ts'
import type { Grammar } from './grammar.ts'
import { FieldParser, STRAY_CR, trimmed } from './parse.ts'
import type { CsvText } from './text.ts'
import { linesOf } from '../text/text-of.ts'

/** The records of a region, before their fields become objects. */
export interface CsvRows {
  readonly length: number
  /** Lines of the region, for counting on. */
  readonly lineCount: number
  fields(i: number): readonly string[]
  /** Of the fields that were asked for last, as `CsvFields` has it. */
  readonly nulls: readonly number[] | null
  /** Why the record whose fields were asked for last cannot be read; null if it can. */
  readonly problem: string | null
  /** From 0, within the region. */
  line(i: number): number
  raw(i: number): string
}

/** Splits a region into rows. `keepBlank`: blank lines are rows. */
export function csvRows(from: CsvText, keepBlank: boolean): CsvRows {
  return isPlain(from) ? new PlainRows(from, keepBlank) : new MarkedRows(from, keepBlank)
}

/** Whether lines and delimiters are all there is to know: the fast path. */
function isPlain({ text, grammar }: CsvText): boolean {
  const { quote, escape, escapeIn, comment, trim, anyLineEnd } = grammar
  if (trim || comment !== '' || (quote !== '' && text.includes(quote))) return false
  if (anyLineEnd && text.includes('\r')) return false
  return escape === '' || escapeIn === 'quoted' || !text.includes(escape)
}

class PlainRows implements CsvRows {
  readonly length: number
  readonly lineCount: number
  readonly nulls = null
  problem: string | null = null
  readonly #firstLine: number
  readonly #lines: readonly string[]
  /** Null where no line was blank. */
  readonly #numbers: readonly number[] | null
  readonly #strayCr: boolean
  readonly #delimiter: string

  constructor({ text, grammar, at, line }: CsvText, keepBlank: boolean) {
    const lines = linesOf(text.slice(at))
    this.#firstLine = line
    this.lineCount = line + lines.length
    const dropsBlank = !keepBlank && lines.includes('')
    this.#numbers = dropsBlank ? [...lines.keys()].filter((i) => lines[i] !== '') : null
    this.#lines = dropsBlank ? lines.filter((content) => content !== '') : lines
    this.length = this.#lines.length
    this.#strayCr = hasStrayCr(text)
    this.#delimiter = grammar.delimiter
  }

  fields(i: number): readonly string[] {
    const line = this.#lines[i]!
    if (this.#strayCr) this.problem = line.includes('\r') ? STRAY_CR : null
    return line.split(this.#delimiter)
  }

  line(i: number): number {
    return this.#firstLine + (this.#numbers === null ? i : this.#numbers[i]!)
  }

  raw(i: number): string {
    return this.#lines[i]!
  }
}

class MarkedRows implements CsvRows {
  readonly length: number
  readonly lineCount: number
  nulls: readonly number[] | null = null
  problem: string | null = null
  readonly #text: string
  readonly #grammar: Grammar
  readonly #parser: FieldParser
  readonly #bounds: CsvBounds
  readonly #strayCr: boolean

  constructor({ text, grammar, at, line }: CsvText, keepBlank: boolean) {
    this.#text = text
    this.#grammar = grammar
    this.#bounds = csvBounds(text, grammar, keepBlank, at, line)
    this.length = this.#bounds.starts.length
    this.lineCount = this.#bounds.lineCount
    this.#strayCr = !grammar.anyLineEnd && hasStrayCr(text)
    this.#parser = new FieldParser(grammar, this.#strayCr)
  }

  fields(i: number): readonly string[] {
    const record = this.raw(i)
    if (this.#bounds.marked[i]!) {
      const { fields, nulls, problem } = this.#parser.parse(record, this.#bounds.ends[i]! < this.#text.length)
      this.nulls = nulls
      this.problem = problem
      return fields
    }
    this.nulls = null
    this.problem = this.#strayCr && record.includes('\r') ? STRAY_CR : null
    const fields = record.split(this.#grammar.delimiter)
    return this.#grammar.trim ? fields.map((field) => trimmed(field, this.#grammar)) : fields
  }

  line(i: number): number {
    return this.#bounds.lines[i]!
  }

  raw(i: number): string {
    return this.#text.slice(this.#bounds.starts[i], this.#bounds.ends[i])
  }
}

/** Whether there is a CR that no LF follows. */
function hasStrayCr(text: string): boolean {
  for (let at = text.indexOf('\r'); at >= 0; at = text.indexOf('\r', at + 1))
    if (text.charCodeAt(at + 1) !== 10) return true
  return false
}
