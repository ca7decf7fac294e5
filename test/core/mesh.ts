/** What the tests of whole meshes share: a mesh with a job on it, and what must hold in the end. */
import { expect } from 'vitest'
import type { JobRecord } from '../../src/core/types.ts'
import { expectedResult, makeJob, type JobShape } from './fake-work.ts'
import { World } from './harness.ts'
import type { Network, WorldOptions } from './world-options.ts'

/** More seeds find rarer histories: SHOAL_SEEDS=500 for a night. */
const SEEDS = Number(process.env['SHOAL_SEEDS'] || 6)

/** A third of all messages lost, a fifth doubled, a tenth of all streams broken, delays that reorder. */
export const STORM: Network = { loss: 0.3, duplicate: 0.2, broken: 0.1, delay: [1, 200] }

/** Runs the body with one seed after the other; a failure names its seed. */
export function forSeeds(body: (seed: number) => void): void {
  for (let seed = 0; seed < SEEDS; seed++) {
    try {
      body(seed)
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error })
    }
  }
}

/** Five nodes that have met, and a job of 40 maps and 8 reduces submitted on the first of them. */
export function meshWithJob(options: Partial<WorldOptions> & { seed: number }, shape: Partial<JobShape> = {}): Mesh {
  const world = new World({ nodes: 5, ...options })
  const job = makeJob({ maps: 40, reduces: 8, members: world.names, ...shape })
  world.run(1_000)
  world.submit(world.names[0]!, job)
  return { world, job }
}

export interface Mesh {
  readonly world: World
  readonly job: JobRecord
}

/** All nodes that are up come to hold the exact result within the time. */
export function expectSealed({ world, job }: Mesh, limit: number = 60_000): void {
  world.runUntil(() => world.isOverEverywhere(job.id), limit)
  const result = expectedResult(job)
  expect(world.outcomesOf(job.id)).toEqual(world.up.map(() => ({ kind: 'sealed', result })))
  expectOneStory({ world, job })
}

/** No node has ever told two different results, nor told less than it had told before in the same round. */
export function expectOneStory({ world, job }: Mesh): void {
  const results = world.outcomes.flatMap(({ job: id, outcome }) =>
    id === job.id && outcome.kind === 'sealed' ? outcome.result : [],
  )
  expect(new Set(results).size).toBe(1)
}

/** All nodes that are up come to tell the same outcome within the time, and it stays so; gives its text. */
export function expectAgreed({ world, job }: Mesh, limit: number = 60_000): string {
  expect(world.runUntil(() => world.isOverEverywhere(job.id), limit)).toBe(true)
  world.run(10_000)
  const outcomes = new Set(world.outcomesOf(job.id).map((outcome) => JSON.stringify(outcome)))
  expect([...outcomes]).toHaveLength(1)
  return [...outcomes][0]!
}
