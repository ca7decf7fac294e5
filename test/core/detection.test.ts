/** How soon the dead are noticed, and that the living are not taken for dead by who does not keep up himself. */
import { describe, expect, test } from 'vitest'
import { livenessOf } from '../../src/core/members/liveness.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { Millis, NodeId } from '../../src/core/types.ts'
import { Random } from './agenda.ts'
import { World } from './harness.ts'
import { forSeeds } from './mesh.ts'

const [n1, n3] = ['n1', 'n3'] as [NodeId, NodeId]

/** What a heartbeat may be late by, and the step in which a test looks. */
const BLUR = LIMITS.heartbeatMs + 100
/** The last heartbeat of a quiet node may be so old when it is killed: it is noticed sooner, never later. */
const OLD = LIMITS.quietBeatMs + 100

function killed(seed: number, silently: boolean): { readonly first: Millis; readonly last: Millis } {
  const world = new World({ nodes: 5, seed })
  world.run(6_000 + ((seed * 137) % 1_000))
  const from = world.now
  world.kill(n3, silently)
  const seeing = (): number => world.up.filter((node) => livenessOf(world.state(node), n3) === 'away').length
  expect(world.runUntil(() => seeing() > 0, 20_000)).toBe(true)
  const first = world.now - from
  expect(world.runUntil(() => seeing() === 4, 20_000)).toBe(true)
  return { first, last: world.now - from }
}

describe('a node that is killed is away', () => {
  test('after half the time where its connections are seen to close', () => {
    forSeeds((seed) => {
      const { first, last } = killed(seed, false)
      expect(first).toBeGreaterThan(LIMITS.awayAfterMs / 2 - OLD)
      expect(last).toBeLessThanOrEqual(LIMITS.awayAfterMs / 2 + BLUR)
    })
  })

  test('after the whole of it where nothing tells of it', () => {
    forSeeds((seed) => {
      const { first, last } = killed(seed, true)
      expect(first).toBeGreaterThan(LIMITS.awayAfterMs - OLD)
      expect(last).toBeLessThanOrEqual(LIMITS.awayAfterMs + BLUR)
    })
  })
})

describe('a node that does not keep up', () => {
  /** Lets n1 stand still again and again for two minutes; how often it takes another for away. */
  function accusations(seed: number, stall: readonly [Millis, Millis], every: Millis, loss: number): number {
    const world = new World({ nodes: 5, seed, network: { loss, delay: [1, 400] } })
    world.run(8_000)
    const random = new Random(seed)
    const stumble = (): void => {
      world.sleep(n1, random.between(...stall))
      world.agenda.after(every, stumble)
    }
    stumble()
    const away = new Set<NodeId>()
    let count = 0
    for (let spent = 0; spent < 120_000; spent += 50) {
      world.run(50)
      for (const node of world.names) {
        if (livenessOf(world.state(n1), node) !== 'away') away.delete(node)
        else if (!away.has(node)) {
          away.add(node)
          count++
        }
      }
    }
    return count
  }

  test.each([
    ['for most of each second', [300, 900], 1_000],
    ['for seconds', [2_000, 4_000], 4_500],
    ['for longer than it would wait for others', [5_500, 9_000], 12_000],
  ] as const)('%s accuses nobody', (_, stall, every) => {
    forSeeds((seed) => {
      if (seed < 3) expect(accusations(seed, stall, every, 0.3)).toBe(0)
    })
  })
})
