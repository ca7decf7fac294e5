/**
 * `shoal/job`: what a job module imports. It has no dependency, so that it can be bundled into the job itself.
 */
import type { Encoding, Format } from './core/types.ts'

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

/** One input: a dataset name, or dataset/glob; or an object that also says how to read it. */
export type Input =
  | string
  | {
      readonly data: string
      readonly format?: Format
      readonly header?: boolean
      readonly columns?: readonly string[]
      readonly delimiter?: string
      readonly quote?: string
      readonly encoding?: Encoding
    }

/** A record as a map gets it: a line, a row object, or bytes. Declare its fields with a type argument of `defineJob`. */
// oxlint-disable-next-line typescript/no-explicit-any -- the record's type is the user's to declare
export type Row = any

export type MapFunction<R> = (record: R, ctx: MapContext) => void | Promise<void>

interface JobBase<V extends Value> {
  readonly name?: string
  readonly params?: Readonly<Record<string, string>>
  /** Folds two values of a key into one; associative and commutative. */
  readonly combine?: (a: V, b: V) => V
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
