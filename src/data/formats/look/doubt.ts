import type { ReadOptions } from '../../../core/types.ts'
import { delimiterDoubt } from '../csv/delimiter-doubt.ts'
import { firstRows, type CsvDoubt } from '../csv/first-rows.ts'
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
  /** What speaks against it all the same where that option is given, and says what it is without. */
  readonly then?: Doubt
}

/** What the first rows of a table say against reading it by these options; null where nothing does. */
export function headDoubt({ bytes, whole }: Head, given: ReadOptions, options: ResolvedReadOptions): Doubt | null {
  const { format, encoding } = options
  if (format !== 'csv' && format !== 'tsv') return null
  const text = textIn(bytes, encoding)
  const rows = firstRows(text, whole, options)
  const looked: Readonly<Record<Doubt['of'], [looks: string, found: CsvDoubt | null]>> = {
    skipLines: ['a table behind a line for Excel', sepDoubt(text, options)],
    delimiter: ['a table with another delimiter', delimiterDoubt(text, whole, options, rows)],
    quote: ['a table whose fields are in quotes', quoteDoubt(rows, options)],
    header: ['a table with other lines before its header', headerDoubt(rows, options)],
  }
  // What is told first matters for what is told next.
  const order = ['header', 'quote', 'delimiter', 'skipLines'] as const
  return order.reduce<Doubt | null>((then, of) => {
    const [looks, found] = looked[of]
    if (found === null || given[of] !== undefined) return then
    return { of, looks, ...found, ...(then === null ? {} : { then }) }
  }, null)
}

/** As a reader would have it, for looking at; what is no text in this encoding is as it may be. */
function textIn(bytes: Uint8Array, encoding: string): string {
  if (isUtf16(encoding)) return new TextDecoder(encoding).decode(bytes.subarray(0, bytes.length & ~1))
  return textOf(Buffer.from(bytes), encoding).text.replace(/^\uFEFF/, '')
}
