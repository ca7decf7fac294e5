/**
 * The exchange's books, and what to push, pull and copy. A consumer books each producer once, by digest, never by
 * attempt. Push is the fast path; pull repairs everything else: a lost push, a new owner, a damaged file.
 */
import { LIMITS } from '../limits.ts'
import { agreed } from '../ledger/ledger.ts'
import { expectedOwner } from '../members/candidates.ts'
import { liveHolders } from '../members/holders.ts'
import type { FailureIndex } from '../ledger/failures.ts'
import { isLive } from '../members/liveness.ts'
import type { Effect } from '../effects.ts'
import { copiesToTake } from './copies.ts'
import { toHandOver } from './hand-over.ts'
import { isOpen, isReady } from '../outcome/open-tasks.ts'
import { consumersOf, howBetween, isBroadcast, outputTasks, producersOf } from '../plan/graph.ts'
import type { PlannedTask } from '../plan/steps.ts'
import { isWorkedOn } from '../outcome/remake.ts'
import type { Wanted } from '../round.ts'
import type { JobState, Push, State } from '../state.ts'
import type { Digest, NodeId, TaskIndex } from '../types.ts'

function isHere(job: JobState, consumer: TaskIndex, producer: TaskIndex, digest: Digest): boolean {
  return job.has.has(producer) || job.round.books.get(consumer)?.get(producer) === digest
}

/** Whether all that a task consumes has its digest and is on this node's disk. */
export function isInputHere(_state: State, job: JobState, task: PlannedTask): boolean {
  if (!isReady(job.plan, job.ledger, task)) return false
  for (const producer of producersOf(job.plan, task)) {
    const digest = job.ledger.digests[producer]!
    if (digest === null || !isHere(job, task.index, producer, digest)) return false
  }
  return true
}

/** The digests that an attempt started now consumes, in the order of its producers. */
export function consumedBy(job: JobState, task: PlannedTask): Digest[] {
  return [...producersOf(job.plan, task)].map((producer) => agreed(job.ledger.tasks[producer])!.digest)
}

/**
 * Books an arrival. Where the ledger says another digest by then, the entry is useless and pulled again. What is
 * broadcast is here for all of its consumers, so those that this node takes off others' lists have it, too.
 */
export function book(job: JobState, asked: readonly TaskIndex[], producer: TaskIndex, digest: Digest): void {
  const task = job.plan.tasks[producer]
  const consumers = new Set(asked)
  if (task !== undefined && isBroadcast(task.step))
    for (const { how, consumer } of consumersOf(job.plan, task)) if (how === 'broadcast') consumers.add(consumer.index)
  for (const consumer of consumers) {
    const entries = job.round.books.get(consumer) ?? new Map<TaskIndex, Digest>()
    entries.set(producer, digest)
    job.round.books.set(consumer, entries)
  }
  job.missedAt.delete(producer)
}

/** Strikes out all that had arrived from a producer: it was found damaged. */
export function strike(job: JobState, producer: TaskIndex): void {
  for (const entries of job.round.books.values()) entries.delete(producer)
}

/**
 * After a task ended here: its output goes to the expected owners of what consumes it, one push an owner. What is
 * broadcast is pulled by who needs it.
 */
export function planPushes(state: State, job: JobState, task: PlannedTask, failures: FailureIndex): void {
  const byOwner = new Map<NodeId, TaskIndex[]>()
  for (const { how, consumer } of consumersOf(job.plan, task)) {
    const { index } = consumer
    if (how === 'broadcast' || (agreed(job.ledger.tasks[index]) !== null && !job.round.orphans.has(index))) continue
    const owner = expectedOwner(state, job, consumer, failures)
    if (owner === null || owner === state.self.node) continue
    const list = byOwner.get(owner) ?? []
    list.push(index)
    byOwner.set(owner, list)
  }
  for (const [to, consumers] of byOwner)
    job.pushes.set(`${task.index}>${to}`, {
      task: task.index,
      to,
      consumers,
      state: 'waiting',
      notBefore: state.now,
      tries: 0,
    })
}

/** Starts waiting pushes, at most LIMITS.pushesMax at once over all jobs. */
export function startPushes(state: State): Effect[] {
  const effects: Effect[] = []
  let open = 0
  for (const job of state.jobs.values()) for (const push of job.pushes.values()) if (push.state === 'sent') open++
  for (const job of state.jobs.values()) {
    for (const [id, push] of job.pushes) {
      if (open >= LIMITS.pushesMax) return effects
      if (push.state !== 'waiting' || push.notBefore > state.now) continue
      if (!isLive(state, push.to) || !isWorkedOn(job) || !job.has.has(push.task)) {
        job.pushes.delete(id)
        continue
      }
      push.state = 'sent'
      open++
      effects.push({ type: 'push', job: job.record.id, task: push.task, to: push.to, consumers: push.consumers })
    }
  }
  return effects
}

/** LATER is asked again after a while, soon at first: the job may be on its way there. */
export function endPush(state: State, job: JobState, id: string, end: 'acked' | 'later' | 'gone' | 'failed'): void {
  const push: Push | undefined = job.pushes.get(id)
  if (push === undefined) return
  if (end === 'acked' || end === 'gone' || ++push.tries > LIMITS.pushTriesMax) {
    job.pushes.delete(id)
    return
  }
  push.state = 'waiting'
  const wait = LIMITS.retryAfterMs * push.tries
  push.notBefore = state.now + (end === 'later' ? Math.min(LIMITS.retrySoonMs * 2 ** push.tries, wait) : wait)
}

/** Pulls what the last look found wanted, as far as there is room for it. */
export function startPulls(state: State, job: JobState): Effect[] {
  const effects: Effect[] = []
  if (job.round.wanted.length === 0 || job.pulls.size >= LIMITS.pullsMax) return effects
  const waiting: Wanted[] = []
  for (const wanted of job.round.wanted) {
    const { task, consumers, copy } = wanted
    const output = agreed(job.ledger.tasks[task])
    const lacking = consumers.filter((consumer) => output !== null && !isHere(job, consumer, task, output.digest))
    if (output === null || job.pulls.has(task) || (copy ? job.has.has(task) : lacking.length === 0)) continue
    const from = job.pulls.size < LIMITS.pullsMax ? sourceOf(state, job, task) : null
    if (from === null) {
      waiting.push(wanted)
      continue
    }
    job.pulls.set(task, from)
    // All consumers of what is broadcast need it whole, and may be more than a request can name.
    const asked = isBroadcast(job.plan.tasks[task]!.step) ? lacking.slice(0, 1) : lacking
    effects.push({ type: 'pull', job: job.record.id, task, digest: output.digest, from, consumers: asked, copy })
  }
  job.round.wanted = waiting
  return effects
}

/**
 * Finds what this node is to pull: for the tasks that it is expected to run or helps with, and copies of parts that it
 * is to keep. Returns how many pairs of tasks it looked at.
 */
export function lookForWanted(state: State, job: JobState, failures: FailureIndex): number {
  const wanted: Wanted[] = []
  let pairs = outputTasks(job.plan).length
  if (isWorkedOn(job)) {
    const lacking = missing(state, job, failures)
    pairs = lacking.pairs
    for (const [task, consumers] of lacking.byProducer) {
      const since = job.missedAt.get(task) ?? state.now
      job.missedAt.set(task, since)
      // A push may be on its way; what is broadcast is never pushed, and nobody pushes to who helps.
      const producer = job.plan.tasks[task]!
      const isPushed = (consumer: TaskIndex): boolean =>
        howBetween(producer, job.plan.tasks[consumer]) !== 'broadcast' && !job.round.helping.has(consumer)
      const pushed = consumers.every(isPushed)
      if (!pushed || state.now - since >= LIMITS.pullAfterMs) wanted.push({ task, consumers, copy: false })
    }
  }
  for (const task of [...copiesToTake(state, job, failures), ...toHandOver(state, job)])
    wanted.push({ task, consumers: [], copy: true })
  job.round.wanted = wanted
  return pairs
}

/** What this node's tasks still lack though it exists, producer → consumers; and how many pairs were looked at. */
export function missing(
  state: State,
  job: JobState,
  failures: FailureIndex,
): { readonly byProducer: ReadonlyMap<TaskIndex, TaskIndex[]>; readonly pairs: number } {
  const lacking = new Map<TaskIndex, TaskIndex[]>()
  let pairs = job.plan.tasks.length
  for (const task of job.plan.tasks) {
    if (task.step.inputs.length === 0 || !isOpen(job, task)) continue
    if (!job.round.helping.has(task.index) && expectedOwner(state, job, task, failures) !== state.self.node) continue
    for (const producer of producersOf(job.plan, task)) {
      pairs++
      const digest = job.ledger.digests[producer]!
      if (digest === null || isHere(job, task.index, producer, digest)) continue
      const consumers = lacking.get(producer) ?? []
      consumers.push(task.index)
      lacking.set(producer, consumers)
    }
  }
  return { byProducer: lacking, pairs }
}

/** A live holder to pull from, those that failed lately last and only after their back-off. */
function sourceOf(state: State, job: JobState, task: TaskIndex): NodeId | null {
  let best: NodeId | null = null
  let bestTries = Infinity
  for (const node of liveHolders(state, job, task)) {
    if (node === state.self.node) continue
    const backoff = job.round.backoff.get(`${task}<${node}`)
    if (backoff !== undefined && backoff.until > state.now) continue
    const tries = backoff?.tries ?? 0
    if (tries < bestTries) {
      best = node
      bestTries = tries
    }
  }
  return best
}

export function backOff(state: State, job: JobState, what: string): void {
  const tries = (job.round.backoff.get(what)?.tries ?? 0) + 1
  const wait = Math.min(LIMITS.ownFailureBackoffMaxMs, LIMITS.ownFailureBackoffMs * 2 ** (tries - 1))
  job.round.backoff.set(what, { until: state.now + wait, tries })
}
