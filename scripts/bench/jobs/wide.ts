/** Nothing to combine: each key's values are only counted, after all of them went through sort, spill and merge. */
import { defineJob } from 'shoal/job'

export default defineJob<string, string, string>({
  input: 'wide',
  map(line, { emit }) {
    const tab = line.indexOf('\t')
    emit(line.slice(0, tab), line.slice(tab + 1))
  },
  reduce(key, values, { emit }) {
    let count = 0
    let bytes = 0
    for (const value of values) {
      count++
      bytes += value.length
    }
    emit(key, [count, bytes])
  },
})
