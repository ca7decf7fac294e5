import { setTimeout as sleep } from 'node:timers/promises'
import type { SubmitRequest } from '../../control/api.ts'
import { ShoalError } from '../../core/errors.ts'
import { ask } from '../follow.ts'
import { draw, holdsAlone } from './deal.ts'
import { holdsInput } from './files.ts'
import type { SimMesh, SimPlan } from './mesh.ts'
import type { NodeProcess } from './node-process.ts'

const POLL_MS = 20
/** A node that alone held a shard is away so long before it starts again. */
const RESTART_MS = 2_000

/** Indexes of the nodes that hold shards of the job. @throws ShoalError USAGE when they are fewer than are to be killed */
export function holdersOf(plan: SimPlan, request: SubmitRequest): number[] {
  const holders = [...plan.hands.entries()].filter(([, hand]) => holdsInput(hand, request.job.inputs)).map(([i]) => i)
  if (holders.length < plan.kill) {
    throw new ShoalError('USAGE', `--kill ${plan.kill}: only ${holders.length} of the nodes hold shards of the job`, {
      try: [`--kill ${holders.length}`, 'more files: each node is dealt whole ones'],
    })
  }
  return holders
}

/**
 * Draws the victims by the seed, from the holders that have a task of their own in the plan where there are enough,
 * and tells them to keep their first attempt open.
 */
export async function drawVictims(
  mesh: SimMesh,
  plan: SimPlan,
  request: SubmitRequest,
  seed: number,
  signal: AbortSignal,
): Promise<NodeProcess[]> {
  if (plan.kill === 0) return []
  const holders = holdersOf(plan, request).map((i) => mesh.nodes[i] as NodeProcess)
  const explained = await ask(mesh.via(signal), signal, (node) => node.explain(request))
  const working = new Set(explained.stages.flatMap((stage) => stage.nodes.map((node) => node.name)))
  const busy = holders.filter((node) => working.has(node.name))
  const idle = holders.filter((node) => !working.has(node.name))
  const victims = draw(busy, plan.kill, seed)
  victims.push(...draw(idle, plan.kill - victims.length, seed))
  for (const victim of victims) victim.holdFirst()
  return victims
}

/** Kills each victim as soon as it is inside a task. `done` ends the hunt; answers with those who got away. */
export async function hunt(
  victims: readonly NodeProcess[],
  say: (line: string) => void,
  done: AbortSignal,
): Promise<NodeProcess[]> {
  const caught = await Promise.all(victims.map((victim) => killInsideTask(victim, say, done)))
  return victims.filter((_, i) => caught[i] !== true)
}

async function killInsideTask(victim: NodeProcess, say: (line: string) => void, done: AbortSignal): Promise<boolean> {
  while (!done.aborted) {
    const place = victim.holding()
    if (place !== null && victim.running) {
      const { pid } = victim
      await victim.kill()
      say(`killed ${victim.name} pid ${pid} at ${place}`)
      if (holdsAlone(victim.recipe.hand)) void restartLater(victim, say, done)
      return true
    }
    await sleep(POLL_MS)
  }
  return false
}

async function restartLater(victim: NodeProcess, say: (line: string) => void, done: AbortSignal): Promise<void> {
  try {
    await sleep(RESTART_MS, undefined, { signal: done })
  } catch {
    return
  }
  victim.start()
  say(`started ${victim.name} again, pid ${victim.pid}: it alone holds shards`)
}
