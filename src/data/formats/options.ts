import { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Content, Look } from '../../core/look.ts'
import type { Field } from '../../core/spec/fields.ts'
import { READ_OPTIONS } from '../../core/spec/read-options.ts'
import type { Compression, Format, LineEnd, ReadOptions } from '../../core/types.ts'
import { byteOf, COMMON_ENCODINGS, encodingOf, isSingleByte, isUtf16 } from './text/encodings.ts'
import { nameParts } from './look/names.ts'

/** How one shard's bytes are read, with every question answered. */
export interface ResolvedReadOptions {
  readonly format: Format
  readonly compression: Compression
  /** CSV/TSV: the first record names the columns. */
  readonly header: boolean
  /** CSV/TSV without a header: names of the columns; Parquet: columns to read. null: not given. */
  readonly columns: readonly string[] | null
  /** CSV/TSV: one character. */
  readonly delimiter: string
  /** CSV/TSV: one ASCII character, or '' for none. */
  readonly quote: string
  /** CSV/TSV: one ASCII character, or '' for none. */
  readonly escape: string
  /** `unclear`: outside of quotes an escape before what it could stand for is a bad record. */
  readonly escapeIn: 'quoted' | 'all' | 'unclear'
  /** CSV/TSV: ASCII, or '' for none. */
  readonly comment: string
  readonly skipLines: number
  readonly trim: boolean
  readonly nulls: readonly string[]
  /** CSV/TSV: rows that lack fields get null for them. */
  readonly fill: boolean
  /** NDJSON, JSON: numbers with a fraction or an exponent are doubles, or the text that the file has. */
  readonly numbers: 'double' | 'exact'
  /** Parquet: by the unit that the schema says, or all as dates, or as text. */
  readonly timestamps: 'schema' | 'date' | 'text'
  /** Parquet: objects where the keys are text, or all as arrays of pairs. */
  readonly maps: 'schema' | 'pairs'
  /** Folders `name=value` give fields; only where records can be objects. */
  readonly hive: boolean
  readonly lineEnd: LineEnd
  /** The standard's name, see `encodingOf`. */
  readonly encoding: string
}

const FORMATS: readonly Format[] = READ_OPTIONS.format.words
const FIELDS = Object.entries<Field>(READ_OPTIONS) as [keyof ReadOptions, Field][]

/**
 * Decides how the shard at `path` is read. The format by the option, else by the name, else by what was found in it,
 * else text lines. Compression, UTF-16 and line ends of CR alone by what was found in it; where nothing was (no `look`), compression by the name.
 *
 * Throws USAGE where an option has no meaning for the format: a `delimiter` on a file that is read as text lines is a
 * forgotten `format: 'csv'`, not a wish to be ignored.
 */
export function resolveReadOptions(path: string, options: ReadOptions, look?: Look): ResolvedReadOptions {
  const format = options.format ?? formatOf(path, look)
  if (!FORMATS.includes(format)) refuse(path, `format '${format}' is not one of ${FORMATS.join(', ')}`)
  const tabular = format === 'csv' || format === 'tsv'
  refuseOptions(path, format, options)

  const encoding = encodingFor(path, format, options, look)
  const header = tabular && (options.header ?? true)
  if (typeof header !== 'boolean') refuse(path, 'header must be true or false')
  const delimiter = options.delimiter ?? (format === 'tsv' ? '\t' : ',')
  const quote = options.quote ?? (format === 'tsv' ? '' : '"')
  // Doubled quotes need no escape; some tools call that an escape by the quote itself.
  const escape = options.escape === quote ? '' : (options.escape ?? '')
  const comment = options.comment ?? ''
  if (tabular) checkPunctuation(path, { delimiter, quote, escape, comment }, encoding)
  if (options.escapeIn !== undefined && escape === '') refuse(path, 'escapeIn has no meaning without escape')
  return {
    format,
    compression: compressionOf(path, look),
    header,
    columns: checkColumns(path, format, header, options),
    delimiter,
    quote,
    escape,
    escapeIn: escape === '' ? 'quoted' : quote === '' ? 'all' : (options.escapeIn ?? 'unclear'),
    comment,
    skipLines: checkSkipLines(path, options.skipLines ?? 0),
    trim: options.trim ?? false,
    nulls: checkNulls(path, options.null ?? []),
    fill: options.ragged === 'fill',
    numbers: wordOf(path, 'numbers', options) ?? 'double',
    timestamps: wordOf(path, 'timestamps', options) ?? 'schema',
    maps: wordOf(path, 'maps', options) ?? 'schema',
    hive: checkHive(path, tabular, header, options),
    lineEnd: lineEndOf(path, format, options, look),
    encoding,
  }
}

/** A name that says gzip or zstd is believed where the content shows nothing else: damage is damage, and no text. */
function compressionOf(path: string, look: Look | undefined): Compression {
  const named = nameParts(path).compression
  if (look === undefined) return named
  if (look.compression !== 'none') return look.compression
  return TELLS_NOTHING.includes(look.content) ? named : 'none'
}

/** There was too little, or damage: what a name says of compression is believed, and the job that reads the file says the rest. */
export const TELLS_NOTHING: readonly Content[] = ['empty', 'unknown', 'binary', 'zeros']

function formatOf(path: string, look: Look | undefined): Format {
  const named = nameParts(path).format
  const content = look?.content
  switch (named) {
    case 'json-or-ndjson':
      return content === 'json' || content === 'json-line' || content === 'array-line' ? 'json' : 'ndjson'
    case 'ndjson':
      return content === 'json' ? 'json' : 'ndjson'
    case null:
      return content === 'parquet' ? 'parquet' : 'text'
    default:
      return named
  }
}

function lineEndOf(path: string, format: Format, { lineEnd, encoding }: ReadOptions, look: Look | undefined): LineEnd {
  if (lineEnd !== undefined && (format === 'parquet' || format === 'json'))
    refuse(path, `lineEnd is for files of lines, but this file is read as ${format}`)
  if (lineEnd === 'any' && encoding === 'bytes') refuse(path, "lineEnd 'any' has no meaning for encoding 'bytes'")
  return lineEnd ?? (encoding === 'bytes' ? 'lf' : (look?.lineEnd ?? 'lf'))
}

function refuseOptions(path: string, format: Format, options: ReadOptions): void {
  for (const [name, { formats }] of FIELDS) {
    if (formats === undefined || options[name] === undefined || formats.includes(format)) continue
    const named = formats.length === 1 ? formats[0] : `${formats.slice(0, -1).join(', ')} and ${formats.at(-1)}`
    refuse(path, `${name} is for ${named}, but this file is read as ${format}`, `format: '${formats[0]}'`)
  }
}

type Word = 'numbers' | 'timestamps' | 'maps'

function wordOf<Name extends Word>(path: string, name: Name, options: ReadOptions): ReadOptions[Name] {
  const word = options[name]
  const words: readonly string[] = READ_OPTIONS[name].words
  if (word === undefined || words.includes(word)) return word
  const named = words.map((one) => `'${one}'`).join(' or ')
  refuse(path, `${name} must be ${named}, not ${JSON.stringify(word)}`)
}

/** Rows without names are arrays, which have no fields. */
function checkHive(path: string, tabular: boolean, header: boolean, { hive = false, columns }: ReadOptions): boolean {
  if (typeof hive !== 'boolean') refuse(path, 'hive must be true or false')
  if (hive && tabular && !header && columns === undefined)
    refuse(path, 'hive adds fields to rows that have names, but these have none', "columns: ['…']")
  return hive
}

/** Parquet: 'utf-8' asks for text where the file does not say whether a binary column is text. */
function encodingFor(path: string, format: Format, options: ReadOptions, look: Look | undefined): string {
  const label = options.encoding
  if (label === undefined) return format === 'parquet' ? 'bytes' : (look?.encoding ?? 'utf-8')
  const encoding = encodingOf(label)
  if (encoding === null)
    refuse(
      path,
      `encoding ${JSON.stringify(label)} is none that is read here: ${COMMON_ENCODINGS.join(', ')}, and the Encoding Standard's other single-byte ones`,
      { try: `iconv -f ${/^[\w.:-]+$/.test(label) ? label : 'NAME'} -t UTF-8 FILE > NEW, and an input of that` },
    )
  if (encoding === 'bytes' && format !== 'text' && format !== 'parquet') {
    refuse(path, `encoding 'bytes' is for text lines, but this file is read as ${format}`, "format: 'text'")
  }
  if (format === 'parquet' && encoding !== 'bytes' && encoding !== 'utf-8')
    refuse(path, `encoding '${label}' has no meaning for Parquet`)
  if (format === 'json' && encoding !== 'utf-8' && !isUtf16(encoding))
    refuse(path, `encoding '${label}' has no meaning for JSON, which is UTF-8`)
  return encoding
}

interface Punctuation {
  readonly delimiter: string
  readonly quote: string
  readonly escape: string
  readonly comment: string
}

function checkPunctuation(path: string, marks: Punctuation, encoding: string): void {
  const { delimiter, quote, escape, comment } = marks
  if (!isOneCharacter(delimiter, encoding))
    refuse(path, `delimiter must be one character, not ${JSON.stringify(delimiter)}`)
  for (const [name, mark] of [
    ['quote', quote],
    ['escape', escape],
  ] as const) {
    if (mark !== '' && !(isOneCharacter(mark, encoding) && isAscii(mark)))
      refuse(path, `${name} must be one ASCII character, or '' for none, not ${JSON.stringify(mark)}`)
  }
  if (delimiter === quote) refuse(path, 'delimiter and quote must differ')
  if (escape !== '' && escape === delimiter) refuse(path, 'delimiter and escape must differ')
  if (comment !== '' && !(isAscii(comment) && comment.length <= LIMITS.commentMarkMax && !/[\r\n]/.test(comment)))
    refuse(path, `comment must be up to ${LIMITS.commentMarkMax} ASCII characters, not ${JSON.stringify(comment)}`)
  if (comment !== '' && (comment.startsWith(delimiter) || (quote !== '' && comment.startsWith(quote))))
    refuse(path, 'comment must not begin with the delimiter or the quote')
}

const isAscii = (text: unknown): boolean => typeof text === 'string' && /^[\u0001-\u007f]+$/.test(text)

function isOneCharacter(text: unknown, encoding: string): boolean {
  if (typeof text !== 'string' || text === '\n' || text === '\r' || text === '\uFEFF') return false
  const code = text.codePointAt(0)
  if (code === undefined || text.length !== String.fromCodePoint(code).length || !text.isWellFormed()) return false
  return !isSingleByte(encoding) || byteOf(text, encoding) !== null
}

function checkColumns(path: string, format: Format, header: boolean, options: ReadOptions): readonly string[] | null {
  const columns = options.columns
  if (columns === undefined) return null
  if (
    !Array.isArray(columns) ||
    columns.length === 0 ||
    columns.some((name) => typeof name !== 'string' || name === '')
  ) {
    refuse(path, 'columns must be a list of names')
  }
  if (new Set(columns).size < columns.length) refuse(path, 'columns names one column twice')
  if (format === 'text' || format === 'ndjson' || format === 'json')
    refuse(path, `columns has no meaning for ${format}`)
  if (header) refuse(path, 'columns names the fields of a file without a header', 'header: false')
  return columns
}

function checkSkipLines(path: string, lines: number): number {
  if (!Number.isSafeInteger(lines) || lines < 0 || lines > LIMITS.skipLinesMax)
    refuse(path, `skipLines must be a whole number from 0 to ${LIMITS.skipLinesMax}`)
  return lines
}

function checkNulls(path: string, nulls: readonly string[]): readonly string[] {
  const fits =
    Array.isArray(nulls) && nulls.length <= LIMITS.nullTextsMax && nulls.every((text) => typeof text === 'string')
  if (!fits) refuse(path, `null must be a list of up to ${LIMITS.nullTextsMax} texts`)
  return nulls
}

/** `remedy`: an option to add, or what else to do. */
function refuse(path: string, what: string, remedy?: string | { readonly try: string }): never {
  const tries = remedy === undefined ? [] : [typeof remedy === 'string' ? `add ${remedy} to the input` : remedy.try]
  throw new ShoalError('USAGE', `${path} cannot be read with these options: ${what}`, {
    try: tries,
  })
}
