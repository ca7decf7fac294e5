/** What stands before a header, as people and reports write it: a title, names of the report's own values, blank lines. */
import { LIMITS } from '../../../core/limits.ts'
import { isFull, isValue, type Row } from './first-rows.ts'

/** A preamble is no longer than so many rows. */
const PREAMBLE_MAX = 20

const fullOf = ({ fields }: Row): number => fields.filter(isFull).length

/**
 * None of several fields has something in it, or one of more than two: the first, or one with empty ones behind it. Of
 * two, the second may have no name, and indexes, which stand first, often have none.
 */
export function isTitle(row: Row): boolean {
  const { fields } = row
  const full = fullOf(row)
  if (full === 0) return fields.length > 1
  return fields.length > 2 && full === 1 && (isFull(fields[0]!) || !isFull(fields.at(-1)!))
}

/** The first row that may name columns by `mayName`, and has as many fields as most of those rows; null if there is none. */
export function usualRow(all: readonly Row[], mayName: (row: Row) => boolean): Row | null {
  const rows = all.filter(mayName)
  const counts = rows.filter((row) => row !== all[0]).map(({ fields }) => fields.length)
  const usual = counts.find((count) => counts.filter((other) => other === count).length * 2 > counts.length)
  const found = rows.find(({ fields }) => fields.length === usual)
  return found === undefined || found.line > LIMITS.skipLinesMax ? null : found
}

/**
 * The row of names below a first row that is none of its own: half of its columns have no name, or a blank line follows.
 * These are names, as all that stands below one of them are values, or both is so; null where they are not.
 */
export function headerBelow(header: Row, rows: readonly Row[]): Row | null {
  const count = header.fields.length
  if (count < 2) return null
  const sparse = isSparse(header)
  const at = rows
    .slice(0, PREAMBLE_MAX)
    .findIndex((row) => row.fields.length === count && (sparse ? fullOf(row) * 2 > count : row.apart) && !isSparse(row))
  if (at < 0) return null
  const names = rows[at]!
  if (names.fields.some((field) => isValue(field))) return null
  const [before, below] = [rows.slice(0, at), rows.slice(at + 1)]
  // One row of words may be of the data where nothing else sets it apart.
  if (!names.apart && below.length < (count === 2 ? 2 : 1)) return null
  if (sparse && names.apart) return names
  const isNamed = names.fields.some((name, i) => isFull(name) && areValues(below, i) && !areValues(before, i))
  return isNamed ? names : null
}

/** As `isTitle`, and where half of the columns have no name, and the last has none. */
function isSparse({ fields }: Row): boolean {
  const empty = fields.filter((field) => !isFull(field)).length
  return empty * 2 >= fields.length && !isFull(fields.at(-1)!)
}

/** Whether there is something in this column, and all of it are values. */
function areValues(rows: readonly Row[], column: number): boolean {
  const fields = rows.map((row) => row.fields[column] ?? '').filter(isFull)
  return fields.length > 0 && fields.every(isValue)
}
