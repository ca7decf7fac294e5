import { defineJob, type PairContext, type Stage, kv, rows, stage } from 'shoal/job'

/** Counts of words, passed on through as many stages as `links` says, each of which deals them out again by key. */
export default defineJob((params) => {
  let last: Stage<string, number> = stage('words', {
    input: rows<string>('words'),
    emits: kv<string, number>(),
    partitions: 5,
    map(line, { emit }) {
      for (const word of line.split(' ')) emit(word, 1)
    },
    reduce: (word, ones, { emit }) => emit(word, [...ones].length),
  })
  for (let i = 0; i < Number(params['links'] ?? 0); i++)
    last = stage(`link-${i}`, {
      input: last,
      map: (word, count, { emit }: PairContext<string, number>) => emit(`${word}'`, count),
      reduce: (word, counts, { emit }) => emit(word, [...counts][0] ?? 0),
    })
  return { output: last }
})
