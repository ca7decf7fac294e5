import { LIMITS } from '../../../core/limits.ts'
import { RecordCursor, skipLines } from './bounds.ts'
import { grammarOf } from './grammar.ts'
import { FieldParser } from './parse.ts'
import type { ResolvedReadOptions } from '../options.ts'

/** Why what would be the header of a file surely is none, and which options would read it. */
export interface CsvDoubt {
  readonly why: string
  /** As of `ShoalError`. */
  readonly try: readonly string[]
}

interface Row {
  /** From 1. */
  readonly line: number
  readonly raw: string
  readonly fields: readonly string[]
}

/** What comments begin with; VCF has `##` before its header, which begins with `#`. */
const MARKS = ['##', '#', '//', '%', '--']

/**
 * Looks at the first characters of a file, `whole` if they are all of it. A title or a comment that is taken for the
 * header gives rows of wrong names, and no error. Null where there is no doubt, or not enough to tell.
 */
export function csvDoubt(head: string, whole: boolean, options: ResolvedReadOptions): CsvDoubt | null {
  if (!options.header) return null
  const [header, ...rows] = rowsOf(head, whole, options)
  if (header === undefined || rows.length === 0) return null
  const comment = options.comment === '' ? commentDoubt(header, rows, options) : null
  if (comment !== null) return comment
  if (!isTitle(header) || !rows.some(({ fields }) => fields.slice(1).some(isFull))) return null
  const mark = MARKS.find((text) => header.raw.startsWith(text))
  return {
    why:
      `line ${header.line} names only the first of ${header.fields.length} columns, and later rows have something in ` +
      'the others: it looks like a title before the header',
    try: remedies(header, rows, options.comment === '' ? mark : undefined),
  }
}

/** What else fields are apart by, as people write tables. */
const DELIMITERS = [',', ';', '\t', '|']

/**
 * Looks for a delimiter that the file has and the options do not: the first row is one field, or cannot be read, and by
 * another delimiter it and most rows have as many fields; or it is a title above such rows; or it is what Excel names the
 * delimiter by. Null where there is no doubt.
 */
export function delimiterDoubt(head: string, whole: boolean, options: ResolvedReadOptions): CsvDoubt | null {
  const [header] = rowsOf(head, whole, options)
  if (header !== undefined && header.fields.length > 1) return null
  const said = header === undefined ? undefined : /^sep=(.)$/i.exec(header.raw.trim())?.[1]
  if (header !== undefined && said !== undefined)
    return {
      why: `line ${header.line} is ${JSON.stringify(header.raw)}, by which Excel names the delimiter`,
      try: [`delimiter: ${inQuotes(said)}, skipLines: ${header.line}`],
    }
  for (const delimiter of DELIMITERS) {
    if (delimiter === options.delimiter) continue
    const rows = rowsOf(head, whole, { ...options, delimiter })
    const fields = fieldsBy(rows, delimiter)
    if (fields === null) continue
    return {
      why: `by ${inQuotes(delimiter)} most of the first rows have ${fields} fields, by ${inQuotes(options.delimiter)} one`,
      try: [`delimiter: ${inQuotes(delimiter)}`, `delimiter: ${inQuotes(options.delimiter)}, if there is one column`],
    }
  }
  return null
}

/** How many fields most rows have where that tells of a table; null where it does not. */
function fieldsBy([header, ...rows]: readonly Row[], delimiter: string): number | null {
  if (header === undefined || rows.length === 0) return null
  const share = (count: number): number => rows.filter(({ fields }) => fields.length === count).length / rows.length
  const count = header.fields.length
  // One comma in each row may be of a text, `Oslo, Norway`.
  if (count > (delimiter === ',' ? 2 : 1)) return share(count) >= 0.5 ? count : null
  // A text may hold a semicolon, too: below a title there have to be more of them.
  const second = rows[0]!.fields.length
  return count === 1 && second > 2 && share(second) >= 0.8 ? second : null
}

const inQuotes = (text: string): string => (text === '\t' ? "'\\t'" : `'${text}'`)

function commentDoubt(header: Row, rows: readonly Row[], { fill }: ResolvedReadOptions): CsvDoubt | null {
  const next = rows[0]!
  for (const mark of MARKS) {
    // Where all rows begin so, it is what their first field holds.
    if (!header.raw.startsWith(mark) || rows.every(({ raw }) => raw.startsWith(mark))) continue
    const begins = `line ${header.line} begins with ${mark}`
    const [had, has] = [header.fields.length, next.fields.length]
    const fact = next.raw.startsWith(mark)
      ? `${begins}, and so does line ${next.line}`
      : had !== has && !fill
        ? `${begins} and has ${had} ${had === 1 ? 'field' : 'fields'}, but line ${next.line} has ${has}`
        : null
    if (fact !== null)
      return { why: `${fact}: it looks like a comment before the header`, try: remedies(header, rows, mark) }
  }
  return null
}

function remedies(header: Row, rows: readonly Row[], mark: string | undefined): string[] {
  const lines = linesBeforeHeader(header, rows, mark)
  return [
    ...(mark === undefined ? [] : [`comment: '${mark}'`]),
    ...(lines === null ? [] : [`skipLines: ${lines}`]),
    'header: true, if it is the header all the same',
    'header: false, if the file has none',
  ]
}

/** The lines before the first row that may name columns: it has as many fields as most rows have. */
function linesBeforeHeader(header: Row, rows: readonly Row[], mark: string | undefined): number | null {
  const mayName = (row: Row): boolean => !isTitle(row) && !(mark !== undefined && row.raw.startsWith(mark))
  const counts = rows.filter(mayName).map(({ fields }) => fields.length)
  const usual = counts.find((count) => counts.filter((other) => other === count).length * 2 > counts.length)
  const first = [header, ...rows].find((row) => mayName(row) && row.fields.length === usual)
  const lines = first === undefined ? 0 : first.line - 1
  return lines > 0 && lines <= LIMITS.skipLinesMax ? lines : null
}

const isFull = (field: string): boolean => field.trim() !== ''

/** Only the first of several fields is not empty; of two, the second may have no name. */
function isTitle({ fields }: Row): boolean {
  return fields.length > 2 && isFull(fields[0]!) && !fields.slice(1).some(isFull)
}

/** The records of the head that are whole and can be read; none where the first cannot. */
function rowsOf(head: string, whole: boolean, options: ResolvedReadOptions): Row[] {
  const grammar = grammarOf(options)
  const withoutBom = head.startsWith('\uFEFF') ? head.slice(1) : head
  const text = whole && !grammar.anyLineEnd && withoutBom.endsWith('\r') ? withoutBom.slice(0, -1) : withoutBom
  const { at, lines } = skipLines(text, options.skipLines, grammar)
  const cursor = new RecordCursor(text, grammar, at, lines)
  const parser = new FieldParser(grammar, true)
  const rows: Row[] = []
  while (cursor.nextRecord()) {
    if (!whole && cursor.at >= text.length) break
    const raw = cursor.record()
    const { fields, problem } = parser.parse(raw, cursor.ended())
    if (problem === null) rows.push({ line: cursor.line + 1, raw, fields })
    else if (rows.length === 0) return []
  }
  return rows
}
