/** Bytes by user over the tiny gzip files. */
import { defineJob } from 'shoal/job'

export default defineJob<string, string, bigint>({
  input: 'traffic',
  map(line, { emit }) {
    if (line.startsWith('#')) return
    const [user = '', bytes = '0'] = line.split('\t')
    emit(user, BigInt(bytes))
  },
  combine: (a, b) => a + b,
  reduce(user, all, { emit }) {
    let sum = 0n
    for (const bytes of all) sum += bytes
    emit(user, sum)
  },
})
