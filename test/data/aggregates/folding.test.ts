/** Aggregates from emits to groups: map sides with any memory, any cut into splits and tasks, and reduce. */
import {
  type Arbitrary,
  array,
  assert,
  boolean,
  constantFrom,
  double,
  integer,
  oneof,
  property,
  record,
  tuple,
} from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/core/limits.ts'
import { aggregateOf } from '../../../src/data/aggregates/of-job.ts'
import { Groups } from '../../../src/data/fold.ts'
import { encodeKey } from '../../../src/data/order.ts'
import { MemoryFiles } from '../../../src/data/spill.ts'
import { hostFactory } from '../../../src/data/value.ts'
import { Random } from '../../fuzz/random.ts'
import { values } from '../arbitrary.ts'
import { type Call, collect, type Group, inputsOf, naiveGroups, readGroups, type Split, type Task } from '../naive.ts'
import { type Oracle, ORACLES } from './oracles.ts'
import { hexOfValue } from './trees.ts'

const keys = oneof(
  constantFrom<unknown>('a', 'b', '', 1, 1n, 0, -0, null, [1], [1n]),
  integer({ min: 0, max: 30 }).map((n) => `key${n}`),
)
const few = oneof(values, constantFrom<unknown>(1, 1n, 2, 2n, 'x', 'x'))
const calls = (vals: Arbitrary<unknown>): Arbitrary<Call> =>
  record({ emits: array(tuple(keys, vals), { maxLength: 5 }), skip: boolean() })
const splitsOf = (vals: Arbitrary<unknown>): Arbitrary<Split[]> =>
  array(array(calls(vals), { maxLength: 20 }), { minLength: 1, maxLength: 6 })
const memories = constantFrom(64, 700, 5_000, 1_000_000)

const sum: Oracle = {
  name: 'sum',
  aggregate: aggregateOf({ name: 'sum', n: 1 }),
  by: null,
  // Of numbers so far apart from each other that any rounding on the way would show: as multiples of 2^-40.
  oracle: (all) => {
    const units = all.reduce<bigint>((total, x) => total + BigInt((x as number) * 2 ** 40), 0n)
    return Number(units) / 2 ** 40
  },
}
const numbers = oneof(
  double({ min: -1, max: 1, noNaN: true }).map((x) => Math.round(x * 2 ** 40) / 2 ** 40),
  double({ min: -1e11, max: 1e11, noNaN: true }).map(Math.round),
)
const ALL: readonly (Oracle & { vals: Arbitrary<unknown> })[] = [
  { ...sum, vals: numbers },
  ...ORACLES.map((oracle) => ({ ...oracle, vals: few })),
]

const shown = (groups: readonly Group[], valueOf: (group: Group) => unknown): unknown =>
  groups.map((group) => [hexOfValue(group.key), hexOfValue(valueOf(group))])

/** Deals splits to tasks; splits of a task keep their order, and those of other tasks may rank between them. */
function deal(splits: readonly Split[], tasks: number, random: Random): number[][] {
  const dealt = Array.from({ length: tasks }, () => [] as number[])
  for (let rank = 0; rank < splits.length; rank++) random.pick(dealt).push(rank)
  return dealt.filter((ranks) => ranks.length > 0)
}

describe('what reduce sees', () => {
  test.each(ALL)('$name: one value a key, whatever the memory and the cut', ({ aggregate, by, oracle, vals }) => {
    assert(
      property(splitsOf(vals), memories, integer(), boolean(), (splits, memory, seed, follows) => {
        const ranks = deal(splits, 3, new Random(seed))
        const tasks = ranks.map((own) =>
          collect(
            own.map((rank) => splits[rank]!),
            { aggregate, by, memory },
            follows,
          ),
        )
        const naive = naiveGroups(splits, null, 0)
        const read = readGroups(inputsOf(tasks, 0, ranks), { aggregate, fanIn: 2 })
        expect(shown(read, ({ values: [value] }) => value)).toEqual(shown(naive, (group) => oracle(group.values)))
        expect(read.every((group) => group.values.length === 1)).toBe(true)
        const weight = naive.reduce((total, group) => total + group.weight, 0)
        expect(read.reduce((total, group) => total + group.weight, 0)).toBe(weight)
        expect(tasks.flatMap(({ facts }) => facts).reduce((total, run) => total + run.weight, 0)).toBe(weight)
      }),
      { numRuns: 60 },
    )
  })

  test.each(ALL)('$name: memory never shows in a digest', ({ aggregate, by, vals }) => {
    assert(
      property(splitsOf(vals), (splits) => {
        const facts = [64, 700, 5_000, 1_000_000].map((memory) => {
          const task = collect(splits, { aggregate, by, memory, partitions: 2 }, true)
          expect([...task.files.files.keys()]).toEqual(task.facts.map((run) => `run-${run.partition}`))
          return task.facts
        })
        for (const other of facts) expect(other).toEqual(facts[0])
      }),
      { numRuns: 25 },
    )
  })

  test.each(ALL)('$name: a value for each alias that has one, in whatever order they are asked for', (one) => {
    const { aggregate, by, oracle, vals } = one
    assert(
      property(splitsOf(vals), splitsOf(vals), constantFrom(8, 1_000_000), (a, b, memory) => {
        const tasks: Task[] = [collect(a, { aggregate, by }, true), collect(b, { aggregate, by }, true)]
        const ranks = [a.map((_, i) => i), b.map((_, i) => a.length + i)]
        const aliases = [a.map(() => 0), b.map(() => 1)]
        const files = new MemoryFiles()
        const inputs = inputsOf(tasks, 0, ranks, aliases)
        const groups = new Groups({ inputs, aliases: 2, make: hostFactory, files, aggregate, memory })
        const own = [a, b].map((splits) => new Map(naiveGroups(splits, null, 0).map((g) => [orderOf(g.key), g.values])))
        let count = 0
        while (groups.nextGroup()) {
          const key = orderOf(groups.key)
          for (const alias of count++ % 2 === 0 ? [1, 0, 1] : [0, 1]) {
            const expected = own[alias]!.get(key)
            own[alias]!.delete(key)
            expect([...groups.values(alias)].map(hexOfValue)).toEqual(
              expected === undefined ? [] : [hexOfValue(oracle(expected))],
            )
          }
        }
        expect(own.map((left) => left.size)).toEqual([0, 0])
        groups.close()
        expect(files.files.size).toBe(0)
      }),
      { numRuns: 20 },
    )
  })
})

const orderOf = (key: unknown): string => Buffer.from(encodeKey(key).order).toString('hex')
const once = (...emits: (readonly [unknown, unknown])[]): Split => emits.map((emit) => ({ emits: [emit], skip: false }))

describe('over the splits of a task', () => {
  const records = (name: 'sum' | 'count' | 'min' | 'max' | 'last', splits: readonly Split[], follows = true): number =>
    collect(splits, { aggregate: aggregateOf({ name, n: 1 }) }, follows).facts[0]!.records

  test('sums and counts become one record a key, others where the order cannot tell', () => {
    const splits = [5, 3, 4, 3, 1, 9].map((value) => once(['a', value], ['b', 0]))
    expect(records('sum', splits)).toBe(2)
    expect(records('count', splits)).toBe(2)
    // 5, 3 and 1 are each less than all before; 5 and 9 greater.
    expect(records('min', splits)).toBe(3 + 1)
    expect(records('max', splits)).toBe(2 + 1)
    expect(records('last', splits)).toBe(12)
    expect(records('sum', splits, false)).toBe(12)
  })
})

describe('a key that has all records', () => {
  test('is one accumulator, without a spill', () => {
    const files = new MemoryFiles()
    const created: string[] = []
    const create = files.create.bind(files)
    files.create = (name) => {
      created.push(name)
      return create(name)
    }
    const emits = Array.from({ length: 50_000 }, (_, i) => ['hot', i] as const)
    const task = collect([once(...emits)], {
      aggregate: aggregateOf({ name: 'sum', n: 1 }),
      memory: 5_000_000,
      files,
    })
    expect(task.facts).toMatchObject([{ records: 1, weight: 50_000 }])
    expect(created).toEqual(['run-0'])
  })
})

describe('values that do not go together', () => {
  const mixed = aggregateOf({ name: 'sum', n: 1 })
  const refusal = (key: string): Error =>
    expect.objectContaining({
      code: 'USER_VALUE',
      message: `under the key ${key}, sum met a bigint and a number that is no safe integer`,
    }) as Error

  test.each([100, 1_000_000])('are found in a split, with %i bytes of memory', (memory) => {
    const filler = Array.from({ length: 30 }, (_, i) => [`k${i}`, 1] as const)
    for (const key of ['a', 1n, [2n]])
      expect(() => collect([once(...filler, [key, 1n], [key, 0.5])], { aggregate: mixed, memory })).toThrow(
        refusal(key === 'a' ? '"a"' : key === 1n ? '1n' : '["2n"]'),
      )
  })

  test('are found over splits, and over tasks, whether or not anybody reads the value', () => {
    expect(() => collect([once(['a', 1n]), once(['a', 0.5])], { aggregate: mixed }, true)).toThrow(refusal('"a"'))
    const tasks = [
      collect([once(['a', 0.5], ['b', 1])], { aggregate: mixed }),
      collect([once(['a', 1n])], { aggregate: mixed }),
    ]
    const inputs = inputsOf(tasks, 0, [[0], [1]])
    const open = (): Groups =>
      new Groups({ inputs, aliases: 1, make: hostFactory, files: new MemoryFiles(), aggregate: mixed })
    const reading = open()
    expect(reading.nextGroup()).toBe(true)
    expect(() => reading.nextValue(0)).toThrow(refusal('"a"'))
    const passing = open()
    expect(passing.nextGroup()).toBe(true)
    expect(() => passing.nextGroup()).toThrow(refusal('"a"'))
  })

  test('a list beyond 32 MiB names its key', () => {
    const text = 'x'.repeat(LIMITS.valueBytesMax / 2)
    const collected = aggregateOf({ name: 'collect', n: 1 })
    const tasks = [1, 2].map(() => collect([once(['a', text])], { aggregate: collected, memory: 100_000_000 }))
    expect(() => readGroups(inputsOf(tasks, 0, [[0], [1]]), { aggregate: collected })).toThrow(
      expect.objectContaining({
        code: 'RECORD_LIMIT',
        message: 'under the key "a", collect holds more than 32 MiB',
      }) as Error,
    )
  })
})
