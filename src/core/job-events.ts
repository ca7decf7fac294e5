/** What happens to one job on this node: arrivals, ends of pushes and pulls, damage, and what people decide of it. */
import type { Effect } from './effects.ts'
import type { Event } from './events.ts'
import { backOff, book, endPush, missing, strike } from './exchange/exchange.ts'
import { openNextRound } from './jobs.ts'
import { failureIndex } from './ledger/failures.ts'
import { agreed } from './ledger/ledger.ts'
import { LIMITS } from './limits.ts'
import { addFailure, join } from './outcome/facts.ts'
import type { JobState, State } from './state.ts'
import type { TaskIndex } from './types.ts'

type JobEvent = Extract<
  Event,
  {
    type:
      | 'arrived'
      | 'copied'
      | 'push-ended'
      | 'pull-ended'
      | 'lost'
      | 'report-signed'
      | 'late-copies'
      | 'cancel'
      | 'retry'
      | 'raise'
  }
>

export function onJobEvent(state: State, job: JobState, event: JobEvent): Effect[] {
  switch (event.type) {
    case 'arrived':
      // It may have been removed since, with all that had arrived of its step.
      if (!isReleased(job, event.task)) book(job, event.consumers, event.task, event.digest)
      return []
    case 'copied':
      // Another output may be agreed by now, or none.
      if (agreed(job.ledger.tasks[event.task])?.digest !== event.digest) return []
      job.has.add(event.task)
      job.reportDirty = true
      return []
    case 'push-ended':
      endPush(state, job, `${event.task}>${event.to}`, event.end)
      return []
    case 'pull-ended':
      return endPull(state, job, event)
    case 'lost':
      if (event.what === 'arrived') strike(job, event.task)
      else if (job.has.delete(event.task)) job.reportDirty = true
      return [
        {
          type: 'note',
          job: job.record.id,
          task: event.task,
          attempt: null,
          kind: 'lost',
          text: `${event.what} is damaged or missing on this node's disk`,
        },
      ]
    case 'report-signed':
      job.signingSince = null
      return event.round === job.ledger.round
        ? join(state, job, { round: event.round, outcome: job.ledger.outcome, tasks: [], reports: [event.report] })
        : []
    case 'late-copies':
      job.lateCopies = event.tasks
      job.round.nextSearch = state.now
      return []
    case 'cancel':
      return join(state, job, { round: job.ledger.round, outcome: { kind: 'cancelled' }, tasks: [], reports: [] })
    case 'retry':
      return openNextRound(state, job)
    case 'raise':
      return join(state, job, { round: 0, outcome: { kind: 'open' }, tasks: [], reports: [], limits: event.limits })
  }
}

function endPull(state: State, job: JobState, event: Extract<Event, { type: 'pull-ended' }>): Effect[] {
  job.pulls.delete(event.task)
  if (event.end === 'done') {
    job.round.backoff.delete(`${event.task}<${event.from}`)
    return []
  }
  backOff(state, job, `${event.task}<${event.from}`)
  const since = job.missedAt.get(event.task)
  if (since === undefined || state.now - since < LIMITS.sourceUnreachableMs) return []
  // A source that stays unreachable is this node's failure, not the job's: others may reach it.
  job.missedAt.delete(event.task)
  const error = {
    schema: 'shoal.error/1',
    code: 'NO_NODE',
    message: `cannot read task ${event.task} from ${event.from}: ${event.why}`,
    try: [],
    retryable: true,
    exit: 4,
  } as const
  for (const task of missing(state, job, failureIndex(state, job)).byProducer.get(event.task) ?? []) {
    const term = job.ledger.tasks[task]!.claim?.term ?? 0
    addFailure(job, { task, attempt: '', term, blame: 'own', place: event.from, error })
  }
  return []
}

function isReleased({ plan, round }: JobState, task: TaskIndex): boolean {
  const step = plan.tasks[task]?.step
  return step !== undefined && round.released.has(step.index)
}
