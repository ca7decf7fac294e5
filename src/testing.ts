/**
 * `shoal/testing`: runs a job in this process over arrays, for unit tests. Its tasks are those of a mesh, with their
 * loops, limits and errors (`src/task/`); only their surroundings differ. Records are handed to map as they are. Code
 * runs in the test's realm: what only a mesh forbids (clocks, Math.random) is not forbidden here, and what a module
 * keeps outlives a split.
 */
import { ShoalError } from './core/errors.ts'
import type { MultiInputJob, Row, SingleInputJob } from './job.ts'
import { intrinsics } from './task/inside/intrinsics.ts'
import { shape } from './task/inside/shape.ts'
import { isA, TaskFailure } from './task/failure.ts'
import { checkShape } from './task/job-shape.ts'
import type { TestRecord } from './testing/result.ts'
import { runStage } from './testing/stage.ts'

export type { TestRecord } from './testing/result.ts'

/** Any job that `defineJob` gives. */
export type TestedJob<A extends string = string> = SingleInputJob<Row, Row, Row> | MultiInputJob<A, Row, Row, Row>

export interface TestResult {
  /**
   * As the result of a mesh has them: partition by partition (one, if the job names no number), and in each in the order
   * in which reduce emitted them, which is called in key order. With `sort` keys are in order over all partitions.
   */
  readonly records: readonly TestRecord[]
  readonly counters: Readonly<Record<string, number>>
  /** In record order, inputs by alias. */
  readonly skipped: readonly { readonly reason: string; readonly record: unknown }[]
}

export interface TestOptions {
  /** Over the job's own, as `--param`. */
  readonly params?: Readonly<Record<string, string>>
}

/** The records of a single input, or those of each alias. */
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
  const facts = checkShape(JSON.parse(shape(intrinsics())(exported)) as unknown, 'job')
  const params = { ...facts.params, ...options.params }
  const inputs = facts.inputs.map(({ alias }) => ({
    alias,
    dataset: 'test',
    path: alias === '' ? 'records' : alias,
    records: recordsOf(input, alias),
  }))
  try {
    const { parts, counters, skipped } = await runStage({ exported, shape: facts, params }, inputs)
    return { records: parts.flat(), counters, skipped }
  } catch (error) {
    throw causeOf(error)
  }
}

/** What a test is to see of a failure: what user code threw, as it is; else Shoal's own error. */
function causeOf(error: unknown): unknown {
  const cause = isA(error, TaskFailure) ? error.cause : error
  return isA(cause, ShoalError) && cause.cause !== undefined ? cause.cause : cause
}

function recordsOf(input: TestInput, alias: string): readonly unknown[] {
  const records = Array.isArray(input)
    ? alias === ''
      ? (input as unknown[])
      : undefined
    : (input as Record<string, unknown[]>)[alias]
  if (records !== undefined) return records
  const wanted =
    alias === '' ? 'an array of records: the job has a single input' : `an object with the records of "${alias}"`
  throw new ShoalError('USAGE', `runJob takes ${wanted}`)
}
