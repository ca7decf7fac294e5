/**
 * For each word the books it occurs in.
 *
 *   npm run -s shoal -- run examples/inverted-index.ts --local --data books=examples/data/books
 *
 * Expected answer: expected/inverted-index.tsv, by tr, sort and awk (expected/how/inverted-index.sh).
 */
import { defineJob } from 'shoal/job'
import { sortedUnion } from './shared/sorted-union.ts'

export default defineJob<string, string, readonly string[]>({
  input: 'books/*.txt',
  map(line, { emit, shard }) {
    for (const word of line.match(/[A-Za-z]+/g) ?? []) emit(word, [shard.path])
  },
  combine: sortedUnion,
  reduce(word, lists, { emit }) {
    const books = new Set<string>()
    for (const list of lists) for (const book of list) books.add(book)
    emit(word, [...books].sort())
  },
})
