/** What a file says of its own dialect, and the options do not. */
import { inQuotes, type CsvDoubt, type Row } from './first-rows.ts'
import type { ResolvedReadOptions } from '../options.ts'

const FIRST_LINE = /^\uFEFF?([^\r\n]*)/
/** Also in quotes, and filled up to the table's width: as Excel saves it again. */
const SEP = /^"?sep=(\\t|[^"])"?\1*[ \t]*$/i

/** A first line by which Excel is told the delimiter: it is never data. */
export function sepDoubt(head: string, { comment }: ResolvedReadOptions): CsvDoubt | null {
  const line = FIRST_LINE.exec(head)![1]!
  const said = SEP.exec(line)?.[1]
  if (said === undefined || (comment !== '' && line.startsWith(comment))) return null
  return {
    why: `line 1 is ${JSON.stringify(line)}, by which Excel is told the delimiter`,
    try: [`delimiter: ${inQuotes(said === '\\t' ? '\t' : said)}, skipLines: 1`],
  }
}

/** A first row whose fields all are in quotes where there are none by the options: names and values would have them. */
export function quoteDoubt([first]: readonly Row[], { quote }: ResolvedReadOptions): CsvDoubt | null {
  if (quote !== '' || first === undefined || !first.fields.every((field) => /^"(?:[^"]|"")*"$/.test(field))) return null
  return {
    why: `each field of line ${first.line} is in quotes, and in TSV these are part of it`,
    try: [`quote: '"'`, "quote: '', if the quotes are part of the fields"],
  }
}
