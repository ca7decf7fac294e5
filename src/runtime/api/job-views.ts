/** A job in the words of the public API: state, progress, coverage, and in one sentence what it waits for. */
import type { Coverage, JobDetail, JobStatus, JobSummary, LeftOutInfo, TaskDetail } from '../../control/api.ts'
import { candidates, isStanding } from '../../core/members/candidates.ts'
import { liveHolders } from '../../core/members/holders.ts'
import { failureIndex, type FailureIndex } from '../../core/ledger/failures.ts'
import { isLive } from '../../core/members/liveness.ts'
import { ShoalError, type ErrorJson } from '../../core/errors.ts'
import { errorToJson } from '../../words/thrown.ts'
import { snapshotId } from '../../core/plan/job-id.ts'
import { agreed, isConflict } from '../../core/ledger/ledger.ts'
import { isInputHere } from '../../core/exchange/exchange.ts'
import { snapshotBytes } from '../../core/plan/plan.ts'
import { shardOf } from '../../core/plan/ranks.ts'
import { outputTasks, readingTasks } from '../../core/plan/graph.ts'
import type { PlannedTask } from '../../core/plan/steps.ts'
import { isRemade, lostParts } from '../../core/outcome/remake.ts'
import type { JobState } from '../../core/state.ts'
import type { Snapshot } from '../../core/types.ts'
import { nameOf, type Context } from '../context.ts'
import type { Times } from '../home/times.ts'
import { hasStages, inFolders, outputsOf, stageName, stepWord } from '../stage-names.ts'
import { leftOutInfo } from './views.ts'
import { blockedTask, troubleOf, waitsFor } from './waits.ts'

/** How the job stands. Open, or making lost parts again, is `waiting` when nothing of it can go on. */
export function statusOf(context: Context, job: JobState): JobStatus {
  const { kind } = job.ledger.outcome
  if (kind === 'sealed' && !isRemade(job)) return 'done'
  if (kind === 'key-conflict') return 'disputed'
  if (kind !== 'open' && kind !== 'sealed') return kind
  return blockedTask(context, job) === null ? 'running' : 'waiting'
}

export function errorOf(job: JobState): ErrorJson | null {
  const { outcome } = job.ledger
  const id = job.record.id
  switch (outcome.kind) {
    case 'failed':
      return job.promised === null ? { ...outcome.error, job: id } : lostForKey(job, outcome.error)
    case 'cancelled':
      return errorToJson(
        new ShoalError('CANCELLED', 'the job was cancelled', { job: id, try: [`shoal job retry ${id.slice(0, 12)}`] }),
      )
    case 'disputed':
      return errorToJson(
        new ShoalError('DISPUTED', 'two different results of this job met; neither counts', {
          job: id,
          why: outcome.results.join(' and '),
        }),
      )
    case 'key-conflict':
      return errorToJson(
        new ShoalError('KEY_CONFLICT', `two snapshots were pinned under the key ${JSON.stringify(job.record.key)}`, {
          job: id,
          why: outcome.snapshots.map((snapshot) => snapshot.slice(0, 12)).join(' and '),
          try: ['another --key'],
        }),
      )
    default:
      return null
  }
}

/** The result under a key was forgotten, and computing it again failed. No other result may take its place. */
function lostForKey({ record, promised }: JobState, { code, message, why }: ErrorJson): ErrorJson {
  return errorToJson(
    new ShoalError('RESULT_LOST', 'the result under this key was forgotten, and could not be computed again', {
      why: `sha256:${promised}: ${code}: ${message}${why === undefined ? '' : `, ${why}`}`,
      job: record.id,
      try: [
        `shoal job retry ${record.id.slice(0, 12)}   once the cause is gone`,
        'another --key   for a result over what the data are now',
      ],
    }),
  )
}

export function coverageOf(context: Context, job: JobState): Coverage {
  const { snapshot } = job.record
  const shards = snapshot.inputs.flatMap((input) => input.shards)
  const omitted = snapshot.inputs.flatMap((input) => input.omitted)
  const open = new Set<string>()
  let records = 0
  for (const task of readingTasks(job.plan)) {
    const output = agreed(job.ledger.tasks[task.index])
    if (output === null) for (const split of task.splits) open.add(`${split.input}/${split.shard}`)
    else records += output.read
  }
  return {
    shards: shards.length - open.size,
    of: shards.length + omitted.length,
    bytes: snapshotBytes(snapshot),
    records,
    nodes: new Set(shards.flatMap((shard) => shard.copies.map((copy) => copy.node))).size,
    omitted: omitted.map((o) => ({ ...o, node: nameOf(context, o.node) })),
    leftOut: leftOutFiles(context, snapshot),
    thisMachineOnly: context.local,
  }
}

/** Each dataset is listed once, also where two inputs read it. */
function leftOutFiles(context: Context, { inputs }: Snapshot): LeftOutInfo[] {
  const byDataset = new Map(inputs.map(({ dataset, leftOut = [] }) => [dataset, leftOut]))
  return [...byDataset].flatMap(([dataset, leftOut]) => leftOut.map((one) => leftOutInfo(context, dataset, one)))
}

export function summaryOf(context: Context, job: JobState, times: Times): JobSummary {
  const { outcome, round } = job.ledger
  const { submitted, ended } = times.of(job.record.id)
  const outputs = outputsOf(job)
  return {
    schema: 'shoal.job/1',
    id: job.record.id,
    name: job.record.spec.name,
    state: statusOf(context, job),
    round,
    submitted,
    elapsedMs: times.elapsed(submitted, ended),
    coverage: coverageOf(context, job),
    result: outcome.kind === 'sealed' ? `sha256:${outcome.result}` : null,
    partitions: job.plan.partitions,
    ...(outputs === null ? {} : { outputs }),
    ...(outputs === null && inFolders(job.record.spec, 0) && { folders: true }),
    format: job.record.format,
  }
}

export function detailOf(context: Context, job: JobState, times: Times): JobDetail {
  const { record } = job
  const failures = failureIndex(context.state, job)
  return {
    ...summaryOf(context, job, times),
    key: record.key,
    code: record.spec.code,
    params: record.spec.params,
    inputs: record.spec.inputs.map(({ alias, dataset, glob }, i) => {
      const { shards } = record.snapshot.inputs[i]!
      return { alias, dataset, glob, shards: shards.length, bytes: shards.reduce((n, s) => n + s.size, 0) }
    }),
    runtime: record.spec.runtime,
    snapshot: snapshotId(record.snapshot),
    limits: job.ledger.limits,
    tasks: job.plan.tasks.map((task) => taskDetail(context, job, task, failures)),
    error: errorOf(job),
  }
}

function taskDetail(context: Context, job: JobState, task: PlannedTask, failures: FailureIndex): TaskDetail {
  const { claim, output } = job.ledger.tasks[task.index]!
  const running =
    claim !== null && isStanding(context.state, claim, failures.get(task.index)) && isLive(context.state, claim.owner)
  const state = isConflict(output)
    ? 'conflict'
    : output !== null
      ? 'done'
      : running
        ? 'running'
        : claim !== null
          ? 'claimed'
          : 'open'
  const paths = [
    ...new Set(task.splits.map((split) => shardOf(job.record.snapshot, split)).map((s) => `${s.dataset}/${s.path}`)),
  ]
  return {
    task: task.index,
    ...(hasStages(job) ? { stage: stageName(job.record.spec, task.step) } : {}),
    kind: stepWord(job.record.spec, task.step),
    state,
    owner: claim === null ? null : nameOf(context, claim.owner),
    term: claim?.term ?? 0,
    digest: isConflict(output) ? output.conflict.map((o) => o.digest).join(' ') : (output?.digest ?? null),
    holders: liveHolders(context.state, job, task.index).map((node) => nameOf(context, node)),
    failures: (failures.get(task.index) ?? []).map((f) => `${f.blame}: ${f.error.code} ${f.error.message}`),
    what: task.step.isPlaced
      ? `partition ${task.at}`
      : paths.length > 3
        ? `${paths.slice(0, 3).join(' ')} … (${paths.length} files)`
        : paths.join(' '),
    bytes: task.bytes,
  }
}

/** One sentence: why it failed, what it waits for and whom, or what it does. */
export function whyOf(context: Context, job: JobState): string {
  const { outcome } = job.ledger
  if (outcome.kind === 'sealed' && isRemade(job)) return remakeText(context, job)
  if (outcome.kind === 'sealed')
    return `done: every task has its output, and all records balance (result sha256:${outcome.result})`
  const error = errorOf(job)
  if (error !== null) return error.why === undefined ? error.message : `${error.message}: ${error.why}`
  const blocked = blockedTask(context, job)
  if (blocked !== null) return waitsFor(context, job, blocked)
  const failures = failureIndex(context.state, job)
  const doing = progressText(context, job, failures)
  const trouble = troubleOf(context, job, failures)
  return trouble === null ? doing : `${doing}; ${trouble}`
}

function remakeText(context: Context, job: JobState): string {
  const blocked = blockedTask(context, job)
  const lost = `${lostParts(context.state, job).length} of ${outputTasks(job.plan).length} parts of the result are lost`
  return blocked === null ? `makes again what is gone: ${lost}` : `${lost}; ${waitsFor(context, job, blocked)}`
}

function progressText(context: Context, job: JobState, failures: FailureIndex): string {
  if (hasStages(job)) return stagesText(job)
  const parts: string[] = []
  for (const { index, name, count } of job.plan.steps) {
    const blank = job.ledger.blank[index]!.size
    if (blank > 0) parts.push(`${name} ${count - blank}/${count}`)
  }
  const here = job.plan.tasks.filter(
    (task) => task.step.isPlaced && candidates(context.state, job, task, failures)[0] === context.state.self.node,
  )
  const gathering = here.filter((task) => !isInputHere(context.state, job, task)).length
  return `runs: ${parts.join(', ')}${gathering > 0 ? `; ${gathering} partitions here wait for map output` : ''}`
}

/** So many stages to come are named; the rest is counted. */
const NAMED_MAX = 5

/** What is under way, step by step, then the stages of which nothing is begun. */
function stagesText({ plan, ledger, record: { spec } }: JobState): string {
  const begun: string[] = []
  const toCome: string[] = []
  for (const { name } of spec.stages!) {
    const steps = plan.steps.filter((step) => stageName(spec, step) === name)
    const isBegun = steps.some(({ first, count }) =>
      ledger.tasks.slice(first, first + count).some(({ claim, output }) => claim !== null || output !== null),
    )
    const open = steps.filter(({ index }) => ledger.blank[index]!.size > 0)
    if (open.length === 0) continue
    if (!isBegun) toCome.push(name)
    else
      begun.push(...open.map(({ name: step, count, index }) => `${step} ${count - ledger.blank[index]!.size}/${count}`))
  }
  const more = toCome.length - NAMED_MAX
  const named = toCome.slice(0, NAMED_MAX).join(', ') + (more > 0 ? ` and ${more} more` : '')
  const running = begun.length === 0 ? 'nothing yet' : begun.join(', ')
  return `runs: ${running}${toCome.length === 0 ? '' : `; to come: ${named}`}`
}
