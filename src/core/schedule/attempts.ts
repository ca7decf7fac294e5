/** Attempts of tasks on this node: how they start, and how they end. */
import { chooseBackup } from './backup.ts'
import { failureIndex } from '../ledger/failures.ts'
import type { Effect } from '../effects.ts'
import type { Event } from '../events.ts'
import { backOff, consumedBy, planPushes } from '../exchange/exchange.ts'
import { addFailure, conclude, join, keepDuration } from '../outcome/facts.ts'
import { nextTerm, type Claim, type TaskState } from '../ledger/ledger.ts'
import { runsSome } from '../members/runtimes.ts'
import { runsAlone } from '../outcome/poison.ts'
import { choose, jobsByTurn, takeTurn, type Choice } from './schedule.ts'
import type { JobState, Running, State } from '../state.ts'

type AttemptEvent = Extract<Event, { type: 'attempt-done' | 'attempt-failed' | 'progress' }>

export function onAttempt(state: State, event: AttemptEvent): Effect[] {
  const running = state.running.get(event.attempt)
  if (running === undefined) return []
  if (event.type === 'progress') {
    if (running.units !== event.units) running.movedAt = state.now
    running.units = event.units
    running.bytes = event.bytes
    return []
  }
  state.running.delete(event.attempt)
  const job = state.jobs.get(running.job)
  if (job === undefined) return []
  const took = state.now - running.startedAt
  job.slotMs += took
  if (event.type === 'attempt-failed') return onFailure(state, job, running, event)
  // It consumed what an earlier round had agreed on.
  if (running.round !== job.ledger.round) return []
  keepDuration(job, running.task, state.self.node, took)
  job.has.add(running.task)
  job.reportDirty = true
  const effects = join(state, job, {
    round: job.ledger.round,
    outcome: { kind: 'open' },
    tasks: [[running.task, { claim: claimOfDone(state, job.ledger.tasks[running.task]!), output: event.output }]],
    reports: [],
  })
  planPushes(state, job, job.plan.tasks[running.task]!, failureIndex(state, job))
  return effects
}

/**
 * Whoever has done a task first owns it. Its claim may have lost to one that it did not know of when it began, of a node
 * that died before this one joined, say: people would be told that the dead node has done it.
 */
function claimOfDone(state: State, { claim, output }: TaskState): Claim | null {
  const { node, incarnation } = state.self
  if (output !== null || claim?.owner === node) return claim
  return { term: nextTerm(claim), rank: 0, owner: node, incarnation: incarnation.count }
}

function onFailure(
  state: State,
  job: JobState,
  running: Running,
  event: Extract<Event, { type: 'attempt-failed' }>,
): Effect[] {
  if (running.round !== job.ledger.round) return []
  if (running.stopping) return []
  addFailure(job, {
    task: running.task,
    attempt: running.attempt,
    term: running.term,
    blame: event.blame,
    place: event.place,
    error: event.error,
  })
  if (event.blame === 'own') backOff(state, job, String(running.task))
  return conclude(state, job, job.ledger.outcome)
}

/** Fills free slots, one a job in turn: claim, then start (a claim is published when a task starts, never before). */
export function startTasks(state: State): Effect[] {
  const effects: Effect[] = []
  if (state.draining) return effects
  const alike = jobsByTurn(state).filter((job) => runsSome(state.self.runtimes, job.record.spec))
  let waiting = alike
  while (waiting.length > 0 && state.running.size < state.self.slots) {
    waiting = waiting.filter((job) => start(state, job, choose, effects))
  }
  // A slot that nothing is left for backs up what is late elsewhere.
  for (const job of alike) while (start(state, job, chooseBackup, effects));
  return effects
}

/** Starts what the job chooses for a slot; false where there is no slot or no choice. */
function start(state: State, job: JobState, choosing: typeof choose, effects: Effect[]): boolean {
  if (state.running.size >= state.self.slots || isAloneRunning(state)) return false
  const choice = choosing(state, job, failureIndex(state, job))
  if (choice !== null) effects.push(...startOne(state, job, choice))
  return choice !== null
}

/** A task that follows a node's death runs with nothing beside it. */
function isAloneRunning(state: State): boolean {
  for (const r of state.running.values()) {
    const job = state.jobs.get(r.job)
    if (job !== undefined && runsAlone(failureIndex(state, job).get(r.task))) return true
  }
  return false
}

function startOne(state: State, job: JobState, choice: Choice): Effect[] {
  takeTurn(state, job)
  const { task, term, rank } = choice
  const attempt = `${state.self.incarnation.count}-${++state.attempts}`
  const claim = { term, rank, owner: state.self.node, incarnation: state.self.incarnation.count }
  state.running.set(attempt, {
    attempt,
    job: job.record.id,
    round: job.ledger.round,
    task: task.index,
    term,
    startedAt: state.now,
    units: 0,
    bytes: 0,
    movedAt: state.now,
    stopping: false,
  })
  const { output } = job.ledger.tasks[task.index]!
  const effects = join(state, job, {
    round: job.ledger.round,
    outcome: { kind: 'open' },
    tasks: [[task.index, { claim, output }]],
    reports: [],
  })
  effects.push({
    type: 'start',
    attempt,
    job: job.record.id,
    task: task.index,
    consumes: consumedBy(job, task),
  })
  return effects
}
