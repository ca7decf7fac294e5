import {
  type Arbitrary,
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  double,
  integer,
  oneof,
  property,
  record,
  tuple,
} from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MapCollector } from '../../src/data/collector.ts'
import { encodeKey } from '../../src/data/order.ts'
import { partitionOf, rangePartitionOf } from '../../src/data/partition.ts'
import { MemoryFiles } from '../../src/data/spill.ts'
import { type ValueFactory, hostFactory } from '../../src/data/value.ts'
import { scalars, values } from './arbitrary.ts'
import { type Call, type Combine, type Group, type Split, collect, inputsOf, naiveGroups, readGroups } from './naive.ts'

const fewKeys: Arbitrary<unknown> = oneof(
  constantFrom<unknown>('a', 'b', '', 'ab', 1, 1n, 0, -0, 2n ** 80n, null, true, 'é'),
  constant([1, 'x']),
  constant([1n, 'x']),
  constant({ b: 1, a: 2 }),
  integer({ min: 0, max: 30 }).map((n) => `key${n}`),
)
const call = (keys: Arbitrary<unknown>, vals: Arbitrary<unknown>): Arbitrary<Call> =>
  record({ emits: array(tuple(keys, vals), { maxLength: 5 }), skip: boolean().map((b) => b) })
const splits = (keys: Arbitrary<unknown>, vals: Arbitrary<unknown>): Arbitrary<Split[]> =>
  array(array(call(keys, vals), { maxLength: 40 }), { minLength: 1, maxLength: 4 })
const memories = constantFrom(64, 700, 5_000, 1_000_000)

const typed = (v: unknown): unknown => (v === 0 ? 0 : v)
const plainGroups = (groups: readonly Group[]): unknown =>
  groups.map((group) => [typed(group.key), group.values.map(typed)])
const weightOf = (groups: readonly Group[]): number => groups.reduce((sum, group) => sum + group.weight, 0)

/** Shows in its result exactly how values were folded. */
const tree: Combine = (a, b) => `(${String(a)}+${String(b)})`

describe('without combine', () => {
  test('records come grouped and in order, each once, whatever the memory', () => {
    assert(
      property(
        splits(oneof(fewKeys, scalars), values),
        integer({ min: 1, max: 5 }),
        memories,
        (given, partitions, memory) => {
          const task = collect(given, { partitions, memory })
          const ranks = [given.map((_, i) => i)]
          const read: Group[] = []
          for (let p = 0; p < partitions; p++) {
            const groups = readGroups(inputsOf([task], p, ranks))
            for (const { key } of groups) {
              const { order } = encodeKey(key)
              expect(partitionOf(order, 0, order.length, partitions)).toBe(p)
            }
            read.push(...groups)
          }
          const naive = naiveGroups(given, null, 0)
          if (partitions === 1) expect(plainGroups(read)).toEqual(plainGroups(naive))
          else
            expect(new Set((plainGroups(read) as unknown[]).map(show))).toEqual(
              new Set((plainGroups(naive) as unknown[]).map(show)),
            )
          expect(weightOf(read)).toBe(weightOf(naive))
          expect(task.facts.reduce((sum, run) => sum + run.weight, 0)).toBe(weightOf(naive))
          expect(task.emitted).toEqual(given.map((split) => weightOf(naiveGroups([split], null, 0))))
          expect([...task.files.files.keys()].toSorted()).toEqual(
            task.facts.map((run) => `run-${run.partition}`).toSorted(),
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  test('memory never shows in a digest', () => {
    assert(
      property(splits(fewKeys, values), integer({ min: 1, max: 3 }), (given, partitions) => {
        const facts = [64, 700, 5_000, 1_000_000].map((memory) => collect(given, { partitions, memory }).facts)
        for (const other of facts) expect(other).toEqual(facts[0])
      }),
      { numRuns: 40 },
    )
  })

  test('range partitions follow the bounds', () => {
    const bounds = ['c', 'k', 't'].map((key) => encodeKey(key).order)
    const emits = Array.from({ length: 500 }, (_, i) => [String.fromCharCode(97 + ((i * 7) % 26)), i] as const)
    const task = collect([[{ emits, skip: false }]], { partitions: 4, bounds, memory: 2000 })
    for (const { partition } of task.facts) {
      for (const { key } of readGroups(inputsOf([task], partition, [[0]]))) {
        const { order } = encodeKey(key)
        expect(rangePartitionOf(order, 0, order.length, bounds)).toBe(partition)
        expect(partition).toBe((key as string) < 'c' ? 0 : (key as string) < 'k' ? 1 : (key as string) < 't' ? 2 : 3)
      }
    }
  })

  test('a call that emits more than memory holds is dropped whole, or counts whole', () => {
    const big = Array.from({ length: 3000 }, (_, i) => [`k${i % 10}`, i] as const)
    for (const memory of [500, 20_000, 10_000_000]) {
      const task = collect(
        [
          [
            { emits: [['a', 1]], skip: false },
            { emits: big, skip: true },
            { emits: big, skip: false },
            { emits: big, skip: true },
          ],
        ],
        { memory },
      )
      expect(task.emitted).toEqual([3001])
      const groups = readGroups(inputsOf([task], 0, [[0]]))
      expect(groups.map((group) => [group.key, group.values])).toEqual([
        ['a', [1]],
        ...Array.from({ length: 10 }, (_, k) => [`k${k}`, Array.from({ length: 300 }, (__, i) => i * 10 + k)]),
      ])
    }
  })

  test('records larger than memory pass', () => {
    const emits = [300_000, 10, 200_000, 70_000].map((length, i) => ['k', `${i}`.repeat(length)] as const)
    const task = collect([[{ emits, skip: false }]], { memory: 5000 })
    expect(readGroups(inputsOf([task], 0, [[0]]))[0]!.values).toEqual(emits.map(([, value]) => value))
  })
})

describe('with combine', () => {
  test('folds exactly as the block rule says, whatever the memory', () => {
    const kinds = oneof(integer({ min: 0, max: 99 }).map(String), constantFrom('long value '.repeat(9)))
    assert(
      property(splits(fewKeys, kinds), memories, constantFrom(40, 150, 1000), (given, memory, combineBlockBytes) => {
        const task = collect(given, { combine: tree, memory, combineBlockBytes })
        const naive = naiveGroups(given, tree, combineBlockBytes)
        const read = readGroups(inputsOf([task], 0, [given.map((_, i) => i)]))
        expect(plainGroups(read)).toEqual(plainGroups(naive))
        expect(weightOf(read)).toBe(weightOf(naive))
        expect(task.facts.reduce((sum, run) => sum + run.weight, 0)).toBe(weightOf(naive))
        expect([...task.files.files.keys()]).toEqual(task.facts.map((run) => `run-${run.partition}`))
      }),
      { numRuns: 120 },
    )
  })

  test('equal keys that are written differently count each as long as it is, whatever the memory', () => {
    const keys = [1, 1n, [1, 'x'], [1n, 'x'], [1, 1n], [1n, 1n], { a: 2n }, { a: 2 }]
    const emits = Array.from(
      { length: 600 },
      (_, i) => [keys[(i * 7 + (i >> 3)) % keys.length], String(i % 90)] as const,
    )
    for (const size of [1, 3, 600]) {
      const calls = Array.from({ length: 600 / size }, (_, c) => ({ emits: emits.slice(c * size, (c + 1) * size), skip: false })) // prettier-ignore
      for (const memory of [64, 300, 700, 1200, 2000, 5_000, 1_000_000]) {
        const task = collect([calls], { combine: tree, memory, combineBlockBytes: 150 })
        const read = readGroups(inputsOf([task], 0, [[0]]))
        expect(plainGroups(read)).toEqual(plainGroups(naiveGroups([calls], tree, 150)))
      }
    }
  })

  test('float sums are the same bits whatever the memory', () => {
    const sum: Combine = (a, b) => (a as number) + (b as number)
    assert(
      property(splits(fewKeys, double()), (given) => {
        const facts = [64, 700, 5_000, 1_000_000].map(
          (memory) => collect(given, { combine: sum, memory, combineBlockBytes: 300, partitions: 3 }).facts,
        )
        for (const other of facts) expect(other).toEqual(facts[0])
      }),
      { numRuns: 40 },
    )
  })

  test('objects: copies go in, copies come out, fields in order', () => {
    const seen: unknown[] = []
    const given = { n: 1, list: [1] }
    const combine: Combine = (a, b) => {
      const [x, y] = [a as typeof given, b as typeof given]
      seen.push(a, b)
      x.list.push(...y.list)
      return { z: 0, n: x.n + y.n, list: x.list }
    }
    const files = new MemoryFiles()
    const collector = new MapCollector({ partitions: 1, bounds: null, combine, memory: 1e6, files, make: hostFactory })
    collector.beginSplit(0)
    for (let i = 0; i < 4; i++) {
      given.n = i
      collector.emit('k', given)
    }
    given.list.push(99)
    for (const object of seen) Object.assign(object as object, { n: 1000 })
    collector.endSplit()
    const [group] = readGroups(inputsOf([{ facts: collector.finish(), files, emitted: [] }], 0, [[0]]))
    expect(group!.values).toEqual([{ list: [1, 1, 1, 1], n: 6, z: 0 }])
    expect(Object.keys(group!.values[0] as object)).toEqual(['list', 'n', 'z'])
    expect(seen).not.toContain(given)
  })

  test('results that grow move to disk, exactly', () => {
    const emits = Array.from({ length: 4000 }, (_, i) => [`k${i % 7}`, `${i},`] as const)
    const given = [emits.map((emit) => ({ emits: [emit], skip: false }))]
    const join: Combine = (a, b) => `${String(a)}${String(b)}`
    for (const memory of [2000, 50_000, 10_000_000]) {
      const task = collect(given, { combine: join, memory })
      const groups = readGroups(inputsOf([task], 0, [[0]]))
      expect(plainGroups(groups)).toEqual(plainGroups(naiveGroups(given, join, 8 * 1024 * 1024)))
    }
  })

  test('a call with very many emits counts whole or not at all', () => {
    const emits = Array.from({ length: 70_000 }, (_, i) => [i % 3 === 0 ? BigInt(i % 11) : i % 11, 1] as const)
    const add: Combine = (a, b) => (a as number) + (b as number)
    for (const memory of [30_000, 1_000_000]) {
      const task = collect(
        [
          [
            { emits, skip: true },
            { emits, skip: false },
          ],
        ],
        { combine: add, memory },
      )
      const counts = new Map<number, number>()
      for (const [key] of emits) counts.set(Number(key), (counts.get(Number(key)) ?? 0) + 1)
      const groups = readGroups(inputsOf([task], 0, [[0]]))
      expect(new Map(groups.map((group) => [Number(group.key), group.values[0]]))).toEqual(counts)
      expect(typeof groups[0]!.key).toBe('bigint')
      expect(task.emitted).toEqual([70_000])
    }
  })

  test('many distinct keys in little memory', () => {
    const add: Combine = (a, b) => (a as number) + (b as number)
    const emits = Array.from({ length: 60_000 }, (_, i) => [`user${(i * 7919) % 20_011}`, i] as const)
    const given = [emits.map((emit) => ({ emits: [emit], skip: false }))]
    const task = collect(given, { combine: add, memory: 200_000, combineBlockBytes: 100_000 })
    const sums = new Map<string, number>()
    for (const [key, value] of emits) sums.set(key, (sums.get(key) ?? 0) + value)
    const groups = readGroups(inputsOf([task], 0, [[0]]))
    expect(groups.map((group) => [group.key, group.values])).toEqual(
      [...sums].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, total]) => [key, [total]]),
    )
  })
})

describe('what goes wrong', () => {
  const collector = (combine: Combine | null, make: ValueFactory = hostFactory): MapCollector => {
    const c = new MapCollector({ partitions: 2, bounds: null, combine, memory: 1e6, files: new MemoryFiles(), make })
    c.beginSplit(0)
    c.mark()
    return c
  }
  const plus: Combine = (a, b) => (a as number) + (b as number)
  const userValue = expect.objectContaining({ code: 'USER_VALUE' })

  test.each([
    ['without combine', null],
    ['with combine', plus],
  ] as const)('%s: a bad emit fails the record even if caught', (_, combine) => {
    for (const [key, value] of [
      [undefined, 1],
      ['\uD800', 1],
      ['k', undefined],
      ['k', [new Date(NaN)]],
    ]) {
      const c = collector(combine)
      expect(() => c.emit(key, value)).toThrow(userValue)
      expect(() => c.commit()).toThrow(userValue)
      c.rollback()
      c.mark()
      c.emit('fine', 1)
      c.commit()
      expect(c.endSplit()).toEqual({ emitted: 1 })
      expect(c.finish().map((run) => run.records)).toEqual([1])
    }
  })

  test('emit from a getter, and from combine', () => {
    const c = collector(null)
    const trap = {
      get a() {
        c.emit('x', 1)
        return 1
      },
    }
    expect(() => c.emit('k', trap)).toThrow(userValue)
    const d = collector(() => d.emit('x', 1))
    d.emit('k', 1)
    d.emit('k', 2)
    expect(() => d.commit()).toThrow(userValue)
  })

  test('combine that returns no value', () => {
    const c = collector(() => undefined)
    c.emit('k', 1)
    c.emit('k', 2)
    expect(() => c.commit()).toThrow(
      expect.objectContaining({ code: 'USER_VALUE', message: 'result of combine is undefined' }),
    )
  })
})

function show(v: unknown): string {
  const form = encodeKey(v)
  return `${Buffer.from(form.order).toString('hex')}/${Buffer.from(form.shape).toString('hex')}`
}
