/**
 * Who may run a task, in which order, and whose it is now. All of it is a hint: two nodes that answer differently do
 * the same work twice, and their outputs are equal.
 */
import { LIMITS } from '../limits.ts'
import type { FailureIndex } from '../ledger/failures.ts'
import type { Claim, Failure } from '../ledger/ledger.ts'
import { includes } from './holders.ts'
import { isLive } from './liveness.ts'
import { awaySince, isStuck } from './membership.ts'
import { place, rendezvous } from '../plan/placement.ts'
import type { PlannedTask, Step } from '../plan/steps.ts'
import { medianOf, type JobState, type State } from '../state.ts'
import { runs, runsSome } from './runtimes.ts'
import { patience } from './strain.ts'
import type { Millis, NodeId, Runtimes, TaskIndex } from '../types.ts'

/** What of a job decides who may run a task, before anything of it has happened. */
export type Ranked = Pick<JobState, 'record' | 'placement' | 'orders' | 'lateCopies'>

/** May run tasks of this job: it lives, takes work, and offers what some of them run. */
export function isEligible(state: State, job: Ranked, node: NodeId): boolean {
  const offered = offeredBy(state, node)
  return offered !== null && runsSome(offered, job.record.spec)
}

/** May run tasks of this step. */
export function isAble(state: State, job: Ranked, step: Step, node: NodeId): boolean {
  const offered = offeredBy(state, node)
  return offered !== null && runs(offered, job.record.spec, step.program)
}

/** null where the node takes no work, or does not live. */
function offeredBy(state: State, node: NodeId): Runtimes | null {
  if (node === state.self.node) return !state.draining && state.self.slots > 0 ? state.self.runtimes : null
  const record = state.members.get(node)?.record
  return record !== undefined && !record.drained && record.slots > 0 && isLive(state, node) ? record.runtimes : null
}

/** Base order: holders in rendezvous order, or placement order. Other live members come after, see `candidates`. */
export function baseOrder(job: Ranked, task: PlannedTask): readonly NodeId[] {
  let order = job.orders.get(task.index)
  if (order === undefined) {
    const { isPlaced, readsShards } = task.step
    if (isPlaced) order = placementOf(job, task.step.count)[task.at]!
    else order = rendezvous(`${job.record.id}/${task.index}`, readsShards ? task.holders : job.record.members)
    job.orders.set(task.index, order)
  }
  return order
}

/** The ordered lists of nodes of so many partitions. */
export function placementOf({ record, placement }: Ranked, partitions: number): readonly (readonly NodeId[])[] {
  let lists = placement.get(partitions)
  if (lists === undefined) {
    lists = place(record.id, partitions, record.members)
    placement.set(partitions, lists)
  }
  return lists
}

/** The quick look that finds a node's next task as a rule: it is the first in the base order, and nobody has begun. */
export function isOwnFree(state: State, job: JobState, task: PlannedTask): boolean {
  return job.ledger.tasks[task.index]!.claim === null && baseOrder(job, task)[0] === state.self.node
}

/**
 * Eligible nodes for a task, best first: its base order, then all other members; nodes that get on with nothing, or
 * failed it by their own fault, last. What reads shards runs where they lie: others read them over a stream, and only while a
 * holder lives that could give them and none can run it (no slots, another runtime, failed at it twice). A busy holder
 * is waited for: input does not cross the network to be faster. A copy that came after the snapshot was pinned makes its
 * node the last of the holders, in its own eyes: others see it once it claims.
 */
export function candidates(state: State, job: Ranked, task: PlannedTask, failures: FailureIndex): NodeId[] {
  const able = baseOrder(job, task).filter((node) => isAble(state, job, task.step, node))
  const failed = failures.get(task.index)?.filter((f) => f.blame === 'own') ?? []
  if (!task.step.readsShards) {
    const joined = [...state.members.keys()].filter((node) => !includes(job.record.members, node))
    if (joined.length > 0) able.push(...others(state, job, task, joined))
  } else {
    if (job.lateCopies.has(task.index) && isAble(state, job, task.step, state.self.node)) able.push(state.self.node)
    const tried = (node: NodeId): boolean => failed.some((f) => f.node === node && f.term > 1)
    if (able.every(tried) && task.holders.some((node) => isLive(state, node))) {
      const strangers = [...state.members.keys()].filter(
        (node) => !includes(task.holders, node) && !able.includes(node),
      )
      able.push(...others(state, job, task, strangers))
    }
  }
  const isLast = (node: NodeId): boolean => {
    const member = state.members.get(node)
    return failed.some((f) => f.node === node) || (member !== undefined && isStuck(member, state.now))
  }
  if (!able.some(isLast)) return able
  return [...able.filter((node) => !isLast(node)), ...able.filter(isLast)]
}

function others(state: State, job: Ranked, task: PlannedTask, nodes: readonly NodeId[]): NodeId[] {
  return rendezvous(
    `${job.record.id}/${task.index}`,
    nodes.filter((node) => isAble(state, job, task.step, node)),
  )
}

/** Whether the claim still stands for anything: its owner's life goes on, and it has not given the task back. */
export function isStanding(
  state: State,
  claim: Claim,
  failures: readonly (Failure & { node: NodeId })[] | undefined,
): boolean {
  const count =
    claim.owner === state.self.node
      ? state.self.incarnation.count
      : state.members.get(claim.owner)?.record.incarnation.count
  if (count !== undefined && claim.incarnation < count) return false
  return !(failures ?? []).some((f) => f.node === claim.owner && f.term === claim.term)
}

/**
 * The node that is expected to run a task: the owner of a standing claim if it lives and gets on, or its backup; else
 * the first candidate. null when nobody can.
 */
export function expectedOwner(state: State, job: JobState, task: PlannedTask, failures: FailureIndex): NodeId | null {
  const claim = job.ledger.tasks[task.index]!.claim
  if (claim === null || !isStanding(state, claim, failures.get(task.index)) || !isLive(state, claim.owner))
    return candidates(state, job, task, failures)[0] ?? null
  if (!isStandingStill(state, job, task, claim.owner)) return claim.owner
  return backupOf(claim, candidates(state, job, task, failures)) ?? claim.owner
}

/** Who backs up a live but stuck owner; null where nobody can. */
export function backupOf(claim: Claim, order: readonly NodeId[]): NodeId | null {
  return order.find((node) => node !== claim.owner) ?? null
}

/**
 * The owner lives, and yet the task's progress has not moved for long, compared with the median of its kind; or its
 * heartbeats have for so long not named the task at all.
 */
export function isStandingStill(state: State, job: JobState, task: PlannedTask, owner: NodeId): boolean {
  if (owner === state.self.node) return false
  const silent = state.now - movedAt(state, job, task.index, owner)
  return silent > LIMITS.standstillMinMs && silent > standstillLimit(job, task)
}

/** When a task last moved as far as this node knows: its owner's progress did, or its claim. */
export function movedAt(state: State, job: JobState, task: TaskIndex, owner: NodeId): Millis {
  const claimed = job.round.changedAt.get(task) ?? state.now
  return Math.max(claimed, state.members.get(owner)?.moved.get(`${job.record.id}/${task}`)?.at ?? claimed)
}

function standstillLimit(job: JobState, task: PlannedTask): Millis {
  const median = medianOf(job, task.step)
  const limit =
    median === null ? LIMITS.standstillMs : Math.max(LIMITS.standstillMinMs, LIMITS.standstillMedians * median)
  return limit * patienceOf(job, task.index)
}

/** Who takes over from the living waits twice as long each time that has been done for a task: it may stick everywhere. */
export function patienceOf(job: JobState, task: TaskIndex): number {
  return 2 ** Math.min(job.round.overtaken.get(task) ?? 0, LIMITS.overtakenMax)
}

/**
 * When the `rank`-th candidate may take over from an owner that is away: since then, plus its turn's stagger. Who has
 * not listened for long enough himself, after a start or a stall, waits for that first.
 */
export function takeoverAt(state: State, owner: NodeId, rank: number): Millis {
  const member = state.members.get(owner)
  const since = member === undefined ? -Infinity : awaySince(member, patience(state))
  return Math.max(since, state.graceUntil) + rank * LIMITS.takeoverStaggerMs
}
