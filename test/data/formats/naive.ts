/** Independent readers, as simple as can be: one byte or character at a time. */

/** The lines of a file as bytes: LF ends a line, one CR before it is not part of it, a last line without LF counts. */
export function naiveLines(file: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = []
  let line: number[] = []
  for (const byte of file) {
    if (byte !== 10) {
      line.push(byte)
      continue
    }
    if (line.at(-1) === 13) line.pop()
    lines.push(Uint8Array.from(line))
    line = []
  }
  if (line.length > 0) lines.push(Uint8Array.from(line))
  return lines
}

export interface NaiveCsv {
  readonly rows: string[][]
  /** The line of each row's first character, from 1. */
  readonly lines: number[]
}

/** RFC 4180 by a table of states; only for well-formed text. Rows that are a single empty unquoted field are left out. */
export function naiveCsv(text: string, delimiter: string, quote: string): NaiveCsv {
  const rows: string[][] = []
  const lines: number[] = []
  let row: string[] = []
  let field = ''
  let sawQuotes = false
  let state: 'start' | 'plain' | 'quoted' | 'closed' = 'start'
  let line = 1
  let rowLine = 1
  const endField = (): void => {
    row.push(field)
    field = ''
    state = 'start'
  }
  const endRow = (): void => {
    if (state === 'plain' && field.endsWith('\r')) field = field.slice(0, -1)
    endField()
    if (row.length > 1 || row[0] !== '' || sawQuotes) {
      rows.push(row)
      lines.push(rowLine)
    }
    row = []
    sawQuotes = false
  }
  for (const c of text) {
    if (state === 'quoted') {
      if (c === quote) state = 'closed'
      else field += c
    } else if (c === '\n') {
      endRow()
      rowLine = line + 1
    } else if (c === delimiter) endField()
    else if (c === quote && state === 'start') {
      state = 'quoted'
      sawQuotes = true
    } else if (c === quote && state === 'closed') {
      field += quote
      state = 'quoted'
    } else if (!(c === '\r' && state === 'closed')) {
      field += c
      state = 'plain'
    }
    if (c === '\n') line++
  }
  if (row.length > 0 || field !== '' || sawQuotes) endRow()
  return { rows, lines }
}
