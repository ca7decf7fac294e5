import { array, assert as check, constantFrom, integer, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/core/limits.ts'
import { cutSplits, type CutSplit } from '../../../src/core/plan/splits.ts'

const MIB = 1024 * 1024

function isCovered(splits: readonly CutSplit[], end: number): void {
  let at = 0
  for (const split of splits) {
    expect(split.start).toBe(at)
    at = split.end
  }
  expect(at).toBe(end)
}

describe('cutSplits', () => {
  test('an empty shard is one empty split, so that coverage counts it', () => {
    const empty = [{ start: 0, end: 0, bytes: 0 }]
    expect(cutSplits(0, { kind: 'lines' })).toEqual(empty)
    expect(cutSplits(0, { kind: 'whole' })).toEqual(empty)
    expect(cutSplits(0, { kind: 'offsets', header: 0, at: [] })).toEqual(empty)
    expect(cutSplits(0, { kind: 'row-groups', groups: [] })).toEqual(empty)
  })

  test.each([
    [1, 1],
    [64 * MIB, 1],
    [64 * MIB + 1, 2],
    [200 * MIB, 4],
  ])('lines of %d bytes are cut at multiples of 64 MiB', (size, count) => {
    const splits = cutSplits(size, { kind: 'lines' })
    expect(splits).toHaveLength(count)
    isCovered(splits, size)
    for (const split of splits) {
      expect(split.start % LIMITS.splitBytes).toBe(0)
      expect(split.bytes).toBe(split.end - split.start)
    }
  })

  test('offsets: every cut is a known record start, and no split much longer than wanted', () => {
    check(
      property(array(integer({ min: 1, max: 40 }), { maxLength: 40 }), (steps) => {
        let size = 0
        const at: number[] = []
        for (const step of steps) {
          size += step * MIB
          at.push(size)
        }
        size += 1
        const splits = cutSplits(size, { kind: 'offsets', header: 10, at })
        isCovered(splits, size)
        for (const split of splits.slice(1)) expect(at).toContain(split.start)
        for (const split of splits) expect(split.bytes).toBeLessThanOrEqual(LIMITS.splitBytes + 40 * MIB)
        for (const split of splits.slice(0, -1)) expect(split.bytes).toBeGreaterThanOrEqual(LIMITS.splitBytes)
      }),
    )
  })

  test('row groups: joined while they fit, a larger one alone', () => {
    check(
      property(array(constantFrom(0, 1, 10 * MIB, 63 * MIB, 64 * MIB, 500 * MIB), { maxLength: 30 }), (sizes) => {
        const groups = sizes.map((bytes) => ({ rows: 1, bytes }))
        const splits = cutSplits(1, { kind: 'row-groups', groups })
        isCovered(splits, groups.length)
        for (const { start, end, bytes } of splits) {
          expect(bytes).toBe(sizes.slice(start, end).reduce((a, b) => a + b, 0))
          if (end - start > 1) expect(bytes).toBeLessThanOrEqual(LIMITS.splitBytes)
        }
      }),
    )
  })
})
