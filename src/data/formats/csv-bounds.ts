const LF = 10
const CR = 13

/** Where the records of a text lie, blank lines left out. Parallel arrays: there are thousands. */
export interface CsvBounds {
  readonly starts: readonly number[]
  /** Without the line end. */
  readonly ends: readonly number[]
  /** The line of each record's first character, from 0. */
  readonly lines: readonly number[]
  /** Whether there is a quote in the record. */
  readonly quoted: readonly boolean[]
  readonly lineCount: number
}

/**
 * Finds the records of `text`, which holds whole ones, by the grammar of `csv-ends.ts` but in characters. Lines
 * without a quote are found by search; the others are walked through. `quote` is '' for none.
 */
export function csvBounds(text: string, delimiter: string, quote: string): CsvBounds {
  const starts: number[] = []
  const ends: number[] = []
  const lines: number[] = []
  const quoted: boolean[] = []
  let line = 0
  let nextQuote = -1
  for (let at = 0; at < text.length;) {
    if (nextQuote < at) nextQuote = quote === '' ? text.length : indexOrEnd(text, quote, at)
    const lf = indexOrEnd(text, '\n', at)
    const walks = nextQuote < lf
    const end = walks ? recordEnd(text, at, delimiter, quote) : lf
    const contentEnd = end > at && text.charCodeAt(end - 1) === CR ? end - 1 : end
    if (contentEnd > at) {
      starts.push(at)
      ends.push(contentEnd)
      lines.push(line)
      quoted.push(walks)
    }
    line += walks ? 1 + countLf(text, at, end) : 1
    at = end + 1
  }
  return { starts, ends, lines, quoted, lineCount: line }
}

/** The LF that ends the record which begins at `start`, or the text's end. */
function recordEnd(text: string, start: number, delimiter: string, quote: string): number {
  const quoteCode = quote.charCodeAt(0)
  const firstOfDelimiter = delimiter.charCodeAt(0)
  let fieldStart = true
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === LF) return at
    if (code === quoteCode && fieldStart) {
      at = closingQuote(text, at, quoteCode)
      fieldStart = false
      continue
    }
    fieldStart = code === firstOfDelimiter && text.startsWith(delimiter, at)
    if (fieldStart) at += delimiter.length - 1
  }
  return text.length
}

/** The quote that closes the field opened by the one at `open`, or the text's end. Two quotes are data. */
export function closingQuote(text: string, open: number, quoteCode: number): number {
  for (let at = open + 1; at < text.length; at++) {
    if (text.charCodeAt(at) !== quoteCode) continue
    if (text.charCodeAt(at + 1) !== quoteCode) return at
    at++
  }
  return text.length
}

function countLf(text: string, start: number, end: number): number {
  let count = 0
  for (let at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) count++
  return count
}

function indexOrEnd(text: string, what: string, from: number): number {
  const index = text.indexOf(what, from)
  return index < 0 ? text.length : index
}
