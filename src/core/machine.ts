/**
 * The control plane of one node: `step(state, now, event)` changes the state and returns what is to be done. It reads
 * no clock, starts no timer and waits for nothing; the same code runs in a node and in a simulated mesh.
 *
 * Invariants (cited by number below)
 *   I1  What is said to be had (`has`, `arrived`) was on disk before the event that says so.
 *   I2  An output enters the ledger only by `attempt-done`, from disk at boot, or from a peer's ledger.
 *   I3  Correctness holds if every node claims every task: nothing here waits for a claim to be won.
 *   I4  The outcome is `verdict` of known facts, or a person's cancel; joined, never overwritten.
 */
import { answerRanges, answerHello, answerStamps, fetchJob, greeting, statement } from './gossip/anti-entropy.ts'
import { onAttempt, startTasks } from './schedule/attempts.ts'
import { stopLosers, tasksToHelp } from './schedule/backup.ts'
import { isEligible } from './members/candidates.ts'
import { failureIndex } from './ledger/failures.ts'
import { tellDeaths } from './outcome/deaths.ts'
import type { Effect } from './effects.ts'
import type { Event } from './events.ts'
import { stayingHolders } from './exchange/copies.ts'
import { lookForWanted, startPulls, startPushes } from './exchange/exchange.ts'
import { keepWhatIsNeeded, release } from './exchange/release.ts'
import { join } from './outcome/facts.ts'
import { onJobEvent } from './job-events.ts'
import { addJob, clash, forgetJob } from './jobs.ts'
import { LIMITS } from './limits.ts'
import { learnBeat, learnOwnLife, learnRecord } from './members/members.ts'
import type { Message } from './messages.ts'
import { findOrphans, isStepReady, lacksResult } from './outcome/open-tasks.ts'
import { isOver } from './ledger/outcome.ts'
import { isRemade, isWorkedOn, judgeRemake } from './outcome/remake.ts'
import { askForUnheard, learnAsked, settle, stir, stirs } from './gossip/quiet.ts'
import { spread } from './gossip/spread.ts'
import type { JobState, State } from './state.ts'
import { feel } from './members/strain.ts'
import type { Digest, JobId, Millis, NodeId } from './types.ts'

/** Takes one event in at monotonic time `now` (never before the last one); returns what is to be done, in order. */
export function step(state: State, now: Millis, event: Event): Effect[] {
  state.now = Math.max(state.now, now)
  feel(state, event.type === 'tick' ? event.stalled : null)
  const effects = take(state, event)
  if (stirs(state, event, effects)) stir(state)
  if (event.type === 'tick') effects.push(...onTick(state))
  // What did not stir a quiet node leaves it nothing to do.
  else if (MOVING.has(event.type) && !state.quiet) effects.push(...goOn(state, event))
  return effects
}

/** At once, unless that was done just now: then as soon as it may be again. */
function goOn(state: State, event: Event): Effect[] {
  // Who was woken goes on, whatever a clock that rounds says: else it would ask for another moment, again and again.
  if (event.type === 'wake' || state.now >= state.nextAdvance) return advance(state)
  const effects = event.type === 'attempt-done' ? startTasks(state) : []
  if (!state.waking) {
    state.waking = true
    effects.push({ type: 'wake', after: Math.ceil(state.nextAdvance - state.now) })
  }
  return effects
}

/** Events after which there may be something to do at once: a tiny job does not wait for ticks. */
const MOVING: ReadonlySet<Event['type']> = new Set<Event['type']>([
  'wake',
  'job',
  'message',
  'attempt-done',
  'attempt-failed',
  'arrived',
  'report-signed',
  'push-ended',
  'pull-ended',
  'copied',
])

function take(state: State, event: Event): Effect[] {
  switch (event.type) {
    case 'tick':
      return []
    case 'wake':
      state.waking = false
      return []
    case 'peer': {
      const member = state.members.get(event.peer)
      if (member !== undefined) {
        member.connected = event.connected
        member[event.connected ? 'openedAt' : 'closedAt'] = state.now
      }
      if (event.connected) state.connected.add(event.peer)
      else state.connected.delete(event.peer)
      return event.connected ? [{ type: 'send', to: event.peer, message: greeting(state, event.peer) }] : []
    }
    case 'message':
      return onMessage(state, event.from, event.message)
    case 'own-record':
      return learnRecord(state, event.record, state.self.node)
    case 'job':
      return addJob(state, event)
    case 'job-missing':
      state.fetching.delete(event.job)
      return []
    case 'attempt-done':
    case 'attempt-failed':
    case 'progress':
      return onAttempt(state, event)
    case 'forget':
      return forgetJob(state, event.job, false)
    case 'expire': {
      const job = state.jobs.get(event.job)
      return job !== undefined && isOver(job.ledger.outcome) ? forgetJob(state, event.job, true) : []
    }
    case 'remembered':
      state.forgottenJobs.set(event.job, Math.max(event.round, state.forgottenJobs.get(event.job) ?? 0))
      if (event.result !== null) state.promised.set(event.job, event.result)
      return []
    case 'pinned': {
      const job = state.jobs.get(event.job)
      return job === undefined || isOfPin(job, event.pin) ? [] : clash(state, job, event.pin)
    }
    case 'forget-member':
      state.members.delete(event.node)
      state.forgottenMembers.add(event.node)
      return []
    case 'reborn':
      state.self = { ...state.self, incarnation: event.incarnation }
      for (const job of state.jobs.values()) job.reportDirty = true
      return []
    case 'own-life':
      return learnOwnLife(state, event.incarnation)
    case 'drain':
      state.draining = true
      state.drainBy = state.now + LIMITS.drainMs
      return []
    default: {
      const job = state.jobs.get(event.job)
      return job === undefined ? [] : onJobEvent(state, job, event)
    }
  }
}

function onMessage(state: State, from: NodeId, message: Message): Effect[] {
  switch (message.type) {
    case 'beat':
      return learnBeat(state, message.beat)
    case 'hello':
      return [...learnBeat(state, message.beat), ...answerHello(state, from, message)]
    case 'stamps':
      return answerStamps(state, from, message)
    case 'records':
      return message.records.flatMap((record) => learnRecord(state, record, from))
    case 'want-records': {
      const records = message.nodes.flatMap((node) => state.members.get(node)?.record ?? [])
      return records.length === 0 ? [] : [{ type: 'send', to: from, message: { type: 'records', records } }]
    }
    case 'unheard':
      learnAsked(state, message.nodes)
      return []
    case 'dropped': {
      const job = state.jobs.get(message.job)
      if (job === undefined || job.ledger.round > message.round) return []
      if (message.expired && isOver(job.ledger.outcome)) {
        job.round.unwanted.add(from)
        return []
      }
      return forgetJob(state, message.job, message.expired)
    }
    case 'ranges': {
      const job = state.jobs.get(message.job)
      if (job === undefined) return unknownJob(state, message.job, message.round, from)
      if (!isOfPin(job, message.pin)) {
        const effects = clash(state, job, message.pin!)
        // Nothing else of the two ledgers is compared: only what tells the other side.
        return [...effects, { type: 'send', to: from, message: statement(job) }]
      }
      return answerRanges(job, from, message)
    }
    case 'delta': {
      const job = state.jobs.get(message.job)
      if (job === undefined) return unknownJob(state, message.job, message.delta.round, from)
      return isOfPin(job, message.pin) ? join(state, job, message.delta, 'peer') : clash(state, job, message.pin!)
    }
  }
}

/** Whether a message is about this job: under one key there may be two, over two snapshots. */
function isOfPin(job: JobState, pin: Digest | undefined): boolean {
  return pin === undefined || pin === job.pin
}

/** A job is fetched before anything about it is believed or relayed; what was forgotten stays forgotten. */
function unknownJob(state: State, job: JobId, round: number, from: NodeId): Effect[] {
  if (from === state.self.node || (state.forgottenJobs.get(job) ?? 0) >= round) return []
  return fetchJob(state, job, from)
}

// ---- the clock

function onTick(state: State): Effect[] {
  const effects = [...advance(state), ...forgetOldest(state)]
  if (state.draining && !state.drainedTold && isDrained(state)) {
    state.drainedTold = true
    effects.push({ type: 'drained' })
  }
  effects.push(...askForUnheard(state))
  settle(state)
  return effects
}

/**
 * Beyond so many finished jobs the one that ended first goes, before its time, unless it has just ended or come here: who
 * waits for it fetches its result.
 */
function forgetOldest(state: State): Effect[] {
  if (state.jobs.size <= LIMITS.jobsKeptMax) return []
  let finished = 0
  let oldest: JobState | null = null
  for (const job of state.jobs.values()) {
    if (job.endedAt === null || isRemade(job)) continue
    finished++
    if (job.endedAt < (oldest?.endedAt ?? Infinity) && state.now >= job.keptUntil) oldest = job
  }
  if (finished <= LIMITS.jobsKeptMax || oldest === null) return []
  return state.now - oldest.endedAt! < LIMITS.keptAtLeastMs ? [] : forgetJob(state, oldest.record.id, true)
}

/** All that can go on now. Its cost grows with the jobs' tasks, and so does the pause until the next that no tick asks for. */
function advance(state: State): Effect[] {
  const effects: Effect[] = []
  let looked = 0
  for (const job of state.jobs.values()) {
    looked += isWorkedOn(job) ? job.plan.tasks.length : 1
    effects.push(...tend(state, job))
  }
  state.nextAdvance = state.now + (LIMITS.advanceMs * looked) / LIMITS.advanceTasks
  effects.push(...startPushes(state), ...startTasks(state), ...spread(state))
  return effects
}

/** What a job needs from this node at each tick, whatever its outcome. */
function tend(state: State, job: JobState): Effect[] {
  tellDeaths(state, job)
  const looks = state.now >= job.round.nextLook
  if (looks) look(state, job)
  const effects = [...startPulls(state, job), ...stopLosers(state, job)]
  if (job.reportDirty && state.now >= job.nextReport) {
    job.reportDirty = false
    job.signingSince = state.now
    job.nextReport = state.now + job.has.size / LIMITS.reportTasksPerMs
    const report = {
      node: state.self.node,
      incarnation: state.self.incarnation.count,
      seq: ++job.reportSeq,
      has: [...job.has].sort((a, b) => a - b),
      failures: job.round.failures,
    }
    effects.push({ type: 'sign-report', job: job.record.id, round: job.ledger.round, report })
  }
  if (looks && (isOver(job.ledger.outcome) || state.now >= job.round.nextRelease)) {
    job.round.nextRelease = state.now + LIMITS.releaseMs
    effects.push(...release(state, job))
  }
  if (isTimeOver(state, job)) effects.push(...forgetJob(state, job.record.id, true))
  return effects
}

function isTimeOver({ now, retentionMs }: State, job: JobState): boolean {
  return job.endedAt !== null && !isRemade(job) && now - job.endedAt > retentionMs && now >= job.keptUntil
}

/** Looks through all of a job: what takes long where it is large, and need not be known at once. */
function look(state: State, job: JobState): void {
  const failures = failureIndex(state, job)
  judgeRemake(state, job, failures)
  const isOpen = isWorkedOn(job)
  job.round.orphans = findOrphans(state, job)
  const { orphans, orphanSince } = job.round
  for (const task of orphanSince.keys()) if (!orphans.has(task)) orphanSince.delete(task)
  for (const task of orphans) if (!orphanSince.has(task)) orphanSince.set(task, state.now)
  keepWhatIsNeeded(job)
  for (const step of job.plan.steps) {
    const isReady = job.round.orphans.size === 0 && isStepReady(job.ledger, step)
    job.round.readySince[step.index] = isReady ? (job.round.readySince[step.index] ?? state.now) : null
  }
  job.round.helping = isOpen ? tasksToHelp(state, job, failures) : new Set()
  const pairs = lookForWanted(state, job, failures)
  job.round.nextLook = state.now + pairs / LIMITS.lookPairsPerMs + (isOpen ? LIMITS.lookMs : LIMITS.lookOverMs)
}

/** Nothing runs here, and what only this node has is elsewhere too; or the time for that is over. */
function isDrained(state: State): boolean {
  if (state.now >= state.drainBy) return true
  if (state.running.size > 0) return false
  return ![...state.jobs.values()].some((job) => job.pushes.size > 0 || isLastHolder(state, job))
}

/** Somebody could take what this node alone has of a job, and the job may still want it. */
function isLastHolder(state: State, job: JobState): boolean {
  const { kind } = job.ledger.outcome
  if (kind !== 'open' && kind !== 'sealed') return false
  if (![...state.members.keys()].some((node) => node !== state.self.node && isEligible(state, job, node))) return false
  const isLacking = kind === 'open' && lacksResult(job)
  return [...job.has].some(
    (task) => (job.plan.tasks[task]!.step.isOutput || isLacking) && stayingHolders(state, job, task).length === 0,
  )
}
