/** Counts the fields of all rows of `rows`: each value is made, and looked at. */
import { defineJob } from 'shoal/job'

export default defineJob<Record<string, unknown>, string, number>({
  input: 'rows',
  map(row, { emit }) {
    let there = 0
    for (const name in row) if (row[name] !== null) there++
    emit('fields', there)
  },
  combine: (a, b) => a + b,
  reduce(key, counts, { emit }) {
    let sum = 0
    for (const count of counts) sum += count
    emit(key, sum)
  },
})
