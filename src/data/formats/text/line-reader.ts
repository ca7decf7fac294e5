import { ShoalError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { ByteFeed } from '../feed.ts'
import { JsonLines } from '../json/lines.ts'
import type { Places } from '../places.ts'
import { BAD, type Batch, type RecordReader, type SplitInput, type SplitRead } from '../reader.ts'
import { LineEnds, Regions } from '../regions.ts'
import type { RowFactory } from '../rows.ts'
import { linesOf, repair, textOf, withoutBom } from './text-of.ts'
import { textProblem } from './text-problem.ts'

const LF = 0x0a
const CR = 0x0d

/** Reads text lines and NDJSON: formats in which every LF ends a record. */
export class LineReader implements RecordReader {
  readonly #input: SplitInput
  readonly #factory: RowFactory
  readonly #feed: ByteFeed
  readonly #places: Places
  readonly #regions: Regions
  #linesRead = 0

  constructor(input: SplitInput, factory: RowFactory, feed: ByteFeed, places: Places) {
    this.#input = input
    this.#factory = factory
    this.#feed = feed
    this.#places = places
    this.#regions = new Regions(feed, new LineEnds(), () => recordTooLong(places, this.#linesRead + 1))
  }

  async next(): Promise<Batch | null> {
    const { options, start } = this.#input
    let region = await this.#regions.next()
    if (region === null) return null
    const firstLine = this.#linesRead + 1
    if (firstLine === 1 && start === 0 && options.encoding === 'utf-8') region = withoutBom(region)
    if (options.encoding === 'bytes') {
      const batch = new BytesBatch(region, firstLine, this.#places, this.#factory)
      this.#linesRead += batch.length
      return batch
    }
    const { text, broken } = textOf(region, options.encoding)
    const lines = linesOf(text)
    this.#linesRead += lines.length
    if (options.format === 'ndjson') {
      const brokenAs = broken ? options.encoding : null
      return new JsonLines(lines, brokenAs, firstLine, text, this.#places, this.#factory, options.numbers)
    }
    return broken
      ? new BrokenTextBatch(lines, firstLine, this.#places, options.encoding)
      : new TextBatch(lines, firstLine, this.#places)
  }

  facts(): SplitRead {
    return this.#feed.facts()
  }
}

/** A RECORD_LIMIT error for the record that begins at `line` of the split. `remedies`: the likeliest ones. */
export async function recordTooLong(
  places: Places,
  line: number,
  remedies: readonly string[] = [],
): Promise<ShoalError> {
  return new ShoalError(
    'RECORD_LIMIT',
    `${await places.place(line)}: the record is longer than ${LIMITS.recordBytesMax / 2 ** 20} MiB`,
    {
      why: 'no line end within the limit: the file may be of another format, or a quote in it is never closed',
      try: [...remedies, 'give the right format, delimiter or quote for this input'],
    },
  )
}

/** Lines that are records as they are. The hot path: `record` is an array access. */
class TextBatch implements Batch {
  readonly length: number
  readonly #lines: readonly string[]
  readonly #firstLine: number
  readonly #places: Places

  constructor(lines: readonly string[], firstLine: number, places: Places) {
    this.length = lines.length
    this.#lines = lines
    this.#firstLine = firstLine
    this.#places = places
  }

  record(i: number): unknown {
    return this.#lines[i]
  }

  bad(_i: number): string {
    return ''
  }

  place(i: number): string | Promise<string> {
    return this.#places.place(this.#firstLine + i)
  }

  raw(i: number): string {
    return this.#lines[i]!
  }
}

/** Lines of a region that is no text of its encoding as a whole: one bad line does not spoil the others. */
class BrokenTextBatch extends TextBatch {
  readonly #encoding: string

  constructor(lines: readonly string[], firstLine: number, places: Places, encoding: string) {
    super(lines, firstLine, places)
    this.#encoding = encoding
  }

  override record(i: number): unknown {
    return repair(super.raw(i), this.#encoding) ?? BAD
  }

  override bad(i: number): string {
    return textProblem(super.raw(i), this.#encoding)
  }

  override raw(i: number): string {
    return repair(super.raw(i), this.#encoding) ?? super.raw(i)
  }
}

/** Lines as bytes. They are taken from a copy, since counting lines for a place may reuse the region's buffer. */
class BytesBatch implements Batch {
  readonly length: number
  readonly #region: Buffer
  /** Where each line begins, and one past the last one's line end. */
  readonly #starts: readonly number[]
  readonly #firstLine: number
  readonly #places: Places
  readonly #factory: RowFactory

  constructor(region: Buffer, firstLine: number, places: Places, factory: RowFactory) {
    this.#region = Buffer.from(region)
    this.#starts = lineStarts(region)
    this.length = this.#starts.length - 1
    this.#firstLine = firstLine
    this.#places = places
    this.#factory = factory
  }

  record(i: number): unknown {
    return this.#factory.bytes(this.#line(i))
  }

  bad(_i: number): string {
    return ''
  }

  place(i: number): string | Promise<string> {
    return this.#places.place(this.#firstLine + i)
  }

  raw(i: number): string {
    return this.#line(i).toString('latin1')
  }

  #line(i: number): Buffer {
    const start = this.#starts[i]!
    let end = this.#starts[i + 1]!
    if (this.#region[end - 1] === LF) {
      end--
      if (end > start && this.#region[end - 1] === CR) end--
    }
    return this.#region.subarray(start, end)
  }
}

function lineStarts(region: Buffer): number[] {
  const starts = [0]
  for (let at = region.indexOf(LF); at >= 0; at = region.indexOf(LF, at + 1)) starts.push(at + 1)
  if (starts.at(-1)! < region.length) starts.push(region.length)
  return starts
}
