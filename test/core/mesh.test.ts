import { describe, expect, test } from 'vitest'
import { expectedResult, makeJob, type JobShape } from './fake-work.ts'
import { World, type WorldOptions } from './harness.ts'
import type { JobRecord } from '../../src/core/types.ts'

const SHAPE = { maps: 40, reduces: 8 }
const STORM = { loss: 0.3, duplicate: 0.2, broken: 0.1, delay: [1, 200] as const }

function mesh(options: Partial<WorldOptions> & { seed: number }, shape: Partial<JobShape> = {}): [World, JobRecord] {
  const world = new World({ nodes: 5, ...options })
  const job = makeJob({ ...SHAPE, members: world.names, ...shape })
  world.run(1_000)
  world.submit(world.names[0]!, job)
  return [world, job]
}

function expectSealed(world: World, job: JobRecord): void {
  const result = expectedResult(job)
  expect(world.outcomesOf(job.id)).toEqual(world.up.map(() => ({ kind: 'sealed', result })))
}

describe('a job of 40 maps and 8 reduces on five nodes', () => {
  test('seals with the same result on all of them', () => {
    for (let seed = 0; seed < 20; seed++) {
      const [world, job] = mesh({ seed })
      expect(
        world.runUntil(() => world.isOverEverywhere(job.id), 60_000),
        `seed ${seed}`,
      ).toBe(true)
      expectSealed(world, job)
      if (seed < 5) console.log(seed, world.now, world.executions.length, world.messages)
    }
  })
  test('storm', () => {
    for (let seed = 0; seed < 20; seed++) {
      const [world, job] = mesh({ seed, network: STORM })
      expect(
        world.runUntil(() => world.isOverEverywhere(job.id), 60_000),
        `seed ${seed}`,
      ).toBe(true)
      expectSealed(world, job)
      if (seed < 5) console.log(seed, world.now, world.executions.length, world.messages)
    }
  })
})
