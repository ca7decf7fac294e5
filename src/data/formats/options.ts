import { ShoalError } from '../../core/errors.ts'
import type { Compression, Encoding, Format, ReadOptions } from '../../core/types.ts'

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
  /** CSV/TSV: one character, or '' for none. */
  readonly quote: string
  readonly encoding: Encoding
}

const FORMATS: readonly Format[] = ['text', 'ndjson', 'csv', 'tsv', 'parquet']
const ENCODINGS: readonly Encoding[] = ['utf-8', 'latin1', 'bytes']
const BY_SUFFIX: readonly (readonly [suffix: string, format: Format])[] = [
  ['.ndjson', 'ndjson'],
  ['.jsonl', 'ndjson'],
  ['.csv', 'csv'],
  ['.tsv', 'tsv'],
  ['.parquet', 'parquet'],
]

/**
 * Decides how the shard at `path` is read. Compression goes by the name alone (.gz, .zst); the format by the option,
 * else by the name without that suffix, else text lines. Suffixes match in either case.
 *
 * Throws USAGE where an option has no meaning for the format: a `delimiter` on a file that is read as text lines is a
 * forgotten `format: 'csv'`, not a wish to be ignored.
 */
export function resolveReadOptions(path: string, options: ReadOptions): ResolvedReadOptions {
  const compression = compressionOf(path)
  const format = options.format ?? formatOf(path)
  if (!FORMATS.includes(format)) refuse(path, `format '${format}' is not one of ${FORMATS.join(', ')}`)
  const tabular = format === 'csv' || format === 'tsv'
  if (!tabular) refuseCsvOptions(path, format, options)

  // Parquet: 'utf-8' asks for text where the file does not say whether a binary column is text.
  const encoding = options.encoding ?? (format === 'parquet' ? 'bytes' : 'utf-8')
  checkEncoding(path, format, encoding)
  const header = tabular && (options.header ?? true)
  if (typeof header !== 'boolean') refuse(path, 'header must be true or false')
  const delimiter = options.delimiter ?? (format === 'tsv' ? '\t' : ',')
  const quote = options.quote ?? '"'
  if (tabular) checkPunctuation(path, delimiter, quote, encoding)
  return {
    format,
    compression,
    header,
    columns: checkColumns(path, format, header, options),
    delimiter,
    quote,
    encoding,
  }
}

function compressionOf(path: string): Compression {
  const name = path.toLowerCase()
  if (name.endsWith('.gz')) return 'gzip'
  return name.endsWith('.zst') ? 'zstd' : 'none'
}

function formatOf(path: string): Format {
  const name = path.toLowerCase().replace(/\.(gz|zst)$/, '')
  return BY_SUFFIX.find(([suffix]) => name.endsWith(suffix))?.[1] ?? 'text'
}

function refuseCsvOptions(path: string, format: Format, options: ReadOptions): void {
  for (const name of ['header', 'delimiter', 'quote'] as const) {
    if (options[name] === undefined) continue
    refuse(path, `${name} is for csv and tsv, but this file is read as ${format}`, "format: 'csv'")
  }
}

function checkEncoding(path: string, format: Format, encoding: Encoding): void {
  if (!ENCODINGS.includes(encoding)) refuse(path, `encoding '${encoding}' is not one of ${ENCODINGS.join(', ')}`)
  if (encoding === 'bytes' && format !== 'text' && format !== 'parquet') {
    refuse(path, `encoding 'bytes' is for text lines, but this file is read as ${format}`, "format: 'text'")
  }
  if (encoding === 'latin1' && format === 'parquet') refuse(path, `encoding '${encoding}' has no meaning for Parquet`)
}

function checkPunctuation(path: string, delimiter: string, quote: string, encoding: Encoding): void {
  if (!isOneCharacter(delimiter, encoding))
    refuse(path, `delimiter must be one character, not ${JSON.stringify(delimiter)}`)
  if (quote !== '' && !(isOneCharacter(quote, encoding) && quote.charCodeAt(0) < 0x80)) {
    refuse(path, `quote must be one ASCII character, or '' for none, not ${JSON.stringify(quote)}`)
  }
  if (delimiter === quote) refuse(path, 'delimiter and quote must differ')
}

function isOneCharacter(text: unknown, encoding: Encoding): boolean {
  if (typeof text !== 'string' || text === '\n' || text === '\r' || text === '\uFEFF') return false
  const code = text.codePointAt(0)
  if (code === undefined || text.length !== String.fromCodePoint(code).length || !text.isWellFormed()) return false
  return encoding === 'utf-8' || code <= 0xff
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
  if (format === 'text' || format === 'ndjson') refuse(path, `columns has no meaning for ${format}`)
  if (header) refuse(path, 'columns names the fields of a file without a header', 'header: false')
  return columns
}

function refuse(path: string, what: string, remedy?: string): never {
  throw new ShoalError('USAGE', `${path} cannot be read with these options: ${what}`, {
    try: remedy === undefined ? [] : [`add ${remedy} to the input`],
  })
}
