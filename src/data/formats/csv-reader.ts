import { assert, ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { columnNames } from './csv-columns.ts'
import { CsvEnds } from './csv-ends.ts'
import type { CsvFields } from './csv-parse.ts'
import { csvRows, type CsvRows } from './csv-rows.ts'
import { bytesOf } from './encodings.ts'
import { readRange, type ByteFeed } from './feed.ts'
import { recordTooLong } from './line-reader.ts'
import type { ResolvedReadOptions } from './options.ts'
import type { Places } from './places.ts'
import { BAD, type Batch, type RecordReader, type SplitInput, type SplitRead } from './reader.ts'
import { Regions } from './regions.ts'
import type { RowFactory } from './rows.ts'
import { repair, textOf, withoutBom } from './text-of.ts'
import { textProblem } from './text-problem.ts'

type MakeRow = (fields: readonly string[]) => unknown

/** How the rows of this file become records, once its header is known. `columns` null: arrays, of any length. */
interface Shape {
  readonly columns: readonly string[] | null
  readonly makeRow: MakeRow
}

/** Reads CSV and TSV. Fields are strings; a row whose number of fields is not the header's is a bad record. */
export class CsvReader implements RecordReader {
  readonly #input: SplitInput
  readonly #factory: RowFactory
  readonly #feed: ByteFeed
  readonly #places: Places
  readonly #regions: Regions
  #shape: Shape | null = null
  #linesRead = 0

  constructor(input: SplitInput, factory: RowFactory, feed: ByteFeed, places: Places) {
    this.#input = input
    this.#factory = factory
    this.#feed = feed
    this.#places = places
    const ends = new CsvEnds(input.options, input.start === 0)
    this.#regions = new Regions(feed, ends, () => recordTooLong(places, this.#linesRead + 1))
  }

  async next(): Promise<Batch | null> {
    const { options, start } = this.#input
    const fileStart = this.#linesRead === 0 && start === 0
    const region = await this.#regions.next()
    if (region === null) return null
    const { rows, broken } = rowsOf(region, options, fileStart)
    const firstLine = this.#linesRead + 1
    this.#linesRead += rows.lineCount
    let skip = 0
    if (this.#shape === null) {
      const inRegion = options.header && start === 0
      // A region of blank lines alone holds no header yet.
      if (inRegion && rows.length === 0) return this.next()
      this.#shape = this.#shapeOf(inRegion ? this.#header(rows, broken) : await this.#headerBefore())
      skip = inRegion ? 1 : 0
    }
    return new CsvBatch(rows, skip, broken ? options.encoding : null, this.#shape, firstLine, this.#places)
  }

  facts(): SplitRead {
    return this.#feed.facts()
  }

  #shapeOf(header: readonly string[] | null): Shape {
    const columns = header === null ? this.#input.options.columns : columnNames(header)
    return { columns, makeRow: this.#factory.row(columns) }
  }

  /** The header of a split that begins after it; null where the file has none. */
  async #headerBefore(): Promise<readonly string[] | null> {
    const { source, name, headerBytes, options } = this.#input
    if (!options.header) return null
    assert(headerBytes > 0, 'a CSV split that begins after the header knows its length')
    const bytes = await readRange(source, name, 0, headerBytes)
    const { rows, broken } = rowsOf(Buffer.from(bytes), options, true)
    return this.#header(rows, broken)
  }

  #header(rows: CsvRows, broken: boolean): readonly string[] {
    const { fields, problem } = rowAt(rows, 0, broken ? this.#input.options.encoding : null)
    if (problem === null && fields.length <= LIMITS.inputColumnsMax) return fields
    const why = problem ?? `it has ${fields.length} fields, more than ${LIMITS.inputColumnsMax}`
    throw new ShoalError('BAD_RECORD', `${this.#input.name}:${rows.line(0) + 1}: the header cannot be read: ${why}`, {
      try: ['give the right delimiter, quote or encoding for this input', 'repair the file'],
    })
  }
}

function rowsOf(region: Buffer, options: ResolvedReadOptions, fileStart: boolean): { rows: CsvRows; broken: boolean } {
  const bytes = fileStart && options.encoding === 'utf-8' ? withoutBom(region) : region
  const { text, broken } = textOf(bytes, options.encoding)
  // In a broken region each character stands for a byte, so the delimiter must too.
  const delimiter = broken ? bytesOf(options.delimiter, options.encoding).toString('latin1') : options.delimiter
  return { rows: csvRows(text, delimiter, options.quote), broken }
}

/** The fields of a row, decoded where the region as a whole could not be: `broken` is then its encoding, else null. */
function rowAt(rows: CsvRows, i: number, broken: string | null): CsvFields {
  const fields = rows.fields(i)
  const problem = rows.problem
  if (problem !== null || broken === null) return { fields, problem }
  const repaired: string[] = []
  for (const field of fields) {
    const text = repair(field, broken)
    if (text === null) return { fields, problem: textProblem(rows.raw(i), broken) }
    repaired.push(text)
  }
  return { fields: repaired, problem: null }
}

class CsvBatch implements Batch {
  readonly length: number
  readonly #rows: CsvRows
  readonly #skip: number
  readonly #broken: string | null
  readonly #columns: number | null
  readonly #makeRow: MakeRow
  readonly #firstLine: number
  readonly #places: Places

  constructor(rows: CsvRows, skip: number, broken: string | null, shape: Shape, firstLine: number, places: Places) {
    this.length = rows.length - skip
    this.#rows = rows
    this.#skip = skip
    this.#broken = broken
    this.#columns = shape.columns === null ? null : shape.columns.length
    this.#makeRow = shape.makeRow
    this.#firstLine = firstLine
    this.#places = places
  }

  record(i: number): unknown {
    const row = i + this.#skip
    const plain = this.#broken === null
    const fields = this.#rows.fields(row)
    const wrongCount = this.#columns !== null && fields.length !== this.#columns
    if (plain) return this.#rows.problem === null && !wrongCount ? this.#makeRow(fields) : BAD
    const repaired = rowAt(this.#rows, row, this.#broken)
    return repaired.problem === null && !wrongCount ? this.#makeRow(repaired.fields) : BAD
  }

  bad(i: number): string {
    const { fields, problem } = rowAt(this.#rows, i + this.#skip, this.#broken)
    return problem ?? `${count(fields.length, 'field')} where the header has ${this.#columns}`
  }

  place(i: number): string | Promise<string> {
    return this.#places.place(this.#firstLine + this.#rows.line(i + this.#skip))
  }

  raw(i: number): string {
    const raw = this.#rows.raw(i + this.#skip)
    return (this.#broken === null ? null : repair(raw, this.#broken)) ?? raw
  }
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}
