import { closingQuote, isSpace, markLength, type Grammar } from './grammar.ts'

export interface CsvFields {
  readonly fields: readonly string[]
  /** Which of them are null; null where each stands in the file as it is here, and tells it itself. */
  readonly nulls: readonly number[] | null
  /** Why the record cannot be read; null if it can. */
  readonly problem: string | null
}

export const STRAY_CR =
  "a carriage return outside of quotes: are line ends mixed? lineEnd: 'any' reads CR, LF and CR LF alike"
const UNCLEAR =
  "an escape outside of quotes is ambiguous: escapeIn: 'quoted' takes it as data there (as Spark and DuckDB write), " +
  "escapeIn: 'all' as an escape (as MySQL and Python's csv write)"

/** The fields of records, without their line ends, by the grammar of `grammar.ts`. */
export class FieldParser {
  readonly #grammar: Grammar
  readonly #mayHoldCr: boolean
  /** Finds an escape with its mark, which is group 1, and two quotes. */
  readonly #inQuoted: RegExp
  /** The same in unquoted fields, where two quotes are two. */
  readonly #inUnquoted: RegExp

  /** `strayCr`: there may be a CR that no LF follows. */
  constructor(grammar: Grammar, strayCr: boolean) {
    this.#grammar = grammar
    this.#mayHoldCr = strayCr && !grammar.anyLineEnd
    const { quote, escape, delimiter, anyLineEnd } = grammar
    const marks = [quote, escape, delimiter].filter((mark) => mark !== '').map(literally)
    const escaped = `${literally(escape)}(${marks.join('|')}|\\r\\n|\\n${anyLineEnd ? '|\\r' : ''})`
    this.#inQuoted = new RegExp(`${escaped}|${literally(quote + quote)}`, 'g')
    this.#inUnquoted = new RegExp(escaped, 'g')
  }

  /** `ended`: a line end follows the record. */
  parse(record: string, ended: boolean): CsvFields {
    const grammar = this.#grammar
    const fields: string[] = []
    const nulls: number[] = []
    let problem: string | null = null
    for (let at = 0; ;) {
      const start = at
      let quoted: string | null = null
      const open = afterSpace(record, at, grammar)
      if (record.charCodeAt(open) === grammar.quoteCode) {
        const close = closingQuote(record, open, grammar)
        quoted = this.#unquote(record.slice(open + 1, close))
        if (close === record.length) problem ??= 'a quote is opened and never closed'
        at = close + 1
      }
      const end = this.#fieldEnd(record, at)
      const raw = record.slice(at, end < 0 ? record.length : end)
      if (raw !== '') problem ??= this.#problemIn(raw, record, at, ended)
      const text = this.#unescape(trimmed(raw, grammar))
      if (quoted !== null && text !== '') problem ??= 'text after a closing quote'
      if (this.#isNull(record, start, end < 0 ? record.length : end)) nulls.push(fields.length)
      fields.push(quoted === null ? text : quoted + text)
      if (end < 0) return { fields, nulls, problem }
      at = end + grammar.delimiter.length
    }
  }

  #isNull(record: string, start: number, end: number): boolean {
    const { nulls, trim } = this.#grammar
    if (nulls.isEmpty) return false
    return trim ? nulls.has(trimmed(record.slice(start, end), this.#grammar)) : nulls.hasPart(record, start, end)
  }

  /** The delimiter that ends the field whose unquoted text begins at `from`; -1 where the record's end does. */
  #fieldEnd(record: string, from: number): number {
    const { delimiter, escape, escapeIn } = this.#grammar
    let end = record.indexOf(delimiter, from)
    if (escapeIn !== 'all') return end
    for (let at = record.indexOf(escape, from); at >= 0 && end >= 0 && at < end; at = record.indexOf(escape, at)) {
      at += escape.length + markLength(record, at + escape.length, this.#grammar)
      if (end < at) end = record.indexOf(delimiter, at)
    }
    return end
  }

  /** `raw` is unquoted text, which begins at `at` of the record. */
  #problemIn(raw: string, record: string, at: number, ended: boolean): string | null {
    const { escape, escapeIn } = this.#grammar
    if (escapeIn === 'unclear') {
      for (let i = raw.indexOf(escape); i >= 0; i = raw.indexOf(escape, i + 1)) {
        const next = at + i + 1
        if ((next === record.length && ended) || markLength(record, next, this.#grammar) > 0) return UNCLEAR
      }
    }
    if (!this.#mayHoldCr || !raw.includes('\r')) return null
    const bare = escapeIn === 'all' ? raw.replace(this.#inUnquoted, '') : raw
    return bare.includes('\r') ? STRAY_CR : null
  }

  #unquote(text: string): string {
    const { quote, escape } = this.#grammar
    if (escape === '' || !text.includes(escape))
      return text.includes(quote) ? text.replaceAll(quote + quote, quote) : text
    return text.replace(this.#inQuoted, (_, mark: string | undefined) => mark ?? quote)
  }

  #unescape(text: string): string {
    const { escape, escapeIn } = this.#grammar
    return escapeIn === 'all' && text.includes(escape) ? text.replace(this.#inUnquoted, '$1') : text
  }
}

/** An unquoted field without the space around it. */
export function trimmed(field: string, grammar: Grammar): string {
  if (!grammar.trim) return field
  const start = afterSpace(field, 0, grammar)
  let end = field.length
  while (end > start && isSpace(grammar, field.charCodeAt(end - 1))) end--
  return field.slice(start, end)
}

function afterSpace(text: string, from: number, grammar: Grammar): number {
  if (!grammar.trim) return from
  let at = from
  while (isSpace(grammar, text.charCodeAt(at))) at++
  return at
}

/** A pattern for this text and no other, whatever its characters mean in patterns. */
function literally(text: string): string {
  return Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join(
    '',
  )
}
