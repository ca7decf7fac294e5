import type { Grammar } from './grammar.ts'
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
  readonly #nulls: ReadonlySet<string>
  /** Whether a null text has this length: cheaper to know of each field than its hash. */
  readonly #nullLengths: readonly boolean[]
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
    this.#nulls = new Set(nulls)
    this.#nullLengths = nullLengths(nulls)
    this.#makeRow = factory.row(columns)
  }

  record(fields: readonly string[]): unknown {
    const lacking = this.#columns === null ? 0 : this.#columns - fields.length
    if (lacking !== 0 && !(lacking > 0 && this.#fill)) return BAD
    if (lacking === 0 && !this.#hasNull(fields)) return this.#makeRow(fields)
    const values = fields.map((field) => (this.#isNull(field) ? null : field))
    for (let i = 0; i < lacking; i++) values.push(null)
    return this.#makeRow(values)
  }

  #hasNull(fields: readonly string[]): boolean {
    if (this.#nulls.size === 0) return false
    for (let i = 0; i < fields.length; i++) if (this.#isNull(fields[i]!)) return true
    return false
  }

  #isNull(field: string): boolean {
    return this.#nullLengths[field.length] === true && this.#nulls.has(field)
  }

  /** Which options may make a record of so many fields. */
  remedies(fields: number): readonly string[] {
    return this.#columns !== null && fields < this.#columns
      ? ["ragged: 'fill' in the input gives null for the fields that are not there"]
      : ['skipLines, comment, delimiter or quote in the input, if what was taken for the header is none']
  }

  /** Why so many fields are no record. */
  bad(fields: number): string {
    return `${fields} ${fields === 1 ? 'field' : 'fields'} where ${this.#named} ${this.#columns}`
  }
}

function nullLengths(nulls: readonly string[]): boolean[] {
  const longest = Math.max(-1, ...nulls.map((text) => text.length))
  return Array.from({ length: longest + 1 }, (_, length) => nulls.some((text) => text.length === length))
}

/** The fields of a record from a region that is not valid in its encoding as a whole. */
export function repaired({ fields, problem }: CsvFields, raw: string, encoding: string): CsvFields {
  if (problem !== null) return { fields, problem }
  const texts: string[] = []
  for (const field of fields) {
    const text = repair(field, encoding)
    if (text === null) return { fields, problem: textProblem(raw, encoding) }
    texts.push(text)
  }
  return { fields: texts, problem: null }
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
      const { fields, problem } = this.#parsed(i)
      return problem === null ? this.#shape.record(fields) : BAD
    }
    const fields = this.#rows.fields(i)
    return this.#rows.problem === null ? this.#shape.record(fields) : BAD
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
    const parsed = { fields, problem: this.#rows.problem }
    return this.#broken === null ? parsed : repaired(parsed, this.#rows.raw(i), this.#broken)
  }
}
