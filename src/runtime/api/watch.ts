/** Waiting at a job: for its outcome, and for what that is made of. */
import type { JobEvent } from '../../control/api.ts'
import { livePeers } from '../../core/members/liveness.ts'
import { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { isSettled } from '../../core/outcome/remake.ts'
import { hasBlanks } from '../../core/ledger/ledger.ts'
import type { JobState } from '../../core/state.ts'
import type { Clock } from '../../ports.ts'
import type { Context } from '../context.ts'
import { errorOf, statusOf, summaryOf, whyOf } from './job-views.ts'
import type { Loop } from '../loop.ts'
import { lanesOf, phasesOf } from './progress.ts'
import type { Times } from '../home/times.ts'
import { troubleOf } from './waits.ts'

/** Progress is told when it changes, and no more often than this. */
const EVERY_MS = 100

/**
 * Events of one job until its outcome, which is the last; ends early, without one, when the signal fires.
 * Throws NO_SUCH_JOB once the job is forgotten: it has no outcome any more.
 */
export async function* watchJob(
  context: Context,
  loop: Loop,
  times: Times,
  job: JobState,
  signal: AbortSignal,
): AsyncGenerator<JobEvent, void, undefined> {
  const { clock } = context
  const head = (): Pick<JobEvent, 'schema' | 't' | 'job'> => ({
    schema: 'shoal.event/1',
    t: clock.wall().toISOString(),
    job: job.record.id,
  })
  let told = ''
  while (!signal.aborted && !isSettled(job)) {
    if (context.state.jobs.get(job.record.id) !== job)
      throw new ShoalError('NO_SUCH_JOB', 'the job is forgotten', { job: job.record.id, try: ['shoal jobs'] })
    const state = statusOf(context, job)
    const why = state === 'waiting' ? whyOf(context, job) : troubleOf(context, job)
    const progress = { state, phases: phasesOf(context, job), lanes: lanesOf(context, job), why }
    const text = JSON.stringify(progress)
    if (text !== told) {
      told = text
      yield { ...head(), type: 'progress', ...progress }
    }
    await moved(clock, loop, () => isSettled(job), signal)
  }
  await outputsKnown(context, loop, job, signal)
  if (signal.aborted) return
  yield {
    ...head(),
    type: 'outcome',
    state: statusOf(context, job),
    summary: summaryOf(context, job, times),
    error: errorOf(job),
  }
}

/**
 * A node that hears of a finished job knows its seal before the outputs that it is made of, which come with the next
 * rounds of anti-entropy: coverage and parts can only be told then. Resolves once they are known, or nobody tells them.
 */
export async function outputsKnown(
  { clock, state }: Context,
  loop: Loop,
  { ledger }: JobState,
  signal: AbortSignal,
): Promise<void> {
  const deadline = clock.now() + LIMITS.outputsKnownMs
  const isKnown = (): boolean => ledger.outcome.kind !== 'sealed' || !hasBlanks(ledger)
  while (!isKnown() && !signal.aborted && clock.now() < deadline && livePeers(state).length > 0)
    await moved(clock, loop, isKnown, signal)
}

/** Resolves at once when `over` comes true, else after EVERY_MS, or when the signal fires. */
function moved(clock: Clock, loop: Loop, over: () => boolean, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel()
      unlisten()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(EVERY_MS, done)
    const unlisten = loop.listen(() => {
      if (over()) done()
    })
    signal.addEventListener('abort', done)
  })
}
