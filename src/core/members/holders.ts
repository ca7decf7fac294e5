/** Who has the outputs of tasks, as far as he lives and has said so in his present life. */
import type { Report } from '../ledger/ledger.ts'
import type { JobState, State } from '../state.ts'
import type { NodeId, TaskIndex } from '../types.ts'
import { isLive } from './liveness.ts'

/** Nodes, live by our view, that say in their present life that they have the whole output of a task. */
export function liveHolders(state: State, job: JobState, task: TaskIndex): NodeId[] {
  const nodes: NodeId[] = []
  if (job.has.has(task)) nodes.push(state.self.node)
  for (const report of reportsOfTheLiving(state, job)) if (includes(report.has, task)) nodes.push(report.node)
  return nodes
}

/** What others say of a job in their present life, as far as they live. */
export function* reportsOfTheLiving(state: State, job: JobState): Generator<Report> {
  for (const report of job.ledger.reports.values()) {
    if (report.node === state.self.node || !isLive(state, report.node)) continue
    const count = state.members.get(report.node)?.record.incarnation.count ?? 0
    if (report.incarnation >= count) yield report
  }
}

/** Binary search in an ascending list. */
export function includes<T extends number | string>(sorted: readonly T[], wanted: T): boolean {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const mid = (low + high) >> 1
    if (sorted[mid]! < wanted) low = mid + 1
    else high = mid
  }
  return sorted[low] === wanted
}
