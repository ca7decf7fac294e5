/** Which tasks are still to be done, or to be done again because their output is gone. */
import { includes, liveHolders, reportsOfTheLiving } from '../members/holders.ts'
import { isLive } from '../members/liveness.ts'
import { agreed, isConflict } from '../ledger/ledger.ts'
import { LIMITS } from '../limits.ts'
import type { PlannedTask, TaskKind } from '../plan/plan.ts'
import { isRemade, isWorkedOn } from './remake.ts'
import type { JobState, State } from '../state.ts'
import type { TaskIndex } from '../types.ts'

/** Kinds in the order in which a free slot takes them: what ends the job comes first. */
export const KINDS_BY_TURN: readonly TaskKind[] = ['reduce', 'bounds', 'sample', 'map']

/** Tasks of a kind that have no output, ascending. */
export function* blankOf(job: JobState, kind: TaskKind): Generator<TaskIndex> {
  const first = job.plan.first[kind]
  const end = first + job.plan.count[kind]
  if (first === end) return
  for (const index of job.ledger.blank) {
    if (index >= end) return
    if (index >= first) yield index
  }
}

/** Whether all that tasks of this kind consume has its digest. Stages lie one behind the other in the plan. */
export function isStageReady(job: JobState, kind: TaskKind): boolean {
  const [lowest] = job.ledger.blank
  return job.plan.count[kind] > 0 && (lowest === undefined || lowest >= job.plan.first[kind])
}

/** All tasks whose output is known and that have to be done again because nobody alive has it; looks through them all. */
export function findOrphans(state: State, job: JobState): TaskIndex[] {
  if (!isWorkedOn(job)) return []
  const held = new Uint8Array(job.plan.tasks.length)
  for (const index of job.has) held[index] = 1
  for (const report of reportsOfTheLiving(state, job)) for (const index of report.has) held[index] = 1
  const shuffling = isShuffling(job)
  const orphans: TaskIndex[] = []
  for (const task of job.plan.tasks) {
    const { index } = task
    if (held[index] === 1) job.orphanedAt.delete(index)
    else if (job.ledger.tasks[index]!.output !== null && isOpen(state, job, task, shuffling)) orphans.push(index)
  }
  return orphans
}

/** Without one agreed output; or with one that no live node has, while some reduce may still want it. */
export function isOpen(state: State, job: JobState, task: PlannedTask, shuffling: boolean): boolean {
  const taskState = job.ledger.tasks[task.index]!
  if (taskState.output === null) return true
  if (isConflict(taskState.output) || job.has.has(task.index)) return false
  if (task.kind !== 'reduce' && !shuffling) return false
  if (task.kind === 'sample' && areBoundsHeld(state, job)) return false
  if (task.kind === 'reduce' && !isWorkedOn(job)) return false
  return isOrphaned(state, job, task.index)
}

/** Samples have done their work. */
function areBoundsHeld(state: State, job: JobState): boolean {
  const { bounds } = job.plan.first
  return job.ledger.tasks[bounds]!.output !== null && liveHolders(state, job, bounds).length > 0
}

/**
 * Nobody who lives has a task's output. At once where who had it is away; only after a while where nobody says that he
 * has it: in a new round, or after a restart, the reports are on their way.
 */
function isOrphaned(state: State, job: JobState, task: TaskIndex): boolean {
  if (liveHolders(state, job, task).length > 0) {
    job.orphanedAt.delete(task)
    return false
  }
  if (isWithTheAway(state, job, task)) return true
  const since = job.orphanedAt.get(task) ?? state.now
  job.orphanedAt.set(task, since)
  return state.now - since >= LIMITS.suspectAfterMs
}

/** A node that is away, as far as who has listened can tell, has said that it has the whole output of a task. */
function isWithTheAway(state: State, job: JobState, task: TaskIndex): boolean {
  if (state.now < state.graceUntil) return false
  for (const report of job.ledger.reports.values())
    if (!isLive(state, report.node) && includes(report.has, task)) return true
  return false
}

/** Some reduce has no output yet, or has to give it again, so map output may still be wanted. */
export function isShuffling(job: JobState): boolean {
  if (isRemade(job)) return true
  const { first, count } = job.plan
  for (let i = first.reduce; i < first.reduce + count.reduce; i++) if (agreed(job.ledger.tasks[i]) === null) return true
  return false
}
