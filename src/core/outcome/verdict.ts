/** The outcome that a job's facts prove: the same on every node that knows the same facts. */
import { LIMITS } from '../limits.ts'
import type { FailureIndex } from '../ledger/failures.ts'
import { poisonOf } from './poison.ts'
import { agreed, hasBlanks, type Failure } from '../ledger/ledger.ts'
import { dispute, type Outcome } from '../ledger/outcome.ts'
import { taskName } from '../plan/graph.ts'
import { findConflict, isComplete, seal } from './seal.ts'
import type { ErrorJson } from '../errors.ts'
import type { JobState } from '../state.ts'
import type { NodeId } from '../types.ts'

export function verdict(job: JobState, failures: FailureIndex): Outcome {
  const { plan, ledger } = job
  // The common case, without a look through all tasks: some have no output yet.
  if (ledger.conflicts === 0 && hasBlanks(ledger)) return fatalOf(job, failures)
  const conflict = findConflict(ledger)
  if (conflict !== null) {
    if (ledger.outcome.kind === 'sealed') return dispute([ledger.outcome.result])
    return { kind: 'failed', error: conflictError(job, conflict) }
  }
  const sealed = seal(plan, ledger, job.knownRows)
  if (sealed !== null) return { kind: 'sealed', result: sealed.result }
  if (isComplete(ledger)) return { kind: 'failed', error: misfitError(job) }
  return fatalOf(job, failures)
}

/** Whether what failed ends the round. */
function fatalOf({ plan, ledger }: JobState, failures: FailureIndex): Outcome {
  for (const [task, list] of failures) {
    if (agreed(ledger.tasks[task]) !== null) continue
    const error = fatal(list, taskName(plan.tasks[task]!))
    if (error !== null) return { kind: 'failed', error }
  }
  return { kind: 'open' }
}

/**
 * User causes: two equal ones, or four in all. Deaths while alone: three. Own causes never end a round, but for a bug
 * in Shoal itself.
 */
export function fatal(
  failures: readonly (Failure & { readonly node?: NodeId })[],
  task: string = 'a task',
): ErrorJson | null {
  const byUser = failures.filter((f) => f.blame === 'user' || f.blame === 'input')
  const seen = new Map<string, number>()
  for (const failure of byUser) {
    const same = `${failure.error.code}\n${failure.place}`
    const count = (seen.get(same) ?? 0) + 1
    seen.set(same, count)
    if (count >= LIMITS.failuresEqual || byUser.length >= LIMITS.failuresAll) return failure.error
  }
  // The first death happened beside other tasks; only those after it were alone.
  return poisonOf(failures, task) ?? internalOf(failures)
}

/** A bug in Shoal that shows on two nodes alike, or again and again: it would show for ever. */
function internalOf(failures: readonly (Failure & { readonly node?: NodeId })[]): ErrorJson | null {
  const bugs = failures.filter((f) => f.blame === 'own' && f.error.code === 'INTERNAL')
  const alike = bugs.find((a) => bugs.some((b) => a.node !== b.node && a.error.message === b.error.message))
  return bugs.length >= LIMITS.failuresAll || alike !== undefined ? (alike ?? bugs[0]!).error : null
}

/** All outputs are there, and they are not those of one execution: never sealed, and not left open for ever. */
function misfitError(job: JobState): ErrorJson {
  return {
    schema: 'shoal.error/1',
    code: 'CONFLICT',
    message: 'the outputs of the tasks do not fit together',
    why: 'what some of them consumed is not what the others gave, or records were lost or doubled between them',
    try: ['look for state, clocks or randomness in the job'],
    retryable: false,
    exit: 1,
    job: job.record.id,
  }
}

function conflictError(job: JobState, conflict: NonNullable<ReturnType<typeof findConflict>>): ErrorJson {
  const [a, b] = conflict.pair
  const task = job.plan.tasks[conflict.task]!
  const what = task.step.isPlaced
    ? `${task.step.name} of partition ${task.at}`
    : `${task.step.name} task ${task.at + 1}`
  const base = { schema: 'shoal.error/1', retryable: false, exit: 1, job: job.record.id } as const
  if (a.input !== b.input)
    return {
      ...base,
      code: 'SHARD_CHANGED',
      message: `${what} read different bytes in two attempts`,
      why: `input ${a.input.slice(0, 12)} and ${b.input.slice(0, 12)}`,
      try: ['submit again, over files that no longer change'],
    }
  return {
    ...base,
    code: 'CONFLICT',
    message: `${what} gave two different outputs for the same input`,
    why: `output ${a.digest} and ${b.digest}`,
    try: [
      'look for state, clocks or randomness in the job',
      `shoal job events ${job.record.id.slice(0, 12)}   names the nodes`,
    ],
  }
}
