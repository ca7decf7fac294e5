/** Which tasks are still to be done, or to be done again because their output is gone. */
import { agreed, isConflict, type Ledger } from '../ledger/ledger.ts'
import { LIMITS } from '../limits.ts'
import { includes, liveHolders, reportsOfTheLiving } from '../members/holders.ts'
import { isLive } from '../members/liveness.ts'
import { outputSteps } from '../plan/graph.ts'
import type { Plan, PlannedTask, Step } from '../plan/steps.ts'
import { isRemade, isWorkedOn } from './remake.ts'
import type { JobState, State } from '../state.ts'
import type { TaskIndex } from '../types.ts'

/** Steps in the order in which a free slot takes their tasks: what lies nearest the result comes first. */
export function stepsByTurn(plan: Plan): readonly Step[] {
  return plan.steps.toReversed()
}

/** Whether all that a task consumes has its digest. */
export function isReady(plan: Plan, ledger: Ledger, task: PlannedTask): boolean {
  return task.step.inputs.every(({ from, how }) =>
    how === 'same' ? ledger.tasks[plan.steps[from]!.first + task.at]!.output !== null : ledger.blank[from]!.size === 0,
  )
}

/** Whether all tasks of a step are ready. */
export function isStepReady(ledger: Ledger, step: Step): boolean {
  return step.count > 0 && step.inputs.every(({ from }) => ledger.blank[from]!.size === 0)
}

/** Tasks that have no output and could be given one: all that they consume has its digest. Ascending. */
export function* readyBlanks({ plan, ledger }: JobState, step: Step): Generator<PlannedTask> {
  const waits = step.inputs.some(({ from, how }) => how !== 'same' && ledger.blank[from]!.size > 0)
  if (waits) return
  for (const index of ledger.blank[step.index]!) {
    const task = plan.tasks[index]!
    if (isReady(plan, ledger, task)) yield task
  }
}

/**
 * All tasks whose output is known and that have to be done again: nobody alive has it, and the result, or a task that is
 * to be done, still needs it. Looks through them all, from the result backwards.
 */
export function findOrphans(state: State, job: JobState): Set<TaskIndex> {
  const orphans = new Set<TaskIndex>()
  if (!isWorkedOn(job)) return orphans
  const { plan, ledger } = job
  const held = new Uint8Array(plan.tasks.length)
  for (const index of job.has) held[index] = 1
  for (const report of reportsOfTheLiving(state, job)) for (const index of report.has) held[index] = 1
  const isToDo = new Uint8Array(plan.tasks.length)
  const hasToDo = plan.steps.map(() => false)
  for (const step of plan.steps.toReversed()) {
    const isNeeded = (at: number): boolean =>
      step.isOutput ||
      step.feeds.some(({ to, how }) => (how === 'same' ? isToDo[plan.steps[to]!.first + at] === 1 : hasToDo[to]))
    for (let at = 0; at < step.count; at++) {
      const index = step.first + at
      const { output } = ledger.tasks[index]!
      if (held[index] === 1) job.round.orphanedAt.delete(index)
      const isOrphan =
        output !== null && held[index] === 0 && !isConflict(output) && isNeeded(at) && isOrphaned(state, job, index)
      if (isOrphan) orphans.add(index)
      if (output !== null && !isOrphan) continue
      isToDo[index] = 1
      hasToDo[step.index] = true
    }
  }
  return orphans
}

/** Without an output; or with one that has to be made again, as the last look found. */
export function isOpen(job: JobState, task: PlannedTask): boolean {
  const { output } = job.ledger.tasks[task.index]!
  if (output === null) return true
  return job.round.orphans.has(task.index) && !isConflict(output) && !job.has.has(task.index)
}

/**
 * Nobody who lives has a task's output. At once where who had it is away; only after a while where nobody says that he
 * has it: in a new round, or after a restart, the reports are on their way.
 */
function isOrphaned(state: State, job: JobState, task: TaskIndex): boolean {
  if (liveHolders(state, job, task).length > 0) {
    job.round.orphanedAt.delete(task)
    return false
  }
  if (isWithTheAway(state, job, task)) return true
  const since = job.round.orphanedAt.get(task) ?? state.now
  job.round.orphanedAt.set(task, since)
  return state.now - since >= LIMITS.suspectAfterMs
}

/** A node that is away, as far as who has listened can tell, has said that it has the whole output of a task. */
function isWithTheAway(state: State, job: JobState, task: TaskIndex): boolean {
  if (state.now < state.graceUntil) return false
  for (const report of job.ledger.reports.values())
    if (!isLive(state, report.node) && includes(report.has, task)) return true
  return false
}

/** Some part of the result has no digest yet, or is made again, so what leads to it may still be wanted. */
export function lacksResult(job: JobState): boolean {
  if (isRemade(job)) return true
  const { plan, ledger } = job
  for (const { first, count } of outputSteps(plan))
    for (let i = first; i < first + count; i++) if (agreed(ledger.tasks[i]) === null) return true
  return false
}
