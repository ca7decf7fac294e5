/** What TypeScript tells of stages: types flow from one to the next, and what is wrong is an error where it stands. */
import { describe, expectTypeOf, test } from 'vitest'
import {
  cogroup,
  defineJob,
  kv,
  type MapContext,
  type PairContext,
  type ReduceContext,
  rows,
  type Row,
  type Side,
  stage,
  type Stage,
  unique,
  type Value,
} from '../../src/job.ts'

type Purchase = { user: string; cents: number; country: string }

const spend = stage('spend', {
  input: rows<Purchase>('purchases'),
  emits: kv<string, number>(),
  map: (p, { emit }) => emit(p.user, p.cents),
  combine: (a, b) => a + b,
})
const homes = stage('homes', {
  input: rows<Purchase>('users'),
  map: (p, { emit }: MapContext<string, { c: string }>) => emit(p.user, { c: p.country }),
})
const joined = cogroup('joined', {
  input: { spend, homes },
  emits: kv<string, number>(),
  reduce(user, sides, { emit }) {
    expectTypeOf(user).toEqualTypeOf<string>()
    expectTypeOf(sides.spend).toEqualTypeOf<Iterable<number>>()
    expectTypeOf(sides.homes).toEqualTypeOf<Iterable<{ c: string }>>()
    // @ts-expect-error there is no such side
    void sides.other
    for (const { c } of sides.homes) for (const n of [...sides.spend]) emit(c, n)
    // @ts-expect-error emits says that values are numbers
    emit(user, 'many')
  },
})

const spends = {
  input: rows<Purchase>('p'),
  emits: kv<string, number>(),
  map: (p: Purchase, { emit }: MapContext<string, number>): void => emit(p.user, p.cents),
}

describe('the types of a stage', () => {
  test('come from emits, or from the type of ctx', () => {
    expectTypeOf(spend).toEqualTypeOf<Stage<string, number>>()
    expectTypeOf(homes).toEqualTypeOf<Stage<string, { c: string }>>()
    expectTypeOf(joined).toEqualTypeOf<Stage<string, number>>()
    const untyped = stage('untyped', { input: rows('p'), map: (p, { emit }) => emit(p.a, p.b) })
    expectTypeOf(untyped).toEqualTypeOf<Stage<Value, Value>>()
  })

  test('of what is emitted are held to', () => {
    stage('wrong value', {
      input: rows<Purchase>('p'),
      emits: kv<string, string>(),
      // @ts-expect-error cents are no string
      map: (p, { emit }) => emit(p.user, p.cents),
    })
    stage('wrong key', {
      input: rows<Purchase>('p'),
      emits: kv<string, number>(),
      map: (p, { emit }) => emit(p.user, p.cents),
      // @ts-expect-error what is left out of ctx is what map emits
      reduce: (_key, values, { emit }) => emit(1, [...values].length),
    })
    stage('wrong field', {
      input: rows<Purchase>('p'),
      emits: kv<string, number>(),
      // @ts-expect-error purchases have no such field
      map: (p, { emit }) => emit(p.customer, 1),
    })
    // @ts-expect-error values are numbers
    stage('wrong combine', { ...spends, combine: (a: string, b: string) => a + b })
  })

  test('flow on through map and reduce of the next', () => {
    const turned = stage('turned', {
      input: joined,
      map(country, n, { emit }: PairContext<number, string>) {
        expectTypeOf(country).toEqualTypeOf<string>()
        expectTypeOf(n).toEqualTypeOf<number>()
        emit(n, country)
      },
      reduce(n, countries, { emit }: ReduceContext<string, bigint>) {
        expectTypeOf(n).toEqualTypeOf<number>()
        expectTypeOf(countries).toEqualTypeOf<Iterable<string>>()
        emit([...countries].join(' '), BigInt(n))
      },
    })
    expectTypeOf(turned).toEqualTypeOf<Stage<string, bigint>>()
    expectTypeOf(stage('passed', { input: turned, sort: true })).toEqualTypeOf<Stage<string, bigint>>()
    const counted = stage('counted', {
      input: turned,
      reduce: (key, values, { emit }: ReduceContext<string, number>) => emit(key, [...values].length),
    })
    expectTypeOf(counted).toEqualTypeOf<Stage<string, number>>()
    stage('pairs have no file', {
      input: turned,
      // @ts-expect-error a record of a stage comes from no shard
      map: (key, _value, { emit, shard }: PairContext<string, number>) => emit(key, shard.path.length),
    })
  })

  test('of the keys of a cogroup have to meet', () => {
    const byCents = stage('by-cents', {
      input: rows<Purchase>('p'),
      emits: kv<number, number>(),
      map: (p, { emit }) => emit(p.cents, 1),
    })
    cogroup('never', {
      // @ts-expect-error a number never is a string
      input: { spend, byCents },
      emits: kv<string, number>(),
      reduce: (_key, _sides, { emit }) => emit('x', 1),
    })
    // @ts-expect-error a cogroup has a reduce
    cogroup('none', { input: { spend, homes }, emits: kv<string, number>() })
  })

  test('of sides are those of their stages', () => {
    stage('enriched', {
      input: rows<Purchase>('p'),
      side: { homes, spend: unique(spend) },
      emits: kv<string, number>(),
      map(p, { emit, side }) {
        expectTypeOf(side.homes).toEqualTypeOf<Side<string, { c: string }>>()
        expectTypeOf(side.homes.get(p.user)).toEqualTypeOf<readonly { c: string }[]>()
        expectTypeOf(side.spend.get(p.user)).toEqualTypeOf<number | undefined>()
        for (const [user, { c }] of side.homes) emit(user, c.length)
        // @ts-expect-error there is no such side
        void side.other
        // @ts-expect-error keys are strings
        side.homes.get(1)
      },
      reduce: (user, values, { emit, side }) => emit(user, [...values].length + side.homes.get(user).length),
    })
  })

  test('of a job: an output is a stage', () => {
    defineJob({ output: joined })
    defineJob({ outputs: { joined, spend } })
    defineJob((params) => ({ output: params['all'] === 'yes' ? joined : spend }))
    // @ts-expect-error rows are no stage
    defineJob({ output: rows('p') })
    // @ts-expect-error either one output, or several
    defineJob({ output: joined, outputs: { spend } })
  })

  test('of partitionBy are those of the stage', () => {
    const days = stage('days', {
      input: rows<Purchase>('p'),
      emits: kv<bigint, { day: string }>(),
      map: (p, { emit }) => emit(1n, { day: p.country }),
    })
    defineJob({
      output: spend,
      partitionBy(user, cents) {
        expectTypeOf(user).toEqualTypeOf<string>()
        expectTypeOf(cents).toEqualTypeOf<number>()
        return `user=${user}`
      },
    })
    defineJob({
      outputs: {
        spend,
        days: {
          stage: days,
          partitionBy(key, value) {
            expectTypeOf(key).toEqualTypeOf<bigint>()
            expectTypeOf(value).toEqualTypeOf<{ day: string }>()
            return { key, day: value.day, none: null, one: 1 }
          },
        },
      },
    })
    // Of a job that depends on parameters its own types are said, and held to.
    defineJob((params) => ({ output: spend, partitionBy: (user: string) => `${params['by']!}=${user}` }))
    defineJob((params) => ({
      outputs: {
        spend,
        days: { stage: days, partitionBy: (_: bigint, { day }: { day: string }) => ({ day, ...params }) },
      },
    }))
    // @ts-expect-error users are texts
    defineJob((params) => ({ output: spend, partitionBy: (user: number) => `${params['by']!}=${user}` }))
    // @ts-expect-error users are texts
    defineJob({ output: spend, partitionBy: (user: number) => `user=${user}` })
    // @ts-expect-error a folder is no number
    defineJob({ output: spend, partitionBy: () => 5 })
    // @ts-expect-error a folder is no number
    defineJob({ outputs: { spend, days: { stage: days, partitionBy: () => 5 } } })
    // @ts-expect-error each output has its own
    defineJob({ outputs: { spend, days }, partitionBy: () => 'a=b' })
  })

  test('of a job of one stage are said by type arguments, or emits', () => {
    defineJob<Purchase, string, number>({
      input: 'p',
      // @ts-expect-error values are numbers
      map: (p, { emit }) => emit(p.user, p.country),
      combine: (a, b) => a + b,
    })
    defineJob({
      input: 'p',
      emits: kv<string, number>(),
      map: (p: Purchase, { emit }) => emit(p.user, p.cents),
      reduce(key, values, { emit }) {
        expectTypeOf(key).toEqualTypeOf<string>()
        expectTypeOf(values).toEqualTypeOf<Iterable<number>>()
        emit(key, [...values].length)
      },
    })
    // Without either, everything goes, as it always did.
    defineJob<Purchase>({ input: 'p', map: (p, { emit }) => emit(p.cents, [p.user]) })
    expectTypeOf<Row>().toBeAny()
  })
})
