import { NullTexts, nullTextsAsBytes } from './null-texts.ts'
import { byteOf, isSingleByte } from '../text/encodings.ts'
import type { ResolvedReadOptions } from '../options.ts'

/**
 * The grammar of CSV and TSV. `ends.ts` obeys it in bytes, `bounds.ts` and `parse.ts` in characters.
 *
 *     file     = [byte order mark] skipLines × line, then *(comment | blank | record)
 *     line     = anything up to its line end
 *     comment  = the comment text, at the very start of a line, then anything up to the line end
 *     blank    = space, line end
 *     record   = field *(delimiter field) line end
 *     field    = quoted | unquoted
 *     quoted   = space, quote, *(two quotes | escape mark | anything else but a quote), quote, space
 *     unquoted = what does not begin as a quoted field: *(escape mark | anything else but delimiter and line end)
 *     mark     = quote | escape | delimiter | line end
 *     space    = nothing; with `trim` spaces and TABs that are not the delimiter, the quote or the escape
 *     line end = LF | CR LF; where `lineEnd` is 'any' CR | LF | CR LF, the longest of them
 *
 * The last line may lack its line end. Where LF ends lines, a CR that is the file's last byte is no part of it.
 * Two quotes within a quoted field stand for one; an escape and a mark for the mark, in quoted fields always, in
 * unquoted ones only where `escapeIn` is 'all'. Before anything else an escape is data, as is a quote in an unquoted
 * field. `space` around an unquoted field is no part of it. A field is null where what stands in the file between the
 * spaces around it, quotes and escapes included, is one of the texts for null.
 *
 * Some records have their bounds, and cannot be read: text other than space after a closing quote, a quote that is
 * never closed, a CR in an unquoted field where LF ends lines, and where `escapeIn` is 'unclear' an escape before a
 * mark in an unquoted field; the bounds are then as for 'quoted'.
 */
export interface Grammar {
  readonly delimiter: string
  /** '' for none. */
  readonly quote: string
  /** '' for none. */
  readonly escape: string
  readonly escapeIn: ResolvedReadOptions['escapeIn']
  /** '' for none. */
  readonly comment: string
  readonly trim: boolean
  readonly anyLineEnd: boolean
  /** Fields that stand so in the file are null. */
  readonly nulls: NullTexts
  /** The codes of these, NaN for none: equal to no character, nor to what `charCodeAt` gives beyond the end. */
  readonly quoteCode: number
  readonly escapeCode: number
  readonly spaceCode: number
  readonly tabCode: number
}

/** `asBytes`: for text in which each character stands for a byte of the file. */
export function grammarOf(options: ResolvedReadOptions, asBytes = false): Grammar {
  const { quote, escape, escapeIn, comment, trim } = options
  const delimiter = asBytes ? delimiterBytes(options).toString('latin1') : options.delimiter
  const trimmed = (space: string): number =>
    trim && space !== delimiter && space !== quote && space !== escape ? space.charCodeAt(0) : NaN
  return {
    ...{ delimiter, quote, escape, escapeIn, comment, trim },
    anyLineEnd: options.lineEnd === 'any',
    nulls: asBytes ? nullTextsAsBytes(options.nulls, options.encoding) : new NullTexts(options.nulls),
    quoteCode: quote.charCodeAt(0),
    escapeCode: escape.charCodeAt(0),
    spaceCode: trimmed(' '),
    tabCode: trimmed('\t'),
  }
}

/** The delimiter as the file has it. UTF-16 is read as UTF-8. */
export function delimiterBytes({ delimiter, encoding }: ResolvedReadOptions): Buffer {
  return isSingleByte(encoding) ? Buffer.of(byteOf(delimiter, encoding)!) : Buffer.from(delimiter, 'utf8')
}

export function isSpace(grammar: Grammar, code: number): boolean {
  return code === grammar.spaceCode || code === grammar.tabCode
}

const LF = 10
const CR = 13

/** The length of the mark at `at`, which an escape before it makes data; 0 where there is none. */
export function markLength(text: string, at: number, grammar: Grammar): number {
  const code = text.charCodeAt(at)
  if (code === grammar.quoteCode || code === grammar.escapeCode) return 1
  if (code === LF) return 1
  if (code === CR) return text.charCodeAt(at + 1) === LF ? 2 : grammar.anyLineEnd ? 1 : 0
  return text.startsWith(grammar.delimiter, at) ? grammar.delimiter.length : 0
}

/** The quote that closes the field opened by the one at `open`, or the text's end. */
export function closingQuote(text: string, open: number, { quoteCode, escapeCode }: Grammar): number {
  const { length } = text
  for (let at = open + 1; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code !== quoteCode && code !== escapeCode) continue
    const next = text.charCodeAt(at + 1)
    if (next === quoteCode) at++
    else if (code === quoteCode) return at
    // All marks but these two are data in here with and without an escape.
    else if (next === escapeCode) at++
  }
  return length
}
