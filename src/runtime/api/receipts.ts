/** A sealed job's receipt, made of its reduce manifests, from this disk or from other nodes. */
import type { OutputInfo, Receipt, StageFacts } from '../../control/api.ts'
import { errorFromJson, ShoalError } from '../../core/errors.ts'
import { rootOf } from '../../core/hash.ts'
import { snapshotId } from '../../core/plan/job-id.ts'
import { agreed } from '../../core/ledger/ledger.ts'
import { outputOf, type TaskManifest } from '../../core/ledger/manifest.ts'
import { resultDigest } from '../../core/outcome/seal.ts'
import { outputTasks } from '../../core/plan/graph.ts'
import { totals } from '../../core/plan/sums.ts'
import type { JobState } from '../../core/state.ts'
import type { PlannedTask } from '../../core/plan/steps.ts'
import type { Digest, ReduceManifest, StepFacts } from '../../core/types.ts'
import { openManifest } from '../../wire/manifest.ts'
import { askOne } from '../peers/ask-all.ts'
import type { Context } from '../context.ts'
import { coverageOf, errorOf } from './job-views.ts'
import { sourcesOf } from '../peers/part-sources.ts'
import { lostPart } from './results.ts'
import { outputFile } from '../home/folder.ts'
import { hasStages, outputName, outputsOf, stageName, stepWord } from '../stage-names.ts'

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
  const parts = await outputManifests(context, job)
  const sums = totals(record.snapshot, job.plan, parts)
  const outputs = outputsOf(job)
  return {
    schema: 'shoal.receipt/1',
    job: record.id,
    name: record.spec.name,
    result: `sha256:${ledger.outcome.result}`,
    coverage: { ...coverageOf(context, job), records: sums.read },
    counters: sums.counters,
    skipped: sums.skipped,
    records: { read: sums.read, emitted: sums.emitted, reduced: sums.reduced, out: sums.out },
    ...(hasStages(job) ? { stages: sums.steps.map((facts) => stageFacts(job, facts)) } : {}),
    ...(outputs === null ? {} : { outputs: outputs.map((one) => outputFacts(one, parts, job)) }),
    partitions: parts.map(({ task, manifest: { partition, records, bytes, part } }) => ({
      ...(outputs === null ? {} : { output: outputName(job, task.step)! }),
      partition,
      records,
      bytes,
      part: `sha256:${part}`,
    })),
    code: record.spec.code,
    params: record.spec.params,
    runtime: record.spec.runtime,
    snapshot: snapshotId(record.snapshot),
    consumed: hasStages(job) ? rootOf(parts.map(({ manifest }) => manifest.consumed)) : parts[0]!.manifest.consumed,
    takenOver: ledger.tasks.filter((task) => (task.claim?.term ?? 0) > 1).length,
  }
}

function stageFacts({ plan, record: { spec } }: JobState, facts: StepFacts): StageFacts {
  const step = plan.steps[facts.step]!
  return {
    stage: stageName(spec, step),
    step: stepWord(spec, step),
    tasks: step.count,
    records: facts.records,
    gave: facts.gave,
    skipped: facts.skips.count,
    counters: facts.counters,
  }
}

/** One of several outputs, with the hash that it has by itself. */
function outputFacts(
  { output, stage }: OutputInfo,
  all: readonly OutputPart[],
  job: JobState,
): NonNullable<Receipt['outputs']>[number] {
  const parts = all.filter(({ task }) => outputName(job, task.step) === output).map(({ manifest }) => manifest)
  return {
    output,
    stage,
    result: `sha256:${resultDigest(parts.map(({ part }) => part))}`,
    records: parts.reduce((sum, { records }) => sum + records, 0),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

export interface OutputPart {
  readonly task: PlannedTask
  readonly manifest: ReduceManifest
  /** Of the manifest, as the ledger names it. */
  readonly digest: Digest
}

/** What gave the result, in its order. Throws RESULT_LOST when one cannot be had. */
export async function outputManifests(context: Context, job: JobState): Promise<OutputPart[]> {
  const parts: OutputPart[] = []
  for (const task of outputTasks(job.plan)) parts.push(await outputManifest(context, job, task))
  return parts
}

async function outputManifest(context: Context, job: JobState, task: PlannedTask): Promise<OutputPart> {
  const { store } = context
  const { index } = task
  const wanted = agreed(job.ledger.tasks[index])?.digest
  const fits = (found: TaskManifest | null): found is TaskManifest =>
    found !== null && outputOf(found).digest === wanted
  const own = await store.outputs.manifest(outputFile(job.record.id, index, 'manifest.json'))
  if (fits(own)) return partOf(own, task)
  for (const holder of sourcesOf(context, job, index)) {
    const answer = await askOne<unknown>(context, holder, { call: 'manifest', job: job.record.id, task: index })
    const found = openManifest(answer)
    if (fits(found)) return partOf(found, task)
  }
  throw lostPart(job, index, 'no node that lives gives its manifest')
}

function partOf(found: TaskManifest, task: PlannedTask): OutputPart {
  return { task, manifest: found.manifest as ReduceManifest, digest: outputOf(found).digest }
}
