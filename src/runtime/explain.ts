import type { ExplainAnswer } from '../control/api.ts'
import { isLive } from '../core/candidates.ts'
import { rendezvous, place } from '../core/placement.ts'
import { plan, snapshotBytes, tasksOf, type PlannedTask, type TaskKind } from '../core/plan.ts'
import type { Bytes, JobRecord, NodeId } from '../core/types.ts'
import { nameOf, type Context } from './context.ts'
import type { Draft } from './submit.ts'

/** Who would run what if the job were submitted now; nothing runs. */
export function explain(context: Context, { record, warnings }: Draft, bundleBytes: Bytes): ExplainAnswer {
  const planned = plan(record.spec, record.snapshot)
  const placement = place(record.id, planned.partitions, record.members)
  const order = (task: PlannedTask): NodeId[] => {
    if (task.kind === 'reduce') return placement[task.partition]!.slice()
    if (task.kind === 'bounds') return rendezvous(`${record.id}/bounds`, record.members)
    return rendezvous(`${record.id}/${task.index}`, task.holders)
  }
  const stages = (['sample', 'bounds', 'map', 'reduce'] as const satisfies readonly TaskKind[])
    .filter((kind) => planned.count[kind] > 0)
    .map((kind) => ({ stage: kind, tasks: planned.count[kind], nodes: shares(context, tasksOf(planned, kind), order) }))
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
    moves: moved(tasksOf(planned, 'map'), placement, order),
    takeover: takeovers(context, tasksOf(planned, 'map'), order),
    leftOut: leftOut(context, record),
    warnings,
  }
}

/** Bytes that leave their node if keys are spread evenly and no combiner shrinks them. */
function moved(
  maps: readonly PlannedTask[],
  placement: readonly NodeId[][],
  order: (task: PlannedTask) => NodeId[],
): Bytes {
  let bytes = 0
  for (const task of maps) {
    const node = order(task)[0]
    const foreign = placement.filter((list) => list[0] !== node).length
    bytes += (task.bytes * foreign) / placement.length
  }
  return Math.round(bytes)
}

type Share = ExplainAnswer['stages'][number]['nodes'][number]

function shares(context: Context, tasks: readonly PlannedTask[], order: (task: PlannedTask) => NodeId[]): Share[] {
  const byNode = new Map<NodeId, { tasks: number; bytes: Bytes }>()
  for (const task of tasks) {
    const node = order(task).find((n) => isLive(context.state, n))
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
    const [owner, ...others] = order(task).filter((node) => isLive(context.state, node))
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
