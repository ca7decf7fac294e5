import { closingQuote, isSpace, markLength, type Grammar } from './grammar.ts'

const LF = 10
const CR = 13

/**
 * Goes from line to line of a text that holds whole ones, over records and blank lines; comments are passed over.
 * Lines without quote and escape are found by search; the others are walked through.
 */
export class RecordCursor {
  /** Of the present record, without its line end. */
  start = 0
  end = 0
  /** The line of its first character, from 0. */
  line = 0
  /** It is a blank line, and a record only where a file has one column. */
  blank = false
  /** There may be a quote or an escape in it that has a meaning. */
  marked = false
  /** Where the next line begins, and its number. */
  at: number
  nextLine: number
  readonly #text: string
  readonly #grammar: Grammar
  readonly #escape: string
  #nextQuote = -1
  #nextEscape = -1
  #nextLf = -1
  #nextCr = -1

  constructor(text: string, grammar: Grammar, at = 0, line = 0) {
    this.#text = text
    this.#grammar = grammar
    // Within quotes alone, it has no meaning where there is no quote.
    this.#escape = grammar.escapeIn === 'quoted' ? '' : grammar.escape
    this.at = at
    this.nextLine = line
  }

  /** Goes to the next record or blank line; false at the text's end. */
  next(): boolean {
    const text = this.#text
    const { comment } = this.#grammar
    while (this.at < text.length) {
      const start = this.at
      const lineEnd = this.#lineEnd(start)
      if (comment !== '' && text.startsWith(comment, start)) {
        this.at = afterLineEnd(text, lineEnd)
        this.nextLine++
        continue
      }
      this.start = start
      this.line = this.nextLine
      this.marked = this.#hasMark(start, lineEnd)
      const end = this.marked ? recordEnd(text, start, this.#grammar) : lineEnd
      this.nextLine += this.marked ? 1 + countLineEnds(text, start, end, this.#grammar.anyLineEnd) : 1
      // A CR that stands before the LF at `end` is outside of quotes, as the LF is.
      const crLf = end > start && text.charCodeAt(end) === LF && text.charCodeAt(end - 1) === CR
      this.end = crLf ? end - 1 : end
      this.at = afterLineEnd(text, end)
      this.blank = this.#isBlank()
      return true
    }
    return false
  }

  /** Goes to the next record that is no blank line. */
  nextRecord(): boolean {
    while (this.next()) if (!this.blank) return true
    return false
  }

  record(): string {
    return this.#text.slice(this.start, this.end)
  }

  /** Whether a line end follows the record: the last one of a file may lack it. */
  ended(): boolean {
    return this.end < this.#text.length
  }

  /** The CR or LF at or after `from`, or the text's end. Where LF ends lines, the LF. */
  #lineEnd(from: number): number {
    if (this.#nextLf < from) this.#nextLf = indexOrEnd(this.#text, '\n', from)
    if (!this.#grammar.anyLineEnd) return this.#nextLf
    if (this.#nextCr < from) this.#nextCr = indexOrEnd(this.#text, '\r', from)
    return Math.min(this.#nextLf, this.#nextCr)
  }

  #hasMark(from: number, to: number): boolean {
    const { quote } = this.#grammar
    if (this.#nextQuote < from) this.#nextQuote = quote === '' ? Infinity : indexOrEnd(this.#text, quote, from)
    if (this.#nextQuote < to) return true
    if (this.#nextEscape < from)
      this.#nextEscape = this.#escape === '' ? Infinity : indexOrEnd(this.#text, this.#escape, from)
    return this.#nextEscape < to
  }

  #isBlank(): boolean {
    if (this.start === this.end) return true
    if (!this.#grammar.trim) return false
    for (let at = this.start; at < this.end; at++) if (!isSpace(this.#grammar, this.#text.charCodeAt(at))) return false
    return true
  }
}

/** Where records lie, as parallel arrays: there are thousands. */
export interface CsvBounds {
  readonly starts: readonly number[]
  readonly ends: readonly number[]
  readonly lines: readonly number[]
  readonly marked: readonly boolean[]
  /** Lines of the text, and those before it. */
  readonly lineCount: number
}

/** Where the records of `text` from `at` on lie. `keepBlank`: blank lines are records too. */
export function csvBounds(text: string, grammar: Grammar, keepBlank = false, at = 0, line = 0): CsvBounds {
  const starts: number[] = []
  const ends: number[] = []
  const lines: number[] = []
  const marked: boolean[] = []
  const cursor = new RecordCursor(text, grammar, at, line)
  while (cursor.next()) {
    if (cursor.blank && !keepBlank) continue
    starts.push(cursor.start)
    ends.push(cursor.end)
    lines.push(cursor.line)
    marked.push(cursor.marked)
  }
  return { starts, ends, lines, marked, lineCount: cursor.nextLine }
}

/** Passes over up to `count` lines; gives where the text goes on, and how many they were. */
export function skipLines(text: string, count: number, { anyLineEnd }: Grammar): { at: number; lines: number } {
  let at = 0
  let lines = 0
  for (; lines < count && at < text.length; lines++) {
    let end = indexOrEnd(text, '\n', at)
    if (anyLineEnd) end = Math.min(end, indexOrEnd(text.slice(at, end), '\r', 0) + at)
    at = afterLineEnd(text, end)
  }
  return { at, lines }
}

/** The CR or LF that ends the record which begins at `start` (where LF ends lines, the LF), or the text's end. */
function recordEnd(text: string, start: number, grammar: Grammar): number {
  const { delimiter, quoteCode, escapeIn, anyLineEnd, trim } = grammar
  const escapeCode = escapeIn === 'all' ? grammar.escapeCode : NaN
  const crCode = anyLineEnd ? CR : LF
  const firstOfDelimiter = delimiter.charCodeAt(0)
  const { length } = text
  let fieldStart = true
  for (let at = start; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code === LF || code === crCode) return at
    if (code === firstOfDelimiter && text.startsWith(delimiter, at)) {
      at += delimiter.length - 1
      fieldStart = true
    } else if (code === escapeCode) {
      at += markLength(text, at + 1, grammar)
      fieldStart = false
    } else if (fieldStart) {
      if (code === quoteCode) at = closingQuote(text, at, grammar)
      fieldStart = trim && isSpace(grammar, code)
    }
  }
  return length
}

function afterLineEnd(text: string, end: number): number {
  const crLf = text.charCodeAt(end) === CR && text.charCodeAt(end + 1) === LF
  return Math.min(text.length, end + (crLf ? 2 : 1))
}

function countLineEnds(text: string, start: number, end: number, any: boolean): number {
  let count = 0
  for (let at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) count++
  if (!any) return count
  for (let at = start; at < end; at++) if (text.charCodeAt(at) === CR && text.charCodeAt(at + 1) !== LF) count++
  return count
}

function indexOrEnd(text: string, what: string, from: number): number {
  const index = text.indexOf(what, from)
  return index < 0 ? text.length : index
}
