/** Bytes of runs that have gone from one step to another: only the rows of whoever gave them know. */
import { agreed } from '../../core/ledger/ledger.ts'
import { outputOf } from '../../core/ledger/manifest.ts'
import { tasksOf } from '../../core/plan/graph.ts'
import type { PlannedTask, Step } from '../../core/plan/steps.ts'
import type { JobState } from '../../core/state.ts'
import type { Bytes, RunRow } from '../../core/types.ts'
import type { Context } from '../context.ts'

/** Of a larger step nothing is told: each of its tasks has a file of rows. */
const TASKS_MAX = 1_000
const AT_ONCE = 16

/** Bytes of the runs of a step that these tasks have read; null where not all outputs of the step are on this disk. */
export type RunsSent = (from: Step, to: readonly PlannedTask[]) => Bytes | null

export async function runsSent(context: Context, job: JobState): Promise<RunsSent> {
  const known = new Map<Step, readonly RunRow[]>()
  for (const step of job.plan.steps) {
    const rows = step.gives === 'runs' ? await rowsHere(context, job, step) : null
    if (rows !== null) known.set(step, rows)
  }
  return (from, to) => {
    if (to.length === 0) return 0
    const read = new Set(to.map(({ at }) => at))
    const rows = known.get(from)?.filter(({ partition }) => read.has(partition))
    return rows?.reduce((sum, { bytes }) => sum + bytes, 0) ?? null
  }
}

/** Of all tasks of a step; null where one is not done, or its output is not here: it may lie elsewhere, or be released. */
async function rowsHere({ store }: Context, job: JobState, step: Step): Promise<RunRow[] | null> {
  const tasks = tasksOf(job.plan, step)
  if (tasks.length > TASKS_MAX || !tasks.every(({ index }) => job.has.has(index))) return null
  const found: RunRow[] = []
  for (let at = 0; at < tasks.length; at += AT_ONCE) {
    const some = tasks.slice(at, at + AT_ONCE).map(async ({ index }) => {
      const listing = await store.outputs.listing(job.record.id, index)
      const isIt = listing !== null && outputOf(listing).digest === agreed(job.ledger.tasks[index])?.digest
      return isIt ? listing.rows : null
    })
    for (const rows of await Promise.all(some)) {
      if (rows === null) return null
      found.push(...rows)
    }
  }
  return found
}
