import { describe, expect, it } from 'vitest'
import type { Event } from '../../src/core/events.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { newState } from '../../src/core/state.ts'
import type { Millis, NodeId } from '../../src/core/types.ts'
import { Loop, type Perform } from '../../src/runtime/loop.ts'
import { RUNTIME } from '../core/fake-work.ts'

const peer = 'n2' as NodeId
const met: Event = { type: 'peer', peer, connected: true }

/** A loop of which every effect does the same. */
function loopThat(does: () => void) {
  const state = newState(
    { node: 'n1' as NodeId, incarnation: { count: 1, nonce: '' }, slots: 0, runtimes: { js: RUNTIME } },
    0,
  )
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

/** A clock that a test turns, with the one timer of a loop. */
class HandClock {
  time: Millis = 0
  timer: { readonly at: Millis; readonly run: () => void } | null = null

  now = (): Millis => this.time
  wall = (): Date => new Date(0)
  after = (delay: Millis, run: () => void): (() => void) => {
    const timer = { at: this.time + delay, run }
    this.timer = timer
    return () => {
      if (this.timer === timer) this.timer = null
    }
  }

  /** The timer goes off, late by so much. */
  fire(late: Millis = 0): void {
    const { timer } = this
    this.timer = null
    this.time = timer!.at + late
    timer!.run()
  }
}

function tickingLoop() {
  const clock = new HandClock()
  const state = newState(
    { node: 'n1' as NodeId, incarnation: { count: 1, nonce: '' }, slots: 0, runtimes: { js: RUNTIME } },
    0,
  )
  const perform = new Proxy({}, { get: () => () => undefined }) as Perform
  const loop = new Loop(state, clock, perform, (error) => {
    throw error
  })
  loop.start(() => undefined)
  return { clock, state, loop }
}

describe('ticks', () => {
  it('come when the control plane wants them: often, until it has been left alone for a while', () => {
    const { clock, state } = tickingLoop()
    const gaps: Millis[] = []
    for (let last = 0; clock.time < LIMITS.quietAfterMs + 5_000; last = clock.time) {
      clock.fire()
      gaps.push(clock.time - last)
    }
    expect(state.quiet).toBe(true)
    expect([gaps[0], gaps.at(-1)]).toEqual([LIMITS.tickMs, LIMITS.quietBeatMs])
  })

  it('come soon after an event that changed something, though the timer was set for later', () => {
    const { clock, loop } = tickingLoop()
    while (clock.time < LIMITS.quietAfterMs + 5_000) clock.fire()
    clock.time += 300
    expect(clock.timer!.at - clock.time).toBeGreaterThan(LIMITS.tickMs)
    loop.dispatch(met)
    expect(clock.timer!.at - clock.time).toBe(LIMITS.tickMs)
  })

  it('tell how late the latest of them was, and end with the loop', () => {
    const { clock, loop } = tickingLoop()
    for (const late of [0, 700, 0, 20]) clock.fire(late)
    expect(loop.lagMs).toBe(700)
    loop.stop()
    expect(clock.timer).toBe(null)
  })
})
