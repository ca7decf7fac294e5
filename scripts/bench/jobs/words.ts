/** Word count over `words`; the same expression as in the plain loop. */
import { defineJob } from 'shoal/job'

export default defineJob<string, string, number>({
  input: 'words',
  map(line, { emit }) {
    for (const word of line.split(' ')) emit(word, 1)
  },
  combine: (a, b) => a + b,
  reduce(word, counts, { emit }) {
    let sum = 0
    for (const count of counts) sum += count
    emit(word, sum)
  },
})
