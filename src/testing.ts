/**
 * `shoal/testing`: runs a job in this process over arrays, for unit tests. Its tasks are those of a mesh, with their
 * plan, loops, limits and errors (`src/core/plan`, `src/task/`); only their surroundings differ. Records are handed to
 * map as they are. Code runs in the test's realm: what only a mesh forbids (clocks, Math.random) is not forbidden here,
 * and what a module keeps outlives a split.
 */
import { ShoalError } from './core/errors.ts'
import { specSettings } from './core/spec/settings.ts'
import type { MultiInputJob, Row, SingleInputJob, StagedJob } from './job.ts'
import { intrinsics } from './task/inside/intrinsics.ts'
import { jobGraph } from './task/inside/job-graph.ts'
import { shape } from './task/inside/shape.ts'
import { isA, TaskFailure } from './task/failure.ts'
import type { JobShape } from './task/graph-shape.ts'
import { checkShape, type FoundJob } from './task/job-shape.ts'
import { NO_DIGEST } from './testing/list-records.ts'
import type { TestRecord } from './testing/result.ts'
import { runTasks } from './testing/run-tasks.ts'

export type { TestRecord } from './testing/result.ts'

type Params = Readonly<Record<string, string>>

/** Any job that `defineJob` gives. */
export type TestedJob<A extends string = string> =
  | SingleInputJob<Row, Row, Row>
  | MultiInputJob<A, Row, Row, Row>
  | StagedJob
  | ((params: Params) => Omit<StagedJob, 'params'>)

export interface TestResult {
  /**
   * As the result of a mesh has them: partition by partition (one, if the job names no number), and in each in the order
   * in which reduce emitted them, which is called in key order. With `sort` keys are in order over all partitions. Of a
   * job with several outputs: one after the other, by name.
   */
  readonly records: readonly TestRecord[]
  /** Where the job has several outputs: the records of each by its name. */
  readonly outputs?: Readonly<Record<string, readonly TestRecord[]>>
  readonly counters: Readonly<Record<string, number>>
  /** In record order; stage by stage, inputs by alias. */
  readonly skipped: readonly { readonly reason: string; readonly record: unknown }[]
}

export interface TestOptions {
  /** Over the job's own, as `--param`. */
  readonly params?: Params
}

/** The records of a single input, or those of each alias; in a job of several stages, by the name of the stage that reads them. */
export type TestInput = readonly unknown[] | Readonly<Record<string, readonly unknown[]>>

/**
 * Runs `job` over `input`; rejects with the very error that user code throws, or with the ShoalError that a mesh would
 * give (USER_VALUE, RECORD_LIMIT, JOB_BUILD …). In a job with `sort` map is called twice for some records: first to find
 * the bounds of partitions.
 */
export async function runJob<A extends string>(
  job: TestedJob<A>,
  input: TestInput,
  options: TestOptions = {},
): Promise<TestResult> {
  const exported = { default: job }
  const own = intrinsics()
  const found = shape(own, jobGraph(own))(exported, JSON.stringify(options.params ?? {}))
  const facts = checkShape(JSON.parse(found) as FoundJob, 'job')
  const inputs = facts.inputs.map(({ alias }) => ({
    dataset: 'test',
    path: alias === '' ? 'records' : alias,
    records: recordsOf(facts, input, alias),
  }))
  try {
    const spec = specOf(facts, { ...facts.params, ...options.params })
    const { outputs, counters, skipped } = await runTasks(exported, spec, inputs)
    const byName = outputs.map(({ name, parts }) => [name, parts.flat()] as const)
    return {
      records: byName.flatMap(([, records]) => records),
      ...(byName.length > 1 && { outputs: Object.fromEntries(byName) }),
      counters,
      skipped,
    }
  } catch (error) {
    throw causeOf(error)
  }
}

function specOf(facts: JobShape, params: Params): Parameters<typeof runTasks>[1] {
  const { inputs, stages, outputs } = facts
  return {
    ...specSettings({ ...facts, params }),
    code: NO_DIGEST,
    inputs: inputs.map(({ alias }) => ({ alias, dataset: 'test', glob: '', options: {} })),
    ...(stages && { stages }),
    ...(outputs && { outputs }),
    runtime: '',
  }
}

/** What a test is to see of a failure: what user code threw, as it is; else Shoal's own error. */
function causeOf(error: unknown): unknown {
  const cause = isA(error, TaskFailure) ? error.cause : error
  return isA(cause, ShoalError) && cause.cause !== undefined ? cause.cause : cause
}

function recordsOf({ inputs, stages }: JobShape, input: TestInput, alias: string): readonly unknown[] {
  const isSingle = inputs.length === 1 && (alias === '' || stages !== undefined)
  if (Array.isArray(input) && isSingle) return input as unknown[]
  const records = Array.isArray(input) ? undefined : (input as Record<string, unknown[]>)[alias]
  if (records !== undefined) return records
  const wanted = isSingle
    ? 'an array of records: the job has a single input'
    : `an object with the records of ${stages === undefined ? '' : 'stage '}"${alias}"`
  throw new ShoalError('USAGE', `runJob takes ${wanted}`)
}
