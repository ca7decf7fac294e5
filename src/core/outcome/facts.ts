/** Facts enter a job's ledger here, and nowhere else; the outcome is drawn from them. */
import { failureIndex } from '../ledger/failures.ts'
import { isLive } from '../members/liveness.ts'
import type { Effect } from '../effects.ts'
import { LIMITS } from '../limits.ts'
import { adopted, faceOf, joinDelta, type Change, type Delta, type Failure, type TaskState } from '../ledger/ledger.ts'
import { isBroadcast } from '../plan/graph.ts'
import { isOver, joinOutcome, type Outcome } from '../ledger/outcome.ts'
import { isSettled } from './remake.ts'
import { newRound } from '../round.ts'
import { medianOf, touch, type JobState, type Running, type State } from '../state.ts'
import type { Millis, NodeId, TaskIndex } from '../types.ts'
import { verdict } from './verdict.ts'

/** Joins facts from anywhere, keeps what is new on disk, passes it on, and draws the verdict. */
export function join(state: State, job: JobState, delta: Delta, from: 'here' | 'peer' = 'here'): Effect[] {
  const before = job.ledger.outcome
  const kept = delta.round > job.ledger.round ? adopted(job.ledger) : []
  const was = new Map(delta.tasks.map(([task]) => [task, job.ledger.tasks[task]]))
  const change = joinDelta(job.ledger, delta)
  const effects: Effect[] = []
  if (change.outcome) {
    job.round.whole = false
    job.round.hopeless = null
  }
  if (change.round) {
    job.round = newRound(job.plan, state.now)
    // What is not adopted may lie here, and may be the wrong one.
    for (const task of job.has) if ((kept[task] ?? null) === null) job.has.delete(task)
    job.reportDirty = true
    // A seal stands in every round, and its time runs on.
    job.endedAt = isOver(job.ledger.outcome) ? job.endedAt : null
    for (const running of state.running.values())
      if (running.job === job.record.id) effects.push(...stop(running, 'a new round was opened'))
  }
  if (change.tasks.length + change.reports.length === 0 && !change.outcome && !change.round) return effects
  if (!change.round) for (const task of change.tasks) observe(state, job, task, was.get(task), from)
  for (const task of change.tasks) job.round.changedAt.set(task, state.now)
  // What is broadcast is waited for by many tasks; copies of parts by whoever has the only one.
  if (change.tasks.some((task) => isBroadcast(job.plan.tasks[task]!.step))) job.round.nextLook = state.now
  if (isOver(job.ledger.outcome) && !isFullyReleased(job)) job.round.nextLook = state.now
  // Gossip reaches everyone by itself: who hears a fact does not say it again, or its copies grow with the mesh squared.
  if (from === 'here') {
    const dirty = touch(state, job.record.id)
    for (const task of change.tasks) dirty.tasks.add(task)
    for (const node of change.reports) dirty.reports.add(node)
    dirty.outcome ||= change.outcome || change.round
    dirty.pressing ||= isPressing(job, change)
  }
  effects.push(...save(job, change.tasks, change.reports), ...conclude(state, job, before))
  return effects
}

/** Others may wait for it. Claims, and what a node has, are hints: they can wait for what comes next. */
function isPressing({ ledger }: JobState, { tasks, reports, outcome, round }: Change): boolean {
  if (outcome || round) return true
  if (tasks.some((task) => ledger.tasks[task]!.output !== null)) return true
  return reports.some((node) => ledger.reports.get(node)!.failures.length > 0)
}

/** What a task's change tells of how long tasks take, and of owners that were overtaken alive. */
function observe(
  state: State,
  job: JobState,
  task: TaskIndex,
  was: TaskState | undefined,
  from: 'here' | 'peer',
): void {
  const is = job.ledger.tasks[task]!
  const began = was?.claim ?? null
  if (began === null) return
  const since = job.round.changedAt.get(task)
  // This node's own attempts are timed where they end; when one began whose claim was not known here, nobody can tell.
  const isBegunThere = is.claim !== null && is.claim.owner === began.owner
  if (from === 'peer' && isBegunThere && was?.output === null && is.output !== null && since !== undefined)
    keepDuration(job, task, began.owner, state.now - since)
  if (is.output === null && is.claim !== null && is.claim.term > began.term && isLive(state, began.owner))
    job.round.overtaken.set(task, (job.round.overtaken.get(task) ?? 0) + 1)
}

/** Remembers how long a task took on a node: by step for the median, and by node how it compares with that. */
export function keepDuration(job: JobState, task: TaskIndex, node: NodeId, took: Millis): void {
  const { step } = job.plan.tasks[task]!
  const durations = job.durations[step.index]!
  const median = medianOf(job, step)
  // What is seen of others is some tenths of a second late: short tasks tell little of who is slow.
  if (median !== null) {
    const ratio = (took + LIMITS.paceNoiseMs) / (median + LIMITS.paceNoiseMs)
    job.pace.set(node, ((job.pace.get(node) ?? 1) + ratio) / 2)
  }
  durations.push(took)
  if (durations.length > LIMITS.durationsKept) durations.shift()
}

function save(job: JobState, tasks: readonly TaskIndex[], nodes: readonly NodeId[]): Effect[] {
  const reports = nodes.map((node) => job.ledger.reports.get(node)!)
  const states = tasks.map((i): readonly [TaskIndex, TaskState] => [i, job.ledger.tasks[i]!])
  const delta: Delta = { ...faceOf(job.ledger), tasks: states, reports }
  return [{ type: 'save', job: job.record.id, delta }]
}

/** Draws the verdict (I4), stops what runs in vain, and tells of a changed outcome. */
export function conclude(state: State, job: JobState, before: JobState['ledger']['outcome']): Effect[] {
  const effects: Effect[] = []
  const proved = keepPromise(job, joinOutcome(job.ledger.outcome, verdict(job, failureIndex(state, job))))
  if (proved !== job.ledger.outcome) {
    job.ledger.outcome = proved
    job.ledger.hash = null
    const dirty = touch(state, job.record.id)
    dirty.outcome = true
    dirty.pressing = true
    effects.push(...save(job, [], []))
  }
  const running = [...state.running.values()].filter((r) => r.job === job.record.id)
  if (isSettled(job)) for (const attempt of running) effects.push(...stop(attempt, 'the job is over'))
  if (job.ledger.outcome !== before) {
    job.endedAt = isOver(job.ledger.outcome) ? endOf(state, job) : null
    job.round.nextLook = state.now
    effects.push({ type: 'outcome', job: job.record.id, outcome: job.ledger.outcome })
  }
  return effects
}

/** A job is over for as long as anyone has counted: a node that joins late, or was away, does not begin anew. */
function endOf(state: State, job: JobState): Millis {
  const before = state.overBefore.get(job.record.id)
  return before?.round === job.ledger.round ? Math.min(state.now, before.since) : state.now
}

/** A key gives its first result or none: one that was forgotten meets what is computed in its place. */
function keepPromise({ promised }: JobState, outcome: Outcome): Outcome {
  const hasResult = outcome.kind === 'sealed' || outcome.kind === 'disputed'
  return promised !== null && hasResult ? joinOutcome(outcome, { kind: 'sealed', result: promised }) : outcome
}

export function stop(running: Running, why: string): Effect[] {
  if (running.stopping) return []
  running.stopping = true
  return [{ type: 'stop', attempt: running.attempt, why }]
}

/** A bug in Shoal: that it happens again and again ends the round, so its failures are counted. */
function isBug({ error }: Failure): boolean {
  return error.code === 'INTERNAL'
}

/**
 * Failures are facts: a bounded list in this node's report. Own causes keep only the newest of each task, and the
 * oldest of them makes room: a failure that is not told leaves its claim standing, and nobody takes the task over.
 */
export function addFailure(job: JobState, failure: Failure): void {
  let kept = job.round.failures
  if (failure.blame === 'own') {
    const same = kept.filter((f) => f.blame === 'own' && f.task === failure.task)
    const staying = isBug(failure) ? same.filter(isBug).slice(1 - LIMITS.failuresAll) : []
    kept = kept.filter((f) => !same.includes(f) || staying.includes(f))
  }
  if (kept.length >= LIMITS.failuresPerNode) {
    const oldest = kept.findIndex((f) => f.blame === 'own')
    if (oldest < 0) return
    kept = kept.toSpliced(oldest, 1)
  }
  // A new list: the old one may be in a report that is being signed.
  job.round.failures = [...kept, failure]
  job.reportDirty = true
}

/** Nothing is left of it but its result. */
function isFullyReleased({ plan, round }: JobState): boolean {
  return plan.steps.every(({ index, isOutput }) => isOutput || round.released.has(index))
}
