import type { Coverage, JobDetail, JobSummary, Receipt, StageFacts } from '../../control/api.ts'
import type { Context } from '../context.ts'
import { failureText } from '../failure.ts'
import { writeTo } from '../io.ts'
import { coverageParts } from '../summary.ts'
import { tinted } from '../line.ts'
import type { Column } from '../table.ts'
import { bytesText, countText, elapsedText, plural, shortId } from '../units.ts'

const JOB_COLUMNS: readonly Column<JobSummary>[] = [
  { title: 'JOB', cell: (job) => shortId(job.id) },
  { title: 'NAME', flexible: true, cell: (job) => job.name },
  { title: 'STATE', cell: (job) => job.state },
  { title: 'ROUND', right: true, cell: (job) => String(job.round) },
  { title: 'SUBMITTED', cell: (job) => job.submitted },
  { title: 'TIME', right: true, cell: (job) => elapsedText(job.elapsedMs) },
  { title: 'SHARDS', right: true, cell: (job) => `${countText(job.coverage.shards)}/${countText(job.coverage.of)}` },
  { title: 'DATA', right: true, cell: (job) => bytesText(job.coverage.bytes) },
  { title: 'RESULT', cell: (job) => (job.result === null ? '' : job.result.slice(0, 'sha256:'.length + 12)) },
]

/** `shoal jobs` */
export async function jobs(context: Context): Promise<number> {
  const node = context.node()
  const list = await node.jobs()
  const { unreadable } = (await node.status()).jobs
  if (context.json) await context.printJson({ schema: 'shoal.jobs/1', jobs: list })
  else if (context.quiet) for (const job of list) await context.print(job.id)
  else if (list.length === 0 && unreadable.length === 0) context.hint('no jobs yet: shoal run JOB.ts submits one')
  else await context.printTable(list, JOB_COLUMNS)
  for (const id of unreadable)
    context.note(
      `warning: job ${shortId(id)} is not among them: its record is damaged or gone here (shoal job show ${shortId(id)})`,
    )
  return 0
}

/** `shoal job show ID` */
export async function showJob(context: Context, [id = '']: readonly string[]): Promise<number> {
  const job = await context.node().job(id)
  if (context.json) await context.printJson(job)
  else if (context.quiet) await context.print(job.id)
  else await printDetail(context, job)
  return 0
}

async function printDetail(context: Context, job: JobDetail): Promise<void> {
  const limits =
    `${plural(job.limits.copies, 'copy', 'copies')}` +
    `${job.limits.taskMemory === null ? '' : `, ${bytesText(job.limits.taskMemory)} a task`}` +
    `${job.limits.taskTimeoutMs === null ? '' : `, ${elapsedText(job.limits.taskTimeoutMs)} without progress`}`
  await printFacts(context, [
    ['job', `${job.id}  ${job.name}`],
    ['state', `${job.state}, round ${job.round}, ${elapsedText(job.elapsedMs)} since ${job.submitted}`],
    ['coverage', coverageParts(job.coverage).join('  ')],
    ...missing(job.coverage),
    ['result', job.result ?? 'none yet'],
    ['code', job.code],
    ['snapshot', job.snapshot],
    ['runtime', job.runtime],
    ['limits', limits],
    ...(job.outputs ?? [{ output: '', partitions: job.partitions }]).map(({ output, partitions }): Fact => [
      'output',
      `${output === '' ? '' : `${output}  `}${plural(partitions, 'partition')}${job.format === null ? '' : `, ${job.format}`}`,
    ]),
    ...(job.key === null ? [] : [['key', job.key] as const]),
    ...Object.entries(job.params).map(([name, value]): Fact => ['param', `${name}=${value}`]),
    ...job.inputs.map((input): Fact => [
      'input',
      `${input.alias === '' ? '' : `${input.alias} = `}${input.dataset}${input.glob === '' ? '' : `/${input.glob}`}` +
        `  ${plural(input.shards, 'shard')}  ${bytesText(input.bytes)}`,
    ]),
  ])
  for (const line of stagesOf(job.tasks)) await printFacts(context, [['stage', line]])
  if (job.error !== null) await writeTo(context.io.stdout, failureText(job.error, context.paint))
  await context.print('')
  const [task] = job.tasks
  await context.printTable(
    job.tasks,
    task?.stage === undefined ? TASK_COLUMNS : [TASK, STAGE, ...TASK_COLUMNS.slice(1)],
  )
}

/** How far each stage is, step by step: `spend  map 3/8  reduce 0/3`. */
function stagesOf(tasks: JobDetail['tasks']): string[] {
  const stages = new Map<string, Map<string, { done: number; total: number }>>()
  for (const { stage, kind, state } of tasks) {
    if (stage === undefined) continue
    const steps = stages.get(stage) ?? new Map<string, { done: number; total: number }>()
    const { done, total } = steps.get(kind) ?? { done: 0, total: 0 }
    stages.set(stage, steps.set(kind, { done: done + (state === 'done' ? 1 : 0), total: total + 1 }))
  }
  return [...stages].map(([stage, steps]) =>
    [stage, ...[...steps].map(([kind, { done, total }]) => `${kind} ${countText(done)}/${countText(total)}`)].join(
      '  ',
    ),
  )
}

type Task = JobDetail['tasks'][number]

const TASK: Column<Task> = { title: 'TASK', right: true, cell: (task) => String(task.task) }
const STAGE: Column<Task> = { title: 'STAGE', flexible: true, cell: (task) => task.stage ?? '' }
const TASK_COLUMNS: readonly Column<Task>[] = [
  TASK,
  { title: 'KIND', cell: (task) => task.kind },
  { title: 'STATE', cell: (task) => task.state },
  { title: 'OWNER', cell: (task) => task.owner ?? '' },
  { title: 'TERM', right: true, cell: (task) => String(task.term) },
  { title: 'DIGEST', cell: (task) => (task.digest === null ? '' : shortId(task.digest)) },
  { title: 'HELD BY', flexible: true, cell: (task) => task.holders.join(' ') },
  { title: 'DATA', right: true, cell: (task) => bytesText(task.bytes) },
  { title: 'WHAT', flexible: true, cell: (task) => task.what },
  { title: 'FAILURES', flexible: true, cell: (task) => task.failures.join('; ') },
]

type Fact = readonly [label: string, text: string]

/** What the coverage does not have: shards that could not be had, and what is no data. */
function missing({ omitted, leftOut }: Coverage): Fact[] {
  return [
    ...omitted.map((one): Fact => ['left out', `${one.dataset}/${one.path} on ${one.node}: ${one.why}`]),
    ...leftOut.map((one): Fact => ['no data', `${one.dataset} on ${one.node}: ${one.text}`]),
  ]
}

async function printFacts(context: Context, facts: readonly Fact[]): Promise<void> {
  for (const [label, text] of facts) await context.print([tinted('dim', label.padEnd(10)), ` ${text}`])
}

/** `shoal job receipt ID` */
export async function showReceipt(context: Context, [id = '']: readonly string[]): Promise<number> {
  const receipt = await context.node().receipt(id)
  if (context.json) await context.printJson(receipt)
  else if (context.quiet) await context.print(receipt.result)
  else await printReceipt(context, receipt)
  return 0
}

async function printReceipt(context: Context, receipt: Receipt): Promise<void> {
  const { read, emitted, reduced, out } = receipt.records
  await printFacts(context, [
    ['job', `${receipt.job}  ${receipt.name}`],
    ['result', receipt.result],
    ['coverage', coverageParts(receipt.coverage).join('  ')],
    ...missing(receipt.coverage),
    [
      'records',
      receipt.stages === undefined
        ? `${countText(read)} read, ${countText(emitted)} emitted, ${countText(reduced)} reduced, ${countText(out)} out`
        : `${countText(read)} read, ${countText(out)} out`,
    ],
    ...(receipt.outputs ?? []).map((one): Fact => [
      'output',
      `${one.output}  ${plural(one.records, 'record')}, ${bytesText(one.bytes)}, ${one.result}`,
    ]),
    ['skipped', countText(receipt.skipped.count)],
    ...receipt.skipped.samples.map((one): Fact => ['', `${one.place}: ${one.reason}: ${one.record}`]),
    ...Object.entries(receipt.counters).map(([name, count]): Fact => ['counter', `${name} ${countText(count)}`]),
    ['code', receipt.code],
    ...Object.entries(receipt.params).map(([name, value]): Fact => ['param', `${name}=${value}`]),
    ['snapshot', receipt.snapshot],
    ['runtime', receipt.runtime],
    ['consumed', receipt.consumed],
    ['taken over', `${plural(receipt.takenOver, 'task')} claimed more than once`],
  ])
  await context.print('')
  if (receipt.stages !== undefined) {
    await context.printTable(receipt.stages, STEP_COLUMNS)
    await context.print('')
  }
  await context.printTable(receipt.partitions, [
    ...(receipt.outputs === undefined ? [] : [OUTPUT_COLUMN]),
    { title: 'PARTITION', right: true, cell: (one) => String(one.partition) },
    { title: 'RECORDS', right: true, cell: (one) => countText(one.records) },
    { title: 'DATA', right: true, cell: (one) => bytesText(one.bytes) },
    { title: 'SHA256', cell: (one) => one.part },
  ])
}

const OUTPUT_COLUMN: Column<Receipt['partitions'][number]> = {
  title: 'OUTPUT',
  flexible: true,
  cell: (one) => one.output ?? '',
}

const STEP_COLUMNS: readonly Column<StageFacts>[] = [
  { title: 'STAGE', flexible: true, cell: (one) => one.stage },
  { title: 'STEP', cell: (one) => one.step },
  { title: 'TASKS', right: true, cell: (one) => countText(one.tasks) },
  { title: 'IN', right: true, cell: (one) => countText(one.records) },
  { title: 'OUT', right: true, cell: (one) => countText(one.gave) },
  { title: 'SKIPPED', right: true, cell: (one) => countText(one.skipped) },
  {
    title: 'COUNTERS',
    flexible: true,
    cell: (one) =>
      Object.entries(one.counters)
        .map(([name, count]) => `${name} ${countText(count)}`)
        .join(', '),
  },
]
