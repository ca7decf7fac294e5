import { csvDoubt } from './csv-doubt.ts'
import { isUtf16 } from './encodings.ts'
import type { KindProblem } from './kinds.ts'
import type { ResolvedReadOptions } from './options.ts'
import type { Head } from './source.ts'
import { textOf } from './text-of.ts'

/** What the first rows of a table say against reading it by these options; null where nothing does. */
export function headDoubt({ bytes, whole }: Head, options: ResolvedReadOptions): KindProblem | null {
  const { format, encoding } = options
  if (format !== 'csv' && format !== 'tsv') return null
  const doubt = csvDoubt(textIn(bytes, encoding), whole, options)
  return doubt === null ? null : { looks: 'a table with other lines before its header', why: doubt.why, try: doubt.try }
}

/** As a reader would have it, for looking at; what is no text in this encoding is as it may be. */
function textIn(bytes: Uint8Array, encoding: string): string {
  if (isUtf16(encoding)) return new TextDecoder(encoding).decode(bytes.subarray(0, bytes.length & ~1))
  return textOf(Buffer.from(bytes), encoding).text.replace(/^\uFEFF/, '')
}
