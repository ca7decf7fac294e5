/** What each aggregate gives, as a loop over all values that knows nothing of bytes. */
import type { Aggregate, By } from '../../../src/data/aggregates/aggregate.ts'
import { aggregateOf } from '../../../src/data/aggregates/of-job.ts'
import { compareKeys } from '../arbitrary.ts'
import { hexOfValue } from './trees.ts'

export interface Oracle {
  readonly name: string
  readonly aggregate: Aggregate
  readonly by: By | null
  readonly oracle: (all: readonly unknown[]) => unknown
}

const length: By = (value) => hexOfValue(value).length
const best = (all: readonly unknown[], better: (difference: number) => boolean): unknown =>
  all.reduce((kept, value) => (better(compareKeys(value, kept)) ? value : kept))
const greatest = (all: readonly unknown[], n: number, by: By): unknown[] =>
  all
    .map((value, at) => ({ value, at, by: by(value) }))
    .toSorted((a, b) => compareKeys(b.by, a.by) || a.at - b.at)
    .slice(0, n)
    .map(({ value }) => value)

const simple = (name: 'count' | 'min' | 'max' | 'first' | 'last' | 'collect', oracle: Oracle['oracle']): Oracle => ({
  name,
  aggregate: aggregateOf({ name, n: 1 }),
  by: null,
  oracle,
})
const top = (name: string, n: number, by: By | null): Oracle => ({
  name,
  aggregate: aggregateOf({ name: 'top', n }),
  by,
  oracle: (all) => greatest(all, n, by ?? ((value) => value)),
})

/** All but `sum`. */
export const ORACLES: readonly Oracle[] = [
  simple('count', (all) => BigInt(all.length)),
  simple('min', (all) => best(all, (difference) => difference < 0)),
  simple('max', (all) => best(all, (difference) => difference > 0)),
  simple('first', (all) => all[0]),
  simple('last', (all) => all.at(-1)),
  simple('collect', (all) => all),
  top('top 1', 1, null),
  top('top 4', 4, null),
  top('top 3 by length', 3, length),
]
