import { expect, it } from 'vitest'
import type { Event } from '../../src/core/events.ts'
import { newState } from '../../src/core/state.ts'
import type { NodeId } from '../../src/core/types.ts'
import { Loop, type Perform } from '../../src/runtime/loop.ts'
import { RUNTIME } from '../core/fake-work.ts'

const peer = 'n2' as NodeId
const met: Event = { type: 'peer', peer, connected: true }

/** A loop of which every effect does the same. */
function loopThat(does: () => void) {
  const state = newState({ node: 'n1' as NodeId, incarnation: { count: 1, nonce: '' }, slots: 0, runtime: RUNTIME }, 0)
  const fatal: unknown[] = []
  const perform = new Proxy({}, { get: () => does }) as Perform
  const clock = { now: () => 0, wall: () => new Date(0), after: () => () => {} }
  return { loop: new Loop(state, clock, perform, (error) => fatal.push(error)), fatal, state }
}

it('after a broken invariant the loop takes no event more, and says so once', () => {
  let effects = 0
  const { loop, fatal } = loopThat(() => {
    effects++
    throw new Error('broken')
  })
  for (let i = 0; i < 3; i++) loop.dispatch(met)
  expect([effects, fatal.length]).toEqual([1, 1])
})

it('what happens after it was stopped changes nothing', () => {
  const { loop, state } = loopThat(() => {})
  loop.stop()
  loop.dispatch(met)
  expect(state.connected.size).toBe(0)
})
