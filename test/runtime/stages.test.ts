/** What a node tells of a job of several stages: its graph, how far it is, what it does, and what two of them differ in. */
import { describe, expect, test } from 'vitest'
import { plan } from '../../src/core/plan/plan.ts'
import type { JobState } from '../../src/core/state.ts'
import type { JobRecord, NodeId, RunFacts, StageSpec, TaskIndex } from '../../src/core/types.ts'
import { diffJobs } from '../../src/runtime/api/diff.ts'
import { graphOf, plannedGraph } from '../../src/runtime/api/graph.ts'
import { detailOf, whyOf } from '../../src/runtime/api/job-views.ts'
import { phasesOf } from '../../src/runtime/api/progress.ts'
import type { Context } from '../../src/runtime/context.ts'
import type { Times } from '../../src/runtime/home/times.ts'
import { outputOf as outputOfManifest, type TaskListing } from '../../src/core/ledger/manifest.ts'
import { rootOfRows, rowsOf } from '../../src/core/plan/rows.ts'
import { hash, makeJob, type Graph } from '../core/fake-work.ts'
import { OneNode, outputOf } from '../core/one-node.ts'

const [n1, n2] = ['n1', 'n2'] as [NodeId, NodeId]

/** Rates are looked up in; spend is joined with itself after rates; the end is sorted. */
const GRAPH: Graph = {
  stages: [
    { name: 'rates', reads: [{ alias: '', input: 0 }], partitions: 2, keepsKey: true },
    {
      ...{ name: 'spend', reads: [{ alias: '', input: 1 }], partitions: 2, keepsKey: true },
      sides: [{ alias: 'rates', stage: 0, unique: true }],
    },
    {
      ...{ name: 'joined', map: false, partitions: 2 },
      reads: [
        { alias: 'a', stage: 0 },
        { alias: 'b', stage: 1 },
      ],
    },
    { name: 'last', reads: [{ alias: '', stage: 2 }], sort: true, partitions: 3 },
  ],
  outputs: [
    { name: 'early', stage: 1 },
    { name: 'late', stage: 3 },
  ],
}

const job = (graph: Graph = GRAPH): JobRecord => makeJob({ maps: 2, reduces: 2, members: [n1, n2], graph })
const record = job()

/** Tasks by the name of their step, in the order of the plan. */
const planned = plan(record.spec, record.snapshot)
const tasksOf = (name: string): TaskIndex[] =>
  planned.tasks.filter(({ step }) => step.name === name).map(({ index }) => index)

class Told {
  readonly node: OneNode = new OneNode(n1, [n2], 0)
  /** Outputs of maps on this disk, with their rows. */
  readonly listings: Map<TaskIndex, TaskListing> = new Map()

  constructor() {
    this.node.add(record)
  }

  get job(): JobState {
    return this.node.job(record)
  }

  get context(): Context {
    const outputs = {
      listing: (_: string, task: TaskIndex) => Promise.resolve(this.listings.get(task) ?? null),
    }
    const store = { codes: { isLost: () => false }, outputs }
    return { state: this.node.state, store, dropped: () => {}, local: false } as unknown as Context
  }

  begin(task: TaskIndex): void {
    this.node.learn(record, [[task, { claim: { term: 1, rank: 0, owner: n2, incarnation: 1 } }]])
  }
}

test('a plan is told stage by stage: its steps, what they read and how, the output that one gives', () => {
  const rows = { how: 'rows', dataset: 'logs', glob: '', shards: 2, bytes: 2 * 64 * 2 ** 20 }
  const from = (how: string, stage: string, step: string): object => ({ how, stage, step })
  const none = { partitions: 0, output: null }
  expect(plannedGraph({ plan: planned, record })).toEqual([
    {
      stage: 'rates',
      steps: [
        { step: 'map', tasks: 2, ...none, partitions: 2, reads: [rows] },
        { step: 'reduce', tasks: 2, ...none, reads: [from('hash', 'rates', 'map')] },
        { step: 'table map', tasks: 2, ...none, partitions: 1, reads: [from('same', 'rates', 'reduce')] },
        { step: 'table reduce', tasks: 1, ...none, reads: [from('hash', 'rates', 'table map')] },
      ],
    },
    {
      stage: 'spend',
      steps: [
        { step: 'map', tasks: 2, ...none, partitions: 2, reads: [rows, from('broadcast', 'rates', 'table reduce')] },
        {
          ...{ step: 'reduce', tasks: 2, ...none, output: 'early' },
          reads: [from('hash', 'spend', 'map'), from('broadcast', 'rates', 'table reduce')],
        },
      ],
    },
    {
      stage: 'joined',
      steps: [
        {
          ...{ step: 'reduce', tasks: 2, ...none },
          reads: [from('same', 'rates', 'reduce'), from('same', 'spend', 'reduce')],
        },
      ],
    },
    {
      stage: 'last',
      steps: [
        { step: 'sample', tasks: 2, ...none, reads: [from('same', 'joined', 'reduce')] },
        { step: 'bounds', tasks: 1, ...none, partitions: 3, reads: [from('gather', 'last', 'sample')] },
        {
          ...{ step: 'map', tasks: 2, ...none, partitions: 3 },
          reads: [from('same', 'joined', 'reduce'), from('broadcast', 'last', 'bounds')],
        },
        { step: 'reduce', tasks: 3, ...none, output: 'late', reads: [from('range', 'last', 'map')] },
      ],
    },
  ])
})

describe('while it runs', () => {
  test('job graph tells how far each step is, and what has gone over its edges where that is known', async () => {
    const told = new Told()
    const [m0, m1] = tasksOf('rates map') as [TaskIndex, TaskIndex]
    const [r0, r1] = tasksOf('rates reduce') as [TaskIndex, TaskIndex]
    const run = (partition: number, bytes: number): RunFacts => ({
      ...{ partition, bytes, records: 1, weight: 5 },
      digest: hash('run', partition, bytes),
    })
    for (const [task, runs] of [[m0, [run(0, 70), run(1, 9)]] as const, [m1, [run(0, 500)]] as const]) {
      const rows = rowsOf(runs, 2)
      const splits = [{ input: hash(task), bytes: 1000, records: 8, emitted: 6, skips: { count: 2, samples: [] } }]
      const manifest = { kind: 'map', splits, rows: rootOfRows(rows), took: [], counters: {}, upstream: [] } as const
      told.listings.set(task, { consumed: '', manifest, rows })
      told.job.has.add(task)
    }
    told.node.learn(
      record,
      [m0, m1].map((task) => [task, { output: outputOfManifest(told.listings.get(task)!) }]),
    )
    told.node.learn(record, [[r0, { output: outputOf('r0', { part: hash('r0'), took: [10], gave: 4, bytes: 333 }) }]])
    told.begin(r1)
    const { stages, state } = await graphOf(told.context, told.job)
    expect(state).toBe('running')
    const [map, reduce, tableMap] = stages[0]!.steps
    expect(map).toMatchObject({ done: 2, running: 0, gave: 12, bytes: null })
    expect(map!.reads[0]!.went).toEqual({ records: 16, bytes: 2000 })
    expect(reduce).toMatchObject({ done: 1, running: 1, gave: 4, bytes: 333 })
    expect(reduce!.reads[0]!.went).toEqual({ records: 10, bytes: 570 })
    expect(tableMap).toMatchObject({ done: 0, running: 0, gave: 0, bytes: null })
    // Another node has the one output: the bytes are not known here, the records are.
    told.job.has.delete(m1)
    const again = (await graphOf(told.context, told.job)).stages[0]!.steps[1]!
    expect(again.reads[0]!.went).toEqual({ records: 10, bytes: null })
  })

  test('progress has the stage of each phase; what stays where it is is not shuffled', () => {
    const phases = phasesOf(new Told().context, new Told().job)
    expect(phases.map(({ stage, phase, total }) => `${stage ?? '-'} ${phase} ${total}`)).toEqual([
      ...['rates map 2', 'rates shuffle 0', 'rates reduce 2', 'rates table map 2', 'rates table shuffle 0'],
      ...['rates table reduce 1', 'spend map 2', 'spend shuffle 0', 'spend reduce 2', 'joined reduce 2'],
      ...['last sample 2', 'last bounds 1', 'last map 2', 'last shuffle 0', 'last reduce 3', '- copy 5'],
    ])
  })

  test('job why says what is under way and which stages are to come; tasks know their stage', () => {
    const told = new Told()
    const why = (): string => whyOf(told.context, told.job)
    told.begin(tasksOf('rates map')[0]!)
    expect(why()).toBe(
      'runs: rates map 0/2, rates reduce 0/2, rates table map 0/2, rates table reduce 0/1; to come: spend, joined, last',
    )
    const done = ['rates map', 'rates reduce', 'rates table map', 'rates table reduce'].flatMap(tasksOf)
    told.node.learn(
      record,
      done.map((task) => [task, { output: outputOf(`t${task}`) }]),
    )
    told.begin(tasksOf('spend map')[0]!)
    expect(why()).toBe('runs: spend map 0/2, spend reduce 0/2; to come: joined, last')
    const times = { of: () => ({ submitted: '', ended: null }), elapsed: () => 0 } as unknown as Times
    const { tasks, outputs } = detailOf(told.context, told.job, times)
    expect(tasks[tasksOf('rates table reduce')[0]!]).toMatchObject({
      stage: 'rates',
      kind: 'table reduce',
      state: 'done',
    })
    expect(outputs).toEqual([
      { output: 'early', stage: 'spend', partitions: 2 },
      { output: 'late', stage: 'last', partitions: 3 },
    ])
  })
})

describe('job diff of two jobs of stages', () => {
  const context = { state: { members: new Map() } } as unknown as Context
  const stateOf = (graph: Graph): JobState => {
    const one = job(graph)
    return {
      record: one,
      plan: plan(one.spec, one.snapshot),
      ledger: { outcome: { kind: 'open' } },
    } as unknown as JobState
  }
  const changed = (name: string, change: Partial<StageSpec>): Graph => ({
    ...GRAPH,
    stages: GRAPH.stages.map((stage) => (stage.name === name ? { ...stage, ...change } : stage)),
  })
  const differing = (graph: Graph): unknown => diffJobs(context, stateOf(GRAPH), stateOf(graph)).fields

  test('names the stage and the field', () => {
    expect(differing(GRAPH)).toEqual([])
    expect(differing(changed('last', { sort: false, partitions: 5 }))).toEqual([
      { field: 'stage last: sort', a: 'true', b: 'false' },
      { field: 'stage last: partitions', a: '3', b: '5' },
    ])
    expect(differing(changed('spend', { combine: true }))).toEqual([
      { field: 'stage spend: combine', a: 'false', b: 'true' },
    ])
    expect(differing(changed('spend', { sides: [] }))).toEqual([
      { field: 'stage spend: sides', a: '{"rates":"stage rates, unique"}', b: '{}' },
    ])
    expect(differing(changed('last', { reads: [{ alias: '', stage: 1 }] }))).toEqual([
      { field: 'stage last: reads', a: '"stage joined"', b: '"stage spend"' },
    ])
  })

  test('tells a stage that one of them has alone whole, and outputs by name', () => {
    const without: Graph = { stages: GRAPH.stages.slice(0, 3), outputs: [{ name: '', stage: 2 }] }
    const [stage, ...outputs] = diffJobs(context, stateOf(GRAPH), stateOf(without)).fields
    expect(stage).toEqual({
      field: 'stage last',
      a:
        '{"combine":false,"keepsKey":false,"map":true,"onBadRecord":"fail","partitions":3,"reads":"stage joined",' +
        '"reduce":true,"sides":{},"sort":true}',
      b: 'null',
    })
    expect(outputs).toEqual([
      { field: 'output early', a: '"spend"', b: 'null' },
      { field: 'output late', a: '"last"', b: 'null' },
      { field: 'output', a: 'null', b: '"joined"' },
    ])
  })
})
