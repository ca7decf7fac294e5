/** A job of programs of two kinds: each task runs where its own kind does, and a node that lacks one runs the rest. */
import { expect, test } from 'vitest'
import { candidates, isEligible } from '../../src/core/members/candidates.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { plan } from '../../src/core/plan/plan.ts'
import type { JobRecord, NodeId, Runtimes, StageSpec } from '../../src/core/types.ts'
import { makeJob, RUNTIME, sequentialResult } from './fake-work.ts'
import { World } from './harness.ts'
import { expectOneStory, forSeeds } from './mesh.ts'
import { OneNode, recordOf } from './one-node.ts'

const BOTH: Runtimes = { js: RUNTIME, made: 'made-1' }
const JS: Runtimes = { js: RUNTIME }
const OTHER: Runtimes = { made: 'made-1' }
const LATER: Runtimes = { js: RUNTIME, made: 'made-2' }

/** Reads rows in JavaScript, then goes on in a kind of program that is made up. */
function twoKinds(members: readonly NodeId[]): JobRecord {
  const stages: (Pick<StageSpec, 'name'> & Partial<StageSpec>)[] = [
    { name: 'read', reads: [{ alias: '', input: 0 }] },
    { name: 'sum', reads: [{ alias: '', stage: 0 }], program: 'made', partitions: 5 },
  ]
  const job = makeJob({ maps: 12, reduces: 4, members, graph: { stages, outputs: [{ name: '', stage: 1 }] } })
  return { ...job, spec: { ...job.spec, runtimes: { made: 'made-1' } } }
}

test('candidates of a task are those who offer what it runs, in its version', () => {
  const [n1, n2, n3, n4] = ['n1', 'n2', 'n3', 'n4'] as [NodeId, NodeId, NodeId, NodeId]
  const node = new OneNode(n1, [n2, n3, n4])
  for (const [peer, runtimes] of [
    [n2, BOTH],
    [n3, OTHER],
    [n4, LATER],
  ] as const) {
    const message = { type: 'records', records: [recordOf(peer, { version: 2, runtimes })] } as const
    node.give({ type: 'message', from: peer, message })
  }
  node.now += LIMITS.tickMs
  const record = twoKinds([n1, n2, n3, n4])
  node.add(record)
  const job = node.job(record)
  for (const task of job.plan.tasks) {
    const able = new Set(candidates(node.state, job, task, new Map()))
    if (task.step.program === 'made') expect(able).toEqual(new Set([n2, n3]))
    // A map goes where its shard lies, as long as someone there runs it.
    else if (task.step.readsShards) expect([n1, n2, n4]).toEqual(expect.arrayContaining([...able]))
    else expect(able).toEqual(new Set([n1, n2, n4]))
    expect(able.size).toBeGreaterThan(0)
  }
  expect([n1, n2, n3, n4].every((one) => isEligible(node.state, job, one))).toBe(true)
  node.give({
    type: 'message',
    from: n3,
    message: { type: 'records', records: [recordOf(n3, { version: 3, runtimes: {} })] },
  })
  expect(isEligible(node.state, job, n3)).toBe(false)
})

test('on a mesh of which two nodes have the second kind, and one that alone, the job is exact', () => {
  forSeeds((seed) => {
    const offered = (node: NodeId): Runtimes => (node === 'n2' ? BOTH : node === 'n4' ? OTHER : JS)
    const ran: { node: NodeId; task: number }[] = []
    const world = new World({
      nodes: 5,
      seed,
      offered,
      watch: (_at, node, _event, effects) => {
        for (const effect of effects) if (effect.type === 'start') ran.push({ node, task: effect.task })
      },
    })
    const job = twoKinds(world.names)
    world.run(1_000)
    world.submit(world.names[0]!, job)
    world.runUntil(() => world.isOverEverywhere(job.id), 120_000)
    const result = sequentialResult(job)
    expect(world.outcomesOf(job.id)).toEqual(world.up.map(() => ({ kind: 'sealed', result })))
    expectOneStory({ world, job })
    const { tasks } = plan(job.spec, job.snapshot)
    const kindsOf = (node: NodeId): Set<string> =>
      new Set(ran.filter((one) => one.node === node).map(({ task }) => tasks[task]!.step.program))
    for (const node of world.names)
      expect(Object.keys(offered(node))).toEqual(expect.arrayContaining([...kindsOf(node)]))
    expect(kindsOf('n4' as NodeId)).toEqual(new Set(['made']))
  })
})
