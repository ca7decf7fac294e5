/**
 * The exchange's books, and what to push, pull and copy. A consumer books each producer once, by digest, never by
 * attempt. Push is the fast path; pull repairs everything else: a lost push, a new owner, a damaged file.
 */
import { LIMITS } from '../limits.ts'
import { agreed } from '../ledger/ledger.ts'
import { candidates, expectedOwner, isEligible } from '../members/candidates.ts'
import { liveHolders } from '../members/holders.ts'
import type { FailureIndex } from '../ledger/failures.ts'
import { isLive } from '../members/liveness.ts'
import type { Effect } from '../effects.ts'
import { toHandOver } from './hand-over.ts'
import { isOpen, isShuffling, isStageReady } from '../outcome/open-tasks.ts'
import type { PlannedTask } from '../plan/plan.ts'
import { isWorkedOn } from '../outcome/remake.ts'
import type { JobState, Push, State, Wanted } from '../state.ts'
import type { Digest, NodeId, TaskIndex } from '../types.ts'

/** The kind of task whose outputs a task consumes. */
export function producerKind(job: JobState, task: PlannedTask): 'map' | 'sample' | 'bounds' | null {
  if (task.kind === 'reduce') return 'map'
  if (task.kind === 'bounds') return 'sample'
  return task.kind === 'map' && job.plan.count.bounds > 0 ? 'bounds' : null
}

function* producers(job: JobState, task: PlannedTask): Generator<TaskIndex> {
  const kind = producerKind(job, task)
  if (kind === null) return
  for (let i = job.plan.first[kind]; i < job.plan.first[kind] + job.plan.count[kind]; i++) yield i
}

function isHere(job: JobState, consumer: TaskIndex, producer: TaskIndex, digest: Digest): boolean {
  return job.has.has(producer) || job.books.get(consumer)?.get(producer) === digest
}

/** Whether all that a task consumes has its digest and is on this node's disk. */
export function isInputHere(_state: State, job: JobState, task: PlannedTask): boolean {
  if (!isStageReady(job, task.kind)) return false
  for (const producer of producers(job, task)) {
    const digest = job.ledger.digests[producer]!
    if (digest === null || !isHere(job, task.index, producer, digest)) return false
  }
  return true
}

/** The digests that an attempt started now consumes, in task order. */
export function consumedBy(job: JobState, task: PlannedTask): Digest[] {
  return [...producers(job, task)].map((producer) => agreed(job.ledger.tasks[producer])!.digest)
}

/**
 * Books an arrival. Where the ledger says another digest by then, the entry is useless and pulled again. Bounds are the
 * same for every map, so those that this node takes off others' lists have them, too.
 */
export function book(job: JobState, asked: readonly TaskIndex[], producer: TaskIndex, digest: Digest): void {
  const { first, count, tasks } = job.plan
  const forAll = tasks[producer]?.kind === 'bounds'
  const consumers = forAll ? Array.from({ length: count.map }, (_, i) => first.map + i) : asked
  for (const consumer of consumers) {
    const entries = job.books.get(consumer) ?? new Map<TaskIndex, Digest>()
    entries.set(producer, digest)
    job.books.set(consumer, entries)
  }
  job.missedAt.delete(producer)
}

/** Strikes out all that had arrived from a producer: it was found damaged. */
export function strike(job: JobState, producer: TaskIndex): void {
  for (const entries of job.books.values()) entries.delete(producer)
}

/** After a task ended here: its output goes to the expected owners of what consumes it, one push an owner. */
export function planPushes(state: State, job: JobState, task: PlannedTask, failures: FailureIndex): void {
  const kind = task.kind === 'map' ? 'reduce' : task.kind === 'sample' ? 'bounds' : null
  if (kind === null) return
  const byOwner = new Map<NodeId, TaskIndex[]>()
  for (let i = job.plan.first[kind]; i < job.plan.first[kind] + job.plan.count[kind]; i++) {
    if (agreed(job.ledger.tasks[i]) !== null && !job.orphans.includes(i)) continue
    const owner = expectedOwner(state, job, job.plan.tasks[i]!, failures)
    if (owner === null || owner === state.self.node) continue
    const list = byOwner.get(owner) ?? []
    list.push(i)
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
  if (job.wanted.length === 0 || job.pulls.size >= LIMITS.pullsMax) return effects
  const waiting: Wanted[] = []
  for (const wanted of job.wanted) {
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
    // All that consume bounds consume them whole, and may be more than a request can name.
    const asked = job.plan.tasks[task]!.kind === 'bounds' ? lacking.slice(0, 1) : lacking
    effects.push({ type: 'pull', job: job.record.id, task, digest: output.digest, from, consumers: asked, copy })
  }
  job.wanted = waiting
  return effects
}

/**
 * Finds what this node is to pull: for the tasks that it is expected to run or helps with, and copies of parts that it
 * is to keep. Returns how many pairs of tasks it looked at.
 */
export function lookForWanted(state: State, job: JobState, failures: FailureIndex): number {
  const wanted: Wanted[] = []
  let pairs = job.plan.count.reduce
  if (isWorkedOn(job)) {
    const lacking = missing(state, job, failures)
    pairs = lacking.pairs
    for (const [task, consumers] of lacking.byProducer) {
      const since = job.missedAt.get(task) ?? state.now
      job.missedAt.set(task, since)
      // A push may be on its way; bounds are never pushed, and nobody pushes to who helps.
      const pushed = job.plan.tasks[task]!.kind !== 'bounds' && !consumers.some((consumer) => job.helping.has(consumer))
      if (!pushed || state.now - since >= LIMITS.pullAfterMs) wanted.push({ task, consumers, copy: false })
    }
  }
  for (const task of [...copiesToTake(state, job, failures), ...toHandOver(state, job)])
    wanted.push({ task, consumers: [], copy: true })
  job.wanted = wanted
  return pairs
}

/** What this node's tasks still lack though it exists, producer → consumers; and how many pairs were looked at. */
export function missing(
  state: State,
  job: JobState,
  failures: FailureIndex,
): { readonly byProducer: ReadonlyMap<TaskIndex, TaskIndex[]>; readonly pairs: number } {
  const lacking = new Map<TaskIndex, TaskIndex[]>()
  const shuffling = isShuffling(job)
  let pairs = job.plan.tasks.length
  for (const task of job.plan.tasks) {
    if (producerKind(job, task) === null || !isOpen(state, job, task, shuffling)) continue
    if (!job.helping.has(task.index) && expectedOwner(state, job, task, failures) !== state.self.node) continue
    for (const producer of producers(job, task)) {
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
    const backoff = job.backoff.get(`${task}<${node}`)
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
  const tries = (job.backoff.get(what)?.tries ?? 0) + 1
  const wait = Math.min(LIMITS.ownFailureBackoffMaxMs, LIMITS.ownFailureBackoffMs * 2 ** (tries - 1))
  job.backoff.set(what, { until: state.now + wait, tries })
}

/** How many nodes keep each part: as asked, or all that can. */
export function copiesWanted(state: State, job: JobState): number {
  let able = 0
  for (const node of state.members.keys()) if (isEligible(state, job, node)) able++
  return Math.max(1, Math.min(job.ledger.limits.copies, able))
}

/** Live holders that are not about to leave. */
export function stayingHolders(state: State, job: JobState, task: TaskIndex): NodeId[] {
  return liveHolders(state, job, task).filter((node) =>
    node === state.self.node ? !state.draining : state.members.get(node)?.record.drained !== true,
  )
}

/** Parts that this node is to keep a copy of: it is among the first candidates that do not have it yet. */
function copiesToTake(state: State, job: JobState, failures: FailureIndex): TaskIndex[] {
  const { outcome } = job.ledger
  if (outcome.kind !== 'open' && outcome.kind !== 'sealed') return []
  const wanted = copiesWanted(state, job)
  const take: TaskIndex[] = []
  for (let i = job.plan.first.reduce; i < job.plan.first.reduce + job.plan.count.reduce; i++) {
    if (agreed(job.ledger.tasks[i]) === null || job.has.has(i)) continue
    const holders = liveHolders(state, job, i)
    const lacking = wanted - stayingHolders(state, job, i).length
    if (holders.length === 0 || lacking <= 0) continue
    const next = candidates(state, job, job.plan.tasks[i]!, failures).filter((node) => !holders.includes(node))
    if (next.slice(0, lacking).includes(state.self.node)) take.push(i)
  }
  return take
}

/**
 * Sealed, and every part on as many nodes as wanted: runs have done their work. Those of a failed or cancelled round
 * stay until the job is forgotten, because the next round adopts them.
 */
export function isReleasable(state: State, job: JobState): boolean {
  if (job.released || job.ledger.outcome.kind !== 'sealed') return false
  const wanted = copiesWanted(state, job)
  for (let i = job.plan.first.reduce; i < job.plan.first.reduce + job.plan.count.reduce; i++)
    if (stayingHolders(state, job, i).length < wanted) return false
  return true
}
