import { describe, expect, expectTypeOf, test } from 'vitest'
import { cogroup, defineJob, kv, rows, type Stage, stage, type Value } from '../../src/job.ts'
import { runJob, type TestedJob, type TestInput } from '../../src/testing.ts'

type Pair = readonly [key: string, value: number]
const PAIRS: Pair[] = [
  ['b', 0.1],
  ['a', 3],
  ['b', 0.2],
  ['b', 0.3],
  ['a', -1],
]
const emits = (pair: Pair, { emit }: { emit(key: string, value: number): void }): void => emit(...pair)
const one = { input: 'd', map: emits }

async function recordsOf<A extends string>(job: TestedJob<A>, input: TestInput = PAIRS): Promise<unknown> {
  const { records } = await runJob(job, input)
  return records.map(({ key, value }) => [key, value])
}

const failure = (job: TestedJob, input: TestInput = PAIRS): Promise<unknown> =>
  runJob(job, input).catch((error: unknown) => error)

describe('a job with an aggregate', () => {
  test.each([
    ['sum', 2, 0.6000000000000001 - 2 ** -53],
    ['count', 2n, 3n],
    ['min', -1, 0.1],
    ['max', 3, 0.3],
    ['first', 3, 0.1],
    ['last', -1, 0.3],
    ['collect', [3, -1], [0.1, 0.2, 0.3]],
  ] as const)('%s: without reduce one record a key; with one, one value', async (aggregate, a, b) => {
    expect(await recordsOf(defineJob<Pair>({ ...one, aggregate }))).toEqual([
      ['a', a],
      ['b', b],
    ])
    const wrapping = defineJob<Pair>({ ...one, aggregate, reduce: (key, values, { emit }) => emit(key, [...values]) })
    expect(await recordsOf(wrapping)).toEqual([
      ['a', [a]],
      ['b', [b]],
    ])
  })

  test('top has as many values as it says, and asks by what they are worth', async () => {
    expect(await recordsOf(defineJob<Pair>({ ...one, aggregate: 'top', n: 2 }))).toEqual([
      ['a', [3, -1]],
      ['b', [0.3, 0.2]],
    ])
    const lowest = defineJob<Pair>({ ...one, aggregate: 'top', n: 1, by: (value: number) => -value })
    expect(await recordsOf(lowest)).toEqual([
      ['a', [-1]],
      ['b', [0.1]],
    ])
  })

  test('each input folds by itself, and has one value or none', async () => {
    const input = { x: 'd', y: 'd' }
    const map = { x: emits, y: emits }
    const both = { x: PAIRS, y: [['a', 7] as const] }
    const join = defineJob({
      input,
      map,
      aggregate: 'sum',
      reduce: (key, { x, y }, { emit }) => emit(key, [[...y], [...x]]),
    })
    expect(await recordsOf(join, both)).toEqual([
      ['a', [[7], [2]]],
      ['b', [[], [0.6]]],
    ])
    expect(await recordsOf(defineJob({ input, map, aggregate: 'sum' }), both)).toEqual([
      ['a', 2],
      ['a', 7],
      ['b', 0.6],
    ])
  })

  test('what a skipped record has emitted is not in it', async () => {
    const job = defineJob<Pair>({
      ...one,
      map([key, value], { emit, skip }) {
        emit(key, BigInt(Math.ceil(value)))
        if (value === 0.3) emit(key, value)
        if (value > 2 || value === 0.3) skip('not this one')
      },
      aggregate: 'sum',
    })
    expect(await recordsOf(job)).toEqual([
      ['a', -1n],
      ['b', 2n],
    ])
  })
})

describe('what does not fit', () => {
  const mixed = (extra: object): TestedJob =>
    defineJob<Pair>({
      ...one,
      map: ([key, value], { emit }) => emit(key, value === 0.2 ? 1n : value),
      aggregate: 'sum',
      ...extra,
    }) as TestedJob

  test('is named after its record and its key', async () => {
    expect(await failure(mixed({}))).toMatchObject({
      code: 'USER_VALUE',
      message: 'under the key "b", sum met a bigint and a number that is no safe integer',
      why: expect.stringContaining("test/records#3: [ 'b', 0.2 ]") as string,
      try: ['emit numbers alone: Number(…)', 'emit bigints alone, of a smaller unit: cents, not 0.01'],
    })
    const text = defineJob<Pair>({ ...one, map: ([key], { emit }) => emit(key, '1'), aggregate: 'sum' })
    expect(await failure(text)).toMatchObject({
      code: 'USER_VALUE',
      message: 'value is a string, and sum takes numbers and bigints',
      why: "test/records#1: [ 'b', 0.1 ]",
    })
  })

  test('what by throws is what the test gets; it cannot emit, and gives what can be compared', async () => {
    const error = new Error('mine')
    const top = (by: (value: unknown) => Value): TestedJob => defineJob<Pair>({ ...one, aggregate: 'top', n: 1, by })
    expect(
      await failure(
        top(() => {
          throw error
        }),
      ),
    ).toBe(error)
    expect(await failure(top(() => ({ x: () => 1 }) as never))).toMatchObject({
      code: 'USER_VALUE',
      message: 'result of by.x is a function',
    })
    let emit: ((key: Value, value: Value) => void) | undefined
    const emitting = defineJob<Pair>({
      ...one,
      map([key, value], ctx) {
        emit = ctx.emit
        emit(key, value)
      },
      aggregate: 'top',
      n: 1,
      by(value: number) {
        emit?.('other', 1)
        return value
      },
    })
    expect(String(await failure(emitting))).toMatch(/emit was called inside combine, by or sortValues/)
  })
})

describe('a stage with an aggregate', () => {
  const INPUT = { pairs: PAIRS }
  const pairs = stage('pairs', { input: rows<Pair>('d'), emits: kv<string, number>(), map: emits })
  const turned = stage('turned', {
    input: pairs,
    emits: kv<number, string>(),
    map: (key, value, { emit }) => emit(Math.sign(value), key),
    aggregate: 'collect',
  })

  test('folds what another one gave, dealt out again or where it lies', async () => {
    expect(await recordsOf(defineJob({ output: turned }), INPUT)).toEqual([
      [-1, ['a']],
      [1, ['a', 'b', 'b', 'b']],
    ])
    const byLength = stage('by-length', { input: pairs, aggregate: 'top', n: 2, by: (value) => -value })
    expect(await recordsOf(defineJob({ output: byLength }), INPUT)).toEqual([
      ['a', [-1, 3]],
      ['b', [0.1, 0.2]],
    ])
    const sums = stage('sums', {
      input: pairs,
      partitions: 3,
      aggregate: 'sum',
      reduce: (key, [sum = NaN], { emit }) => emit(key, sum),
    })
    const summed = (await recordsOf(defineJob({ output: sums }), INPUT)) as [string, number][]
    expect(new Map(summed)).toEqual(
      new Map([
        ['a', 2],
        ['b', 0.6],
      ]),
    )
  })

  test('fails by what another stage gave, whether or not its reduce looks', async () => {
    const joined = stage('joined', {
      input: stage('mixed', {
        input: rows<Pair>('d'),
        emits: kv<string, number | bigint>(),
        map: ([key, value], { emit }) => emit(key, value === 0.2 ? 1n : value),
      }),
      aggregate: 'sum',
      reduce: async (key, _, { emit }) => {
        await Promise.resolve()
        emit(key, 0)
      },
    })
    expect(await failure(defineJob({ output: joined }), { mixed: PAIRS })).toMatchObject({
      code: 'USER_VALUE',
      message: 'under the key "b", sum met a bigint and a number that is no safe integer',
    })
  })

  test('has the types of what it gives', () => {
    expectTypeOf(turned).toEqualTypeOf<Stage<number, readonly string[]>>()
    expectTypeOf(stage('n', { input: pairs, aggregate: 'count' })).toEqualTypeOf<Stage<string, bigint>>()
    expectTypeOf(stage('m', { input: pairs, aggregate: 'max' })).toEqualTypeOf<Stage<string, number>>()
    const both = cogroup('both', {
      input: { turned, pairs: stage('again', { input: turned, aggregate: 'first' }) },
      emits: kv<number, number>(),
      reduce(key, { turned: lists }, { emit }) {
        for (const list of lists) emit(key, list.length)
      },
    })
    expectTypeOf(both).toEqualTypeOf<Stage<number, number>>()
  })
})

describe('is refused', () => {
  test.each<[object, string]>([
    [{ aggregate: 'sum', combine: (a: number) => a }, "a job has combine or aggregate: 'sum', not both"],
    [{ aggregate: 'sum', n: 3 }, "n belongs to aggregate: 'top'"],
    [{ by: () => 1 }, "by belongs to aggregate: 'top'"],
    [{ aggregate: 'top' }, "aggregate: 'top' needs n, how many values to keep"],
    [{ aggregate: 'top', n: 0 }, 'n is a whole number from 1 to 10000, not 0'],
    [
      { aggregate: 'avg' },
      `aggregate is one of 'sum', 'count', 'min', 'max', 'first', 'last', 'collect', 'top', not "avg"`,
    ],
    [{ aggregate: 'top', n: 1, by: 1 }, 'by is a function, not 1'],
  ])('%o', async (settings, message) => {
    expect(await failure({ ...one, ...settings } as never)).toMatchObject({ code: 'JOB_BUILD', message })
  })

  test('in a cogroup, and in a stage by its name', async () => {
    const pairs = stage('pairs', { input: rows<Pair>('d'), map: emits })
    const join = cogroup('join', { input: { pairs }, reduce: () => undefined, aggregate: 'sum' } as never)
    expect(await failure(defineJob({ output: join }))).toMatchObject({
      code: 'JOB_BUILD',
      message: 'stage "join" joins several stages, and so has no aggregate',
    })
    const twice = stage('twice', { input: pairs, aggregate: 'top' } as never)
    expect(await failure(defineJob({ output: twice as Stage<string, number> }))).toMatchObject({
      code: 'JOB_BUILD',
      message: 'stage "twice": aggregate: \'top\' needs n, how many values to keep',
    })
  })
})
