/**
 * Lines that match a pattern, under the file they stand in, in its order. There is nothing to reduce.
 *
 *   npm run -s shoal -- run examples/grep.ts --local --data logs=examples/data/logs --param 'pattern=" (404|500) '
 *
 * Expected answer: expected/grep.tsv, by grep -E (expected/how/grep.sh).
 */
import { defineJob } from 'shoal/job'

let pattern: RegExp | undefined

export default defineJob<string, string, string>({
  input: 'logs',
  params: { pattern: '" (404|500) ' },
  map(line, { emit, params, shard, counter }) {
    pattern ??= new RegExp(params['pattern'] ?? '')
    if (!pattern.test(line)) return
    counter('lines matched').add()
    emit(shard.path, line)
  },
})
