/**
 * A sealed result whose parts nobody has any more is made again where a person asks for it. The seal stands: outputs
 * keep their digests, so what comes out is the same, or a conflict that all see. The tasks whose outputs are gone are
 * open again, until each part has a holder.
 */
import { liveHolders } from '../members/holders.ts'
import type { FailureIndex } from '../ledger/failures.ts'
import { outputTasks } from '../plan/graph.ts'
import { isOver } from '../ledger/outcome.ts'
import type { JobState, State } from '../state.ts'
import type { TaskIndex } from '../types.ts'
import { fatal } from './verdict.ts'

/** Lost parts are being made again. */
export function isRemade({ ledger, round }: JobState): boolean {
  const { outcome } = ledger
  return outcome.kind === 'sealed' && outcome.again === ledger.round && !round.whole && round.hopeless === null
}

/** Work is to be done for the job: it has no outcome yet, or lost parts are being made again. */
export function isWorkedOn(job: JobState): boolean {
  return job.ledger.outcome.kind === 'open' || isRemade(job)
}

/** Nothing more comes of it by itself. */
export function isSettled(job: JobState): boolean {
  return isOver(job.ledger.outcome) && !isRemade(job)
}

/** Tasks whose part of the result no live node is known to have. */
export function lostParts(state: State, job: JobState): TaskIndex[] {
  const lost = outputTasks(job.plan).filter(({ index }) => liveHolders(state, job, index).length === 0)
  return lost.map(({ index }) => index)
}

/** Ends the remaking once every part has a holder, or what is needed for one cannot be made any more. */
export function judgeRemake(state: State, job: JobState, failures: FailureIndex): void {
  if (!isRemade(job)) return
  if (lostParts(state, job).length === 0) {
    job.round.whole = true
    // Who asked for it has the whole time to fetch it.
    job.endedAt = state.now
    return
  }
  for (const [task, list] of failures)
    if (liveHolders(state, job, task).length === 0) job.round.hopeless ??= fatal(list)
}
