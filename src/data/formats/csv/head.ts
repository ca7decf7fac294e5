import { setImmediate } from 'node:timers/promises'
import { InvariantError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { Bytes } from '../../../core/types.ts'
import { RecordCursor } from './bounds.ts'
import { CsvEnds } from './ends.ts'
import { FieldParser, type CsvFields } from './parse.ts'
import { CsvTexts, type CsvText } from './text.ts'
import { readRange } from '../feed.ts'
import type { ResolvedReadOptions } from '../options.ts'
import { Regions } from '../regions.ts'
import type { RandomAccess } from '../source.ts'

/** A file's first record: its header, or the row that says whether the file has one column. */
export interface FirstRecord extends CsvFields {
  /** From 0, within the text. */
  readonly line: number
  readonly raw: string
  /** Where the text goes on after it, and the number of that line. */
  readonly after: number
  readonly nextLine: number
}

/** The first record that is no blank line, or the number of lines where there is none. */
export function firstRecord({ text, grammar, at, line }: CsvText): FirstRecord | number {
  const cursor = new RecordCursor(text, grammar, at, line)
  if (!cursor.nextRecord()) return cursor.nextLine
  const raw = cursor.record()
  const parsed = new FieldParser(grammar, true).parse(raw, cursor.ended())
  return { ...parsed, line: cursor.line, raw, after: cursor.at, nextLine: cursor.nextLine }
}

/**
 * The length of what stands before the rows, for splits that begin after it, see `Cuts`: up to the end of the header;
 * where rows are arrays, up to the end of the first of them, as blank lines are rows if it has one field; where columns
 * are given, the skipped lines. null: it does not end within the length of a record, or the file ends before.
 */
export async function headLength(
  source: RandomAccess,
  options: ResolvedReadOptions,
  signal?: AbortSignal,
): Promise<Bytes | null> {
  const wantsRecord = options.header || options.columns === null
  if (!wantsRecord && options.skipLines === 0) return 0
  const beginning = new Beginning(source, signal)
  const regions = new Regions(beginning, new CsvEnds(options, true), tooLong)
  // Each character stands for a byte, and so do the positions.
  const texts = new CsvTexts(options, true, true)
  let length = 0
  for (let region = await regions.next(); region !== null && !beginning.isCut; region = await regions.next()) {
    const text = texts.next(region)
    const first = texts.skipping > 0 || !wantsRecord ? null : firstRecord(text)
    if (first !== null && typeof first !== 'number') return length + text.offset + first.after
    if (texts.skipping === 0 && !wantsRecord) return length + text.offset + text.at
    length += region.length
  }
  return null
}

function tooLong(): never {
  throw new InvariantError('the beginning is no longer than a record may be')
}

/** What a file begins with, as far as a record may reach. */
class Beginning {
  /** The file goes on. */
  isCut = false
  readonly #source: RandomAccess
  readonly #signal: AbortSignal | undefined
  #position: Bytes = 0

  constructor(source: RandomAccess, signal: AbortSignal | undefined) {
    this.#source = source
    this.#signal = signal
  }

  async next(): Promise<Uint8Array | null> {
    const position = this.#position
    this.isCut = position >= LIMITS.recordBytesMax && position < this.#source.size
    const length = Math.min(LIMITS.splitTailBytes, this.#source.size - position)
    if (this.isCut || length === 0) return null
    // A source may answer at once, for ever; only this gives others their turn.
    await setImmediate()
    this.#signal?.throwIfAborted()
    this.#position += length
    return await readRange(this.#source, 'the shard', position, length)
  }
}
