/** Which task a free slot of this node takes next. Late binding: nothing is claimed before a slot is free for it. */
import { nextTerm } from '../ledger/ledger.ts'
import { LIMITS } from '../limits.ts'
import { isInputHere } from '../exchange/exchange.ts'
import { isOpen, readyBlanks, stepsByTurn } from '../outcome/open-tasks.ts'
import {
  backupOf,
  baseOrder,
  candidates,
  isOwnFree,
  isStanding,
  isStandingStill,
  takeoverAt,
} from '../members/candidates.ts'
import type { FailureIndex } from '../ledger/failures.ts'
import { isLive } from '../members/liveness.ts'
import { runsAlone } from '../outcome/poison.ts'
import { isWorkedOn } from '../outcome/remake.ts'
import type { PlannedTask } from '../plan/steps.ts'
import { runningHere, type JobState, type State } from '../state.ts'
import type { Millis, NodeId, TaskIndex } from '../types.ts'

export interface Choice {
  readonly task: PlannedTask
  readonly term: number
  readonly rank: number
}

/** The next task of this job for this node, or null: its own list, what is nearest the result first, then others'. */
export function choose(state: State, job: JobState, failures: FailureIndex): Choice | null {
  if (state.now < job.round.nextSearch) return null
  const open = openTasks(state, job, failures)
  const own = chooseOwn(state, job, failures, open)
  if (own !== null) return own
  const stealable = new Map<NodeId, PlannedTask[]>()
  let seen = 0
  for (const tasks of open)
    for (const task of tasks) {
      seen++
      const verdict = consider(state, job, task, failures)
      if (verdict === 'no' || !isInputHere(state, job, task)) continue
      if (verdict === 'mine') return choiceOf(state, job, task, failures)
      const list = stealable.get(verdict.from) ?? []
      list.push(task)
      stealable.set(verdict.from, list)
    }
  // Of a job that is new here it is not yet known what others have begun.
  const choice = state.now - job.round.knownAt < LIMITS.stealAfterMs ? null : steal(state, job, failures, stealable)
  if (choice === null) job.round.nextSearch = state.now + Math.floor(seen / LIMITS.searchTasksPerMs)
  return choice
}

/**
 * The next task of this node's own list. Where a holder is slow, those come first that it would have to run but for
 * this node, and then, from the back, those of its own list: what is left of them at the end takes longest.
 */
function chooseOwn(
  state: State,
  job: JobState,
  failures: FailureIndex,
  open: readonly (readonly PlannedTask[])[],
): Choice | null {
  const slow = new Set([...job.pace].flatMap(([node, pace]) => (pace > LIMITS.slowPace ? node : [])))
  slow.delete(state.self.node)
  for (const tasks of open) {
    let first: PlannedTask | null = null
    let ofSlow: PlannedTask | null = null
    for (const task of tasks) {
      const isUrgent = slow.size > 0 && task.holders.some((node) => slow.has(node))
      if (first !== null && !isUrgent) continue
      if (isOwnFree(state, job, task) && isMine(state, job, task, failures)) {
        if (isUrgent || slow.size === 0) return choiceOf(state, job, task, failures)
        first = task
      } else if (isUrgent && isNextAfter(state, job, task, slow)) ofSlow = task
    }
    const choice = ofSlow ?? first
    if (choice !== null) return choiceOf(state, job, choice, failures)
  }
  return null
}

/** Nobody has begun the task, a slow node would be the first, and this one comes next. */
function isNextAfter(state: State, job: JobState, task: PlannedTask, slow: ReadonlySet<NodeId>): boolean {
  if (job.ledger.tasks[task.index]!.claim !== null || !isInputHere(state, job, task)) return false
  const order = baseOrder(job, task)
  return slow.has(order[0]!) && order.find((node) => !slow.has(node)) === state.self.node
}

/** What could begin here, by step in the order of turns; of each in the order of its tasks, those to be done again last. */
function openTasks(state: State, job: JobState, failures: FailureIndex): PlannedTask[][] {
  const here = runningHere(state, job)
  const again = [...job.round.orphans].map((index) => job.plan.tasks[index]!).filter((task) => isOpen(job, task))
  const mayBegin = ({ index }: PlannedTask): boolean =>
    !here.has(index) && !isBackedOff(state, job, index) && !mustBeAlone(state, failures, index)
  return stepsByTurn(job.plan)
    .map((step) => [...readyBlanks(job, step), ...again.filter((task) => task.step === step)].filter(mayBegin))
    .filter((tasks) => tasks.length > 0)
}

function isMine(state: State, job: JobState, task: PlannedTask, failures: FailureIndex): boolean {
  return consider(state, job, task, failures) === 'mine' && isInputHere(state, job, task)
}

/** It failed here by this node's own fault, a moment ago. */
export function isBackedOff(state: State, job: JobState, task: TaskIndex): boolean {
  return (job.round.backoff.get(String(task))?.until ?? 0) > state.now
}

/** A task that was open when a node died runs as the only one on its node. */
function mustBeAlone(state: State, failures: FailureIndex, task: TaskIndex): boolean {
  return state.running.size > 0 && runsAlone(failures.get(task))
}

type Verdict = 'mine' | 'no' | { readonly from: NodeId }

/** Whether this node may start the task now: by right, by takeover, or by taking it off a busy holder's list. */
function consider(state: State, job: JobState, task: PlannedTask, failures: FailureIndex): Verdict {
  const me = state.self.node
  const { claim } = job.ledger.tasks[task.index]!
  const held = claim !== null && isStanding(state, claim, failures.get(task.index))
  if (held && claim.owner === me) return 'mine'
  const live = held && isLive(state, claim.owner)
  // The common case first, and without a look at the candidates: somebody alive is at it.
  if (live && !isStandingStill(state, job, task, claim.owner)) return 'no'

  const order = candidates(state, job, task, failures)
  const rank = order.indexOf(me)
  if (rank < 0) return 'no'
  if (live) return backupOf(claim, order) === me ? 'mine' : 'no'
  if (held) return state.now >= takeoverAt(state, claim.owner, rank) ? 'mine' : 'no'
  if (rank === 0) return 'mine'
  if (task.step.readsShards) return { from: order[0]! }
  return isLeftLying(state, job, task, rank) ? 'mine' : 'no'
}

/**
 * Nobody has begun a task for long though all could be had, and its input came here: somebody takes this node for its
 * owner. Of two submissions at once each has its own list of members, and two nodes may wait for each other.
 */
function isLeftLying(state: State, job: JobState, { index, step }: PlannedTask, rank: number): boolean {
  const { orphanSince, readySince } = job.round
  const since = orphanSince.get(index) ?? readySince[step.index] ?? null
  return since !== null && state.now - since > LIMITS.backupStillMs + rank * LIMITS.takeoverStaggerMs
}

/** From the back of the list of the live holder with most unstarted bytes. */
function steal(
  state: State,
  job: JobState,
  failures: FailureIndex,
  lists: ReadonlyMap<NodeId, PlannedTask[]>,
): Choice | null {
  let most = -1
  let from: PlannedTask[] | null = null
  for (const list of lists.values()) {
    const bytes = list.reduce((sum, task) => sum + task.bytes, 0)
    if (bytes > most) {
      most = bytes
      from = list
    }
  }
  return from === null ? null : choiceOf(state, job, from.at(-1)!, failures)
}

/** Who goes on with a claim of its own may be no candidate any more, since a holder is back: then it ranks last. */
function choiceOf(state: State, job: JobState, task: PlannedTask, failures: FailureIndex): Choice {
  const { claim } = job.ledger.tasks[task.index]!
  const order = candidates(state, job, task, failures)
  const rank = order.indexOf(state.self.node)
  return { task, term: nextTerm(claim), rank: rank < 0 ? order.length : rank }
}

/** Slot time that this node has spent on a job, attempts under way among it. */
function usage(state: State, job: JobState): Millis {
  let ms = job.slotMs
  for (const r of state.running.values()) if (r.job === job.record.id) ms += state.now - r.startedAt
  return ms
}

/**
 * Notes that a job takes its turn. What it has not used while it had nothing to run is not made up for, or a job that
 * comes late would have all slots until it has had as much as those that came before (start-time fair queueing, Goyal,
 * Vin & Cheng 1996).
 */
export function takeTurn(state: State, job: JobState): void {
  const used = usage(state, job)
  job.slotMs += Math.max(0, state.turn - used)
  state.turn = Math.max(state.turn, used)
}

/** Open jobs, the one that has used the least slot time on this node first; ties by id. */
export function jobsByTurn(state: State): JobState[] {
  return [...state.jobs.values()]
    .filter((job) => isWorkedOn(job))
    .map((job) => ({ job, used: usage(state, job) }))
    .sort((a, b) => a.used - b.used || (a.job.record.id < b.job.record.id ? -1 : 1))
    .map(({ job }) => job)
}
