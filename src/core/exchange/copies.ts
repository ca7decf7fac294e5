/** On how many nodes parts are kept, and which of them this node is to have. */
import { agreed } from '../ledger/ledger.ts'
import type { FailureIndex } from '../ledger/failures.ts'
import { LIMITS } from '../limits.ts'
import { candidates, isEligible } from '../members/candidates.ts'
import { liveHolders } from '../members/holders.ts'
import { tasksOf } from '../plan/graph.ts'
import type { Step } from '../plan/steps.ts'
import type { JobState, State } from '../state.ts'
import type { NodeId, TaskIndex } from '../types.ts'

/**
 * How many nodes keep each output of a step: parts of the result as many as asked for, those on the way to it two, or as
 * many as can; what nobody copies: one.
 */
export function copiesWanted(state: State, job: JobState, step: Step): number {
  if (step.gives !== 'part') return 1
  let able = 0
  for (const node of state.members.keys()) if (isEligible(state, job, node)) able++
  const wanted = step.isOutput ? job.ledger.limits.copies : LIMITS.copiesBetween
  return Math.max(1, Math.min(wanted, able))
}

/** Live holders that are not about to leave. */
export function stayingHolders(state: State, job: JobState, task: TaskIndex): NodeId[] {
  return liveHolders(state, job, task).filter((node) =>
    node === state.self.node ? !state.draining : state.members.get(node)?.record.drained !== true,
  )
}

/** Parts that this node is to keep a copy of: it is among the first candidates that do not have it yet. */
export function copiesToTake(state: State, job: JobState, failures: FailureIndex): TaskIndex[] {
  const { outcome } = job.ledger
  if (outcome.kind !== 'open' && outcome.kind !== 'sealed') return []
  const take: TaskIndex[] = []
  for (const step of job.plan.steps) {
    if (step.gives !== 'part' || job.round.released.has(step.index)) continue
    const wanted = copiesWanted(state, job, step)
    for (const task of tasksOf(job.plan, step)) {
      const { index } = task
      if (agreed(job.ledger.tasks[index]) === null || job.has.has(index)) continue
      const holders = liveHolders(state, job, index)
      const lacking = wanted - stayingHolders(state, job, index).length
      if (holders.length === 0 || lacking <= 0) continue
      const next = candidates(state, job, task, failures).filter((node) => !holders.includes(node))
      if (next.slice(0, lacking).includes(state.self.node)) take.push(index)
    }
  }
  return take
}
