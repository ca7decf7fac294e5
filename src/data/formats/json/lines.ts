import { jsonRecord, type Numbers, remediesFor, type Suspects, suspectsOf, whyBad } from './record.ts'
import type { Places } from '../places.ts'
import { BAD, type Batch } from '../reader.ts'
import type { RowFactory } from '../rows.ts'
import { repair } from '../text/text-of.ts'
import { textProblem } from '../text/text-problem.ts'

/** White space as JSON has it, and record separators; such a line is no record. */
const BLANK = /^[ \t\r\u001e]*$/
/** RFC 7464 begins each text so. */
const SEPARATOR = '\u001e'

/** The lines of a region of NDJSON, or of a JSON text sequence with one text a line. */
export class JsonLines implements Batch {
  readonly length: number
  readonly #lines: readonly string[]
  /** Of each record, counted from `firstLine`; null where no line was blank. */
  readonly #offsets: readonly number[] | null
  /** The encoding that the region is no text of as a whole; null where it is. */
  readonly #broken: string | null
  readonly #suspects: Suspects
  readonly #numbers: Numbers
  readonly #firstLine: number
  readonly #places: Places
  readonly #factory: RowFactory

  constructor(
    lines: string[],
    broken: string | null,
    firstLine: number,
    text: string,
    places: Places,
    factory: RowFactory,
    numbers: Numbers,
  ) {
    this.#broken = broken
    this.#suspects = suspectsOf(text, numbers)
    this.#numbers = numbers
    this.#firstLine = firstLine
    this.#places = places
    this.#factory = factory
    const texts = text.includes(SEPARATOR) ? lines.map(withoutSeparators) : lines
    this.#offsets = texts.some(isBlank) ? offsetsOfContent(texts) : null
    this.#lines = this.#offsets === null ? texts : this.#offsets.map((offset) => texts[offset]!)
    this.length = this.#lines.length
  }

  record(i: number): unknown {
    const line = this.#textOf(i)
    return line === null ? BAD : jsonRecord(line, this.#suspects, this.#numbers, this.#factory)
  }

  bad(i: number): string {
    const line = this.#textOf(i)
    return line === null ? textProblem(this.#lines[i]!, this.#broken ?? 'utf-8') : whyBad(line, this.#numbers)
  }

  remedies(i: number): readonly string[] {
    const line = this.#textOf(i)
    return line === null ? [] : remediesFor(line, this.#numbers)
  }

  place(i: number): string | Promise<string> {
    return this.#places.place(this.#firstLine + (this.#offsets === null ? i : this.#offsets[i]!))
  }

  raw(i: number): string {
    return this.#textOf(i) ?? this.#lines[i]!
  }

  /** null where it is no text. */
  #textOf(i: number): string | null {
    return this.#broken === null ? this.#lines[i]! : repair(this.#lines[i]!, this.#broken)
  }
}

function withoutSeparators(line: string): string {
  let at = 0
  while (line[at] === SEPARATOR) at++
  return at === 0 ? line : line.slice(at)
}

function isBlank(line: string): boolean {
  return !(line.charCodeAt(0) > 0x20) && BLANK.test(line)
}

function offsetsOfContent(lines: readonly string[]): number[] {
  const offsets: number[] = []
  for (let i = 0; i < lines.length; i++) if (!isBlank(lines[i]!)) offsets.push(i)
  return offsets
}
