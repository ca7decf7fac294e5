/** The records of a piece of CSV, blank lines left out. */
export interface CsvRecords {
  readonly fields: readonly (readonly string[])[]
  /** The line of each record's first character, from 0. */
  readonly lines: readonly number[]
  /** Where each record lies in the text, without its line end. */
  readonly starts: readonly number[]
  readonly ends: readonly number[]
  /** By record: why it cannot be read. */
  readonly problems: ReadonlyMap<number, string>
  readonly lineCount: number
}

const CR = 13
const NEVER_CLOSED = 'a quote is opened and never closed'
const AFTER_QUOTE = 'text after a closing quote'

/**
 * Parses CSV after RFC 4180, with LF or CR LF: a field that begins with the quote runs to the next single quote, two
 * quotes stand for one. A quote inside an unquoted field is data. Lines without any character are no records.
 * `text` holds whole records; `quote` is '' for none.
 */
export function parseCsv(text: string, delimiter: string, quote: string): CsvRecords {
  return new CsvParser(text, delimiter, quote).parse()
}

class CsvParser {
  readonly #text: string
  readonly #delimiter: string
  readonly #quote: string
  readonly #fields: string[][] = []
  readonly #lines: number[] = []
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  readonly #problems = new Map<number, string>()
  #at = 0
  #line = 0
  /** Next occurrences at or after `#at`; they are searched for once, since a text may hold few of them. */
  #nextDelimiter = -1
  #nextQuote = -1
  #nextLf = -1

  constructor(text: string, delimiter: string, quote: string) {
    this.#text = text
    this.#delimiter = delimiter
    this.#quote = quote
  }

  parse(): CsvRecords {
    while (this.#at < this.#text.length) this.#record()
    return {
      fields: this.#fields,
      lines: this.#lines,
      starts: this.#starts,
      ends: this.#ends,
      problems: this.#problems,
      lineCount: this.#line,
    }
  }

  #record(): void {
    const start = this.#at
    const line = this.#line
    const lf = this.#lf()
    if (this.#quoteAt() > lf) {
      const end = withoutCr(this.#text, start, lf)
      this.#at = lf + 1
      this.#line++
      if (end > start) this.#push(start, end, line, this.#text.slice(start, end).split(this.#delimiter))
      return
    }
    const fields: string[] = []
    while (this.#field(fields));
    const ended = this.#text.charCodeAt(this.#at - 1) === 10 ? this.#at - 1 : this.#at
    this.#push(start, withoutCr(this.#text, start, ended), line, fields)
    this.#line++
  }

  #push(start: number, end: number, line: number, fields: string[]): void {
    this.#starts.push(start)
    this.#ends.push(end)
    this.#lines.push(line)
    this.#fields.push(fields)
  }

  /** Takes one field with what ends it; false when that was the record's last. */
  #field(fields: string[]): boolean {
    let value = ''
    if (this.#text.startsWith(this.#quote, this.#at)) {
      value = this.#quoted()
      if (this.#at >= this.#text.length) {
        fields.push(value)
        return false
      }
    }
    const from = this.#at
    const delimiter = this.#delimiterAt()
    const lf = this.#lf()
    const last = lf < delimiter || delimiter >= this.#text.length
    const end = last ? withoutCr(this.#text, from, lf) : delimiter
    fields.push(value === '' ? this.#text.slice(from, end) : value + this.#text.slice(from, end))
    this.#at = last ? Math.min(lf + 1, this.#text.length) : delimiter + this.#delimiter.length
    return !last
  }

  /** The value of the quoted field that begins here; leaves off after the closing quote. */
  #quoted(): string {
    const text = this.#text
    let value = ''
    let from = this.#at + 1
    for (;;) {
      const quote = text.indexOf(this.#quote, from)
      const end = quote < 0 ? text.length : quote
      const doubled = quote >= 0 && text.startsWith(this.#quote, quote + 1)
      const piece = text.slice(from, doubled ? end + 1 : end)
      value = value === '' ? piece : value + piece
      this.#line += countLf(piece)
      if (doubled) {
        from = quote + 2
        continue
      }
      this.#at = quote < 0 ? text.length : quote + 1
      if (quote < 0) this.#problem(NEVER_CLOSED)
      else if (!this.#fieldEndsHere()) this.#problem(AFTER_QUOTE)
      return value
    }
  }

  #fieldEndsHere(): boolean {
    const text = this.#text
    const at = this.#at
    if (at >= text.length || text.startsWith(this.#delimiter, at)) return true
    const next = text.charCodeAt(at)
    return next === 10 || (next === CR && (at + 1 === text.length || text.charCodeAt(at + 1) === 10))
  }

  #problem(why: string): void {
    if (!this.#problems.has(this.#fields.length)) this.#problems.set(this.#fields.length, why)
  }

  #lf(): number {
    if (this.#nextLf < this.#at) this.#nextLf = indexOrEnd(this.#text, '\n', this.#at)
    return this.#nextLf
  }

  #quoteAt(): number {
    if (this.#quote === '') return Infinity
    if (this.#nextQuote < this.#at) this.#nextQuote = indexOrEnd(this.#text, this.#quote, this.#at)
    // At the text's end there is none, and the last line may end there too.
    return this.#nextQuote === this.#text.length ? Infinity : this.#nextQuote
  }

  #delimiterAt(): number {
    if (this.#nextDelimiter < this.#at) this.#nextDelimiter = indexOrEnd(this.#text, this.#delimiter, this.#at)
    return this.#nextDelimiter
  }
}

function indexOrEnd(text: string, what: string, from: number): number {
  const index = text.indexOf(what, from)
  return index < 0 ? text.length : index
}

function withoutCr(text: string, start: number, end: number): number {
  return end > start && text.charCodeAt(end - 1) === CR ? end - 1 : end
}

function countLf(piece: string): number {
  let count = 0
  for (let at = piece.indexOf('\n'); at >= 0; at = piece.indexOf('\n', at + 1)) count++
  return count
}
