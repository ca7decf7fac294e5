import { assert, asyncProperty, array, constantFrom, integer, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import { defineJob, type MapContext } from '../../src/job.ts'
import { runJob } from '../../src/testing.ts'

const sum = defineJob<readonly [string, number], string, number>({
  input: 'd',
  map: ([key, n], { emit }) => emit(key, n),
  combine: (a, b) => a + b,
  reduce: (key, values, { emit }) =>
    emit(
      key,
      [...values].reduce((a, b) => a + b, 0),
    ),
})

describe('shoal/testing', () => {
  test('sums by key as a plain loop does, in key order', async () => {
    const records = array(tuple(constantFrom('a', 'b', 'é', '\u{1F600}', '\uFFFF'), integer({ min: -1000, max: 1000 })))
    await assert(
      asyncProperty(records, async (input) => {
        const totals = new Map<string, number>()
        for (const [key, n] of input) totals.set(key, (totals.get(key) ?? 0) + n)
        const expected = [...totals]
          .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
          .map(([key, value]) => ({ key, value }))
        expect((await runJob(sum, input)).records).toEqual(expected)
      }),
      { numRuns: 50 },
    )
  })

  test('skip ends the call, and drops its emits and counters', async () => {
    const job = defineJob<number>({
      input: 'd',
      map(n, { emit, counter, skip }) {
        counter('seen').add()
        emit(n % 2, n)
        try {
          if (n > 2) skip(`too large: ${n}`)
        } catch {
          emit('kept?', n)
        }
      },
    })
    const { records, counters, skipped } = await runJob(job, [1, 2, 3, 4])
    expect(records).toEqual([
      { key: 0, value: 2 },
      { key: 1, value: 1 },
    ])
    expect(counters).toEqual({ seen: 2 })
    expect(skipped).toEqual([
      { reason: 'too large: 3', record: 3 },
      { reason: 'too large: 4', record: 4 },
    ])
  })

  test('several inputs are co-grouped; a key that an input lacks has no values there', async () => {
    const job = defineJob({
      input: { db: 'payments', bank: { data: 'bank' } },
      map: {
        db: (row: { id: number }, { emit }) => emit(row.id, 'db'),
        bank: (row: { id: number }, { emit }) => emit(row.id, 'bank'),
      },
      reduce: (id, { db, bank }, { emit }) => emit(id, [[...bank], [...db]]),
    })
    const { records } = await runJob(job, { db: [{ id: 1 }, { id: 2 }], bank: [{ id: 2 }, { id: 2 }, { id: 3 }] })
    expect(records).toEqual([
      { key: 1, value: [[], ['db']] },
      { key: 2, value: [['bank', 'bank'], ['db']] },
      { key: 3, value: [['bank'], []] },
    ])
  })

  test('random numbers are the same in every run, and differ between keys', async () => {
    const job = defineJob<number>({
      input: 'd',
      map: (n, { emit, random }) => emit(n, random()),
      reduce: (key, values, { emit, random }) => emit(key, [...values, random(), random()]),
    })
    const [first, second] = [await runJob(job, [1, 2, 3]), await runJob(job, [1, 2, 3])]
    expect(first).toEqual(second)
    const all = first.records.flatMap(({ value }) => value as number[])
    expect(new Set(all).size).toBe(9)
    expect(all.every((x) => x >= 0 && x < 1)).toBe(true)
  })

  test('asynchronous calls run one after the other; a late emit fails the job', async () => {
    const order: string[] = []
    const job = defineJob<number>({
      input: 'd',
      async map(n, { emit }) {
        order.push(`in ${n}`)
        await Promise.resolve()
        order.push(`out ${n}`)
        emit(n, n)
      },
    })
    await runJob(job, [1, 2])
    expect(order).toEqual(['in 1', 'out 1', 'in 2', 'out 2'])
    const late = defineJob<number>({
      input: 'd',
      map: (n, { emit }) =>
        void Promise.resolve()
          .then(() => emit(n, n))
          .catch(() => 0),
    })
    await expect(runJob(late, [1])).rejects.toThrow(/after its call has settled/)
  })

  test('without reduce a job gives its records by key; with combine alone one record a key', async () => {
    const plain = defineJob<number>({ input: 'd', map: (n, { emit }) => emit(n % 3 === 0 ? BigInt(n % 2) : n % 2, n) })
    expect((await runJob(plain, [1, 2, 3, 4, 5, 6])).records).toEqual([
      { key: 0, value: 2 },
      { key: 0, value: 4 },
      { key: 0n, value: 6 },
      { key: 1, value: 1 },
      { key: 1n, value: 3 },
      { key: 1, value: 5 },
    ])
    const folded = defineJob<number, number, number>({
      input: 'd',
      map: (n, { emit }) => emit(n % 2, n),
      combine: (a, b) => a + b,
    })
    expect((await runJob(folded, [1, 2, 3, 4])).records).toEqual([
      { key: 0, value: 6 },
      { key: 1, value: 4 },
    ])
  })

  test('what user code throws is what the test gets, and a value without a form is named by its path', async () => {
    const error = new Error('mine')
    const throws = defineJob<number>({
      input: 'd',
      map: () => {
        throw error
      },
    })
    await expect(runJob(throws, [1])).rejects.toBe(error)
    const value = defineJob<number>({ input: 'd', map: (n, { emit }) => emit(n, { deep: [() => n] } as never) })
    await expect(runJob(value, [1])).rejects.toMatchObject({ code: 'USER_VALUE' })
  })

  test('what a getter, combine or reduce throws is what the test gets', async () => {
    const error = new Error('mine')
    const fail = (): never => {
      throw error
    }
    const plain = { input: 'd', map: (n: number, { emit }: MapContext) => emit(1, n) }
    const getter = {
      get x() {
        return fail()
      },
    }
    const jobs = [
      defineJob<number>({ ...plain, map: (_, { emit }) => emit(1, getter) }),
      defineJob<number, number, number>({ ...plain, combine: fail }),
      defineJob<number>({ ...plain, reduce: fail }),
      defineJob<number>({ ...plain, reduce: (key, _, { emit }) => emit(key, getter) }),
      defineJob<number>({ ...plain, map: async () => fail() }),
    ]
    for (const job of jobs) await expect(runJob(job, [1, 2])).rejects.toBe(error)
  })

  test('an error of Shoal names the record in map, and partition and key in reduce', async () => {
    const form =
      'a key or value is null, boolean, number, bigint, string, Uint8Array, Date, or an array or plain object of these'
    const notPlain = { code: 'USER_VALUE', message: 'value.x is a function' }
    const inMap = defineJob<{ id: number }>({ input: 'd', map: (r, { emit }) => emit(1, { x: () => r } as never) })
    await expect(runJob(inMap, [{ id: 7 }])).rejects.toMatchObject({
      ...notPlain,
      why: `test/records#1: { id: 7 }\n${form}`,
      try: ['emit plain data', 'leave the field out, or use null'],
    })
    const inReduce = defineJob<string>({
      input: 'd',
      partitions: 2,
      map: (name, { emit }) => emit(name, 1),
      reduce: (name, _, { emit }) => emit(name, { x: () => 0 } as never),
    })
    await expect(runJob(inReduce, ['a'])).rejects.toMatchObject({
      ...notPlain,
      why: `partition 0: key "a"\n${form}`,
    })
  })

  test('the limits of a mesh hold', async () => {
    const long = defineJob<string>({ input: 'd', map: (text, { emit }) => emit(text, 1) })
    await expect(runJob(long, ['x'.repeat(LIMITS.keyBytesMax + 1)])).rejects.toMatchObject({ code: 'RECORD_LIMIT' })
    const counting = defineJob<number>({ input: 'd', map: (n, { counter }) => counter(`c${n}`).add() })
    const names = Array.from({ length: LIMITS.countersMax + 1 }, (_, i) => i)
    await expect(runJob(counting, names)).rejects.toThrow(/at most 1000 counters/)
    const endless = defineJob<number>({ input: 'd', map: () => new Promise<void>(() => undefined) })
    await expect(runJob(endless, [1])).rejects.toMatchObject({
      code: 'JOB_THREW',
      message: 'an asynchronous call never ends: it awaits a promise that nothing will settle',
    })
  })

  test('partitions follow one another, and keys are in order in each', async () => {
    const job = defineJob<number>({ input: 'd', partitions: 3, map: (n, { emit }) => emit(n, n * n) })
    const { records } = await runJob(job, [7, 6, 5, 4, 3, 2, 1, 0])
    expect(records).toEqual([0, 2, 4, 7, 1, 3, 6, 5].map((key) => ({ key, value: key * key })))
  })

  test('sort: keys are in order over all partitions, and nothing of the sampling counts', async () => {
    const job = defineJob<number>({
      input: 'd',
      sort: true,
      partitions: 4,
      map(n, { emit, counter, skip }) {
        counter('seen').add()
        if (n % 10 === 3) skip('ends in 3')
        emit(n, -n)
      },
    })
    const input = Array.from({ length: 1000 }, (_, i) => (i * 617 + 3) % 1000)
    const kept = input.filter((n) => n % 10 !== 3)
    expect(await runJob(job, input)).toEqual({
      records: kept.toSorted((a, b) => a - b).map((key) => ({ key, value: 0 - key })),
      counters: { seen: kept.length },
      skipped: input.filter((n) => n % 10 === 3).map((record) => ({ reason: 'ends in 3', record })),
    })
  })

  test('records are handed to map as they are, and skipped ones given back', async () => {
    const record = { date: new Date(0), own: new Map([[1, 2]]) }
    let seen: unknown = null
    const job = defineJob<typeof record>({
      input: 'd',
      map: (one, { skip }) => {
        seen = one
        skip('for now')
      },
    })
    const { skipped } = await runJob(job, [record])
    expect([seen === record, skipped.map((skip) => [skip.reason, skip.record === record])]).toEqual([
      true,
      [['for now', true]],
    ])
  })
})
