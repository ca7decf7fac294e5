import { closingQuote } from './csv-bounds.ts'

export interface CsvFields {
  readonly fields: readonly string[]
  /** Why the record cannot be read; null if it can. */
  readonly problem: string | null
}

/**
 * The fields of one record, without its line end, after RFC 4180: a field that begins with the quote runs to the next
 * single quote, two quotes stand for one. A quote inside an unquoted field is data.
 */
export function csvFields(record: string, delimiter: string, quote: string): CsvFields {
  const quoteCode = quote.charCodeAt(0)
  const fields: string[] = []
  let problem: string | null = null
  for (let at = 0; ;) {
    let quoted: string | null = null
    if (record.charCodeAt(at) === quoteCode) {
      const close = closingQuote(record, at, quoteCode)
      quoted = record.slice(at + 1, close)
      if (quoted.includes(quote)) quoted = quoted.replaceAll(quote + quote, quote)
      if (close === record.length) problem ??= 'a quote is opened and never closed'
      at = close + 1
    }
    const end = record.indexOf(delimiter, at)
    const rest = record.slice(at, end < 0 ? record.length : end)
    if (quoted !== null && rest !== '') problem ??= 'text after a closing quote'
    fields.push(quoted === null ? rest : quoted + rest)
    if (end < 0) return { fields, problem }
    at = end + delimiter.length
  }
}
