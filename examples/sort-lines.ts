/**
 * A total sort: all lines of all books, by bytes, duplicates kept. With `sort: true` the parts, one after the other,
 * are in order; the output as text is the sorted file.
 *
 *   npm run -s shoal -- run examples/sort-lines.ts --local --data books=examples/data/books --partitions 4 -o sorted.txt
 *
 * Expected answer: expected/sort-lines.tsv, by sort and sha256sum (expected/how/sort-lines.sh).
 */
import { defineJob } from 'shoal/job'

export default defineJob<string, string, null>({
  input: 'books/*.txt',
  sort: true,
  map(line, { emit }) {
    emit(line, null)
  },
})
