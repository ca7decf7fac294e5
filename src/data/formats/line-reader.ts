import { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { ByteFeed } from './feed.ts'
import type { Places } from './places.ts'
import { BAD, type Batch, type RecordReader, type SplitInput, type SplitRead } from './reader.ts'
import { LineEnds, Regions } from './regions.ts'
import type { RowFactory } from './rows.ts'
import { linesOf, repair, textOf, utf8Problem, withoutBom } from './text-of.ts'

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
    if (options.format === 'ndjson') return new JsonBatch(lines, broken, firstLine, text, this.#places, this.#factory)
    return broken ? new BrokenTextBatch(lines, firstLine, this.#places) : new TextBatch(lines, firstLine, this.#places)
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

/** Lines of a region that is not UTF-8 as a whole: one bad line does not spoil the others. */
class BrokenTextBatch extends TextBatch {
  override record(i: number): unknown {
    return repair(this.raw(i)) ?? BAD
  }

  override bad(i: number): string {
    return utf8Problem(this.raw(i))
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

/** White space as JSON has it; such a line is no record. */
const BLANK = /^[ \t\r]*$/
/** What may be an integer that a double cannot hold: 2^53 has 16 digits. */
const LONG_DIGITS = /[0-9]{16}/

/** Integers are kept exact by recursion: how deep the stack lets it go must not decide what is a bad record. */
const EXACT_DEPTH_MAX = 1_000

/** How deep arrays and objects are nested in a JSON text. */
function depthOf(line: string): number {
  let depth = 0
  let most = 0
  for (let at = 0; at < line.length; at++) {
    const c = line.charCodeAt(at)
    if (c === 0x22) {
      for (at++; at < line.length && line.charCodeAt(at) !== 0x22; at++) if (line.charCodeAt(at) === 0x5c) at++
    } else if (c === 0x5b || c === 0x7b) most = Math.max(most, ++depth)
    else if (c === 0x5d || c === 0x7d) depth--
  }
  return most
}

class JsonBatch implements Batch {
  readonly length: number
  readonly #lines: readonly string[]
  /** Of each record, counted from `firstLine`; null where no line was blank. */
  readonly #offsets: readonly number[] | null
  readonly #broken: boolean
  readonly #longDigits: boolean
  readonly #firstLine: number
  readonly #places: Places
  readonly #factory: RowFactory

  constructor(lines: string[], broken: boolean, firstLine: number, text: string, places: Places, factory: RowFactory) {
    this.#broken = broken
    this.#longDigits = LONG_DIGITS.test(text)
    this.#firstLine = firstLine
    this.#places = places
    this.#factory = factory
    this.#offsets = lines.some(isBlank) ? offsetsOfContent(lines) : null
    this.#lines = this.#offsets === null ? lines : this.#offsets.map((offset) => lines[offset]!)
    this.length = this.#lines.length
  }

  record(i: number): unknown {
    const parsed = this.#parse(i)
    return parsed instanceof Refusal ? BAD : parsed
  }

  bad(i: number): string {
    const parsed = this.#parse(i)
    return parsed instanceof Refusal ? parsed.why : ''
  }

  place(i: number): string | Promise<string> {
    return this.#places.place(this.#firstLine + (this.#offsets === null ? i : this.#offsets[i]!))
  }

  raw(i: number): string {
    return (this.#broken ? repair(this.#lines[i]!) : null) ?? this.#lines[i]!
  }

  #parse(i: number): unknown {
    let line: string | null = this.#lines[i]!
    if (this.#broken) {
      line = repair(line)
      if (line === null) return new Refusal(utf8Problem(this.#lines[i]!))
    }
    try {
      if (this.#longDigits && LONG_DIGITS.test(line)) {
        if (depthOf(line) > EXACT_DEPTH_MAX)
          return new Refusal(`it is nested deeper than ${EXACT_DEPTH_MAX} levels, with an integer of 16 digits or more`)
        return this.#factory.jsonExact(line)
      }
      return this.#factory.json(line)
    } catch (error) {
      return new Refusal(messageOf(error))
    }
  }
}

class Refusal {
  readonly why: string

  constructor(why: string) {
    this.why = why
  }
}

function isBlank(line: string): boolean {
  return !(line.charCodeAt(0) > 0x20) && BLANK.test(line)
}

function offsetsOfContent(lines: readonly string[]): number[] {
  const offsets: number[] = []
  for (let i = 0; i < lines.length; i++) if (!isBlank(lines[i]!)) offsets.push(i)
  return offsets
}

/**
 * The error may come from another realm, so it is no `instanceof Error` here. Its own `(line 1 column 9)` counts within
 * the record, beside the line of the file that the place gives: that would be two lines in one sentence.
 */
function messageOf(error: unknown): string {
  const message = (error as { readonly message?: unknown } | null)?.message
  const text = typeof message === 'string' ? message.replace(/ \(line \d+ column \d+\)$/, '') : 'it cannot be parsed'
  return `not valid JSON: ${text}`
}
