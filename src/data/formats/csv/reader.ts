import { assert, ShoalError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { Bytes } from '../../../core/types.ts'
import { BACKSLASH_HINT, CsvBatch, repaired, seemsEscaped, Shape } from './batch.ts'
import { columnNames } from './columns.ts'
import { CsvEnds } from './ends.ts'
import { grammarOf } from './grammar.ts'
import { firstRecord, type FirstRecord } from './head.ts'
import { csvRows } from './rows.ts'
import { CsvTexts, type CsvText } from './text.ts'
import { readRange, type ByteFeed } from '../feed.ts'
import { recordTooLong } from '../text/line-reader.ts'
import type { Places } from '../places.ts'
import type { Batch, RecordReader, SplitInput, SplitRead } from '../reader.ts'
import { Regions } from '../regions.ts'
import type { RowFactory } from '../rows.ts'

/**
 * Reads CSV and TSV. Fields are strings, or null; a row whose number of fields is not that of the columns is a bad
 * record. A blank line is a row, of one empty field, where the file has one column: that is known from its header, its
 * `columns`, or else its first record.
 */
export class CsvReader implements RecordReader {
  readonly #input: SplitInput
  readonly #factory: RowFactory
  readonly #feed: ByteFeed
  readonly #places: Places
  readonly #regions: Regions
  readonly #texts: CsvTexts
  #shape: Shape | null = null
  /** Text that was read before the shape was known: whether its blank lines are rows depends on that. */
  #waiting: { readonly text: CsvText; readonly firstLine: number }[] = []
  #waitingBytes: Bytes = 0
  #linesRead = 0

  constructor(input: SplitInput, factory: RowFactory, feed: ByteFeed, places: Places) {
    this.#input = input
    this.#factory = factory
    this.#feed = feed
    this.#places = places
    const { options, start } = input
    const ends = new CsvEnds(options, start === 0)
    this.#regions = new Regions(feed, ends, (begun) => this.#tooLong(begun))
    this.#texts = new CsvTexts(options, start === 0)
    const { columns } = options
    if (columns !== null) this.#shape = new Shape(columns, columns.length === 1, options, factory)
  }

  async next(): Promise<Batch | null> {
    if (this.#shape === null && this.#input.start > 0) this.#shape = await this.#shapeOfFile()
    for (;;) {
      const shape = this.#shape
      const waiting = shape === null ? undefined : this.#waiting.shift()
      if (shape !== null && waiting !== undefined) return this.#batch(waiting.text, waiting.firstLine, shape)
      const region = await this.#regions.next()
      if (region === null) return null
      const text = this.#texts.next(region)
      if (shape !== null) return this.#batch(text, this.#linesRead + 1, shape)
      this.#begin(text, region.length)
    }
  }

  facts(): SplitRead {
    return this.#feed.facts()
  }

  /** Looks for the file's first record in text before which there was none. */
  #begin(text: CsvText, bytes: Bytes): void {
    const firstLine = this.#linesRead + 1
    const first = firstRecord(text)
    const { header } = this.#input.options
    if (typeof first === 'number') this.#linesRead += first
    else this.#shape = this.#shapeOf(first, text, firstLine)
    if (!header && (this.#shape === null || this.#shape.keepBlank)) {
      this.#waiting.push({ text, firstLine })
      this.#waitingBytes += bytes
      if (this.#waitingBytes > LIMITS.recordBytesMax + LIMITS.readChunkBytes) throw this.#noRecord()
    } else if (typeof first !== 'number') {
      const rest = header ? { ...text, at: first.after, line: first.nextLine } : text
      this.#waiting = [{ text: rest, firstLine }]
    }
  }

  #batch(text: CsvText, firstLine: number, shape: Shape): Batch {
    const rows = csvRows(text, shape.keepBlank)
    this.#linesRead = firstLine - 1 + rows.lineCount
    return new CsvBatch(rows, text, shape, firstLine, this.#places)
  }

  /** For a split that does not begin at 0, what the file begins with. */
  async #shapeOfFile(): Promise<Shape> {
    const { source, name, headerBytes, options } = this.#input
    const bytes = await readRange(source, name, 0, headerBytes)
    const text = new CsvTexts(options, true).next(Buffer.from(bytes))
    const first = firstRecord(text)
    assert(typeof first !== 'number', 'a CSV split that begins after the first record knows where that ends')
    return this.#shapeOf(first, text, 1)
  }

  #shapeOf(first: FirstRecord, text: CsvText, firstLine: number): Shape {
    const { options } = this.#input
    const columns = options.header ? columnNames(this.#header(first, text, firstLine)) : null
    return new Shape(columns, first.fields.length === 1, options, this.#factory)
  }

  #header(first: FirstRecord, { broken, grammar }: CsvText, firstLine: number): readonly string[] {
    const { fields, problem } = broken === null ? first : repaired(first, first.raw, broken)
    if (problem === null && fields.length <= LIMITS.inputColumnsMax) return fields
    const why = problem ?? `it has ${fields.length} fields, more than ${LIMITS.inputColumnsMax}`
    const place = `${this.#input.name}:${firstLine + first.line}`
    throw new ShoalError('BAD_RECORD', `${place}: the header cannot be read: ${why}`, {
      try: [
        ...(seemsEscaped(first.raw, grammar) ? [BACKSLASH_HINT] : []),
        'give the right delimiter, quote or encoding for this input',
        'repair the file',
      ],
    })
  }

  async #tooLong(begun: readonly Uint8Array[]): Promise<ShoalError> {
    const grammar = grammarOf(this.#input.options)
    const escaped = begun.some((bytes) =>
      seemsEscaped(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), grammar),
    )
    return await recordTooLong(this.#places, this.#linesRead + 1, escaped ? [BACKSLASH_HINT] : [])
  }

  #noRecord(): ShoalError {
    const { name } = this.#input
    return new ShoalError(
      'RECORD_LIMIT',
      `${name}: no record within the first ${LIMITS.recordBytesMax / 2 ** 20} MiB`,
      {
        why: 'blank lines are rows only where the records have one field, which the first of them tells',
        try: ["columns: ['…'] names the columns", 'skipLines passes over lines at the beginning'],
      },
    )
  }
}
