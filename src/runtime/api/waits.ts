/** What an open job waits for and whom, in sentences for people. Reading them changes nothing. */
import { candidates, isStanding } from '../../core/members/candidates.ts'
import { failureIndex, type FailureIndex } from '../../core/ledger/failures.ts'
import { isLive } from '../../core/members/liveness.ts'
import { isConflict } from '../../core/ledger/ledger.ts'
import { isReady } from '../../core/outcome/open-tasks.ts'
import { shardOf } from '../../core/plan/ranks.ts'
import { runs } from '../../core/members/runtimes.ts'
import type { PlannedTask } from '../../core/plan/steps.ts'
import { runsAlone } from '../../core/outcome/poison.ts'
import { LIMITS } from '../../core/limits.ts'
import type { JobState } from '../../core/state.ts'
import type { NodeId } from '../../core/types.ts'
import { taskName } from '../../core/plan/graph.ts'
import { nameOf, type Context } from '../context.ts'

/** Has no output yet, or one that is to be made again because nobody alive has it. */
function isToDo(job: JobState, task: PlannedTask): boolean {
  const { output } = job.ledger.tasks[task.index]!
  return output === null || (!isConflict(output) && job.round.orphans.has(task.index))
}

/** The live node that is at a task, or null. */
function ownerOf(context: Context, job: JobState, task: PlannedTask, failures: FailureIndex): NodeId | null {
  const { claim } = job.ledger.tasks[task.index]!
  if (claim === null || !isStanding(context.state, claim, failures.get(task.index))) return null
  return isLive(context.state, claim.owner) ? claim.owner : null
}

/** The first task that nobody can run, while nothing else of the job goes on. */
export function blockedTask(context: Context, job: JobState): PlannedTask | null {
  const failures = failureIndex(context.state, job)
  let blocked: PlannedTask | null = null
  for (const task of job.plan.tasks) {
    if (!isToDo(job, task)) continue
    if (ownerOf(context, job, task, failures) !== null) return null
    const reads = task.step.readsShards
    if (!reads && (blocked !== null || !isReady(job.plan, job.ledger, task))) continue
    if (candidates(context.state, job, task, failures).length > 0) return null
    blocked ??= task
  }
  return blocked
}

/** The sentence for a task that nobody can run. */
export function waitsFor(context: Context, job: JobState, task: PlannedTask): string {
  const { state } = context
  const shards = task.splits.map((split) => shardOf(job.record.snapshot, split))
  const [first] = shards
  const holders = task.holders.map((node) => withState(context, job, task, node))
  if (first !== undefined && !task.holders.some((node) => isLive(state, node))) {
    const more = shards.length > 1 ? ` and ${shards.length - 1} more` : ''
    const again = job.ledger.tasks[task.index]!.output === null ? '' : `, to run ${taskName(task)} again`
    return `waits for ${first.dataset}/${first.path}${more} on ${holders.join(' or ')}${again}`
  }
  const others = [...state.members.keys()].filter((node) => !task.holders.includes(node)).sort()
  const nodes = [...holders, ...others.map((node) => withState(context, job, task, node))]
  return `waits for a node that can run ${taskName(task)}: there is ${nodes.join(', ')}`
}

/** A node that cannot run the task, and why. */
function withState(context: Context, job: JobState, { step }: PlannedTask, node: NodeId): string {
  const { state } = context
  const isSelf = node === state.self.node
  const record = state.members.get(node)?.record
  const slots = isSelf ? state.self.slots : record?.slots
  const runtimes = (isSelf ? state.self.runtimes : record?.runtimes) ?? {}
  const why = !isLive(state, node)
    ? 'away'
    : record?.drained === true || (isSelf && state.draining)
      ? 'drained'
      : slots === 0
        ? 'without slots'
        : runs(runtimes, job.record.spec, step.program)
          ? 'without its input'
          : runtimes[step.program] === undefined
            ? `without ${step.program}`
            : 'of another version'
  return `${nameOf(context, node)} (${why})`
}

/**
 * What stands in the way while the rest of the job goes on: a shard whose holders are all away; a task that a node
 * could not run for a reason of its own, or died over, and that is still to be done; a task that is about to be taken
 * over. null where nothing does.
 */
export function troubleOf(
  context: Context,
  job: JobState,
  failures: FailureIndex = failureIndex(context.state, job),
): string | null {
  if (context.store.codes.isLost(job.record.id))
    return 'its code is damaged here, and no node that lives has it: `shoal run` of the same job file brings it again'
  const orphan = job.plan.tasks.find(
    (task) =>
      task.holders.length > 0 &&
      isToDo(job, task) &&
      !task.holders.some((node) => isLive(context.state, node)) &&
      !job.lateCopies.has(task.index) &&
      ownerOf(context, job, task, failures) === null,
  )
  if (orphan !== undefined) return waitsFor(context, job, orphan)
  for (const [index, all] of failures) {
    const task = job.plan.tasks[index]
    if (task === undefined || !isToDo(job, task)) continue
    const own = all.findLast((failure) => failure.blame === 'own')
    if (own !== undefined) {
      const { message, why } = own.error
      const text = named(context, why === undefined ? message : `${message} (${why})`)
      return `node ${nameOf(context, own.node)} could not run ${taskName(task)}: ${text}; it is tried again`
    }
    if (runsAlone(all))
      return `${taskName(task)} was running when ${deadOf(context, all)} died: it runs alone on its node now`
  }
  return leftBehind(context, job, failures) ?? notBegun(context, job, failures)
}

/** Live holders that have begun no task of the job, though they could have heard of it long ago. */
function notBegun(context: Context, job: JobState, failures: FailureIndex): string | null {
  const { state } = context
  if (state.now - job.round.knownAt < LIMITS.awayAfterMs) return null
  const { reports, tasks } = job.ledger
  const begun = new Set([...reports.keys(), ...tasks.map(({ claim }) => claim?.owner)])
  const task = job.plan.tasks.find((one) => {
    if (!isToDo(job, one) || one.holders.length === 0 || !isReady(job.plan, job.ledger, one)) return false
    const able = candidates(state, job, one, failures)
    return able.length > 0 && !able.some((node) => begun.has(node))
  })
  if (task === undefined) return null
  const holders = candidates(state, job, task, failures).map((node) => nameOf(context, node))
  return (
    `waits for ${holders.join(' or ')}: busy with other jobs, or without room to keep this one ` +
    '(`shoal doctor` there says more)'
  )
}

/** A task of a node that is away, which somebody is about to take over. */
function leftBehind(context: Context, job: JobState, failures: FailureIndex): string | null {
  for (const task of job.plan.tasks) {
    const { claim } = job.ledger.tasks[task.index]!
    if (claim === null || !isToDo(job, task) || isLive(context.state, claim.owner)) continue
    if (isStanding(context.state, claim, failures.get(task.index)))
      return `${taskName(task)} was on ${nameOf(context, claim.owner)}, which is away: it is taken over`
  }
  return null
}

function deadOf(context: Context, failures: NonNullable<ReturnType<FailureIndex['get']>>): string {
  const dead = failures.filter(({ blame }) => blame === 'death').map(({ place, node }) => place.split('/')[0] ?? node)
  return [...new Set(dead.map((node) => nameOf(context, node as NodeId)))].sort().join(', ')
}

/** A text with the names of members in the place of their ids. */
function named(context: Context, text: string): string {
  let result = text
  for (const node of context.state.members.keys()) result = result.replaceAll(node, nameOf(context, node))
  return result
}
