import { isValue, type CsvDoubt, type Row } from './first-rows.ts'
import { isTitle, usualRow } from './title.ts'
import type { ResolvedReadOptions } from '../options.ts'

/** What comments begin with; VCF has `##` before its header, which begins with `#`. */
export const MARKS: readonly string[] = ['##', '#', '//', '%', '--']

/** A first row that begins as comments do, and as the header of these rows would not. */
export function commentDoubt(header: Row, rows: readonly Row[], { fill }: ResolvedReadOptions): CsvDoubt | null {
  const next = rows[0]!
  for (const mark of MARKS) {
    // Where all rows begin so, it is what their first field holds.
    if (!header.raw.startsWith(mark) || rows.every(({ raw }) => raw.startsWith(mark))) continue
    const begins = `line ${header.line} begins with ${mark}`
    const [had, has] = [header.fields.length, next.fields.length]
    const even = rows.every(({ fields }) => fields.length === had)
    // Comments of words are as wide as the table by chance alone: `#hex,name` above `#fff,white` is one.
    const glued = even && /^\S/.test(header.raw.slice(mark.length))
    if (glued && had > 1) continue
    const fact = next.raw.startsWith(mark)
      ? `${begins}, and so does line ${next.line}`
      : had !== has && !fill
        ? `${begins} and has ${had} ${had === 1 ? 'field' : 'fields'}, but line ${next.line} has ${has}`
        : null
    if (fact === null) continue
    const [asHeader, ...others] = [HEADER, ...remedies([header, ...rows], mark)]
    return {
      why: `${fact}: it looks like a comment before the header`,
      try: glued ? [asHeader, ...others] : [...others, asHeader],
    }
  }
  return null
}

const HEADER = 'header: true, if it is the header all the same'

/**
 * What is behind the comments names the columns, unless it has values in it, or the last comment has as many fields: then
 * that one may name them, or none does.
 */
function remedies(all: readonly Row[], mark: string): string[] {
  const first = usualRow(all, (row) => !isTitle(row) && !row.raw.startsWith(mark))
  const none = `comment: '${mark}', header: false, columns: ['…'], if no line names the columns`
  if (first === null) return [`comment: '${mark}'`, none]
  const last = all[all.indexOf(first) - 1]
  const { length } = first.fields
  const asLast = last !== undefined && last.line > 1 && length > 1 && last.fields.length === length
  if (!asLast && !first.fields.some(isValue))
    return [`comment: '${mark}'`, ...(first.line > 1 ? [`skipLines: ${first.line - 1}`] : []), none]
  return [
    ...(asLast ? [`skipLines: ${last.line - 1}, if line ${last.line} names the columns`] : []),
    none,
    `comment: '${mark}', if line ${first.line} names them`,
  ]
}
