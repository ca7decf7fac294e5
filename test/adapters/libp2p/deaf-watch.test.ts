import { expect, it } from 'vitest'
import { DeafWatch } from '../../../src/adapters/libp2p/deaf-watch.ts'
import { LIMITS } from '../../../src/core/limits.ts'
import type { NodeId } from '../../../src/core/types.ts'

const [a, b] = ['a' as NodeId, 'b' as NodeId]
const bound = LIMITS.gossipDeafMs

/** Ticks once a second over [from, to]; gives the times at which `a` was found. */
function run(watch: DeafWatch, from: number, to: number, connected: NodeId[], subscribers: NodeId[]): number[] {
  const found: number[] = []
  for (let now = from; now <= to; now += 1_000) {
    if (watch.tick(connected, new Set(subscribers), now).includes(a)) found.push(now)
  }
  return found
}

it('finds a peer that has not subscribed for longer than the bound, and no other', () => {
  const watch = new DeafWatch()
  expect(watch.tick([a, b], new Set([b]), 0)).toEqual([])
  expect(run(watch, 1_000, bound, [a, b], [b])).toEqual([])
  expect(watch.tick([a, b], new Set([b]), bound + 1)).toEqual([a])
})

it('finds a subscriber that publications pass by', () => {
  const watch = new DeafWatch()
  watch.published(new Set([a]))
  expect(run(watch, 0, 60_000, [a, b], [a, b])[0]).toBe(bound + 1_000)
  watch.published(new Set())
  expect(run(watch, 61_000, 120_000, [a, b], [a, b])).toEqual([])
})

it('waits twice as long after each connection that did not help, and no longer than a bound', () => {
  const found = run(new DeafWatch(), 0, 600_000, [a], [])
  const waits = found.map((at, i) => at - (i === 0 ? -1_000 : (found[i - 1] ?? 0)))
  expect(waits.slice(0, 6)).toEqual([1, 2, 4, 8, 16, 32].map((factor) => bound * factor + 2_000))
  expect(new Set(waits.slice(5))).toEqual(new Set([bound * 32 + 2_000]))
})

it('starts anew with a peer that was away, that was heard, or after a stall of its own', () => {
  const watch = new DeafWatch()
  run(watch, 0, bound - 1_000, [a], [])
  expect(run(watch, bound, bound, [], [])).toEqual([])
  expect(run(watch, bound + 1_000, 2 * bound + 1_000, [a], [])).toEqual([])
  expect(run(watch, 2 * bound + 2_000, 2 * bound + 2_000, [a], [a])).toEqual([])
  expect(run(watch, 2 * bound + 3_000, 3 * bound + 3_000, [a], [])).toEqual([])
  expect(watch.tick([a], new Set(), 100_000)).toEqual([])
})
