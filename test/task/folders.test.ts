/** Outputs in folders: what `partitionBy` may give, what it comes to, and what a test of such a job sees. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { prepareJob } from '../../src/adapters/esbuild/prepare.ts'
import { cogroup, defineJob, kv, rows, stage } from '../../src/job.ts'
import { folderOf } from '../../src/job/folders.ts'
import { mayShare } from '../../src/task/may-share.ts'
import { runJob, type TestRecord } from '../../src/testing.ts'

describe('the folder of a record', () => {
  test.each<[unknown, string]>([
    ['day=2026-11-01', 'day=2026-11-01'],
    ['country=DE/day=2026-11-01', 'country=DE/day=2026-11-01'],
    ['größe=über 1 m', 'größe=über 1 m'],
    ['_a.b-c=..', '_a.b-c=..'],
    ['city=A%2FB', 'city=A%2FB'],
    [{ country: 'DE', day: '2026-11-01' }, 'country=DE/day=2026-11-01'],
    [{ day: '2026-11-01', country: 'DE' }, 'day=2026-11-01/country=DE'],
    [{ n: 7, half: 0.5 }, 'n=7/half=0.5'],
    [{ none: null, empty: '' }, 'none=__HIVE_DEFAULT_PARTITION__/empty=__HIVE_DEFAULT_PARTITION__'],
    [{ at: '10:30/a b' }, 'at=10%3A30%2Fa b'],
    [{ all: `"#%'*/:=?\\{[]^\u007f` }, 'all=%22%23%25%27%2A%2F%3A%3D%3F%5C%7B%5B%5D%5E%7F'],
    [{ control: '\u0000\n\u001f' }, 'control=%00%0A%1F'],
    [{ kept: '}~!$&()+,;<>@|`ß😀' }, 'kept=}~!$&()+,;<>@|`ß😀'],
    [{ long: 'x'.repeat(250) }, `long=${'x'.repeat(250)}`],
    ['a=1/b=2/c=3/d=4/e=5/f=6/g=7/h=8', 'a=1/b=2/c=3/d=4/e=5/f=6/g=7/h=8'],
  ])('%j is %j', (given, folder) => {
    expect(folderOf(given, new Error())).toBe(folder)
  })

  test('a bigint has all of its digits', () => {
    expect(folderOf({ n: 10n ** 20n }, new Error())).toBe('n=100000000000000000000')
  })

  const text = "give a text 'day=2026-11-01', or an object { day: '2026-11-01' }"
  const named = 'letters, digits, _ . and -, a letter, digit or _ first'
  test.each<[unknown, string]>([
    [undefined, `undefined: ${text}`],
    [null, `null: ${text}`],
    [7, `a value of type number: ${text}`],
    [['a=1'], `an array: ${text}`],
    [{}, `an object without fields: ${text}`],
    [Promise.resolve('a=1'), `an object without fields: ${text}`],
    ['', `"" is not NAME=VALUE: ${text}`],
    ['2026-11-01', `"2026-11-01" is not NAME=VALUE: ${text}`],
    ['a=1/', `"a=1/" is not NAME=VALUE: ${text}`],
    ['/a=1', `"/a=1" is not NAME=VALUE: ${text}`],
    ['../a=1', `"../a=1" is not NAME=VALUE: ${text}`],
    ['=1', `a folder cannot be called "": ${named}`],
    ['..=1', `a folder cannot be called "..": ${named}`],
    [{ 'a/b': 1 }, `a folder cannot be called "a/b": ${named}`],
    ['a=', `"a=" has a name without a value: give an object, or __HIVE_DEFAULT_PARTITION__`],
    ['at=10:30', `"at=10:30" has ":" in a value: give an object, whose values are encoded`],
    ['a=b=c', `"a=b=c" has "=" in a value: give an object, whose values are encoded`],
    ['a=5%', `"a=5%" has "%" in a value: give an object, whose values are encoded`],
    ['a=\u0000', `"a=\\u0000" has "\\u0000" in a value: give an object, whose values are encoded`],
    [
      { day: new Date(0) },
      'a value of type object as "day": give a text, a number, a bigint or null; of a Date its text',
    ],
    [{ day: undefined }, 'undefined as "day": give a text, a number, a bigint or null; of a Date its text'],
    ['a=1/b=2/A=3', '"A" is there twice: give each name once; case makes no difference'],
    ['a=1/b=2/c=3/d=4/e=5/f=6/g=7/h=8/i=9', '9 folders in one another: give 8 at most'],
    [
      { a: 'ß'.repeat(127) },
      `"a=${'ß'.repeat(98)}…" is too long for the name of a folder: give one of at most 255 bytes`,
    ],
    [
      { a: 'x'.repeat(250), b: 'x'.repeat(250), c: 'x'.repeat(250), d: 'x'.repeat(250) },
      `"a=${'x'.repeat(98)}…" has 1011 characters: give 1000 at most`,
    ],
  ])('%j is refused', (given, message) => {
    const here = new Error('here')
    expect(() => folderOf(given, here)).toThrow(here)
    expect(here.message).toBe(`partitionBy gave ${message}`)
  })
})

type Purchase = { user: string; cents: number; day: string }

const days = stage('days', {
  input: rows<Purchase>('purchases'),
  emits: kv<string, Purchase>(),
  map: (purchase, { emit }) => emit(purchase.user, purchase),
  partitions: 3,
})
const PURCHASES: readonly Purchase[] = Array.from({ length: 60 }, (_, i) => ({
  user: `u${(i * 7) % 13}`,
  cents: (i * 31) % 50,
  day: `2026-11-0${1 + ((i * 5) % 4)}`,
}))

describe('a job with an output in folders, in a test', () => {
  /** The same in a loop: by user, as `days` has them, in each partition; then folder by folder. */
  const inOrder = async (partitions: number): Promise<TestRecord[]> => {
    const plain = stage('plain', { input: days, partitions })
    return [...(await runJob(defineJob({ output: plain }), PURCHASES)).records]
  }
  const byDay = (records: readonly TestRecord[]): Record<string, TestRecord[]> =>
    Object.groupBy(records, ({ value }) => (value as Purchase).day) as Record<string, TestRecord[]>

  test('gives the records as they are: those of a folder side by side, in the order of the stage', async () => {
    const job = defineJob({ output: days, partitionBy: (_user, { day }) => ({ day }) })
    const { records } = await runJob(job, PURCHASES)
    const expected = byDay(await inOrder(3))
    expect(byDay(records)).toEqual(expected)
    const runs = records.map(({ value }) => (value as Purchase).day).filter((day, i, all) => day !== all[i - 1])
    expect(runs.toSorted()).toEqual(Object.keys(expected).toSorted())
  })

  test('beside others, of one stage twice, and with parameters', async () => {
    const job = defineJob((params) => ({
      outputs: {
        plain: days,
        days: { stage: days, partitionBy: (_user: string, { day }: Purchase) => `day=${day}` },
        users: { stage: days, partitionBy: (user: string) => `${params['by'] ?? 'user'}=${user}` },
      },
    }))
    const { outputs } = await runJob(job, PURCHASES)
    const plain = await inOrder(3)
    expect(Object.keys(outputs!)).toEqual(['days', 'plain', 'users'])
    expect(outputs!['plain']).toEqual(plain)
    expect(byDay(outputs!['days']!)).toEqual(byDay(plain))
    const byUser = (records: readonly TestRecord[]): object => Object.groupBy(records, ({ key }) => key as string)
    expect(byUser(outputs!['users']!)).toEqual(byUser(plain))
    await expect(runJob(job, PURCHASES, { params: { by: 'a/b' } })).rejects.toThrow(
      /^partitionBy gave "a\/b=u\d+" is not NAME=VALUE: /,
    )
  })

  test('fails with what partitionBy throws, or what is wrong with what it gives', async () => {
    const wrong = defineJob({ output: days, partitionBy: (user) => user })
    await expect(runJob(wrong, PURCHASES)).rejects.toThrow(/^partitionBy gave "u\d+" is not NAME=VALUE: give a text /)
    const thrown = new TypeError('no')
    const throws = defineJob({
      output: days,
      partitionBy: () => {
        throw thrown
      },
    })
    await expect(runJob(throws, PURCHASES)).rejects.toBe(thrown)
  })

  test('a job without is what it was', () => {
    const job = { outputs: { days, again: cogroup('again', { input: { days }, reduce: () => undefined }) } }
    expect(defineJob(job)).toBe(job)
  })
})

test('a job with folders may share its realm among splits, as one without', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-folders-'))
  try {
    const file = join(folder, 'job.ts')
    writeFileSync(
      file,
      `import { defineJob, rows, stage } from 'shoal/job'
      const all = stage('all', { input: rows('d'), map: (row, { emit }) => emit(row.a, row) })
      export default defineJob({ output: all, partitionBy: (key) => ({ key: String(key) }) })`,
    )
    const { bundle, stages, outputs } = await prepareJob(file)
    expect(mayShare(bundle)).toBe(true)
    expect(stages!.map(({ name, map, reduce, reads }) => ({ name, map, reduce, reads }))).toEqual([
      { name: 'all', map: true, reduce: false, reads: [{ alias: '', input: 0 }] },
      { name: 'all.folders', map: true, reduce: false, reads: [{ alias: '', stage: 0 }] },
    ])
    expect(outputs).toEqual([{ name: '', stage: 1, folders: true }])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

describe('what a job says of folders', () => {
  const refused = async (job: object): Promise<unknown> =>
    await runJob(defineJob(job as never), []).catch((error: Error) => error.message)
  const ends = stage('ends.folders', { input: days })
  const by = (): string => 'a=1'
  test.each<[string, object, string]>([
    ['no function', { output: days, partitionBy: 'day' }, 'partitionBy of output is a function, not "day"'],
    [
      'no function of one of several',
      { outputs: { a: { stage: days, partitionBy: 'day' } } },
      'partitionBy of outputs.a is a function, not "day"',
    ],
    ['no stage', { output: rows('d'), partitionBy: by }, 'partitionBy of output is said to defineJob, and of a stage'],
    [
      'beside several',
      { outputs: { days }, partitionBy: by },
      'partitionBy stands beside one output; of several each has its own',
    ],
    ['a stage alone', { outputs: { a: { stage: days } } }, 'outputs.a is a stage, or { stage, partitionBy }'],
    [
      'another field',
      { outputs: { a: { stage: days, folder: true, folders: true } } },
      'outputs.a has no field "folder"',
    ],
    [
      'the name of a stage that partitionBy makes',
      { output: ends },
      'a stage cannot be called "ends.folders": so ends the name of one that partitionBy makes',
    ],
    ['one stage as two outputs', { outputs: { a: days, b: days } }, 'outputs.b is a stage that another output is, too'],
  ])('%s', async (_, job, message) => {
    expect(await refused(job)).toBe(message)
  })
})
