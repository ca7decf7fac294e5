/** What a node that drains hands over: outputs that nobody else has, and that somebody may still read. */
import { isEligible } from '../members/candidates.ts'
import { reportsOfTheLiving } from '../members/holders.ts'
import { agreed } from '../ledger/ledger.ts'
import { lacksResult } from '../outcome/open-tasks.ts'
import { rendezvous } from '../plan/placement.ts'
import type { JobState, State } from '../state.ts'
import type { TaskIndex } from '../types.ts'

/**
 * Outputs on the way to the result that only draining nodes have, as far as this node is the one to take them: they
 * are dealt out to all that stay. (Parts have their copies anyway.)
 */
export function toHandOver(state: State, job: JobState): TaskIndex[] {
  if (job.ledger.outcome.kind !== 'open') return []
  const reports = [...reportsOfTheLiving(state, job)]
  const draining = reports.filter(({ node }) => state.members.get(node)?.record.drained === true)
  if (draining.length === 0 || !lacksResult(job)) return []
  const kept = new Set(job.has)
  for (const report of reports) if (!draining.includes(report)) for (const index of report.has) kept.add(index)
  const staying = [...state.members.keys()].filter((node) => isEligible(state, job, node))
  const take = new Set<TaskIndex>()
  for (const { has } of draining)
    for (const index of has) {
      if (kept.has(index) || job.plan.tasks[index]!.step.isOutput) continue
      if (agreed(job.ledger.tasks[index]) === null) continue
      if (rendezvous(`${job.record.id}/${index}`, staying)[0] === state.self.node) take.add(index)
    }
  return [...take]
}
