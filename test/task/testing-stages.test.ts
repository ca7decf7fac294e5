import { describe, expect, test } from 'vitest'
import { cogroup, defineJob, kv, type PairContext, rows, stage, unique } from '../../src/job.ts'
import { runJob } from '../../src/testing.ts'

type Purchase = { user: string; cents: number }
type User = { user: string; country: string }

const spend = stage('spend', {
  input: rows<Purchase>('purchases'),
  emits: kv<string, number>(),
  map: ({ user, cents }, { emit }) => emit(user, cents),
  combine: (a, b) => a + b,
})
const homes = stage('homes', {
  input: rows<User>('users'),
  emits: kv<string, string>(),
  map: ({ user, country }, { emit }) => emit(user, country),
})
const byCountry = cogroup('by-country', {
  input: { spend, homes },
  emits: kv<string, number>(),
  reduce(_user, { spend: cents, homes: countries }, { emit, counter }) {
    const [country = 'unknown'] = countries
    for (const n of cents) emit(country, n)
    counter('users').add()
  },
})
const totals = stage('totals', {
  input: byCountry,
  reduce: (country, values, { emit }) =>
    emit(
      country,
      [...values].reduce((a, b) => a + b, 0),
    ),
})

const PURCHASED = rows<Purchase>('purchases')
const homesOfX = stage('homes-x', {
  input: rows<User>('users'),
  emits: kv<string, string>(),
  map: ({ country }, { emit }) => emit('x', country),
})

const PURCHASES = [
  { user: 'ann', cents: 300 },
  { user: 'bob', cents: 250 },
  { user: 'ann', cents: 75 },
  { user: 'dan', cents: 1 },
  { user: 'cy', cents: 30 },
]
const USERS = [
  { user: 'bob', country: 'DE' },
  { user: 'ann', country: 'FR' },
  { user: 'cy', country: 'DE' },
]
const INPUT = { spend: PURCHASES, homes: USERS }

describe('a job of several stages in a test', () => {
  test('joins what two stages gave, and goes on from there', async () => {
    const { records, counters } = await runJob(defineJob({ output: totals }), INPUT)
    expect(records).toEqual([
      { key: 'DE', value: 280 },
      { key: 'FR', value: 375 },
      { key: 'unknown', value: 1 },
    ])
    expect(counters).toEqual({ users: 4 })
  })

  test.each([1, 2, 7])('gives the same on %i partitions, with sides that have to be dealt out again', async (n) => {
    const again = stage('again', {
      input: spend,
      partitions: n,
      map: (user, cents, { emit }: PairContext<string, number>) => emit(user, cents * 2),
      reduce: (user, values, { emit }) =>
        emit(
          user,
          [...values].reduce((a, b) => a + b, 0),
        ),
    })
    const joined = cogroup('joined', {
      input: { again, spend, homes },
      emits: kv<string, (number | string)[]>(),
      reduce: (user, sides, { emit }) => emit(user, [...sides.again, ...sides.spend, ...sides.homes]),
    })
    const sorted = stage('sorted', { input: joined, sort: true, partitions: 3 })
    const { records } = await runJob(defineJob({ output: sorted }), INPUT)
    expect(records).toEqual([
      { key: 'ann', value: [750, 375, 'FR'] },
      { key: 'bob', value: [500, 250, 'DE'] },
      { key: 'cy', value: [60, 30, 'DE'] },
      { key: 'dan', value: [2, 1] },
    ])
  })

  test('has each output by its name', async () => {
    const { outputs, records } = await runJob(defineJob({ outputs: { totals, homes } }), INPUT)
    expect(Object.keys(outputs!)).toEqual(['homes', 'totals'])
    expect(outputs!['homes']).toEqual([
      { key: 'ann', value: 'FR' },
      { key: 'bob', value: 'DE' },
      { key: 'cy', value: 'DE' },
    ])
    expect(records).toEqual([...outputs!['homes']!, ...outputs!['totals']!])
  })

  test('its stages may depend on parameters', async () => {
    const job = defineJob((params) => {
      const capped = stage('capped', {
        input: spend,
        map: (user, cents, { emit, skip }: PairContext<string, number>) =>
          cents > Number(params['most'] ?? 300) ? skip('too much') : emit(user, cents),
      })
      return { output: params['capped'] === 'yes' ? capped : spend }
    })
    expect((await runJob(job, PURCHASES)).records).toHaveLength(4)
    const { records, skipped } = await runJob(job, PURCHASES, { params: { capped: 'yes', most: '100' } })
    expect(records).toEqual([
      { key: 'cy', value: 30 },
      { key: 'dan', value: 1 },
    ])
    expect(skipped.map(({ record }) => record)).toEqual([
      ['ann', 375],
      ['bob', 250],
    ])
  })

  test('a reduce that says that it keeps its key is held to it', async () => {
    const liar = stage('liar', { input: spend, keepsKey: true, reduce: (user, _, { emit }) => emit(`${user}!`, 1) })
    await expect(runJob(defineJob({ output: liar }), PURCHASES)).rejects.toMatchObject({
      code: 'USER_VALUE',
      message: 'stage "liar" emits a key that is not that of its group',
    })
  })

  test.each<[string, (spend: Iterable<number>, homes: Iterable<string>) => unknown]>([
    ['after their end', (cents, countries) => [...cents].flatMap((n) => [...countries].map((c) => `${c} ${n}`))],
    [
      'after a break',
      (cents, countries) => {
        for (const n of cents) for (const country of countries) if (country.length > n) break
      },
    ],
    ['after the first', ([first], countries) => [first, ...countries, ...countries]],
    [
      'by helpers',
      (_, countries) => {
        const iterator = countries as unknown as IteratorObject<string>
        return iterator.reduce((n) => n + 1, 0) + iterator.reduce((n) => n + 1, 0)
      },
    ],
  ])('values that are iterated again are an error, not an empty loop: %s', async (_, read) => {
    const twice = cogroup('twice', {
      input: {
        spend: stage('all', {
          input: PURCHASED,
          emits: kv<string, number>(),
          map: (p, { emit }) => emit('x', p.cents),
        }),
        homes: homesOfX,
      },
      emits: kv<string, string>(),
      reduce: (user, sides, { emit }) => emit(user, String(read(sides.spend, sides.homes))),
    })
    const input = { all: PURCHASES, 'homes-x': USERS }
    await expect(runJob(defineJob({ output: twice }), input)).rejects.toThrow('keep [...values]')
  })

  test('an iterator that is kept goes on where it was', async () => {
    const rest = stage('rest', {
      input: PURCHASED,
      emits: kv<string, number>(),
      map: (p, { emit }) => emit(p.user, p.cents),
      reduce(user, values, { emit }) {
        const iterator = values[Symbol.iterator]()
        const first = iterator.next().value as number
        for (const cents of iterator as IterableIterator<number>) emit(user, cents - first)
      },
    })
    const { records } = await runJob(defineJob({ output: rest }), PURCHASES)
    expect(records).toEqual([{ key: 'ann', value: -225 }])
  })

  describe('sides', () => {
    const rates = stage('rates', {
      input: rows<[string | number | bigint, number]>('rates'),
      emits: kv<string | number | bigint, number>(),
      map: ([key, rate], { emit }) => emit(key, rate),
      partitions: 3,
    })
    const RATES = [...Array.from({ length: 500 }, (_, i) => [i, i * 2] as const), ['x', 1], ['x', 2], [7n, 15]] as const
    const input = { seen: ['x', 'y', 3, 7n, 499], rates: RATES }
    const seen = rows<string | number | bigint>('seen')

    test('give the values of a key, in their order, to each map and reduce', async () => {
      const looked = stage('seen', {
        input: seen,
        side: { rates },
        emits: kv<string, number[]>(),
        map: (key, { emit, side }) => emit(String(key), [...side.rates.get(key), Number(side.rates.has(key))]),
        reduce: (key, [value = []], { emit, side }) => emit(key, [...value, [...side.rates].length]),
      })
      expect((await runJob(defineJob({ output: looked }), input)).records).toEqual([
        { key: '3', value: [6, 1, 503] },
        { key: '499', value: [998, 1, 503] },
        { key: '7', value: [14, 15, 1, 503] },
        { key: 'x', value: [1, 2, 1, 503] },
        { key: 'y', value: [0, 503] },
      ])
    })

    test('that are unique give a value, or undefined', async () => {
      const looked = (among: readonly (string | number)[]) =>
        stage('seen', {
          input: seen,
          side: {
            rates: unique(
              stage('some', {
                input: rates,
                emits: kv<string | number | bigint, number>(),
                map: (key, rate, { emit }) => (among.includes(key as string) ? emit(key, rate) : undefined),
              }),
            ),
          },
          emits: kv<string, number>(),
          map: (key, { emit, side }) => emit(String(key), side.rates.get(key) ?? -1),
        })
      const { records } = await runJob(defineJob({ output: looked([3, 499]) }), input)
      expect(records.map(({ key, value }) => [key, value])).toEqual([
        ['3', 6],
        ['499', 998],
        ['7', -1],
        ['x', -1],
        ['y', -1],
      ])
      await expect(runJob(defineJob({ output: looked([3, 'x']) }), input)).rejects.toMatchObject({
        code: 'JOB_THREW',
        message: 'side "rates" has several records for the key "x"',
      })
    })
  })

  test('an error has the stage and the place of the record in what it read', async () => {
    const broken = stage('broken', {
      input: spend,
      emits: kv<string, number>(),
      map(user, cents, { emit }) {
        if (cents === 250) throw new Error('no such amount')
        emit(user, cents)
      },
    })
    await expect(runJob(defineJob({ output: broken }), PURCHASES)).rejects.toThrow('no such amount')
  })

  test('takes the records of each stage that reads some', async () => {
    await expect(runJob(defineJob({ output: totals }), PURCHASES)).rejects.toMatchObject({
      code: 'USAGE',
      message: 'runJob takes an object with the records of stage "homes"',
    })
  })
})
