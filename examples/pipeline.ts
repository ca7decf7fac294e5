/**
 * Sales and cancellations by country and month: `reconcile` and `rollup` as stages of one job. Cancellations are matched
 * with sales, rolled up, and joined with the sales, rolled up as well. The job has two outputs, so it is written to a
 * folder, in which each has one of its own.
 *
 *   npm run -s shoal -- run examples/pipeline.ts --local --data retail=examples/data/retail -o out/
 *
 * Expected answer: expected/pipeline.tsv, by Python's csv (expected/how/pipeline.py).
 */
import { cogroup, defineJob, kv, type ReduceContext, rows, stage } from 'shoal/job'
import { type Cancellation, cancellationsOf, type Key, type Side, sideOf } from './shared/cancellations.ts'
import { type InvoiceLine, millsOf, monthOf } from './shared/retail-line.ts'

type Place = readonly [country: string, month: string]
type Sum = { readonly lines: number; readonly mills: bigint; readonly unmatched: number }
type Balance = { readonly sold: Sum; readonly cancelled: Sum }

const NOTHING: Sum = { lines: 0, mills: 0n, unmatched: 0 }
const add = (a: Sum, b: Sum): Sum => ({
  lines: a.lines + b.lines,
  mills: a.mills + b.mills,
  unmatched: a.unmatched + b.unmatched,
})
/** What a line counts under: its country and month, its country, and all. */
const places = ([country, month]: Place): Place[] => [
  [country, month],
  [country, 'ALL'],
  ['ALL', 'ALL'],
]

const cancellations = stage('cancellations', {
  input: rows<InvoiceLine>('retail'),
  emits: kv<Key, Side>(),
  map(line, { emit }) {
    const side = sideOf(line)
    if (side !== undefined) emit(...side)
  },
  reduce(key, sides, { emit }: ReduceContext<Place, Cancellation>) {
    for (const { country, month, cancellation } of cancellationsOf(key, sides)) emit([country, month], cancellation)
  },
})

// These two have one key and as many partitions, and neither has a reduce: their partners lie in parts of one number,
// and are joined where they lie.
const cancelled = stage('cancelled', {
  input: cancellations,
  emits: kv<Place, Sum>(),
  map(place, { verdict, mills }, { emit }) {
    const one = { lines: 1, mills, unmatched: verdict === 'matched' ? 0 : 1 }
    for (const each of places(place)) emit(each, one)
  },
  combine: add,
  partitions: 2,
})
const sold = stage('sold', {
  input: rows<InvoiceLine>('retail'),
  emits: kv<Place, Sum>(),
  map(line, { emit }) {
    if (sideOf(line)?.[1].sale !== true) return
    const one = { lines: 1, mills: millsOf(line), unmatched: 0 }
    for (const each of places([line.Country, monthOf(line)])) emit(each, one)
  },
  combine: add,
  partitions: 2,
})

const balance = cogroup('balance', {
  input: { sold, cancelled },
  emits: kv<Place, Balance>(),
  reduce(place, sums, { emit }) {
    const [all = NOTHING] = sums.sold
    const [back = NOTHING] = sums.cancelled
    emit(place, { sold: all, cancelled: back })
  },
})

export default defineJob({ outputs: { cancellations, balance } })
