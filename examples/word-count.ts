/**
 * How often each word occurs: words are runs of A-Z and a-z, case kept.
 *
 *   npm run -s shoal -- run examples/word-count.ts --local --data books=examples/data/books
 *
 * Expected answer: expected/word-count.tsv, by tr, sort and uniq (expected/how/word-count.sh).
 */
import { defineJob } from 'shoal/job'

export default defineJob<string, string, number>({
  input: 'books/*.txt',
  map(line, { emit }) {
    for (const word of line.match(/[A-Za-z]+/g) ?? []) emit(word, 1)
  },
  combine: (a, b) => a + b,
  reduce(word, counts, { emit }) {
    let sum = 0
    for (const count of counts) sum += count
    emit(word, sum)
  },
})
