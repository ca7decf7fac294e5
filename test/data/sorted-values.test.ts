/** Values of a key in an order of their own, against a plain sort. */
import { array, assert, constantFrom, integer, oneof, property, record, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import { compareKeys, scalars } from './arbitrary.ts'
import { collect, inputsOf, readGroups, type Emit } from './naive.ts'

const keys = oneof(constantFrom<unknown>('', 'a', 'b', 'ab', 1, 1n, null, [], ['a'], ['a', 'b']), scalars)
/** What a value is sorted by stands beside a number that tells it from all others. */
const emits = array(tuple(keys, keys), { maxLength: 12 })
const sortValues = (value: unknown): unknown => (value as [unknown, number])[0]

interface Placed {
  readonly task: number
  readonly emits: readonly (readonly [key: unknown, by: unknown])[]
}

describe('sorted values', () => {
  test('are in the order of what they are sorted by, ties as they were emitted, in any tasks, memory and fan-in', () => {
    const placed = array(record({ task: integer({ min: 0, max: 3 }), emits }), { maxLength: 12 })
    assert(
      property(
        placed,
        constantFrom(2, 64),
        constantFrom(300, 1_000_000),
        constantFrom(1, 3),
        (given, fanIn, memory, n) => {
          const splits = numbered(given)
          const read = Array.from({ length: n }, (_, partition) => {
            const all = [0, 1, 2, 3].map((t) => splits.filter(({ task }) => task === t))
            const tasks = all.map((own) =>
              collect(
                own.map((split) => [{ emits: split.emits, skip: false }]),
                { partitions: n, memory, sortValues },
              ),
            )
            const ranks = all.map((own) => own.map((split) => splits.indexOf(split)))
            return readGroups(inputsOf(tasks, partition, ranks), { fanIn, sorted: true })
          })
          const groups = read.flat().toSorted((a, b) => compareKeys(a.key, b.key))
          expect(groups.map(({ key, values }) => [key, values])).toEqual(naive(splits.flatMap((split) => split.emits)))
        },
      ),
      { numRuns: 200 },
    )
  })

  test('a key and what its values are sorted by are no longer together than a key', () => {
    const half = 'x'.repeat(LIMITS.keyBytesMax / 2)
    const emitting = (by: unknown) => () => collect([[{ emits: [[half, [by, 0]]], skip: false }]], { sortValues })
    expect(emitting(half.slice(10))).not.toThrow()
    expect(emitting(half + half.slice(0, 10))).toThrow(expect.objectContaining({ code: 'RECORD_LIMIT' }))
    expect(emitting(() => 1)).toThrow(expect.objectContaining({ code: 'USER_VALUE' }))
  })
})

function numbered(given: readonly Placed[]): { task: number; emits: Emit[] }[] {
  let n = 0
  return given.map(({ task, emits: all }) => ({ task, emits: all.map(([key, by]) => [key, [by, n++]]) }))
}

/** Groups by key, each with its values sorted; the key is that of the value which comes first. */
function naive(all: readonly Emit[]): [unknown, unknown[]][] {
  const sorted = [...all].sort(
    ([a, x], [b, y]) => compareKeys(a, b) || compareKeys(sortValues(x), sortValues(y)) || order(x) - order(y),
  )
  const groups: [unknown, unknown[]][] = []
  for (const [key, value] of sorted) {
    const last = groups.at(-1)
    if (last !== undefined && compareKeys(last[0], key) === 0) last[1].push(value)
    else groups.push([key, [value]])
  }
  return groups
}

function order(value: unknown): number {
  return (value as [unknown, number])[1]
}
