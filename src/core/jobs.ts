/** A job comes, goes on in a new round, and goes. */
import { askTellers } from './gossip/anti-entropy.ts'
import type { Effect } from './effects.ts'
import type { Event } from './events.ts'
import { agreed, isConflict, newLedger, openRound } from './ledger/ledger.ts'
import { deathOf } from './outcome/deaths.ts'
import { addFailure, join } from './outcome/facts.ts'
import { LIMITS } from './limits.ts'
import { knownRows, plan } from './plan/plan.ts'
import { newRound } from './round.ts'
import { isSettled, lostParts } from './outcome/remake.ts'
import { touch, type JobState, type State } from './state.ts'
import { pinnedUnder } from './plan/job-id.ts'
import { isLasting, keyConflict } from './ledger/outcome.ts'
import type { Digest, JobId, JobRecord } from './types.ts'

/** A job of which nothing is known yet but its record. */
function newJob(state: State, record: JobRecord, isNewHere: boolean): JobState {
  const planned = plan(record.spec, record.snapshot)
  return {
    record,
    plan: planned,
    ledger: newLedger(
      planned.steps.map(({ count }) => count),
      1,
      record.limits,
    ),
    placement: new Map(),
    knownRows: knownRows(record.snapshot),
    orders: new Map(),
    lateCopies: new Set(),
    has: new Set(),
    round: newRound(planned, state.now),
    reportSeq: 0,
    reportDirty: false,
    signingSince: null,
    pushes: new Map(),
    pulls: new Map(),
    missedAt: new Map(),
    nextReport: state.now,
    pace: new Map(),
    slotMs: 0,
    durations: planned.steps.map(() => []),
    endedAt: null,
    keptUntil: isNewHere ? state.now + LIMITS.keptAtLeastMs : state.now,
    pin: pinnedUnder(record),
    promised: state.promised.get(record.id) ?? null,
  }
}

/** A job's record is on this node's disk; `kept` and `holding` is what the disk has of its ledger and outputs. */
export function addJob(state: State, event: Extract<Event, { type: 'job' }>): Effect[] {
  const { record } = event
  const asked = state.fetching.get(record.id)
  state.fetching.delete(record.id)
  if (state.jobs.has(record.id)) return []
  const job = newJob(state, record, event.kept.length === 0)
  const forgotten = state.forgottenJobs.get(record.id) ?? 0
  if (forgotten > 0) openRound(job.ledger, forgotten + 1)
  state.jobs.set(record.id, job)
  const dirty = touch(state, record.id)
  dirty.outcome = true
  // Most have the record from who submitted it; where members are too many for that, the others wait for this.
  dirty.pressing = state.members.size > LIMITS.putJobPeers
  const effects: Effect[] = []
  for (const delta of event.kept) effects.push(...join(state, job, delta))
  // This life goes on with the failures of the earlier ones: its report will replace theirs.
  job.round.failures = [...(job.ledger.reports.get(state.self.node)?.failures ?? [])]
  const disputed = event.kept.some((delta) => delta.tasks.some(([, task]) => isConflict(task.output)))
  for (const { task, output } of event.holding) {
    // What is left of a round that ended in a conflict is not brought up again.
    const known = agreed(job.ledger.tasks[task])
    if (known === null ? disputed : known.digest !== output.digest) continue
    job.has.add(task)
    job.reportDirty = true
    effects.push(
      ...join(state, job, {
        round: job.ledger.round,
        outcome: { kind: 'open' },
        tasks: [[task, { claim: null, output }]],
        reports: [],
      }),
    )
  }
  for (const { task, attempt } of event.deaths) {
    // Told by an earlier start already.
    if (job.round.failures.some((f) => f.blame === 'death' && f.attempt === attempt)) continue
    const term = job.ledger.tasks[task]?.claim?.term ?? 0
    addFailure(job, deathOf(state, task, state.self.node, Number.parseInt(attempt, 10), { attempt, term }))
  }
  // What is replayed from this node's own disk need not be written again.
  return [...effects.filter((effect) => effect.type !== 'save'), ...askTellers(job, asked?.tellers ?? [])]
}

/**
 * Opens the next round of a job that is over; agreed outputs are kept. An open job goes on as it is, and so does one
 * that has its result, unless parts of that are lost: these are made again. No round takes a dispute back.
 */
export function openNextRound(state: State, job: JobState): Effect[] {
  const { outcome, round } = job.ledger
  if (!isSettled(job)) return []
  if (!isLasting(outcome))
    return join(state, job, { round: round + 1, outcome: { kind: 'open' }, tasks: [], reports: [] })
  if (outcome.kind !== 'sealed' || lostParts(state, job).length === 0) return []
  return join(state, job, { round: round + 1, outcome: { ...outcome, again: round + 1 }, tasks: [], reports: [] })
}

/** Another snapshot, or other code, was pinned under this job's key. Nothing is joined from there but that. */
export function clash(state: State, job: JobState, pin: Digest): Effect[] {
  const outcome = keyConflict([pin, ...(job.pin === null ? [] : [job.pin])])
  return join(state, job, { round: job.ledger.round, outcome, tasks: [], reports: [] })
}

/**
 * Forgets the job whole, and refuses this round and those below it from now on. `expired`: this node's time for it is
 * over, others may keep it. Of a job with a key it is not forgotten what its result was.
 */
export function forgetJob(state: State, id: JobId, expired: boolean): Effect[] {
  const job = state.jobs.get(id)
  if (job === undefined) return []
  const round = Math.max(state.forgottenJobs.get(id) ?? 0, job.ledger.round)
  rememberForgotten(state, id, round)
  if (expired) state.expired.add(id)
  else state.expired.delete(id)
  state.jobs.delete(id)
  state.overBefore.delete(id)
  state.dirty.delete(id)
  const effects: Effect[] = []
  for (const running of state.running.values())
    if (running.job === id && !running.stopping) {
      running.stopping = true
      effects.push({ type: 'stop', attempt: running.attempt, why: 'the job is forgotten' })
    }
  const { outcome } = job.ledger
  const result = job.record.key === null ? null : outcome.kind === 'sealed' ? outcome.result : job.promised
  if (result !== null) state.promised.set(id, result)
  const keyed = job.record.key === null ? null : { record: job.record, result }
  effects.push({ type: 'forget', job: id, round, expired, keyed })
  return effects
}

/** The oldest make room, but for those that a key's result hangs on. */
function rememberForgotten({ forgottenJobs, promised, expired }: State, id: JobId, round: number): void {
  forgottenJobs.delete(id)
  forgottenJobs.set(id, round)
  if (forgottenJobs.size <= LIMITS.forgottenKept + promised.size) return
  for (const oldest of forgottenJobs.keys()) {
    if (promised.has(oldest)) continue
    forgottenJobs.delete(oldest)
    expired.delete(oldest)
    return
  }
}
