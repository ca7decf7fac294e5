import type { ReadOptions } from '../../../core/types.ts'
import { delimiterDoubt } from '../csv/delimiter-doubt.ts'
import { firstRows } from '../csv/first-rows.ts'
import { headerDoubt } from '../csv/header-doubt.ts'
import { quoteDoubt, sepDoubt } from '../csv/said-doubt.ts'
import { isUtf16 } from '../text/encodings.ts'
import type { KindProblem } from './kinds.ts'
import type { ResolvedReadOptions } from '../options.ts'
import type { Head } from '../source.ts'
import { textOf } from '../text/text-of.ts'

/** The options that a doubt may be about. */
export const DOUBTED = ['header', 'delimiter', 'quote', 'skipLines'] as const

/** What speaks against reading a table as nobody has said that it is to be read: who says that option has seen to it. */
export interface Doubt extends KindProblem {
  readonly of: (typeof DOUBTED)[number]
}

/** What the first rows of a table say against reading it by these options; null where nothing does. */
export function headDoubt({ bytes, whole }: Head, given: ReadOptions, options: ResolvedReadOptions): Doubt | null {
  const { format, encoding } = options
  if (format !== 'csv' && format !== 'tsv') return null
  const text = textIn(bytes, encoding)
  const sep = given.skipLines === undefined ? sepDoubt(text, options) : null
  if (sep !== null) return { of: 'skipLines', looks: 'a table behind a line for Excel', ...sep }
  const rows = firstRows(text, whole, options)
  const apart = given.delimiter === undefined ? delimiterDoubt(text, whole, options, rows) : null
  if (apart !== null) return { of: 'delimiter', looks: 'a table with another delimiter', ...apart }
  const quoted = given.quote === undefined ? quoteDoubt(rows, options) : null
  if (quoted !== null) return { of: 'quote', looks: 'a table whose fields are in quotes', ...quoted }
  const header = given.header === undefined ? headerDoubt(rows, options) : null
  return header === null ? null : { of: 'header', looks: 'a table with other lines before its header', ...header }
}

/** As a reader would have it, for looking at; what is no text in this encoding is as it may be. */
function textIn(bytes: Uint8Array, encoding: string): string {
  if (isUtf16(encoding)) return new TextDecoder(encoding).decode(bytes.subarray(0, bytes.length & ~1))
  return textOf(Buffer.from(bytes), encoding).text.replace(/^\uFEFF/, '')
}
