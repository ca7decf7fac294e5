/** Sum of amount_cents per user_id over `purchases`. */
import { defineJob } from 'shoal/job'

export default defineJob<{ user_id: string; amount_cents: number }, string, number>({
  input: 'purchases',
  map(purchase, { emit }) {
    emit(purchase.user_id, purchase.amount_cents)
  },
  combine: (a, b) => a + b,
  reduce(user, amounts, { emit }) {
    let sum = 0
    for (const amount of amounts) sum += amount
    emit(user, sum)
  },
})
