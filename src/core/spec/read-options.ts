import type { Values } from './fields.ts'

/**
 * How a shard's bytes are read as records; what is absent is decided by the shard's name, by what it holds, and by the
 * defaults of `data/formats/options.ts`.
 */
export const READ_OPTIONS = {
  format: { is: 'word', words: ['text', 'ndjson', 'json', 'csv', 'tsv', 'parquet'] },
  /** The first record names the columns (default true). */
  header: { is: 'flag', formats: ['csv', 'tsv'] },
  /** CSV/TSV without a header: the names of the columns. Parquet: the columns to read. */
  columns: {
    is: 'list',
    of: { is: 'text', most: 1000 },
    most: 10_000,
    file: { least: 1 },
    said: 'a list of names',
  },
  /** Default `,` (csv) or TAB (tsv). */
  delimiter: { is: 'character', formats: ['csv', 'tsv'] },
  /** Default `"` (csv) or none (tsv). */
  quote: { is: 'character', orNone: true, formats: ['csv', 'tsv'] },
  /** Before a quote, delimiter, line end or itself it makes that data. */
  escape: { is: 'character', formats: ['csv', 'tsv'] },
  /** Where `escape` counts: within quoted fields only, or in all. Without a quote: in all. */
  escapeIn: { is: 'word', words: ['quoted', 'all'], formats: ['csv', 'tsv'] },
  /** Lines that begin so are passed over. */
  comment: {
    is: 'text',
    most: 'commentMarkMax',
    file: { least: 1, most: 'commentMarkMax' },
    said: 'a short text',
    formats: ['csv', 'tsv'],
  },
  /** So many lines at the beginning of each file are passed over, whatever they hold. */
  skipLines: { is: 'whole', least: 0, most: 'skipLinesMax', formats: ['csv', 'tsv'] },
  /** Spaces and tabs around fields, outside of quotes, are no data. */
  trim: { is: 'flag', formats: ['csv', 'tsv'] },
  /** Fields that stand so in the file are null. */
  null: {
    is: 'list',
    of: { is: 'text', most: 'nullTextMax', file: { most: 'nullTextMax' } },
    orOne: true,
    most: 'nullTextsMax',
    file: { least: 1, most: 'nullTextsMax' },
    said: 'a text, or a list of texts',
    formats: ['csv', 'tsv'],
  },
  /** Rows with fewer fields than columns are bad records, or their last fields are null. */
  ragged: { is: 'word', words: ['fail', 'fill'], formats: ['csv', 'tsv'] },
  /** Numbers with a fraction or an exponent as doubles (default), or as the text that the file has. */
  numbers: { is: 'word', words: ['double', 'exact'], formats: ['ndjson', 'json'] },
  /** All timestamps as dates or as ISO 8601 text; else by their unit. */
  timestamps: { is: 'word', words: ['date', 'text'], formats: ['parquet'] },
  /** All maps as arrays of [key, value]; else those with keys of text as objects. */
  maps: { is: 'word', words: ['pairs'], formats: ['parquet'] },
  /** Where records are objects: folders `name=value` in the shard's path are fields. */
  hive: { is: 'flag', formats: ['ndjson', 'json', 'csv', 'tsv', 'parquet'] },
  /** Text, NDJSON, CSV, TSV. */
  lineEnd: { is: 'word', words: ['lf', 'any'] },
  /** Also any label of one of the Encoding Standard's single-byte encodings. */
  encoding: { is: 'text', most: 'encodingLabelMax' },
} as const

export type ReadOptions = Values<typeof READ_OPTIONS>
export type Format = (typeof READ_OPTIONS)['format']['words'][number]
