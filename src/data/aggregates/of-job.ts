/** The aggregate that a job declares. */
import type { AggregateWork } from '../../core/plan/work.ts'
import type { Aggregate } from './aggregate.ts'
import { collect } from './collect.ts'
import { count } from './count.ts'
import { first, last } from './ends.ts'
import { max, min } from './extremes.ts'
import { sum } from './sum.ts'
import { top } from './top.ts'

const ALL = { sum, count, min, max, first, last, collect }

export function aggregateOf({ name, n }: AggregateWork): Aggregate {
  return name === 'top' ? top(n) : ALL[name]
}
