/** Stages of a job: what reads records, what it gives, and what reads that. */
import type { Aggregated, AggregateName } from './aggregate.ts'
import type { MapContext, PairContext, ReduceContext, Row, Side, UniqueSide, Value } from './context.ts'
import type { Input } from './input.ts'

declare const record: unique symbol
declare const gives: unique symbol

/** Records of an input, of type R. */
export interface Rows<R> {
  readonly shoal: 'rows'
  readonly [record]?: () => R
}

/** A stage of a job, by the type of its pairs of key and value. */
export interface Pairs<out P extends readonly [Value, Value]> {
  readonly shoal: 'stage'
  readonly name: string
  readonly [gives]?: () => P
}

/** A stage of a job, whose records have keys of type K and values of type V. */
export interface Stage<out K extends Value, out V extends Value> extends Pairs<readonly [K, V]> {}

/** Names a type of key and a type of value. */
export interface Kv<K extends Value, V extends Value> {
  readonly shoal: 'kv'
  readonly [gives]?: (pair: readonly [K, V]) => readonly [K, V]
}

/** What a stage's map emits: `emits: kv<string, number>()`. TypeScript does not see it in the calls of `emit`. */
export function kv<K extends Value, V extends Value>(): Kv<K, V> {
  return { shoal: 'kv' }
}

/** The records of a dataset, or dataset/glob, for a stage: `rows<Purchase>('purchases')`. */
export function rows<R = Row>(input: Input): Rows<R> {
  return { shoal: 'rows', ...(typeof input === 'string' ? { data: input } : input) } as Rows<R>
}

/** A stage as a side of another, of whose keys none has two records; it is an error where one has. */
export interface Unique<out K extends Value, out V extends Value> {
  readonly shoal: 'unique'
  readonly stage: Stage<K, V>
}

/** `side: { users: unique(users) }`: then `ctx.side.users.get(key)` gives the value, or undefined. */
export function unique<K extends Value, V extends Value>(stage: Stage<K, V>): Unique<K, V> {
  return { shoal: 'unique', stage }
}

/** By alias, the stages whose records a stage looks up by key. */
type SideStages = Readonly<Record<string, Stage<Value, Value> | Unique<Value, Value>>>
interface Looks<S extends SideStages> {
  /**
   * Stages whose records `ctx.side` finds by key: all of them are in each task's memory, and may take a quarter of it.
   * Larger ones are joined with `cogroup`.
   */
  readonly side?: S
}
interface SideContext<S extends SideStages> {
  readonly side: { readonly [Alias in keyof S]: TableOf<S[Alias]> }
}
type TableOf<T> =
  T extends Unique<infer K, infer V> ? UniqueSide<K, V> : T extends Stage<infer K, infer V> ? Side<K, V> : never

type Call = void | Promise<void>

/** What reduce gets, or is left of a key, of values of type V. */
type Folded<A extends Aggregating, V extends Value> = A extends AggregateName ? Aggregated<A, V> : V
type Aggregating = AggregateName | undefined

/** What is said of any stage but a cogroup. */
interface StageBase<V extends Value, A extends Aggregating> {
  /** Folds two values of a key into one; associative and commutative. Without a reduce, one record a key is left. */
  readonly combine?: (a: V, b: V) => V
  /** See `Folds`; in place of combine. */
  readonly aggregate?: A
  readonly n?: number
  readonly by?: (value: V) => Value
  /** Values of a key come in the order of what this gives for them, else in that of (producer, position). A pure function. */
  readonly sortValues?: (value: V) => Value
  /** All parts together are in key order (else only each part is). */
  readonly sort?: boolean
  /** Default: as many as what it reads has; of rows by their size. */
  readonly partitions?: number
}

/** A stage without a reduce: records are grouped by key, and stay as they are. */
interface NoReduce {
  readonly reduce?: undefined
  readonly keepsKey?: undefined
}

interface Reduce<K extends Value, V extends Value, Out extends Value, OutV extends Value, S extends SideStages> {
  /** Values come in order of (producer, position), once each; of an aggregate there is one. */
  readonly reduce: (key: K, values: Iterable<V>, ctx: ReduceContext<Out, OutV> & SideContext<S>) => Call
  /** It emits each record under the key that it was called with (checked): then a join may read its parts where they lie. */
  readonly keepsKey?: boolean
}

interface MapsRows<R, K extends Value, V extends Value, A extends Aggregating, S extends SideStages>
  extends StageBase<V, A>, Looks<S> {
  readonly input: Rows<R>
  readonly emits?: Kv<K, V>
  readonly map: (record: R, ctx: MapContext<K, V> & SideContext<S>) => Call
  readonly onBadRecord?: 'fail' | 'skip'
}

interface MapsPairs<
  InK extends Value,
  InV extends Value,
  K extends Value,
  V extends Value,
  A extends Aggregating,
  S extends SideStages,
>
  extends StageBase<V, A>, Looks<S> {
  readonly input: Stage<InK, InV>
  readonly emits?: Kv<K, V>
  readonly map: (key: InK, value: InV, ctx: PairContext<K, V> & SideContext<S>) => Call
}

interface PassesPairs<K extends Value, V extends Value, A extends Aggregating> extends StageBase<V, A> {
  readonly input: Stage<K, V>
  readonly map?: undefined
}

/** No sides. */
type None = Readonly<Record<never, never>>

/**
 * A stage: it maps the records of an input, or those that another stage gives, groups what map emits by key, and
 * reduces each group. Its name is unique in the job. Without `map` pairs pass unchanged, without `reduce` too.
 *
 * Types of key and value come from `emits`, or from the annotated type of `ctx`; they flow on to whatever reads the
 * stage. What reduce emits is typed by its own `ctx`, and else is what it gets: what map emits, or what the values of a
 * key come to by an aggregate.
 */
export function stage<
  R,
  K extends Value,
  V extends Value,
  A extends Aggregating = undefined,
  S extends SideStages = None,
>(name: string, stage: MapsRows<R, K, V, A, S> & NoReduce): Stage<K, Folded<A, V>>
export function stage<
  R,
  K extends Value,
  V extends Value,
  A extends Aggregating = undefined,
  Out extends Value = K,
  OutV extends Value = Folded<A, V>,
  S extends SideStages = None,
>(name: string, stage: MapsRows<R, K, V, A, S> & Reduce<K, Folded<A, V>, Out, OutV, S>): Stage<Out, OutV>
export function stage<
  InK extends Value,
  InV extends Value,
  K extends Value,
  V extends Value,
  A extends Aggregating = undefined,
  S extends SideStages = None,
>(name: string, stage: MapsPairs<InK, InV, K, V, A, S> & NoReduce): Stage<K, Folded<A, V>>
export function stage<
  InK extends Value,
  InV extends Value,
  K extends Value,
  V extends Value,
  A extends Aggregating = undefined,
  Out extends Value = K,
  OutV extends Value = Folded<A, V>,
  S extends SideStages = None,
>(name: string, stage: MapsPairs<InK, InV, K, V, A, S> & Reduce<K, Folded<A, V>, Out, OutV, S>): Stage<Out, OutV>
export function stage<K extends Value, V extends Value, A extends Aggregating = undefined>(
  name: string,
  stage: PassesPairs<K, V, A> & NoReduce,
): Stage<K, Folded<A, V>>
export function stage<
  K extends Value,
  V extends Value,
  A extends Aggregating = undefined,
  Out extends Value = K,
  OutV extends Value = Folded<A, V>,
  S extends SideStages = None,
>(name: string, stage: PassesPairs<K, V, A> & Looks<S> & Reduce<K, Folded<A, V>, Out, OutV, S>): Stage<Out, OutV>
export function stage(name: string, definition: object): unknown {
  return Object.freeze({ ...definition, shoal: 'stage', name })
}

/** Stages by the alias under which a cogroup reads them. */
type Inputs = Readonly<Record<string, Stage<Value, Value>>>
type KeyOf<S> = S extends Stage<infer K, Value> ? K : never
type ValueOf<S> = S extends Stage<Value, infer V> ? V : never
/** By alias, the values that a stage gave for the key: in order, once each. */
type Sides<I extends Inputs> = { readonly [Alias in keyof I]: Iterable<ValueOf<I[Alias]>> }
/** An alias whose stage's type of key holds the keys of all of them; keys of types that have nothing in common never meet. */
type Widest<I extends Inputs> = {
  [Alias in keyof I]: [KeyOf<I[keyof I]>] extends [KeyOf<I[Alias]>] ? Alias : never
}[keyof I]
type KeysMeet<I extends Inputs> = [Widest<I>] extends [never]
  ? 'the keys of these stages are of different types'
  : unknown

/**
 * Joins stages by key: `reduce` is called for each key that any of them gives, with the values of each by alias. What
 * it emits is typed by `emits`, or by the annotated type of its ctx.
 */
export function cogroup<I extends Inputs, Out extends Value, OutV extends Value, S extends SideStages = None>(
  name: string,
  definition: Looks<S> & {
    readonly input: I & KeysMeet<I>
    readonly emits?: Kv<Out, OutV>
    readonly reduce: (key: KeyOf<I[keyof I]>, values: Sides<I>, ctx: ReduceContext<Out, OutV> & SideContext<S>) => Call
    /** See `stage`. */
    readonly keepsKey?: boolean
    readonly sort?: boolean
    readonly partitions?: number
  },
): Stage<Out, OutV> {
  return Object.freeze({ ...definition, shoal: 'stage', name }) as Stage<Out, OutV>
}
