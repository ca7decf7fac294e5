/**
 * Total revenue per user, over purchase logs that lie on five machines.
 *
 *   npm run -s shoal -- sim --nodes 5 --data purchases=examples/data/purchases run examples/revenue.ts
 *
 * Expected answer: expected/revenue.tsv, by awk on the raw text (expected/how/revenue.sh).
 */
import { defineJob } from 'shoal/job'

type Purchase = {
  readonly user_id: string
  readonly amount_cents: number
}

export default defineJob<Purchase, string, bigint>({
  input: 'purchases',
  map(purchase, { emit }) {
    emit(purchase.user_id, BigInt(purchase.amount_cents))
  },
  combine: (a, b) => a + b,
  reduce(user, amounts, { emit }) {
    let cents = 0n
    for (const amount of amounts) cents += amount
    emit(user, cents)
  },
})
