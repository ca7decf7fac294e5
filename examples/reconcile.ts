/**
 * Which cancellations can be matched with a sale: one earlier, of the same customer, product and price, and with the
 * opposite quantity. Each cancellation line gives a record under its month; the totals by month are counters, which are
 * exact under any retry, and stand in the receipt.
 *
 *   npm run -s shoal -- run examples/reconcile.ts --local --data retail=examples/data/retail -o cancellations.csv
 *
 * Expected answer: expected/reconcile.tsv, by Python's csv (expected/how/reconcile.py).
 */
import { defineJob } from 'shoal/job'
import { cancellationsOf, type Key, type Side, sideOf } from './shared/cancellations.ts'
import type { InvoiceLine } from './shared/retail-line.ts'

export default defineJob<InvoiceLine, Key, Side>({
  input: 'retail',
  map(line, { emit }) {
    const side = sideOf(line)
    if (side !== undefined) emit(...side)
  },
  reduce(key, sides, { emit, counter }) {
    for (const { month, cancellation } of cancellationsOf(key, sides)) {
      const { verdict, mills } = cancellation
      counter(`${month} ${verdict} lines`).add(1)
      counter(`${month} ${verdict} mills`).add(Number(mills))
      emit(month, cancellation)
    }
  },
})
