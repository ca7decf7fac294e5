/** A node dies in a simulated mesh of control planes, where nothing else takes time but tasks and messages. */
import { livenessOf } from '../../src/core/members/liveness.ts'
import type { NodeId } from '../../src/core/types.ts'
import { makeJob } from '../../test/core/fake-work.ts'
import { World } from '../../test/core/harness.ts'
import type { Cost } from './costs.ts'

const NODES = 5
const TASK_MS = 1_000
const [SUBMITTER, VICTIM] = ['n1', 'n3'] as [NodeId, NodeId]
const LONG_MS = 200_000

/** 100 maps of a second each, every shard on two of five nodes with two slots; `silently`: no connection closes. */
export function simulatedKill(seed: number, silently: boolean): Cost {
  const spared = begin(seed)
  const whole = end(spared)
  const hit = begin(seed)
  const cost = strike(hit.world, silently)
  return { ...cost, later: end(hit) - whole }
}

interface Begun {
  readonly world: World
  readonly from: number
  readonly job: ReturnType<typeof makeJob>
}

/** A job in the midst of its maps. */
function begin(seed: number): Begun {
  const world = new World({ nodes: NODES, seed, behave: () => ({ ms: TASK_MS }) })
  world.run(6_000 + seed * 77)
  const job = makeJob({ members: world.names, name: `kill-${seed}`, maps: 100, reduces: 10, holders: 2 })
  world.submit(SUBMITTER, job)
  const from = world.now
  world.run(4_000 + seed * 131)
  return { world, from, job }
}

function end({ world, from, job }: Begun): number {
  reach(world, () => world.isOverEverywhere(job.id))
  return world.now - from
}

function strike(world: World, silently: boolean): Omit<Cost, 'later'> {
  const at = world.now
  const before = world.executions.length
  const running = world.executions.filter((one) => one.node === VICTIM && one.end === 'running')
  world.kill(VICTIM, silently)
  const isAgain = (isDone: boolean): boolean =>
    running.every(({ task }) =>
      world.executions.slice(before).some((one) => one.task.index === task.index && (!isDone || one.end === 'done')),
    )
  reach(world, () => world.up.some((node) => livenessOf(world.state(node), VICTIM) === 'away'))
  const detected = world.now - at
  reach(world, () => isAgain(false))
  const begun = world.now - at
  reach(world, () => isAgain(true))
  return { detected, begun, done: world.now - at }
}

function reach(world: World, isSo: () => boolean): void {
  if (!world.runUntil(isSo, LONG_MS)) throw new Error('it does not come about')
}
