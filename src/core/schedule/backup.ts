/**
 * Backup tasks (Dean & Ghemawat 2004, §3.6): a node with a slot to spare and nothing else to do runs what is late
 * elsewhere, or waits for a slot of a node that has none free. It costs slots that would stand idle, and ends a job that
 * would wait for its slowest node. Each time a task is overtaken its next backup waits twice as long, so that a task
 * that is slow everywhere is not run by everybody, and one that sticks everywhere is still tried for ever.
 */
import { candidates, isStanding, movedAt, patienceOf } from '../members/candidates.ts'
import type { FailureIndex } from '../ledger/failures.ts'
import type { Effect } from '../effects.ts'
import { isInputHere } from '../exchange/exchange.ts'
import { stop } from '../outcome/facts.ts'
import { agreed, nextTerm } from '../ledger/ledger.ts'
import { LIMITS } from '../limits.ts'
import type { PlannedTask } from '../plan/steps.ts'
import { readyBlanks, stepsByTurn } from '../outcome/open-tasks.ts'
import { isBackedOff, type Choice } from './schedule.ts'
import { medianOf, runningHere, type JobState, type Running, type State } from '../state.ts'
import type { Millis, NodeId, TaskIndex } from '../types.ts'

/** The task that is most overdue of those that this node may back up and whose input is here, or null. */
export function chooseBackup(state: State, job: JobState, failures: FailureIndex): Choice | null {
  let best: Overdue | null = null
  for (const overdue of overdueTasks(state, job, failures))
    if ((best === null || overdue.since < best.since) && isInputHere(state, job, overdue.task)) best = overdue
  if (best === null) return null
  const { task, order } = best
  return { task, term: nextTerm(job.ledger.tasks[task.index]!.claim), rank: order.indexOf(state.self.node) }
}

/** Tasks that this node would back up but for their input: at most one for each slot that it has to spare. */
export function tasksToHelp(state: State, job: JobState, failures: FailureIndex): Set<TaskIndex> {
  const spare = state.self.slots - state.running.size
  const lacking = [...overdueTasks(state, job, failures)].filter(({ task }) => !isInputHere(state, job, task))
  lacking.sort((a, b) => a.since - b.since || a.task.index - b.task.index)
  return new Set(lacking.slice(0, Math.max(0, spare)).map(({ task }) => task.index))
}

interface Overdue {
  readonly task: PlannedTask
  readonly since: Millis
  readonly order: readonly NodeId[]
}

/** What is late elsewhere while it is this node's turn to help. */
function* overdueTasks(state: State, job: JobState, failures: FailureIndex): Generator<Overdue> {
  if (state.draining || state.running.size >= state.self.slots) return
  const here = runningHere(state, job)
  for (const step of stepsByTurn(job.plan)) {
    for (const task of readyBlanks(job, step)) {
      const { index } = task
      // What a node died of is nothing to be run twice at once.
      if (
        here.has(index) ||
        isBackedOff(state, job, index) ||
        failures.get(index)?.some((f) => f.blame === 'death') === true
      )
        continue
      const late = lateness(state, job, task, failures)
      if (late === null || late.since > state.now) continue
      const order = candidates(state, job, task, failures)
      const turn = order
        .filter((node) => node !== late.owner && (node === state.self.node || hasFreeSlot(state, node)))
        .indexOf(state.self.node)
      const since = late.since + turn * LIMITS.takeoverStaggerMs
      if (turn >= 0 && since <= state.now) yield { task, since, order }
    }
  }
}

/** Who has a task, and from when on it is late by this observer's clock; null where nobody alive has it. */
function lateness(
  state: State,
  job: JobState,
  task: PlannedTask,
  failures: FailureIndex,
): { readonly owner: NodeId; readonly since: Millis } | null {
  const { claim } = job.ledger.tasks[task.index]!
  if (claim === null || !isStanding(state, claim, failures.get(task.index))) return queuedAt(state, job, task, failures)
  if (claim.owner === state.self.node || !isHeard(state, claim.owner)) return null
  const begun = job.round.changedAt.get(task.index) ?? state.now
  const limit = usualLimit(job, task)
  if (limit !== null)
    return { owner: claim.owner, since: begun + (limit / slowness(job, claim.owner)) * patienceOf(job, task.index) }
  // Nothing to compare it with: what does not move.
  const moved = movedAt(state, job, task.index, claim.owner)
  return { owner: claim.owner, since: moved + LIMITS.backupStillMs * patienceOf(job, task.index) }
}

/** Longer than this is unusual for a task of this step and size; null while nothing is known of its step. */
function usualLimit(job: JobState, task: PlannedTask): Millis | null {
  const median = medianOf(job, task.step)
  if (median === null) return null
  const size = task.bytes > 0 ? Math.max(1, task.bytes / task.step.meanBytes) : 1
  return Math.max(LIMITS.backupMinMs, LIMITS.backupMedians * median * size)
}

/** Who has been slow at this job so far is expected to be slow again, and is waited for so many times less. */
function slowness(job: JobState, node: NodeId): number {
  return Math.max(1, job.pace.get(node) ?? 1)
}

/** A task that could begin, and that its node has no slot for, or has not begun for long. (What reads shards is taken off others' lists at once.) */
function queuedAt(
  state: State,
  job: JobState,
  task: PlannedTask,
  failures: FailureIndex,
): { readonly owner: NodeId; readonly since: Millis } | null {
  const ready = job.round.readySince[task.step.index] ?? null
  if (task.step.readsShards || ready === null) return null
  const [owner] = candidates(state, job, task, failures)
  if (owner === undefined || owner === state.self.node) return null
  // It has a slot, and waits for input, or for another: of two submissions at once each has its own list of members.
  if (hasFreeSlot(state, owner)) return { owner, since: ready + LIMITS.standstillMs }
  const wait = Math.max(LIMITS.queuedMs, medianOf(job, task.step) ?? 0)
  return { owner, since: ready + wait / slowness(job, owner) }
}

/** It said something just now: who may have died is left to the takeover, which finds out what of. */
function isHeard(state: State, node: NodeId): boolean {
  const member = state.members.get(node)
  return member !== undefined && state.now - member.heardAt <= 2 * LIMITS.heartbeatMs
}

/** By its last heartbeat. */
function hasFreeSlot(state: State, node: NodeId): boolean {
  const member = state.members.get(node)
  return member !== undefined && member.beat !== null && member.beat.busy < member.record.slots
}

/**
 * Stops attempts here whose slots are wanted: of a task that another node has done, once they are late (one that takes
 * no longer than usual ends by itself: a second opinion that costs next to nothing), and those that stick, so that the
 * task can be tried here again.
 */
export function stopLosers(state: State, job: JobState): Effect[] {
  const effects: Effect[] = []
  for (const running of state.running.values()) {
    if (running.job !== job.record.id || running.stopping) continue
    const limit = usualLimit(job, job.plan.tasks[running.task]!)
    const isDone = agreed(job.ledger.tasks[running.task]) !== null && !job.round.orphans.has(running.task)
    if (isDone && limit !== null && state.now - running.startedAt > limit)
      effects.push(...stop(running, 'another node has done it'))
    else if (state.now - running.movedAt > sticksAfter(state, job, running))
      effects.push(...stop(running, 'it does not get on'))
  }
  return effects
}

/**
 * After so long without any progress an attempt is given up. Each time that the task is overtaken this doubles, so that
 * one whose calls take very long ends somewhere; and it is never shorter than user code may take for one record.
 */
function sticksAfter(state: State, job: JobState, running: Running): Millis {
  const { claim } = job.ledger.tasks[running.task]!
  const overtaken = claim !== null && claim.owner !== state.self.node
  const times = overtaken ? patienceOf(job, running.task) : 2 ** LIMITS.overtakenMax
  return Math.max(LIMITS.standstillMs * times, 2 * (job.ledger.limits.taskTimeoutMs ?? LIMITS.taskTimeoutMs))
}
