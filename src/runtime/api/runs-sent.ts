/** Bytes of runs that have gone from one step to another: only the manifests of whoever gave them know. */
import { agreed } from '../../core/ledger/ledger.ts'
import { outputOf, type TaskManifest } from '../../core/ledger/manifest.ts'
import { tasksOf } from '../../core/plan/graph.ts'
import type { PlannedTask, Step } from '../../core/plan/steps.ts'
import type { JobState } from '../../core/state.ts'
import type { Bytes, MapManifest } from '../../core/types.ts'
import { openManifest } from '../../wire/manifest.ts'
import type { Context } from '../context.ts'
import { outputFile } from '../home/folder.ts'
import { askOne } from '../peers/ask-all.ts'
import { sourcesOf } from '../peers/part-sources.ts'

/** Of a larger step nothing is told: it would take a question to another node for each of its tasks. */
const ASKED_MAX = 200
const AT_ONCE = 16

/** Bytes of the runs of a step that these tasks have read; null where a manifest of one that gave some is not to be had. */
export type RunsSent = (from: Step, to: readonly PlannedTask[]) => Bytes | null

export async function runsSent(context: Context, job: JobState): Promise<RunsSent> {
  const known = new Map<Step, readonly MapManifest[]>()
  for (const step of job.plan.steps) {
    if (step.gives !== 'runs' || step.count > ASKED_MAX) continue
    const manifests = await manifestsOf(context, job, step)
    if (manifests !== null) known.set(step, manifests)
  }
  return (from, to) => {
    if (to.length === 0) return 0
    const manifests = known.get(from)
    if (manifests === undefined) return null
    const read = new Set(to.map(({ at }) => at))
    const runs = manifests.flatMap((manifest) => manifest.runs.filter(({ partition }) => read.has(partition)))
    return runs.reduce((sum, { bytes }) => sum + bytes, 0)
  }
}

/** Of all tasks of a step; null where one is not done, or nobody has its manifest. */
async function manifestsOf(context: Context, job: JobState, step: Step): Promise<MapManifest[] | null> {
  const tasks = tasksOf(job.plan, step)
  if (tasks.some(({ index }) => agreed(job.ledger.tasks[index]) === null)) return null
  const found: MapManifest[] = []
  for (let at = 0; at < tasks.length; at += AT_ONCE) {
    const some = await Promise.all(tasks.slice(at, at + AT_ONCE).map(({ index }) => manifestOf(context, job, index)))
    for (const one of some) {
      if (one?.manifest.kind !== 'map') return null
      found.push(one.manifest)
    }
  }
  return found
}

/** From this disk, or from who is likeliest to have it. */
async function manifestOf(context: Context, job: JobState, task: number): Promise<TaskManifest | null> {
  const wanted = agreed(job.ledger.tasks[task])?.digest
  const own = await context.store.outputs.manifest(outputFile(job.record.id, task, 'manifest.json'))
  if (own !== null && outputOf(own).digest === wanted) return own
  const [likeliest] = sourcesOf(context, job, task)
  if (likeliest === undefined) return null
  const answer = await askOne<unknown>(context, likeliest, { call: 'manifest', job: job.record.id, task })
  const found = openManifest(answer)
  return found !== null && outputOf(found).digest === wanted ? found : null
}
