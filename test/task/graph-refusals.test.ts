/** What is wrong with a job of several stages is told by its name, with what to write instead, before anything runs. */
import { describe, expect, test } from 'vitest'
import { cogroup, defineJob, kv, rows, stage } from '../../src/job.ts'
import { runJob } from '../../src/testing.ts'

/** What TypeScript would refuse, too. */
type Wrong = never
const wrong = (job: unknown): Wrong => job as Wrong

const spend = stage('spend', {
  input: rows<{ user: string; cents: number }>('purchases'),
  emits: kv<string, number>(),
  map: ({ user, cents }, { emit }) => emit(user, cents),
})
const again = stage('again', { input: spend })
const one = (fields: object): Wrong => wrong({ output: stage('one', wrong({ input: spend, ...fields })) })
const joined = (fields: object): Wrong =>
  wrong({ output: cogroup('joined', wrong({ input: { spend, again }, reduce: () => undefined, ...fields })) })
/** Two stages that read each other can only be made by hand. */
const ring = (): unknown => {
  const first: Record<string, unknown> = { shoal: 'stage', name: 'first' }
  const second = { shoal: 'stage', name: 'second', input: first }
  first['input'] = second
  return { output: first }
}

const CASES: readonly [what: string, job: unknown, message: string, remedy: readonly string[]][] = [
  ['a typo in a field', one({ reducer: () => undefined }), 'stage "one" has no field "reducer"', ['reduce']],
  [
    'rows without a map',
    one({ input: rows('purchases') }),
    'stage "one" reads rows, and has no map',
    ['map(record, { emit }) { emit(key, value) }'],
  ],
  [
    'a dataset as it is',
    one({ input: 'purchases', map: () => undefined }),
    'stage "one": input is rows or another stage, not "purchases"',
    ["input: rows('purchases')", 'input: anotherStage'],
  ],
  [
    'two stages of one name',
    { output: stage('spend', { input: spend }) },
    'two stages are called "spend"',
    ['each stage of a job has a name of its own'],
  ],
  [
    'a name with a space',
    { output: stage('by country', { input: spend }) },
    'a stage cannot be called "by country"',
    ['letters, digits, _ . and -, at most 64, a letter or digit first'],
  ],
  [
    'no name',
    { output: stage(wrong({ input: spend }), wrong(undefined)) },
    'the name of a stage is a text, not an object',
    ["stage('totals', { … })"],
  ],
  [
    'a stage in place of a job',
    spend,
    'the file exports stage "spend", which is no job',
    ['export default defineJob({ output: theStage })'],
  ],
  [
    'rows as an output',
    { output: rows('purchases') },
    "output is a stage, not rows('purchases')",
    ["a stage that reads them: stage('users', { input: rows('users'), map(user, { emit }) { … } })"],
  ],
  [
    'rows as a side',
    one({ side: { users: rows('users') }, map: () => undefined }),
    'stage "one": side.users is a stage, not rows(\'users\')',
    ["a stage that reads them: stage('users', { input: rows('users'), map(user, { emit }) { … } })"],
  ],
  [
    'an output and a map',
    { output: spend, map: () => undefined },
    'a job of several stages has no field "map"',
    ['fields: name, params, format, output, outputs'],
  ],
  [
    'an output and outputs',
    { output: spend, outputs: { again } },
    'a job has an output, or outputs by name, not both',
    [],
  ],
  ['no outputs', { outputs: {} }, 'outputs is an object of stages by name, not {}', ['outputs: { daily, monthly }']],
  [
    'one stage as two outputs',
    { outputs: { a: spend, b: spend } },
    'outputs.b is a stage that another output is, too',
    [],
  ],
  [
    'a stage that is read twice by a join',
    joined({ input: { spend, other: spend } }),
    'stage "joined" reads one stage twice, once as spend',
    ["a stage between, under a name of its own: stage('again', { input: theStage })"],
  ],
  [
    'a join with a map',
    joined({ map: () => undefined }),
    'stage "joined" joins several stages, and so has no map',
    ['a stage of its own with map, which this one reads'],
  ],
  [
    'a join without a reduce',
    joined({ reduce: undefined }),
    'stage "joined" joins several stages, and so has a reduce',
    ['reduce(key, { a, b }, { emit }) { … }'],
  ],
  [
    'a side that nobody can look up in',
    one({ side: { again } }),
    'stage "one" has a side, and neither map nor reduce to look up in it',
    ['leave side out'],
  ],
  [
    'keepsKey without a reduce',
    one({ keepsKey: true }),
    'stage "one": keepsKey says something of reduce, and there is none',
    ['leave keepsKey out'],
  ],
  [
    'bad records of a stage',
    one({ onBadRecord: 'skip' }),
    'stage "one": onBadRecord is for a stage that reads rows: what a stage gives can be read',
    [],
  ],
  [
    'a circle',
    ring(),
    'stages read each other in a circle: first reads second reads first',
    ['a stage reads only what is made before it'],
  ],
]

describe('a job of several stages is refused for', () => {
  test.each(CASES)('%s', async (_, job, message, remedy) => {
    await expect(runJob(wrong(job), [])).rejects.toMatchObject({ code: 'JOB_BUILD', message, try: remedy })
  })

  test('partitions that cannot be', async () => {
    await expect(runJob(defineJob(one({ partitions: 0 })), [])).rejects.toMatchObject({
      code: 'PARTITIONS',
      message: 'stage "one": partitions is a whole number from 1 to 4096, not 0',
    })
  })
})
