import { assert, asyncProperty, array, constantFrom, integer, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defineJob } from '../../src/job.ts'
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
})
