import { MARKS } from './comment-doubt.ts'
import { firstRows, inQuotes, isValue, type CsvDoubt, type Row } from './first-rows.ts'
import type { ResolvedReadOptions } from '../options.ts'

/** The delimiter of Hive's text files. No text has it. */
const CONTROL_A = '\u0001'
/** What else fields are apart by, as people write tables. */
const DELIMITERS = [CONTROL_A, ',', ';', '\t', '|', '^', '~', ' ']

/**
 * Looks for a delimiter that the file has and the options do not, by which `own` are its rows. Null where there is no doubt. Either the first row is
 * one field by the options, or cannot be read, and by another delimiter it is a table; or the options cut it as well,
 * but at commas of numbers and sentences alone, and by another delimiter all rows have as many fields.
 */
export function delimiterDoubt(
  head: string,
  whole: boolean,
  options: ResolvedReadOptions,
  own: readonly Row[],
): CsvDoubt | null {
  const present = DELIMITERS.filter((one) => one !== options.delimiter && head.includes(one))
  const table = behindComments(own, options)
  const near = table.slice(0, 2)
  const isCut = near.length > 0 && near[0]!.fields.length > 1
  const width = near[0]?.fields.length ?? 0
  const isEven = table.every(({ fields }) => fields.length === width)
  for (const delimiter of present) {
    if (isCut && !(mayCutInstead(delimiter, options) && near.some(({ raw }) => raw.includes(delimiter)))) continue
    const rows = firstRows(head, whole, { ...options, delimiter }).filter(({ line }) => line >= (near[0]?.line ?? 0))
    const fields = isCut
      ? fieldsInstead(rows, delimiter, options.header, isEven ? width : null)
      : fieldsBy(rows, delimiter, options.header)
    if (fields === null) continue
    const by = `by ${inQuotes(delimiter)} most of the first rows have ${fields} fields`
    return {
      why: isCut
        ? `${by}, and where ${inQuotes(options.delimiter)} cuts them is within numbers or sentences`
        : `${by}, by ${inQuotes(options.delimiter)} one`,
      try: [
        `delimiter: ${inQuotes(delimiter)}`,
        `delimiter: ${inQuotes(options.delimiter)}, ${isCut ? 'if it is that all the same' : 'if there is one column'}`,
      ],
    }
  }
  return null
}

/**
 * Comments before a table say nothing of how its rows are cut; without the table's delimiter, nothing of it is found. A
 * header may begin so, too: with a mark at its first name, or as wide as the rows.
 */
function behindComments(rows: readonly Row[], { comment }: ResolvedReadOptions): readonly Row[] {
  if (comment !== '') return rows
  const at = rows.findIndex(({ raw }) => !MARKS.some((mark) => new RegExp(`^${mark}(?:#|\\s|$)`).test(raw)))
  const [last, first] = [rows[at - 1], rows[at]]
  if (last === undefined || first === undefined || at + 1 === rows.length) return rows
  const width = last.fields.length
  return width > 1 && width === first.fields.length ? rows : rows.slice(at)
}

const share = (rows: readonly Row[], count: number): number =>
  rows.filter(({ fields }) => fields.length === count).length / rows.length

/** How many fields most rows have where that tells of a table; null where it does not. */
function fieldsBy([first, ...rows]: readonly Row[], delimiter: string, header: boolean): number | null {
  if (first === undefined || rows.length === 0) return null
  const count = first.fields.length
  if (delimiter === ' ') return header && isSpaced(first, rows) ? count : null
  if (delimiter === ',' && count === 2) return isOfTwo([first, ...rows], header) ? count : null
  // As a delimiter they are rare, and one may stand in a text.
  if (delimiter === '^' || delimiter === '~') return count > 1 && share(rows, count) === 1 ? count : null
  if (count > 1) return share(rows, count) >= 0.5 ? count : null
  return fieldsBelow(rows)
}

/** Below a title of one field. A text may hold a semicolon, too: there have to be more of them. */
function fieldsBelow(rows: readonly Row[]): number | null {
  const count = rows[0]!.fields.length
  return count > 2 && share(rows, count) >= 0.8 ? count : null
}

/** Words are apart by spaces as well: a table has as many in each line, and a column of numbers below a name. */
function isSpaced(first: Row, rows: readonly Row[]): boolean {
  if (first.fields.length < 3 || share(rows, first.fields.length) < 1) return false
  if ([first, ...rows].some(({ fields }) => fields.includes(''))) return false
  return first.fields.some((name, i) => !isValue(name) && rows.every(({ fields }) => isValue(fields[i]!)))
}

/** One comma in each row may be of a text, `Oslo, Norway`, or of a number. */
function isOfTwo(rows: readonly Row[], header: boolean): boolean {
  if (share(rows, 2) < 1 || rows.some(({ fields }) => fields[1]!.startsWith(' '))) return false
  return header || !rows.every(({ raw }) => /\d,\d/.test(raw))
}

/** A list within a field may be of numbers apart by bars: only a name that holds one, too, tells of a table. */
function mayCutInstead(delimiter: string, options: ResolvedReadOptions): boolean {
  if (delimiter === CONTROL_A) return true
  return options.delimiter === ',' && (delimiter === ';' || delimiter === '\t' || (options.header && delimiter === '|'))
}

/** The same where the options cut the first row as well; `width`: all rows into so many fields, so that is no title. */
function fieldsInstead(rows: readonly Row[], delimiter: string, header: boolean, width: number | null): number | null {
  const [first, ...rest] = rows
  if (first === undefined || rest.length === 0) return null
  const count = first.fields.length > 1 ? first.fields.length : header && width === null ? fieldsBelow(rest) : null
  if (count === null || share(rest, count) < 0.8) return null
  if (delimiter === CONTROL_A) return count
  // The names would have commas where the numbers do, or a number several.
  if (width !== null && width > (header ? count : count + 1)) return null
  const texts = (header ? rest : rows).filter(({ fields }) => fields.length === count).map(outsideOfQuotes)
  if (texts.some((text) => TABLE_COMMA.test(text))) return null
  return !header && isSpacedOut(texts) ? null : count
}

/** A comma that is not within a number, nor followed by a space as in a sentence. */
const TABLE_COMMA = /(?<!\d),(?! )|,(?![\d ])/

/** Whether each row has as many commas with a space behind: some write tables so. */
function isSpacedOut(texts: readonly string[]): boolean {
  const [first, ...others] = texts.map((text) => text.split(', ').length)
  return first! > 1 && others.every((count) => count === first) && !texts.some((text) => /\d,\d/.test(text))
}

const outsideOfQuotes = ({ raw }: Row): string => raw.replaceAll(/"(?:[^"]|"")*"/g, '""')
