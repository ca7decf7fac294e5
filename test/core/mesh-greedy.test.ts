/** The theorem of the design: everything stays exact even if every node claims every task. */
import { expect, test, vi } from 'vitest'
import type * as Candidates from '../../src/core/members/candidates.ts'
import type { State } from '../../src/core/state.ts'
import { expectAgreed, expectSealed, forSeeds, meshWithJob, STORM } from './mesh.ts'

vi.mock('../../src/core/members/candidates.ts', async (original) => {
  const real = await original<typeof Candidates>()
  // Each node takes itself for the first candidate of everything, and no claim stands.
  return {
    ...real,
    candidates: (state: State) => [state.self.node],
    expectedOwner: (state: State) => state.self.node,
    isStanding: () => false,
    isOwnFree: () => false,
  }
})

test('the result is exact, and nothing is in conflict', () => {
  forSeeds((seed) => {
    const mesh = meshWithJob({ seed, nodes: 3, slots: 4 }, { holders: 1 + (seed % 3) })
    expectSealed(mesh)
    expect(mesh.world.executions.length).toBeGreaterThan(2 * 48)
  })
})

test('also in a storm in which nodes are killed', () => {
  forSeeds((seed) => {
    const mesh = meshWithJob({ seed, nodes: 3, slots: 4, network: STORM }, { holders: 2, sort: seed % 2 === 1 })
    const { world } = mesh
    world.run(1_000 + ((seed * 197) % 3_000))
    const node = world.names[seed % 3]!
    world.kill(node)
    world.run(3_000)
    world.start(node)
    expectSealed(mesh)
  })
})

test('a nondeterministic task is always found out', () => {
  forSeeds((seed) => {
    // The first task: by the time that another one is begun, its output may be known.
    const mesh = meshWithJob({ seed, nodes: 3, behave: (e) => ({ salt: e.task.index === 0 ? e.node : '' }) })
    expect(expectAgreed(mesh)).toMatch(/"code":"CONFLICT"|"kind":"disputed"/)
  })
})
