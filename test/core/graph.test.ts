/** Jobs of several stages on whole meshes: chains, partners that stay where they are, sorted ends, several outputs. */
import { describe, expect, test } from 'vitest'
import { keepWhatIsNeeded } from '../../src/core/exchange/release.ts'
import type { Output } from '../../src/core/ledger/ledger.ts'
import { isProved } from '../../src/core/outcome/seal.ts'
import { plan } from '../../src/core/plan/plan.ts'
import type { Plan, Step } from '../../src/core/plan/steps.ts'
import type { JobRecord, NodeId, StageSpec } from '../../src/core/types.ts'
import { makeJob, sequentialResult, type Graph, type JobShape } from './fake-work.ts'
import { World } from './harness.ts'
import { expectOneStory, forSeeds, STORM, type Mesh } from './mesh.ts'
import { OneNode, outputOf } from './one-node.ts'
import type { WorldOptions } from './world-options.ts'

const rows = (input: number): StageSpec['reads'] => [{ alias: '', input }]
const of = (stage: number): StageSpec['reads'] => [{ alias: '', stage }]
const pair = (left: number, right: number): StageSpec['reads'] => [
  { alias: 'left', stage: left },
  { alias: 'right', stage: right },
]

const GRAPHS: Readonly<Record<string, Graph>> = {
  chain: {
    stages: [
      { name: 'a', reads: rows(0) },
      { name: 'b', reads: of(0), partitions: 5 },
      { name: 'c', reads: of(1) },
    ],
    outputs: [{ name: '', stage: 2 }],
  },
  // Both sides hold their keys in the same places: nothing moves, and nobody waits for all.
  partners: {
    stages: [
      { name: 'a', reads: rows(0), keepsKey: true },
      { name: 'b', reads: rows(1), keepsKey: true },
      { name: 'joined', reads: pair(0, 1), map: false },
    ],
    outputs: [{ name: '', stage: 2 }],
  },
  // One side is dealt out again, as its reduce may have changed the keys.
  diamond: {
    stages: [
      { name: 'a', reads: rows(0), keepsKey: true },
      { name: 'b', reads: of(0) },
      { name: 'joined', reads: pair(0, 1), map: false },
    ],
    outputs: [{ name: '', stage: 2 }],
  },
  'sorted end, two outputs': {
    stages: [
      { name: 'a', reads: rows(0) },
      { name: 'b', reads: of(0), sort: true, partitions: 3 },
    ],
    outputs: [
      { name: 'early', stage: 0 },
      { name: 'late', stage: 1 },
    ],
  },
}

function meshWith(
  graph: Graph,
  options: Partial<WorldOptions> & { seed: number },
  shape: Partial<JobShape> = {},
): Mesh {
  const world = new World({ nodes: 5, ...options })
  const job = makeJob({ maps: 20, reduces: 4, members: world.names, graph, ...shape })
  world.run(1_000)
  world.submit(world.names[0]!, job)
  return { world, job }
}

function expectExact(mesh: Mesh, limit: number = 120_000): void {
  const { world, job } = mesh
  world.runUntil(() => world.isOverEverywhere(job.id), limit)
  const result = sequentialResult(job)
  expect(world.outcomesOf(job.id)).toEqual(world.up.map(() => ({ kind: 'sealed', result })))
  expectOneStory(mesh)
}

const names = (graph: Graph): string[] => {
  const job = makeJob({ maps: 2, reduces: 4, members: ['n1' as NodeId], graph })
  return plan(job.spec, job.snapshot).steps.map(({ name, inputs }) => [name, ...inputs.map(({ how }) => how)].join(' '))
}

describe('the plan of a graph', () => {
  test.each([
    ['chain', ['a map', 'a reduce hash', 'b map same', 'b reduce hash', 'c map same', 'c reduce hash']],
    ['partners', ['a map', 'a reduce hash', 'b map', 'b reduce hash', 'joined reduce same same']],
    [
      'diamond',
      ['a map', 'a reduce hash', 'b map same', 'b reduce hash', 'joined map right same', 'joined reduce same hash'],
    ],
    [
      'sorted end, two outputs',
      [
        ...['a map', 'a reduce hash', 'b sample same', 'b bounds gather'],
        ...['b map same broadcast', 'b reduce range'],
      ],
    ],
  ])('%s moves what has to be moved, and nothing else', (name, steps) => {
    expect(names(GRAPHS[name]!)).toEqual(steps)
  })

  test('a side of another number of partitions is dealt out again', () => {
    const { stages, outputs } = GRAPHS['partners']!
    const graph = { stages: stages.map((stage, i) => (i === 1 ? { ...stage, partitions: 7 } : stage)), outputs }
    expect(names(graph).slice(4)).toEqual(['joined map left same', 'joined reduce hash same'])
  })
})

describe.each(Object.entries(GRAPHS))('%s', (_, graph) => {
  test('is exact on a calm mesh', () => {
    forSeeds((seed) => expectExact(meshWith(graph, { seed })))
  })

  test('is exact in a storm in which every node is killed once', () => {
    forSeeds((seed) => {
      const mesh = meshWith(graph, { seed, network: STORM }, { holders: 2 })
      const { world } = mesh
      for (const [i, node] of world.names.entries()) {
        world.agenda.after(800 + i * 1_700, () => world.kill(node))
        world.agenda.after(2_600 + i * 1_700, () => world.start(node))
      }
      world.run(14_000)
      expectExact(mesh, 240_000)
    })
  })

  test('is exact where one node is gone for good, whenever that is', () => {
    forSeeds((seed) => {
      const mesh = meshWith(graph, { seed }, { holders: 2 })
      mesh.world.run(300 + seed * 700)
      mesh.world.kill('n3' as NodeId)
      expectExact(mesh, 240_000)
    })
  })
})

describe('what a chain has left behind', () => {
  const chain = (): { node: OneNode; job: JobRecord; plan: Plan } => {
    const members = ['n1', 'n2', 'n3'] as NodeId[]
    const job = makeJob({ maps: 2, reduces: 2, members, graph: GRAPHS['chain']! })
    const node = new OneNode(members[0]!, members.slice(1), 0)
    node.add(job)
    return { node, job, plan: node.job(job).plan }
  }
  const outputs = (steps: readonly Step[]): [number, { output: Output }][] =>
    steps.flatMap(({ first, count, inputs }) =>
      Array.from({ length: count }, (_, i): [number, { output: Output }] => [
        first + i,
        { output: outputOf(`t${first + i}`, { took: inputs.map(() => 1) }) },
      ]),
    )

  test('that was released is needed again once a task that reads it is to be done again, whoever has it still', () => {
    const { node, job, plan: planned } = chain()
    const { round } = node.job(job)
    for (const step of planned.steps.slice(0, 3)) round.released.add(step.index)
    node.learn(job, outputs(planned.steps.slice(0, 5)))
    // The parts of the second stage are lost; what they were made of lies on a node that lives.
    round.orphans = new Set([planned.steps[3]!.first])
    keepWhatIsNeeded(node.job(job))
    expect([...round.released]).toEqual([0, 1])
  })

  test('that nothing reads yet is not released', () => {
    const { node, job } = chain()
    node.pass(2_000, 'n2' as NodeId, 'n3' as NodeId)
    expect([...node.job(job).round.released]).toEqual([])
  })

  test('is released before the job ends, and is not made again when a node dies then', () => {
    forSeeds((seed) => {
      const mesh = meshWith(GRAPHS['chain']!, {
        seed,
        behave: ({ task }) => ({ ms: task.step.stage === 2 ? 4_000 : 50 }),
      })
      const { world, job } = mesh
      const released = (node: NodeId): number => world.state(node).jobs.get(job.id)!.round.released.size
      expect(world.runUntil(() => world.up.every((node) => released(node) >= 2), 60_000)).toBe(true)
      expect(world.isOverEverywhere(job.id)).toBe(false)
      const of0 = (): number => world.executions.filter(({ task }) => task.step.stage === 0).length
      const before = of0()
      world.kill('n4' as NodeId)
      expectExact(mesh, 240_000)
      expect(of0()).toBe(before)
    })
  })

  test('is proved step by step: a prefix of outputs that do not fit is acted upon by nobody', () => {
    const mesh = meshWith(GRAPHS['chain']!, { seed: 1 })
    expectExact(mesh)
    const { plan: planned, ledger } = mesh.world.state('n1' as NodeId).jobs.get(mesh.job.id)!
    expect(planned.steps.map(({ index }) => isProved(planned, ledger, index))).toEqual(planned.steps.map(() => true))
    const { first } = planned.steps[0]!
    const output = ledger.tasks[first]!.output!
    ledger.tasks[first] = { claim: null, output: { ...output, gave: 1_000 } as typeof output }
    expect(planned.steps.map(({ index }) => isProved(planned, ledger, index))).toEqual([
      true,
      ...planned.steps.slice(1).map(() => false),
    ])
  })
})
