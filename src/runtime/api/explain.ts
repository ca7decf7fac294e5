import type { ExplainAnswer } from '../../control/api.ts'
import { candidates, placementOf, type Ranked } from '../../core/members/candidates.ts'
import { isLive } from '../../core/members/liveness.ts'
import { plan, snapshotBytes } from '../../core/plan/plan.ts'
import { readingTasks, tasksOf } from '../../core/plan/graph.ts'
import type { PlannedTask } from '../../core/plan/steps.ts'
import type { Bytes, JobRecord, NodeId } from '../../core/types.ts'
import { nameOf, type Context } from '../context.ts'
import { plannedGraph } from './graph.ts'
import type { Draft } from './submit.ts'

/** Who would run what if the job were submitted now; nothing runs. */
export function explain(context: Context, { record, warnings }: Draft, bundleBytes: Bytes): ExplainAnswer {
  const planned = plan(record.spec, record.snapshot)
  const job: Ranked = { record, placement: new Map(), orders: new Map(), lateCopies: new Set() }
  const order = (task: PlannedTask): NodeId[] => candidates(context.state, job, task, new Map())
  const stages = planned.steps
    .filter(({ count }) => count > 0)
    .map((step) => ({ stage: step.name, tasks: step.count, nodes: shares(context, tasksOf(planned, step), order) }))
  const maps = readingTasks(planned)
  const shards = record.snapshot.inputs.reduce((n, input) => n + input.shards.length, 0)
  const bytes = snapshotBytes(record.snapshot)
  return {
    schema: 'shoal.explain/1',
    job: record.id,
    bundleBytes,
    partitions: planned.partitions,
    shards,
    bytes,
    stages,
    ...(record.spec.stages === undefined ? {} : { graph: plannedGraph({ plan: planned, record }) }),
    moves: moved(maps, job, order),
    columns: record.snapshot.inputs.flatMap(({ alias, dataset, agreed }) =>
      agreed === undefined ? [] : [{ alias, dataset, ...agreed }],
    ),
    streamed: streamed(context, maps, order),
    takeover: takeovers(context, maps, order),
    leftOut: leftOut(context, record),
    warnings,
  }
}

/** Bytes that leave their node if keys are spread evenly and no combiner shrinks them. */
function moved(maps: readonly PlannedTask[], job: Ranked, order: (task: PlannedTask) => NodeId[]): Bytes {
  let bytes = 0
  for (const task of maps) {
    const node = order(task)[0]
    const placement = placementOf(job, task.step.deals)
    const foreign = placement.filter((list) => list[0] !== node).length
    bytes += (task.bytes * foreign) / placement.length
  }
  return Math.round(bytes)
}

/** Who reads splits of whom because no node that has them can run their tasks. */
function streamed(
  context: Context,
  maps: readonly PlannedTask[],
  order: (task: PlannedTask) => NodeId[],
): ExplainAnswer['streamed'] {
  const pairs = new Map<string, ExplainAnswer['streamed'][number]>()
  for (const task of maps) {
    const [to] = order(task)
    const from = task.holders.find((node) => isLive(context.state, node))
    if (to === undefined || from === undefined || task.holders.includes(to)) continue
    const pair = pairs.get(`${from} ${to}`)
    pairs.set(`${from} ${to}`, {
      from: nameOf(context, from),
      to: nameOf(context, to),
      tasks: (pair?.tasks ?? 0) + 1,
      bytes: (pair?.bytes ?? 0) + task.bytes,
    })
  }
  return [...pairs.values()].sort((a, b) => (a.from + a.to < b.from + b.to ? -1 : 1))
}

type Share = ExplainAnswer['stages'][number]['nodes'][number]

function shares(context: Context, tasks: readonly PlannedTask[], order: (task: PlannedTask) => NodeId[]): Share[] {
  const byNode = new Map<NodeId, { tasks: number; bytes: Bytes }>()
  for (const task of tasks) {
    const node = order(task)[0]
    if (node === undefined) continue
    const share = byNode.get(node) ?? { tasks: 0, bytes: 0 }
    byNode.set(node, { tasks: share.tasks + 1, bytes: share.bytes + task.bytes })
  }
  return [...byNode]
    .map(([node, share]) => ({ node, name: nameOf(context, node), ...share }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** If a node dies: who has its shards too, and how many tasks nobody else could run. */
function takeovers(
  context: Context,
  maps: readonly PlannedTask[],
  order: (task: PlannedTask) => NodeId[],
): ExplainAnswer['takeover'] {
  const byNode = new Map<NodeId, { tasks: number; sole: number; next: Set<string> }>()
  for (const task of maps) {
    const [owner, ...others] = order(task)
    if (owner === undefined) continue
    const entry = byNode.get(owner) ?? { tasks: 0, sole: 0, next: new Set<string>() }
    entry.tasks++
    if (others[0] === undefined) entry.sole++
    else entry.next.add(nameOf(context, others[0]))
    byNode.set(owner, entry)
  }
  return [...byNode].map(([node, { tasks, sole, next }]) => ({
    node,
    name: nameOf(context, node),
    tasks,
    sole,
    next: [...next].sort(),
  }))
}

function leftOut(context: Context, record: JobRecord): ExplainAnswer['leftOut'] {
  const { state } = context
  return [...state.members.values()]
    .filter(({ node }) => !record.members.includes(node))
    .map(({ node, record: r }) => ({
      node: nameOf(context, node),
      why: !isLive(state, node) ? 'away' : r.drained ? 'drained' : r.slots === 0 ? 'no slots' : 'another runtime',
    }))
}
