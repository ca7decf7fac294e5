import type { Grammar } from './grammar.ts'
import { NullTexts } from './null-texts.ts'
import type { CsvFields } from './parse.ts'
import type { CsvRows } from './rows.ts'
import type { ResolvedReadOptions } from '../options.ts'
import type { Places } from '../places.ts'
import { BAD, type Batch } from '../reader.ts'
import type { RowFactory } from '../rows.ts'
import { repair } from '../text/text-of.ts'
import { textProblem } from '../text/text-problem.ts'

/** How the rows of a file become records, once its columns are known. */
export class Shape {
  /** Blank lines are rows. */
  readonly keepBlank: boolean
  /** null: arrays, of any length. */
  readonly #columns: number | null
  readonly #named: string
  readonly #fill: boolean
  readonly #nulls: NullTexts
  readonly #makeRow: (fields: readonly unknown[]) => unknown

  /** `columns` null: arrays, in a file of one column or not. */
  constructor(
    columns: readonly string[] | null,
    hasOneColumn: boolean,
    { header, fill, nulls }: ResolvedReadOptions,
    factory: RowFactory,
  ) {
    this.keepBlank = hasOneColumn
    this.#columns = columns === null ? null : columns.length
    this.#named = header ? 'the header has' : 'columns names'
    this.#fill = fill
    this.#nulls = new NullTexts(nulls)
    this.#makeRow = factory.row(columns)
  }

  record(fields: readonly string[], nulls: readonly number[] | null): unknown {
    const lacking = this.#columns === null ? 0 : this.#columns - fields.length
    if (lacking !== 0 && !(lacking > 0 && this.#fill)) return BAD
    if (lacking === 0 && !(nulls === null ? this.#hasNull(fields) : nulls.length > 0)) return this.#makeRow(fields)
    const values: (string | null)[] = nulls === null ? fields.map((field) => this.#orNull(field)) : [...fields]
    for (const i of nulls ?? []) values[i] = null
    for (let i = 0; i < lacking; i++) values.push(null)
    return this.#makeRow(values)
  }

  #hasNull(fields: readonly string[]): boolean {
    if (this.#nulls.isEmpty) return false
    for (let i = 0; i < fields.length; i++) if (this.#nulls.has(fields[i]!)) return true
    return false
  }

  #orNull(field: string): string | null {
    return this.#nulls.has(field) ? null : field
  }

  /** Which options may make a record of so many fields. */
  remedies(fields: number): readonly string[] {
    if (this.#columns === null) return []
    // With less than half of the fields it is a footer as a rule, and no row that lacks some.
    if (fields < this.#columns)
      return fields * 2 > this.#columns
        ? ["ragged: 'fill' in the input gives null for the fields that are not there"]
        : []
    return ['skipLines, comment, delimiter or quote in the input, if what was taken for the header is none']
  }

  /** Why so many fields are no record. */
  bad(fields: number): string {
    return `${fields} ${fields === 1 ? 'field' : 'fields'} where ${this.#named} ${this.#columns}`
  }
}

/** The fields of a record from a region that is not valid in its encoding as a whole. */
export function repaired({ fields, nulls, problem }: CsvFields, raw: string, encoding: string): CsvFields {
  if (problem !== null) return { fields, nulls, problem }
  const texts: string[] = []
  for (const field of fields) {
    const text = repair(field, encoding)
    if (text === null) return { fields, nulls, problem: textProblem(raw, encoding) }
    texts.push(text)
  }
  return { fields: texts, nulls, problem: null }
}

/** RFC 4180 data may hold a backslash before a quote: only where a record cannot be read it tells of another dialect. */
export const BACKSLASH_HINT = "escape: '\\\\'"

export function seemsEscaped(text: { includes(what: string): boolean }, { quote, escape }: Grammar): boolean {
  return escape === '' && quote !== '' && text.includes(`\\${quote}`)
}

/** The records of a region. */
export class CsvBatch implements Batch {
  readonly length: number
  readonly #rows: CsvRows
  readonly #broken: string | null
  readonly #grammar: Grammar
  readonly #shape: Shape
  readonly #firstLine: number
  readonly #places: Places

  constructor(
    rows: CsvRows,
    { broken, grammar }: { readonly broken: string | null; readonly grammar: Grammar },
    shape: Shape,
    firstLine: number,
    places: Places,
  ) {
    this.length = rows.length
    this.#rows = rows
    this.#broken = broken
    this.#grammar = grammar
    this.#shape = shape
    this.#firstLine = firstLine
    this.#places = places
  }

  record(i: number): unknown {
    if (this.#broken !== null) {
      const parsed = this.#parsed(i)
      return parsed.problem === null ? this.#shape.record(parsed.fields, parsed.nulls) : BAD
    }
    const fields = this.#rows.fields(i)
    return this.#rows.problem === null ? this.#shape.record(fields, this.#rows.nulls) : BAD
  }

  bad(i: number): string {
    const { fields, problem } = this.#parsed(i)
    const why = problem ?? this.#shape.bad(fields.length)
    if (!seemsEscaped(this.#rows.raw(i), this.#grammar)) return why
    return `${why}; quotes in it seem to be escaped with a backslash: ${BACKSLASH_HINT}`
  }

  remedies(i: number): readonly string[] {
    const { fields, problem } = this.#parsed(i)
    if (seemsEscaped(this.#rows.raw(i), this.#grammar)) return [`${BACKSLASH_HINT} in the input`]
    return problem === null ? this.#shape.remedies(fields.length) : []
  }

  place(i: number): string | Promise<string> {
    return this.#places.place(this.#firstLine + this.#rows.line(i))
  }

  raw(i: number): string {
    const raw = this.#rows.raw(i)
    return (this.#broken === null ? null : repair(raw, this.#broken)) ?? raw
  }

  #parsed(i: number): CsvFields {
    const fields = this.#rows.fields(i)
    const parsed = { fields, nulls: this.#rows.nulls, problem: this.#rows.problem }
    return this.#broken === null ? parsed : repaired(parsed, this.#rows.raw(i), this.#broken)
  }
}
