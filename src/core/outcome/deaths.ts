/**
 * Tasks that were running when a node died. The node itself says so when it is back; until then whoever takes the task
 * over says it, since a task that kills what runs it would else go round the mesh until nobody is left. A node that was
 * only unreachable is acquitted as soon as it is heard again in the same life.
 */
import { isLive } from '../members/liveness.ts'
import type { ErrorJson } from '../errors.ts'
import { addFailure } from './facts.ts'
import type { Failure } from '../ledger/ledger.ts'
import { runningHere, type JobState, type State } from '../state.ts'
import type { NodeId, TaskIndex } from '../types.ts'

/** The failure that says it. Whoever tells it, one life of a node ends once: `place` names it. */
export function deathOf(
  state: State,
  task: TaskIndex,
  node: NodeId,
  life: number,
  facts: Pick<Failure, 'attempt' | 'term'>,
): Failure {
  const name = state.members.get(node)?.record.name
  const error: ErrorJson = {
    schema: 'shoal.error/1',
    code: 'TASK_POISON',
    message: 'the node died while it ran this task',
    try: [],
    retryable: false,
    exit: 1,
    ...(name === undefined ? {} : { node: name }),
  }
  return { task, ...facts, blame: 'death', place: placeOf(node, life), error }
}

function placeOf(node: NodeId, life: number): string {
  return `${node}/${life}`
}

/**
 * Of every node that is away, and was last heard running what runs here now, that is told; and what this node has said of
 * nodes that live after all is taken back.
 */
export function tellDeaths(state: State, job: JobState): void {
  const here = runningHere(state, job)
  if (here.size > 0) accuse(state, job, here)
  if (!job.round.failures.some((failure) => isWrong(state, failure))) return
  job.round.failures = job.round.failures.filter((failure) => !isWrong(state, failure))
  job.reportDirty = true
}

function accuse(state: State, job: JobState, tasks: ReadonlySet<TaskIndex>): void {
  for (const { node, beat } of state.members.values()) {
    if (beat === null || beat.running.length === 0 || node === state.self.node || isLive(state, node)) continue
    for (const { job: id, task } of beat.running) {
      if (id !== job.record.id || !tasks.has(task)) continue
      const place = placeOf(node, beat.incarnation.count)
      if (job.round.failures.some((f) => f.blame === 'death' && f.task === task && f.place === place)) continue
      // Of no term: it is not this node's claim that is given up.
      addFailure(job, deathOf(state, task, node, beat.incarnation.count, { attempt: '', term: 0 }))
    }
  }
}

function isWrong(state: State, { blame, place }: Failure): boolean {
  if (blame !== 'death') return false
  const [node, life] = place.split('/') as [NodeId, string]
  const member = state.members.get(node)
  return (
    node !== state.self.node &&
    member !== undefined &&
    isLive(state, node) &&
    member.record.incarnation.count === Number(life)
  )
}
