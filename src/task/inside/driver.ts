import type { JobFunctions } from './job-graph.ts'

/** What a call of user code meets outside its realm. No user code ever holds one of these functions. */
export interface Outside {
  /** False: refused, and `failure` says why. Never throws. */
  emit(key: unknown, value: unknown): boolean
  failure(): string
  /** Around each record of a job that may skip: its emits are tentative, then stand. Both may throw errors of the host. */
  mark(): void
  commit(): void
  /** 32 hex digits: what this call's random numbers start from; '' is refused. Never throws. */
  seed(): string
  /** Goes to the next group, if there is one. May throw an error of the host. */
  group(): boolean
  key(): unknown
  /** The next value of an alias, `marks.end`, or `marks.failed`. Never throws. */
  value(alias: number): unknown
  /** The number of a key's first record in a side's table, −1 where it has none, −2 where that is refused. Never throws. */
  find(side: number, key: unknown): number
  /** How many records the key has that was found last. */
  found(): number
  /** The key of a record of a table, `marks.end` behind the last, or `marks.failed`. Never throws. */
  sideKey(side: number, record: number): unknown
  /** The value of a record of a table, or `marks.failed`. Never throws. */
  sideValue(side: number, record: number): unknown
  /** Called when the budget of records and values is used up; gives the next budget (≥ 1). */
  tick(spent: number): number
  /** A call that went on asynchronously has come to an end. */
  settled(): void
}

export interface Marks {
  readonly bad: symbol
  readonly end: symbol
  readonly failed: symbol
}

export interface RecordBatch {
  readonly length: number
  record(i: number): unknown
}

/** Why `map` or `reduce` came back: all done, a bad record, a skip, a problem; or it goes on asynchronously. */
export type Pause = 'done' | 'bad' | 'skip' | 'problem' | 'pending'

/** A table that calls can look up in; `unique`: by key there is one value or none, else a list. */
export interface Side {
  readonly alias: string
  readonly unique: boolean
}

/** What is called from now on: map for records of a file or, where `shard` is null, of a stage; or reduce. */
export type Begun = { readonly sides: readonly Side[] } & (
  | { readonly call: 'map'; readonly shard: { readonly dataset: string; readonly path: string } | null }
  | { readonly call: 'reduce'; readonly aliases: readonly string[] }
)

export interface Driver {
  /**
   * Takes the functions of a stage ('' where the job has one), and of its maps that of `alias`, if not null; false if
   * the module has no such job. `params` is JSON: what stages there are may depend on it.
   */
  load(exported: unknown, stage: string, alias: string | null, params: string): boolean
  /** `begun` is the JSON of a Begun. `tentative`: the job may call skip, so that emits must be taken back. */
  begin(begun: string, tentative: boolean): void
  map(batch: RecordBatch, from: number): void
  reduce(): void
  readonly combine: (a: unknown, b: unknown) => unknown
  /** What the job compares values by, if it says so. */
  readonly by: () => ((value: unknown) => unknown) | null
  /** What the stage sorts values of a key by, if it says so. */
  readonly sortValues: () => ((value: unknown) => unknown) | null
  /** Whether the job has a function of that kind. */
  readonly has: (name: keyof JobFunctions) => boolean
  pause(): Pause
  /** The index of the record at which `map` paused. */
  at(): number
  /** The reason of a skip. */
  reason(): string
  /** Undoes what the record has counted. */
  undo(): void
  /** JSON of a Problem, or '' where all is well. */
  problem(): string
  /** What was thrown or refused first; it may be an error of the host (kind `outside`). */
  fault(): unknown
  describe(error: unknown): string
  /** JSON of the counters. */
  counters(): string
}

/** `threw`: by user code. `refused`: an emit or a read of values, see `Outside.failure`. `late`: after its call. */
export interface Problem {
  readonly kind: 'threw' | 'refused' | 'late' | 'outside'
  readonly name: string
  readonly message: string
  readonly stack: string
}
