import type { Row, Value } from './context.ts'

/** How the values of a key are folded into one. */
export type AggregateName = 'sum' | 'count' | 'min' | 'max' | 'first' | 'last' | 'collect' | 'top'

/** What the values of a key come to. */
export type Aggregated<A extends AggregateName, V extends Value> = A extends 'count'
  ? bigint
  : A extends 'collect' | 'top'
    ? readonly V[]
    : A extends 'sum'
      ? V extends bigint
        ? bigint
        : number
      : V

/** What is said of an aggregate. */
export interface Folds {
  /**
   * Instead of combine: folds the values of a key, wherever they meet, and gives reduce one value a key, or the result one
   * record a key. `sum` is exact; `count` gives a bigint, `collect` and `top` arrays; `min` and `max` go by the order of keys.
   */
  readonly aggregate?: AggregateName
  /** Of `top`: how many of the greatest values are kept, at most 10,000. */
  readonly n?: number
  /** Of `top`: what is compared, in the order of keys, if not the values themselves. A pure function. */
  readonly by?: (value: Row) => Value
}

export interface HasAggregate {
  readonly aggregate: AggregateName
  readonly combine?: undefined
}

export interface NoAggregate {
  readonly aggregate?: undefined
  readonly n?: undefined
  readonly by?: undefined
}
