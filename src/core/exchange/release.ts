/**
 * What of a job is needed no more: outputs from which every path to the result crosses a step that is done for good. All
 * its tasks agree, what they consumed is proved down to the snapshot, and each of its parts is on as many nodes as it
 * should be. So whoever dies, nothing behind that step has to be made again.
 */
import { isProved } from '../outcome/seal.ts'
import type { Plan, Step, StepIndex } from '../plan/steps.ts'
import type { Effect } from '../effects.ts'
import type { JobState, State } from '../state.ts'
import type { TaskIndex } from '../types.ts'
import { copiesWanted, stayingHolders } from './copies.ts'

/**
 * What a task reads that is to be done, or to be done again, is needed, whatever was decided before: where others have it,
 * this node may be the one to take it in.
 */
export function keepWhatIsNeeded({ plan, ledger, round }: JobState): void {
  const isToDo = new Set([...round.orphans].map((task) => plan.tasks[task]!.step.index))
  for (const { index, inputs } of plan.steps) {
    if (isToDo.has(index)) round.released.delete(index)
    if (isToDo.has(index) || ledger.blank[index]!.size > 0) for (const { from } of inputs) round.released.delete(from)
  }
}

/** Gives up what can be: the files go, and it is no longer said to be here. */
export function release(state: State, job: JobState): Effect[] {
  const isGone = (task: TaskIndex): boolean => job.round.released.has(job.plan.tasks[task]!.step.index)
  // An attempt or a copy that was under way may have ended since.
  const isLate = [...job.has].some(isGone)
  const steps = releasable(state, job)
  if (steps.length === 0 && !isLate) return []
  for (const step of steps) job.round.released.add(step)
  for (const task of job.has) if (isGone(task)) job.has.delete(task)
  for (const [consumer, entries] of job.round.books) {
    for (const producer of entries.keys()) if (isGone(producer)) entries.delete(producer)
    if (entries.size === 0) job.round.books.delete(consumer)
  }
  job.reportDirty = true
  return [{ type: 'release', job: job.record.id }]
}

/**
 * The steps that can be released now and have not been. Those of a failed or cancelled round stay until the job is
 * dropped, because the next round adopts their outputs.
 */
function releasable(state: State, job: JobState): StepIndex[] {
  const { kind } = job.ledger.outcome
  if (kind !== 'open' && kind !== 'sealed') return []
  if (job.plan.steps.every(({ index, isOutput }) => isOutput || job.round.released.has(index))) return []
  const isDone = job.plan.steps.map((step) => step.gives === 'part' && isDoneForGood(state, job, step))
  const isFree = freeBehind(job.plan, isDone)
  return job.plan.steps.flatMap(({ index }) => (isFree[index] && !job.round.released.has(index) ? index : []))
}

function isDoneForGood(state: State, job: JobState, { index, first, count }: Step): boolean {
  const { plan, ledger } = job
  if (job.round.released.has(index)) return true
  if (ledger.blank[index]!.size > 0 || !isProved(plan, ledger, index)) return false
  const wanted = copiesWanted(state, job, plan.steps[index]!)
  for (let i = first; i < first + count; i++) if (stayingHolders(state, job, i).length < wanted) return false
  return true
}

/** From the result backwards: whether all that reads a step is done for good, or is itself free. */
function freeBehind({ steps }: Plan, isDone: readonly boolean[]): boolean[] {
  const isFree = steps.map(() => false)
  for (const { index, feeds, isOutput } of steps.toReversed())
    isFree[index] = !isOutput && feeds.length > 0 && feeds.every(({ to }) => isDone[to]! || isFree[to]!)
  return isFree
}
