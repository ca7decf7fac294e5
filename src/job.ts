/**
 * `shoal/job`: what a job module imports. It has no dependency beside what is in `job/`, and is bundled into the job.
 */
export { decimalComma, toCents, toFixedPoint } from './job/numbers.ts'
export { toDate, toISO, type TimeUnit } from './job/times.ts'

/**
 * A key or a value: plain data only. Objects are unordered; their fields are sorted in the canonical form.
 * Declare their shape with `type`, not `interface`: TypeScript takes only the former for plain data.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Date
  | readonly Value[]
  | { readonly [field: string]: Value }

export interface Counter {
  /** Adds `n` (default 1), a safe integer. Counters travel with task outputs, so they are exact under any retry. */
  add(n?: number): void
}

export interface ReduceContext {
  /** Emits one record. Only while the call it belongs to runs. */
  emit(key: Value, value: Value): void
  /** `--param K=V`, over the job's own `params`. */
  readonly params: Readonly<Record<string, string>>
  counter(name: string): Counter
  /** Uniform in [0, 1), seeded by what the call works on: the same in every execution. */
  random(): number
}

export interface MapContext extends ReduceContext {
  /** The file that the record comes from; `path` is relative to the offered directory. */
  readonly shard: { readonly dataset: string; readonly path: string }
  /** Counts the record as skipped, keeps it as a sample, ends the call and drops what the call has emitted. */
  skip(reason: string): never
}

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

/** A record as a map gets it: a line, a row object, or bytes. Declare its fields with a type argument of `defineJob`. */
// oxlint-disable-next-line typescript/no-explicit-any -- the record's type is the user's to declare
export type Row = any

export type MapFunction<R> = (record: R, ctx: MapContext) => void | Promise<void>

interface JobBase<V extends Value> {
  readonly name?: string
  readonly params?: Readonly<Record<string, string>>
  /** Folds two values of a key into one; associative and commutative. */
  readonly combine?: (a: V, b: V) => V
  /**
   * Instead of combine: folds the values of a key, exactly and in any tree; reduce's values are then one, the finished
   * one. `count` gives a bigint, `collect` and `top` arrays, `min` and `max` go by the order of keys.
   */
  readonly aggregate?: 'sum' | 'count' | 'min' | 'max' | 'first' | 'last' | 'collect' | 'top'
  /** With `top`, which gives the n greatest values, greatest first; at most 10,000. */
  readonly n?: number
  /** With `top`: what is compared, in the order of keys, if not the values themselves. A pure function. */
  readonly by?: (value: Row) => Value
  /** All parts together are in key order (else only each part is). */
  readonly sort?: boolean
  readonly partitions?: number
  readonly onBadRecord?: 'fail' | 'skip'
  readonly format?: 'ndjson' | 'csv' | 'parquet' | 'table' | 'json' | 'text'
}

/** A job over a single input. */
export interface SingleInputJob<R, K extends Value, V extends Value> extends JobBase<V> {
  readonly input: Input
  readonly map: MapFunction<R>
  /** Values come in order of (split, position), once each. */
  readonly reduce?: (key: K, values: Iterable<V>, ctx: ReduceContext) => void | Promise<void>
}

/** A job over several inputs by alias, co-grouped by key. */
export interface MultiInputJob<A extends string, R, K extends Value, V extends Value> extends JobBase<V> {
  readonly input: { readonly [alias in A]: Input }
  readonly map: { readonly [alias in A]: MapFunction<R> }
  readonly reduce?: (key: K, values: { readonly [alias in A]: Iterable<V> }, ctx: ReduceContext) => void | Promise<void>
}

export type Job = SingleInputJob<Row, never, never> | MultiInputJob<string, Row, never, never>

/** Declares a job. It returns its argument: what it adds is types. */
export function defineJob<R = Row, K extends Value = Row, V extends Value = Row>(
  job: SingleInputJob<R, K, V>,
): SingleInputJob<R, K, V>
/** Several inputs: say what each map's record is where the map takes it, `db: (row: Payment, ctx) => …`. */
export function defineJob<A extends string, K extends Value = Row, V extends Value = Row>(
  job: MultiInputJob<A, Row, K, V>,
): MultiInputJob<A, Row, K, V>
export function defineJob(job: unknown): unknown {
  return job
}
