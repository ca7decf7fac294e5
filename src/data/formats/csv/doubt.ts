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
  const comment = options.comment === '' ? commentDoubt(header, rows) : null
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
 * Looks for a delimiter that the file has and the options do not: the header is one field, and it and most rows hold
 * another delimiter equally often, or the first line is what Excel names its delimiter by. Null where there is no doubt.
 */
export function delimiterDoubt(head: string, whole: boolean, options: ResolvedReadOptions): CsvDoubt | null {
  const [header, ...rows] = rowsOf(head, whole, options)
  if (header === undefined || header.fields.length > 1) return null
  const said = /^sep=(.)$/i.exec(header.raw.trim())?.[1]
  if (said !== undefined)
    return {
      why: `line ${header.line} is ${JSON.stringify(header.raw)}, by which Excel names the delimiter`,
      try: [`delimiter: ${inQuotes(said)}, skipLines: ${header.line}`],
    }
  const other = DELIMITERS.find((one) => one !== options.delimiter && splitsEqually(one, header, rows))
  if (other === undefined) return null
  return {
    why: `each row is one field, and holds ${inQuotes(other)} as often as the header: ${countOf(other, header)} times`,
    try: [`delimiter: ${inQuotes(other)}`, `delimiter: ${inQuotes(options.delimiter)}, if there is one column`],
  }
}

function splitsEqually(delimiter: string, header: Row, rows: readonly Row[]): boolean {
  const count = countOf(delimiter, header)
  // One comma in each row may be of a text, `Oslo, Norway`.
  return (
    count > (delimiter === ',' ? 1 : 0) && rows.length > 0 && rows.every((row) => countOf(delimiter, row) === count)
  )
}

const countOf = (delimiter: string, { raw }: Row): number => raw.split(delimiter).length - 1
const inQuotes = (text: string): string => (text === '\t' ? "'\\t'" : `'${text}'`)

function commentDoubt(header: Row, rows: readonly Row[]): CsvDoubt | null {
  const next = rows[0]!
  for (const mark of MARKS) {
    if (!header.raw.startsWith(mark)) continue
    const begins = `line ${header.line} begins with ${mark}`
    const [had, has] = [header.fields.length, next.fields.length]
    const fact = next.raw.startsWith(mark)
      ? `${begins}, and so does line ${next.line}`
      : had !== has
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

/** Only the first of several fields is not empty. */
function isTitle({ fields }: Row): boolean {
  return fields.length > 1 && isFull(fields[0]!) && !fields.slice(1).some(isFull)
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
