import { array, assert, constantFrom, integer, property, record, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { END, Groups } from '../../src/data/fold.ts'
import { MemoryFiles } from '../../src/data/spill.ts'
import { hostFactory } from '../../src/data/value.ts'
import { compareKeys } from './arbitrary.ts'
import { type Emit, type Split, type Task, collect, inputsOf, naiveGroups, readGroups } from './naive.ts'

const splitOf = (emits: readonly Emit[]): Split => [{ emits, skip: false }]
const keys = constantFrom<unknown>('a', 'b', 1, 1n, 'c', null)

/** Tasks over splits given by (task, rank); the naive side sees the splits in rank order. */
interface Placed {
  readonly task: number
  readonly emits: readonly Emit[]
}

describe('merged groups', () => {
  test('values come in rank order over any tasks, splits of a task in any rank order, any fan-in', () => {
    const placed = array(
      record({ task: integer({ min: 0, max: 9 }), emits: array(tuple(keys, integer()), { maxLength: 6 }) }),
      {
        maxLength: 24,
      },
    )
    assert(
      property(placed, integer(), constantFrom(2, 3, 64), (given, salt, fanIn) => {
        const { tasks, ranks } = deal(given, salt)
        const read = readGroups(inputsOf(tasks, 0, ranks), { fanIn })
        const naive = naiveGroups(
          given.map((split) => splitOf(split.emits)),
          null,
          0,
        )
        expect(read.map((g) => [g.key, g.values])).toEqual(naive.map((g) => [g.key, g.values]))
      }),
      { numRuns: 150 },
    )
  })

  test('300 runs through passes of 64, nothing left behind', () => {
    const given = Array.from({ length: 300 }, (_, i) => ({
      task: i,
      emits: Array.from({ length: 20 }, (__, j) => [`k${(i * j) % 50}`, i * 100 + j] as const),
    }))
    const { tasks, ranks } = deal(given, 0)
    const read = readGroups(inputsOf(tasks, 0, ranks))
    const naive = naiveGroups(
      given.map((split) => splitOf(split.emits)),
      null,
      0,
    )
    expect(read.map((g) => [g.key, g.values])).toEqual(naive.map((g) => [g.key, g.values]))
    expect(read[0]!.weight).toBe(6000)
  })

  test('without reduce each record has its own typed key', () => {
    const task = collect([
      splitOf([
        [1, 'a'],
        [1n, 'b'],
        [1, 'c'],
        [2n, 'd'],
        [2, 'e'],
      ]),
    ])
    const groups = new Groups({
      inputs: inputsOf([task], 0, [[0]]),
      aliases: 1,
      make: hostFactory,
      files: new MemoryFiles(),
    })
    const read: unknown[] = []
    while (groups.nextGroup()) {
      for (let value = groups.nextValue(0); value !== END; value = groups.nextValue(0)) {
        read.push([groups.key, groups.recordKey, value])
      }
    }
    expect(read).toEqual([
      [1, 1, 'a'],
      [1, 1n, 'b'],
      [1, 1, 'c'],
      [2n, 2n, 'd'],
      [2n, 2, 'e'],
    ])
  })

  test('unread values are skipped, and count; an iterable is used up once', () => {
    const task = collect([splitOf(Array.from({ length: 1000 }, (_, i) => [i % 4, i] as const))])
    const groups = new Groups({
      inputs: inputsOf([task], 0, [[0]]),
      aliases: 1,
      make: hostFactory,
      files: new MemoryFiles(),
    })
    const read: unknown[] = []
    while (groups.nextGroup()) {
      if (groups.key === 1) continue
      const values = groups.values()
      read.push(values.next().value, values.next().value)
      if (groups.key === 2) expect([...values, ...groups.values()].length).toBe(248)
    }
    expect(read).toEqual([0, 4, 2, 6, 3, 7])
    expect([groups.groups, groups.records, groups.weights]).toEqual([4, 1000, [1000]])
  })

  test('no runs, no groups', () => {
    expect(readGroups([])).toEqual([])
  })
})

describe('co-groups', () => {
  test('each alias can be read in any order, in pieces, from memory and from disk', () => {
    const given = record({
      splits: array(
        record({ alias: integer({ min: 0, max: 2 }), emits: array(tuple(keys, integer()), { maxLength: 12 }) }),
        {
          maxLength: 8,
        },
      ),
      steps: array(integer({ min: 0, max: 2 }), { maxLength: 60 }),
      memory: constantFrom(0, 20, 1_000_000),
    })
    assert(
      property(given, ({ splits, steps, memory }) => {
        const sorted = splits.toSorted((a, b) => a.alias - b.alias)
        const tasks = sorted.map((split) => collect([splitOf(split.emits)], { memory: 20_000 }))
        const ranks = sorted.map((_, i) => [i])
        const files = new MemoryFiles()
        const groups = new Groups({
          inputs: inputsOf(
            tasks,
            0,
            ranks,
            sorted.map((split) => [split.alias]),
          ),
          aliases: 3,
          make: hostFactory,
          files,
          memory,
        })
        const ofAlias = [0, 1, 2].map((alias) =>
          naiveGroups(
            sorted.filter((split) => split.alias === alias).map((split) => splitOf(split.emits)),
            null,
            0,
          ),
        )
        for (const { key } of naiveGroups(
          sorted.map((split) => splitOf(split.emits)),
          null,
          0,
        )) {
          expect(groups.nextGroup()).toBe(true)
          expect(groups.key).toBe(key)
          const expected = ofAlias.map((all) => [
            ...(all.find((group) => compareKeys(group.key, key) === 0)?.values ?? []),
          ])
          for (const alias of steps) {
            const value = groups.nextValue(alias)
            expect(value).toBe(expected[alias]!.length > 0 ? expected[alias]!.shift() : END)
          }
        }
        expect(groups.nextGroup()).toBe(false)
        groups.close()
        expect(files.files.size).toBe(0)
      }),
      { numRuns: 150 },
    )
  })
})

/** Deals splits to tasks; within a task their order is shuffled by the salt, so that ranks need not ascend. */
function deal(given: readonly Placed[], salt: number): { tasks: Task[]; ranks: number[][] } {
  const tasks: Task[] = []
  const ranks: number[][] = []
  for (let task = 0; task <= Math.max(-1, ...given.map((split) => split.task)); task++) {
    const mine = given
      .map((split, rank) => ({ split, rank }))
      .filter(({ split }) => split.task === task)
      .toSorted((a, b) => ((a.rank * 31 + salt) % 7) - ((b.rank * 31 + salt) % 7))
    tasks.push(
      collect(
        mine.map(({ split }) => splitOf(split.emits)),
        { memory: 20_000 },
      ),
    )
    ranks.push(mine.map(({ rank }) => rank))
  }
  return { tasks, ranks }
}
