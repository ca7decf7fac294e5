/** Parts of a sealed result that nobody has any more: made again where a person asks, and the same. */
import { tasksOfKind } from './steps.ts'
import { describe, expect, test } from 'vitest'
import { liveHolders } from '../../src/core/members/holders.ts'
import { plan } from '../../src/core/plan/plan.ts'
import { isRemade } from '../../src/core/outcome/remake.ts'
import type { NodeId, TaskIndex } from '../../src/core/types.ts'
import type { Behaviour, Execution } from './fake-tasks.ts'
import { expectedResult } from './fake-work.ts'
import { expectSealed, forSeeds, meshWithJob, STORM, type Mesh } from './mesh.ts'

const parts = ({ job }: Mesh): TaskIndex[] =>
  tasksOfKind(plan(job.spec, job.snapshot), 'reduce').map((task) => task.index)

/** Sealed, copied, and its runs let go, everywhere. */
function settled(options: Parameters<typeof meshWithJob>[0], shape: Parameters<typeof meshWithJob>[1] = {}): Mesh {
  const mesh = meshWithJob(options, { maps: 12, reduces: 6, ...shape })
  expectSealed(mesh)
  const { world, job } = mesh
  expect(
    world.runUntil(() => world.up.every((id) => world.state(id).jobs.get(job.id)!.round.released.size > 0), 60_000),
  ).toBe(true)
  return mesh
}

/** The files of these parts are gone from all disks, and each node has found that. */
function lose({ world, job }: Mesh, lost: readonly TaskIndex[]): void {
  for (const id of world.names)
    for (const task of lost) {
      world.disk(id).lose(job.id, task)
      if (world.up.includes(id)) world.tell(id, { type: 'lost', job: job.id, task, what: 'output' })
    }
  world.run(2_000)
}

const holders = ({ world, job }: Mesh, id: NodeId, task: TaskIndex): readonly NodeId[] =>
  liveHolders(world.state(id), world.state(id).jobs.get(job.id)!, task)

/** Every part has a holder again, the result is what it was, and nobody works on it any more. */
function expectWhole(mesh: Mesh): void {
  const { world, job } = mesh
  const whole = (): boolean =>
    world.up.every((id) => {
      const known = world.state(id).jobs.get(job.id)!
      return known.round.whole && parts(mesh).every((task) => holders(mesh, id, task).length > 0)
    })
  expect(world.runUntil(whole, 120_000)).toBe(true)
  world.run(5_000)
  for (const id of world.up) {
    expect(world.outcome(id, job.id)).toMatchObject({ kind: 'sealed', result: expectedResult(job) })
    expect(isRemade(world.state(id).jobs.get(job.id)!)).toBe(false)
    expect(world.state(id).running.size).toBe(0)
  }
  for (const task of parts(mesh)) {
    const held = world.names
      .map((id) => world.disk(id).output(job.id, task)?.output.digest)
      .filter((d) => d !== undefined)
    expect(new Set(held).size).toBe(1)
  }
}

const executed = ({ world }: Mesh): number => world.executions.length

describe('lost parts of a sealed result', () => {
  test('stay lost while nobody asks, and are made again when somebody does', () => {
    forSeeds((seed) => {
      const mesh = settled({ seed, ...(seed % 3 === 2 ? { network: STORM } : {}) }, { holders: 1 + (seed % 2) })
      const { world, job } = mesh
      const lost = parts(mesh).filter((_, i) => i % 3 === seed % 3)
      lose(mesh, lost)
      const before = executed(mesh)
      world.run(20_000)
      expect(executed(mesh)).toBe(before)
      world.tell(world.names[seed % 5]!, { type: 'retry', job: job.id })
      expectWhole(mesh)
      const again = world.executions.slice(before).map((e) => e.task.index)
      expect(parts(mesh).filter((task) => again.includes(task))).toEqual(lost)
    })
  })

  test('are made again by nodes that were killed and started in the midst of it', () => {
    forSeeds((seed) => {
      const mesh = settled({ seed }, { holders: 2 })
      const { world, job } = mesh
      lose(mesh, parts(mesh))
      world.tell(world.names[0]!, { type: 'retry', job: job.id })
      for (const id of world.names.filter((_, i) => (i + seed) % 2 === 0)) {
        world.run(300 + 97 * seed)
        world.kill(id)
        world.run(400)
        world.start(id)
      }
      expectWhole(mesh)
    })
  })

  test('are made again for a node that heard of it late, and for all at once', () => {
    forSeeds((seed) => {
      const mesh = settled({ seed }, { holders: 2 })
      const { world, job } = mesh
      const late = world.names[4]!
      world.kill(late)
      world.run(8_000)
      lose(mesh, parts(mesh))
      world.tell(world.names[0]!, { type: 'retry', job: job.id })
      world.tell(world.names[1]!, { type: 'retry', job: job.id })
      expectWhole(mesh)
      world.start(late)
      expectWhole(mesh)
    })
  })

  test('that cannot be made again are given up, and the seal stands', () => {
    forSeeds((seed) => {
      let damaged = false
      const behave = (e: Execution): Behaviour =>
        damaged && e.task.index === 3 ? { fail: { blame: 'input', place: 'logs/part-3' } } : {}
      const mesh = settled({ seed, behave }, { holders: 1 })
      const { world, job } = mesh
      const [lost] = parts(mesh)
      lose(mesh, [lost!])
      damaged = true
      world.tell(world.names[0]!, { type: 'retry', job: job.id })
      const hopeless = (): boolean => world.up.every((id) => world.state(id).jobs.get(job.id)!.round.hopeless !== null)
      expect(world.runUntil(hopeless, 120_000)).toBe(true)
      const before = executed(mesh)
      world.run(30_000)
      expect(executed(mesh)).toBe(before)
      for (const id of world.up) {
        expect(world.outcome(id, job.id)).toMatchObject({ kind: 'sealed', result: expectedResult(job) })
        expect(holders(mesh, id, lost!)).toEqual([])
      }
      // Another try, once what stood in the way is mended.
      damaged = false
      world.tell(world.names[1]!, { type: 'retry', job: job.id })
      expectWhole(mesh)
    })
  })

  test('a job that has all its parts is not made again', () => {
    const mesh = settled({ seed: 1 })
    const { world, job } = mesh
    const before = executed(mesh)
    world.tell(world.names[0]!, { type: 'retry', job: job.id })
    world.run(10_000)
    expect(executed(mesh)).toBe(before)
    expect(world.state(world.names[0]!).jobs.get(job.id)!.ledger.round).toBe(1)
  })
})
