import { expect, test } from 'vitest'
import { defineJob } from '../../src/job.ts'
import { TaskFailure } from '../../src/task/failure.ts'
import type { RecordList } from '../../src/testing/list-records.ts'
import type { StageResult } from '../../src/testing/result.ts'
import { runStage, type Stage } from '../../src/testing/stage.ts'

type Pair = readonly [string, number]
const SHAPE = { partitions: null, combine: false, reduce: true, sort: false, onBadRecord: 'fail' } as const

const count = defineJob<string>({
  input: 'd',
  partitions: 3,
  map: (word, { emit }) => emit(word, 1),
  reduce: (word, ones, { emit, counter }) => {
    counter('words').add()
    emit(word, [...ones].length)
  },
})
const join = defineJob({
  input: { a: 'd', b: 'd' },
  map: {
    a: ([word, n]: Pair, { emit }) => emit(word, n),
    b: ([word, n]: Pair, { emit, skip, shard }) => (n > 1 ? emit(word, n) : skip(`once in ${shard.path}`)),
  },
  reduce: (word, { a, b }, { emit }) => emit(word, [[...a], [...b]]),
})

/** What a stage gave, as an input of the next. */
const fed = (alias: string, { parts }: StageResult): RecordList => ({
  alias,
  dataset: 'stage',
  path: alias,
  records: parts.flat().map(({ key, value }) => [key, value]),
})
const counting: Stage = { exported: { default: count }, shape: { ...SHAPE, partitions: 3 }, params: {} }
const joining: Stage = { exported: { default: join }, shape: SHAPE, params: {} }
const list = (words: string): RecordList => ({ alias: '', dataset: 'd', path: 'p', records: words.split(' ') })

test('what stages give is what another one reads, by alias', async () => {
  const a = await runStage(counting, [list('x y x z')])
  const b = await runStage(counting, [list('z z q x x')])
  expect([a.counters, b.counters, a.parts.length]).toEqual([{ words: 3 }, { words: 3 }, 3])
  expect(await runStage(joining, [fed('a', a), fed('b', b)])).toEqual({
    parts: [
      [
        { key: 'x', value: [[2], [2]] },
        { key: 'y', value: [[1], []] },
        { key: 'z', value: [[1], [2]] },
      ],
    ],
    counters: {},
    skipped: [{ reason: 'once in b', record: ['q', 1] }],
  })
})

test('a stage fails as a task does, with the place of the record in what it was fed', async () => {
  const wrong = { alias: 'b', dataset: 'stage', path: 'b', records: [['x', 2], null] }
  const error: unknown = await runStage(joining, [{ ...wrong, alias: 'a', records: [] }, wrong]).catch(
    (e: unknown) => e,
  )
  expect(error instanceof TaskFailure ? error.failure : error).toMatchObject({
    blame: 'user',
    error: { code: 'JOB_THREW', why: 'stage/b#2: null' },
    place: 'stage/b#2',
  })
})
