import type { MapContext, ReduceContext, Row, Value } from './context.ts'
import type { Folds, HasAggregate, NoAggregate } from './aggregate.ts'
import type { FolderName, InFolders, Partitioned } from './folder-name.ts'
import { withFolders } from './folders.ts'
import type { Input } from './input.ts'
import type { Kv, Pairs, Stage } from './stage.ts'

export type MapFunction<R, K extends Value = Row, V extends Value = Row> = (
  record: R,
  ctx: MapContext<K, V>,
) => void | Promise<void>

/** What is said of any job. */
interface JobBase {
  readonly name?: string
  readonly params?: Readonly<Record<string, string>>
  readonly format?: 'ndjson' | 'csv' | 'parquet' | 'table' | 'json' | 'text'
}

/** What is said of a job that is one stage. */
interface OneStage<V extends Value> extends JobBase, Folds {
  /** Of a single input: values of a key come in the order of what this gives for them. A pure function. */
  readonly sortValues?: (value: V) => Value
  /** Folds two values of a key into one; associative and commutative. */
  readonly combine?: (a: V, b: V) => V
  /** All parts together are in key order (else only each part is). */
  readonly sort?: boolean
  readonly partitions?: number
  readonly onBadRecord?: 'fail' | 'skip'
}

/** A job over a single input. With an aggregate reduce's one value is of type F. */
export interface SingleInputJob<R, K extends Value, V extends Value, F extends Value = V> extends OneStage<V> {
  readonly input: Input
  readonly map: MapFunction<R, K, V>
  /** Values come in order of (split, position), once each. */
  readonly reduce?: (key: K, values: Iterable<F>, ctx: ReduceContext) => void | Promise<void>
}

/** A job over several inputs by alias, co-grouped by key. */
export interface MultiInputJob<
  A extends string,
  R,
  K extends Value,
  V extends Value,
  F extends Value = V,
> extends OneStage<V> {
  readonly input: { readonly [alias in A]: Input }
  readonly map: { readonly [alias in A]: MapFunction<R, K, V> }
  readonly reduce?: (key: K, values: { readonly [alias in A]: Iterable<F> }, ctx: ReduceContext) => void | Promise<void>
}

/** A job of several stages: its result is what one of them gives, or what several give, by name. */
export type StagedJob = JobBase &
  (
    | { readonly output: Stage<Value, Value> | InFolders; readonly outputs?: undefined }
    | { readonly outputs: Readonly<Record<string, Stage<Value, Value> | InFolders>>; readonly output?: undefined }
  ) & { readonly partitionBy?: undefined }

/** A job whose one output goes to folders. */
interface FolderJob<K extends Value, V extends Value> extends JobBase {
  readonly output: Stage<K, V>
  readonly outputs?: undefined
  readonly partitionBy: (key: K, value: V) => FolderName
}
/** A job of several outputs, some of which go to folders; O is the type of their pairs by name. */
interface FolderJobs<O extends { readonly [name: string]: Pair }> extends JobBase {
  readonly outputs: { readonly [Name in keyof O]: Pairs<O[Name]> | Partitioned<O[Name]> }
  readonly output?: undefined
  readonly partitionBy?: undefined
}
type Pair = readonly [Value, Value]

/** Its stages may depend on parameters: what a parameter is where none is given is said where it is read. */
type StagedJobOf = (params: Readonly<Record<string, string>>) => Omit<StagedJob, 'params'>

export type Job = SingleInputJob<Row, never, never> | MultiInputJob<string, Row, never, never> | StagedJob | StagedJobOf

/** An output in folders: `partitionBy` says in which one each record is. */
export function defineJob<K extends Value, V extends Value>(job: FolderJob<K, V>): StagedJob
export function defineJob<K extends Value, V extends Value>(
  job: (params: Readonly<Record<string, string>>) => Omit<FolderJob<K, V>, 'params'>,
): StagedJobOf
/** Several stages: those that `output` or `outputs` name, and all that these read. */
export function defineJob<J extends StagedJob>(job: J): J
/** The same, with stages that depend on `--param`. */
export function defineJob<J extends Omit<StagedJob, 'params'>>(
  job: (params: Readonly<Record<string, string>>) => J,
): (params: Readonly<Record<string, string>>) => J
/** The same of some of several outputs. */
export function defineJob<O extends { readonly [name: string]: Pair }>(job: FolderJobs<O>): StagedJob
export function defineJob<O extends { readonly [name: string]: Pair }>(
  job: (params: Readonly<Record<string, string>>) => Omit<FolderJobs<O>, 'params'>,
): StagedJobOf
/** Declares a job. It returns its argument, if no output goes to folders: what it adds is types. */
export function defineJob<R = Row, K extends Value = Row, V extends Value = Row>(
  job: SingleInputJob<R, K, V> & { readonly emits?: Kv<K, V> } & NoAggregate,
): SingleInputJob<R, K, V>
/** With an aggregate, which gives reduce one value a key, of type F. */
export function defineJob<R = Row, K extends Value = Row, V extends Value = Row, F extends Value = Row>(
  job: SingleInputJob<R, K, V, F> & { readonly emits?: Kv<K, V> } & HasAggregate,
): SingleInputJob<R, K, V, F>
/** Several inputs: say what each map's record is where the map takes it, `db: (row: Payment, ctx) => …`. */
export function defineJob<A extends string, K extends Value = Row, V extends Value = Row>(
  job: MultiInputJob<A, Row, K, V> & NoAggregate,
): MultiInputJob<A, Row, K, V>
export function defineJob<A extends string, K extends Value = Row, V extends Value = Row, F extends Value = Row>(
  job: MultiInputJob<A, Row, K, V, F> & HasAggregate,
): MultiInputJob<A, Row, K, V, F>
export function defineJob(job: unknown): unknown {
  if (typeof job !== 'function') return withFolders(job)
  const here = new Error('partitionBy')
  return (params: unknown) => withFolders(job(params), here)
}
