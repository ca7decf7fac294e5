/** CSV and TSV with every option, by an independent reader that is as simple as can be: one position at a time. */
import type { ResolvedReadOptions } from '../../../src/data/formats/options.ts'

export interface NaiveRecord {
  /** Of its first character, from 1. */
  readonly line: number
  readonly fields: string[]
  /** Of each field what stands in the file, without the space around it. */
  readonly cells: string[]
  readonly readable: boolean
}

export interface NaiveTable {
  /** Blank lines included where they are rows; the header not. */
  readonly records: NaiveRecord[]
  readonly header: NaiveRecord | null
  /** Positions after the line end of each record, comment, blank and skipped line. */
  readonly ends: number[]
  /** Where what stands before the rows ends, as `Cuts` has it; null where it does not. */
  readonly head: number | null
}

/** Reads `text`, which is the whole file without its byte order mark. */
export function naiveTable(text: string, options: ResolvedReadOptions): NaiveTable {
  const { delimiter, quote, escape, comment, trim } = options
  const any = options.lineEnd === 'any'
  const all = options.escapeIn === 'all'
  const file = !any && text.endsWith('\r') ? text.slice(0, -1) : text
  const is = (at: number, what: string): boolean => what !== '' && file.startsWith(what, at)
  const lineEnd = (at: number): number => {
    if (is(at, '\r\n')) return 2
    return is(at, '\n') || (any && is(at, '\r')) ? 1 : 0
  }
  const mark = (at: number): number => {
    if (is(at, quote)) return quote.length
    if (is(at, escape)) return escape.length
    return is(at, delimiter) ? delimiter.length : lineEnd(at)
  }
  const space = (at: number): boolean =>
    trim && (is(at, ' ') || is(at, '\t')) && !is(at, delimiter) && !is(at, quote) && !is(at, escape)

  let at = 0
  let readable = true

  /** The text of the quoted field whose quote is at `at`, up to after its closing quote. */
  const quotedText = (): string => {
    let content = ''
    for (at += quote.length; at < file.length;) {
      if (is(at, escape) && mark(at + 1) > 0) {
        content += file.slice(at + 1, at + 1 + mark(at + 1))
        at += 1 + mark(at + 1)
      } else if (is(at, quote + quote)) {
        content += quote
        at += 2
      } else if (is(at, quote)) {
        at++
        return content
      } else content += file[at++]!
    }
    readable = false
    return content
  }

  /** Up to a delimiter or a line end. Each element is a character, or what stood behind an escape. */
  const unquotedText = (): string[] => {
    const pieces: string[] = []
    while (at < file.length && !is(at, delimiter) && lineEnd(at) === 0) {
      if (is(at, escape) && mark(at + 1) > 0 && options.escapeIn !== 'quoted') {
        if (!all) readable = false
        else {
          pieces.push(file.slice(at + 1, at + 1 + mark(at + 1)))
          at += 1 + mark(at + 1)
          continue
        }
      }
      if (is(at, '\r')) readable = false
      pieces.push(file[at++]!)
    }
    const isSpace = (piece: string | undefined): boolean =>
      trim && (piece === ' ' || piece === '\t') && piece !== delimiter && piece !== quote && piece !== escape
    while (isSpace(pieces[0])) pieces.shift()
    while (isSpace(pieces.at(-1))) pieces.pop()
    return pieces
  }

  const field = (): string => {
    let open = at
    while (space(open)) open++
    if (!is(open, quote)) return unquotedText().join('')
    at = open
    const content = quotedText()
    const rest = unquotedText().join('')
    if (rest !== '') readable = false
    return content + rest
  }

  const withoutSpace = (from: number, to: number): string => {
    let [start, end] = [from, to]
    while (start < end && space(start)) start++
    while (end > start && space(end - 1)) end--
    return file.slice(start, end)
  }

  const lineOf = (position: number): number => {
    const before = file.slice(0, position)
    return 1 + (any ? before.split(/\r\n|\r|\n/) : before.split('\n')).length - 1
  }

  const ends: number[] = []
  const toNextLine = (): void => {
    while (at < file.length && lineEnd(at) === 0) at++
    const length = lineEnd(at)
    at += length
    if (length > 0) ends.push(at)
  }
  let skipped = 0
  for (; skipped < options.skipLines && at < file.length; skipped++) {
    toNextLine()
  }
  const afterSkipped = at
  const found: (NaiveRecord & { readonly blank: boolean; readonly end: number })[] = []
  while (at < file.length) {
    const start = at
    if (is(at, comment)) {
      toNextLine()
      continue
    }
    let content = at
    while (space(content)) content++
    const blank = content === file.length || lineEnd(content) > 0
    readable = true
    const fields: string[] = []
    const cells: string[] = []
    for (let from = at; ; from = at += delimiter.length) {
      fields.push(field())
      cells.push(withoutSpace(from, at))
      if (!is(at, delimiter)) break
    }
    const length = lineEnd(at)
    at += length
    if (length > 0) ends.push(at)
    found.push({ line: lineOf(start), fields, cells, readable, blank, end: at })
  }

  const first = found.findIndex((record) => !record.blank)
  const header = options.header ? (found[first] ?? null) : null
  const rows = options.header ? (first < 0 ? [] : found.slice(first + 1)) : found
  const width = options.columns?.length ?? found[first]?.fields.length
  const records = rows.filter((record) => !record.blank || width === 1)
  const wantsRecord = options.header || options.columns === null
  const head = wantsRecord ? (found[first]?.end ?? null) : skipped === options.skipLines ? afterSkipped : null
  return { records, header, ends, head }
}
