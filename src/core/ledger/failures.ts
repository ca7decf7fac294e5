import type { JobState, State } from '../state.ts'
import type { NodeId, TaskIndex } from '../types.ts'
import type { Failure } from './ledger.ts'

/** Failures of the round by task, with their nodes. */
export type FailureIndex = ReadonlyMap<TaskIndex, readonly (Failure & { readonly node: NodeId })[]>

export function failureIndex(state: State, job: JobState): FailureIndex {
  const index = new Map<TaskIndex, (Failure & { node: NodeId })[]>()
  const add = (node: NodeId, failures: readonly Failure[]): void => {
    for (const failure of failures) {
      const list = index.get(failure.task) ?? []
      list.push({ ...failure, node })
      index.set(failure.task, list)
    }
  }
  add(state.self.node, job.round.failures)
  for (const report of job.ledger.reports.values())
    if (report.node !== state.self.node) add(report.node, report.failures)
  return index
}
