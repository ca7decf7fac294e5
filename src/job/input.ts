/** What a job reads. */

type Format = 'text' | 'ndjson' | 'json' | 'csv' | 'tsv' | 'parquet'
/** Also any label of one of the Encoding Standard's single-byte encodings. */
type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'bytes' | 'latin1' | 'windows-1252' | (string & {})

/**
 * How an input's files are read, where their names and first bytes do not say it. Compression (gzip, zstd), UTF-16 and
 * line ends of CR alone are seen in the files themselves.
 */
export interface InputOptions {
  /** By name: `.ndjson .jsonl .csv .tsv .parquet .parq .pq`; `.json` by what it holds; else lines of text. */
  readonly format?: Format
  /** CSV, TSV: the first record names the columns; default true. False, without `columns`: rows are arrays. */
  readonly header?: boolean
  /** CSV, TSV without a header: the columns' names. Parquet: the columns to read. */
  readonly columns?: readonly string[]
  /** CSV, TSV: one character; default `,` and TAB. */
  readonly delimiter?: string
  /** CSV, TSV: one ASCII character, or '' for none; default `"` for CSV, none for TSV. */
  readonly quote?: string
  /** CSV, TSV: one ASCII character that makes a quote, delimiter, line end or itself data: a backslash, as a rule. */
  readonly escape?: string
  /** Where `escape` counts: within quotes alone (Spark, DuckDB) or in all fields (MySQL, Python). */
  readonly escapeIn?: 'quoted' | 'all'
  /** CSV, TSV: lines that begin with this are passed over. */
  readonly comment?: string
  /** CSV, TSV: so many lines at the beginning of each file are passed over. */
  readonly skipLines?: number
  /** CSV, TSV: spaces and tabs around fields are dropped; those within quotes stay. */
  readonly trim?: boolean
  /** CSV, TSV: fields that stand so in the file, quotes and escapes included, are null; one text, or several. */
  readonly null?: string | readonly string[]
  /** CSV, TSV: a row with too few fields is a bad record, or filled up with null; default 'fail'. */
  readonly ragged?: 'fail' | 'fill'
  /**
   * NDJSON, JSON: numbers with a fraction or an exponent are doubles ('double', the default; one that overflows is a bad
   * record), or the text of digits that the file has ('exact'): `"0.10"`, `"1e400"`.
   */
  readonly numbers?: 'double' | 'exact'
  /**
   * Parquet: all timestamps as Date, where one that a Date would cut is a bad record, or as ISO 8601 text with all their
   * digits. Else those in milliseconds are Date, those in finer units bigint.
   */
  readonly timestamps?: 'date' | 'text'
  /** Parquet: maps as arrays of [key, value]. Else those whose keys are text are objects. */
  readonly maps?: 'pairs'
  /** Records that are objects get a field, a string or null, for each folder `name=value` that their file lies in. */
  readonly hive?: boolean
  /** Text, NDJSON, CSV, TSV: 'lf', or 'any' of CR, LF and CR LF (then a file is one split). */
  readonly lineEnd?: 'lf' | 'any'
  /** `utf-8` (default), `utf-16le`, `utf-16be`, a single-byte encoding of the Encoding Standard, or `bytes` for text. */
  readonly encoding?: Encoding
}

/** One input: a dataset name, or dataset/glob; or an object that also says how to read it. */
export type Input = string | ({ readonly data: string } & InputOptions)
