/** What job code gets and gives: values, and what its functions are called with. */

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

export interface ReduceContext<K extends Value = Row, V extends Value = Row> {
  /** Emits one record. Only while the call it belongs to runs. */
  emit(key: K, value: V): void
  /** `--param K=V`, over the job's own `params`. */
  readonly params: Readonly<Record<string, string>>
  counter(name: string): Counter
  /** Uniform in [0, 1), seeded by what the call works on: the same in every execution. */
  random(): number
}

/** What a map of records of another stage is given. */
export interface PairContext<K extends Value = Row, V extends Value = Row> extends ReduceContext<K, V> {
  /** Counts the record as skipped, keeps it as a sample, ends the call and drops what the call has emitted. */
  skip(reason: string): never
}

/** What a map of an input's records is given. */
export interface MapContext<K extends Value = Row, V extends Value = Row> extends PairContext<K, V> {
  /** The file that the record comes from; `path` is relative to the offered directory. */
  readonly shard: { readonly dataset: string; readonly path: string }
}

/** A stage that another looks up in. Keys are equal as they are for a reduce: 1 and 1n are one. */
interface SideTable<K extends Value, V extends Value> {
  has(key: K): boolean
  /** All records, in the order of keys, of one key in theirs. */
  [Symbol.iterator](): IterableIterator<readonly [K, V]>
}

export interface Side<K extends Value, V extends Value> extends SideTable<K, V> {
  /** The key's values in their order; none: an empty list. */
  get(key: K): readonly V[]
}

/** The same, where no key has two. */
export interface UniqueSide<K extends Value, V extends Value> extends SideTable<K, V> {
  get(key: K): V | undefined
}

/** A record as a map gets it: a line, a row object, or bytes. Declare its fields with a type argument. */
// oxlint-disable-next-line typescript/no-explicit-any -- the record's type is the user's to declare
export type Row = any
