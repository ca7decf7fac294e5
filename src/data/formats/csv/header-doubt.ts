import { commentDoubt, MARKS } from './comment-doubt.ts'
import { isFull, type CsvDoubt, type Row } from './first-rows.ts'
import { headerBelow, isTitle, usualRow } from './title.ts'
import type { ResolvedReadOptions } from '../options.ts'

/**
 * Looks at the first rows of a file. A title or a comment that is taken for the header gives rows of wrong names, and no
 * error. Null where there is no doubt, or not enough to tell.
 */
export function headerDoubt([header, ...rows]: readonly Row[], options: ResolvedReadOptions): CsvDoubt | null {
  if (!options.header || header === undefined || rows.length === 0) return null
  const comment = options.comment === '' ? commentDoubt(header, rows, options) : null
  return comment ?? titleDoubt(header, rows, options) ?? joinedDoubt(rows)
}

function titleDoubt(header: Row, rows: readonly Row[], options: ResolvedReadOptions): CsvDoubt | null {
  const [few, below] = [namesFew(header, rows), namesBelow(header, rows)]
  if (few === null && below === null) return null
  const mark = options.comment === '' ? MARKS.find((text) => header.raw.startsWith(text)) : undefined
  const { before } = (below ?? few)!
  return {
    why: `line ${header.line} ${(few ?? below)!.why}`,
    try: [
      ...(mark === undefined ? [] : [`comment: '${mark}'`]),
      ...(before > 0 ? [`skipLines: ${before}`] : []),
      'header: true, if it is the header all the same',
      'header: false, if the file has none',
    ],
  }
}

/** What is wrong with the header, and how many lines stand before the right one; 0 where that is not known. */
interface Fact {
  readonly why: string
  readonly before: number
}

function namesBelow(header: Row, rows: readonly Row[]): Fact | null {
  const below = headerBelow(header, rows)
  if (below === null) return null
  const why = `leaves columns without a name, or stands apart, and line ${below.line} looks like the header`
  return { why, before: below.line - 1 }
}

function namesFew(header: Row, rows: readonly Row[]): Fact | null {
  const { fields } = header
  const unnamed = (row: Row): boolean => row.fields.some((field, i) => isFull(field) && !isFull(fields[i] ?? ''))
  if (!isTitle(header) || !rows.some(unnamed)) return null
  const which = !fields.some(isFull) ? 'none' : isFull(fields[0]!) ? 'only the first' : 'only one'
  const usual = usualRow([header, ...rows], (row) => !isTitle(row))
  return {
    why: `names ${which} of ${fields.length} columns, and later rows have something in the others: it looks like a title before the header`,
    before: (usual?.line ?? 1) - 1,
  }
}

/** Files that were written one behind the other, each with its mark: the header of each but the first would be a row. */
function joinedDoubt(rows: readonly Row[]): CsvDoubt | null {
  const begins = rows.find(({ raw }) => raw.startsWith('\uFEFF'))
  if (begins === undefined) return null
  return {
    why: `line ${begins.line} begins with a byte order mark: it looks like another file, with a header of its own, behind the first`,
    try: ['the files as they were before they were joined', 'header: true, if all of these lines are rows'],
  }
}
