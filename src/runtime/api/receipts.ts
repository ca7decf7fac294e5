/** A sealed job's receipt, made of its reduce manifests, from this disk or from other nodes. */
import type { Receipt } from '../../control/api.ts'
import { errorFromJson, ShoalError } from '../../core/errors.ts'
import { snapshotId } from '../../core/plan/job-id.ts'
import { agreed } from '../../core/ledger/ledger.ts'
import { outputOf, type TaskManifest } from '../../core/ledger/manifest.ts'
import { tasksOf } from '../../core/plan/plan.ts'
import { totals } from '../../core/outcome/receipt.ts'
import type { JobState } from '../../core/state.ts'
import type { ReduceManifest, TaskIndex } from '../../core/types.ts'
import { openManifest } from '../../wire/manifest.ts'
import { askOne } from '../peers/ask-all.ts'
import type { Context } from '../context.ts'
import { coverageOf, errorOf } from './job-views.ts'
import { sourcesOf } from '../peers/part-sources.ts'
import { lostPart } from './results.ts'
import { outputFile } from '../home/folder.ts'

/** Throws the job's own error when it failed, JOB_FAILED while it is open, RESULT_LOST when a manifest cannot be had. */
export async function receiptOf(context: Context, job: JobState): Promise<Receipt> {
  const { record, ledger } = job
  const error = errorOf(job)
  if (error !== null) throw errorFromJson(error)
  if (ledger.outcome.kind !== 'sealed')
    throw new ShoalError('JOB_FAILED', 'the job has no result yet', {
      job: record.id,
      try: [`shoal wait ${record.id.slice(0, 12)}`],
    })
  const reduces = await reduceManifests(context, job)
  const sums = totals(reduces)
  return {
    schema: 'shoal.receipt/1',
    job: record.id,
    name: record.spec.name,
    result: `sha256:${ledger.outcome.result}`,
    coverage: { ...coverageOf(context, job), records: sums.upstream.records },
    counters: sums.counters,
    skipped: sums.skipped,
    records: { read: sums.upstream.records, emitted: sums.upstream.emitted, reduced: sums.reduced, out: sums.out },
    partitions: reduces.map(({ partition, records, bytes, part }) => ({
      partition,
      records,
      bytes,
      part: `sha256:${part}`,
    })),
    code: record.spec.code,
    params: record.spec.params,
    runtime: record.spec.runtime,
    snapshot: snapshotId(record.snapshot),
    consumed: reduces[0]!.consumed,
    takenOver: ledger.tasks.filter((task) => (task.claim?.term ?? 0) > 1).length,
  }
}

/** In partition order. Throws RESULT_LOST when one cannot be had. */
export async function reduceManifests(context: Context, job: JobState): Promise<ReduceManifest[]> {
  const reduces: ReduceManifest[] = []
  for (const task of tasksOf(job.plan, 'reduce')) reduces.push(await reduceManifest(context, job, task.index))
  return reduces
}

async function reduceManifest(context: Context, job: JobState, task: TaskIndex): Promise<ReduceManifest> {
  const { store } = context
  const wanted = agreed(job.ledger.tasks[task])?.digest
  const fits = (found: TaskManifest | null): found is TaskManifest =>
    found !== null && outputOf(found).digest === wanted
  const own = await store.outputs.manifest(outputFile(job.record.id, task, 'manifest.json'))
  if (fits(own)) return own.manifest as ReduceManifest
  for (const holder of sourcesOf(context, job, task)) {
    const answer = await askOne<unknown>(context, holder, { call: 'manifest', job: job.record.id, task })
    const found = openManifest(answer)
    if (fits(found)) return found.manifest as ReduceManifest
  }
  throw lostPart(job, task, 'no node that lives gives its manifest')
}
