/**
 * `shoal/testing`: runs a job in this process over arrays, for unit tests. Records are handed to map as they are; keys
 * and values take the same way as in a mesh: canonical form, combine, key order, one-pass values, counters, skips.
 * What only a mesh forbids (clocks, Math.random) is not forbidden here.
 */
import { ShoalError } from './core/errors.ts'
import { LIMITS } from './core/limits.ts'
import type { Digest } from './core/types.ts'
import { MapCollector } from './data/collector.ts'
import { END, Groups } from './data/fold.ts'
import { encodeKey } from './data/order.ts'
import { MemoryFiles } from './data/spill.ts'
import { hostFactory } from './data/value.ts'
import { ValueCopier } from './data/copy.ts'
import type { MultiInputJob, Row, SingleInputJob, Value } from './job.ts'
import { checkShape } from './task/job-shape.ts'
import { counterBook } from './task/inside/counter-book.ts'
import { describer } from './task/inside/describe.ts'
import { drive } from './task/inside/drive.ts'
import type { Driver, Outside } from './task/inside/driver.ts'
import { intrinsics } from './task/inside/intrinsics.ts'
import { randomStream } from './task/inside/random.ts'
import { shape } from './task/inside/shape.ts'
import { mapSeed, reduceSeed } from './task/seed.ts'
import { CounterSum } from './task/counters.ts'
import { MARKS, type Calls, NO_CALLS, turn } from './task/user-code.ts'

/** Any job that `defineJob` gives. */
export type TestedJob<A extends string = string> = SingleInputJob<Row, Row, Row> | MultiInputJob<A, Row, Row, Row>

export interface TestRecord {
  readonly key: Value
  readonly value: Value
}

export interface TestResult {
  /** In key order; of one key in the order in which reduce emitted them. */
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

const CODE = '0'.repeat(64) as Digest
const MEMORY = 256 * 1024 * 1024

/**
 * Runs `job` over `input`; rejects with what user code throws, or with the ShoalError that a mesh would give
 * (USER_VALUE, RECORD_LIMIT, JOB_BUILD).
 */
export async function runJob<A extends string>(
  job: TestedJob<A>,
  input: TestInput,
  options: TestOptions = {},
): Promise<TestResult> {
  const exported = { default: job }
  const facts = checkShape(JSON.parse(shape(intrinsics())(exported)) as unknown, 'job')
  const params = { ...facts.params, ...options.params }
  const inputs = facts.inputs.map(({ alias }): readonly [string, readonly unknown[]] => [
    alias,
    recordsOf(input, alias),
  ])
  const files = new MemoryFiles()
  const counters = new CounterSum()
  const skipped: { reason: string; record: unknown }[] = []
  const collector = new MapCollector({
    partitions: 1,
    bounds: null,
    combine: facts.combine ? (a) => a : null,
    memory: MEMORY,
    files,
    make: hostFactory,
  })
  for (const [index, [alias, records]] of inputs.entries()) {
    const place = { dataset: 'test', path: alias === '' ? 'records' : alias }
    const worker = mapWorker(collector, place, params)
    worker.driver.load(exported, alias)
    worker.driver.begin(JSON.stringify(params), JSON.stringify(place), null, true)
    collector.beginSplit(index, { combine: facts.combine ? worker.driver.combine : null, make: hostFactory })
    await mapRecords(worker, records, collector, skipped)
    try {
      collector.endSplit()
    } catch (error) {
      throw worker.error(error)
    }
    counters.add(JSON.parse(worker.driver.counters()) as Record<string, number>)
  }
  const records: TestRecord[] = []
  const [run] = collector.finish()
  if (run === undefined) return { records, counters: counters.facts, skipped }
  const groups = new Groups({
    inputs: [
      {
        name: 'run',
        open: () => files.open('run-0'),
        ranks: inputs.map((_, i) => i),
        aliases: inputs.map((_, i) => i),
        expected: run,
      },
    ],
    aliases: inputs.length,
    make: hostFactory,
    files,
  })
  counters.add(
    await reduceGroups(
      exported,
      groups,
      inputs.map(([alias]) => alias),
      params,
      facts,
      records,
    ),
  )
  return { records, counters: counters.facts, skipped }
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

/** The driver of user code, in this realm. */
class Worker {
  readonly driver: Driver
  #refused: unknown = null
  #settled: () => void = () => undefined

  constructor(calls: Partial<Calls>) {
    const own = intrinsics()
    const all: Calls = { ...NO_CALLS, ...calls }
    const guarded = <T>(work: () => T, otherwise: T): T => {
      try {
        return work()
      } catch (error) {
        this.#refused ??= error
        return otherwise
      }
    }
    const outside: Outside = {
      ...all,
      emit: (key, value) =>
        guarded(() => {
          all.emit(key, value)
          return true
        }, false),
      failure: () => (this.#refused instanceof Error ? this.#refused.message : String(this.#refused)),
      value: (alias) => guarded(() => all.value(alias), MARKS.failed),
      tick: () => LIMITS.sampleEvery,
      settled: () => this.#settled(),
    }
    const tools = { counters: counterBook(own), describe: describer(own), random: randomStream(own) }
    this.driver = drive(own, { running: false }, outside, MARKS, tools)
  }

  /** What went wrong, as the test should see it: the user's own error, or Shoal's. */
  error(otherwise: unknown): unknown {
    if (this.#refused !== null) return this.#refused
    return this.driver.problem() === '' ? otherwise : this.driver.fault()
  }

  /** Waits for the end of asynchronous calls. */
  async finish(start: () => void): Promise<void> {
    const end = new Promise<void>((resolve) => {
      this.#settled = resolve
    })
    start()
    if (this.driver.pause() === 'pending') await end
    if (this.driver.pause() === 'problem') throw this.error(new ShoalError('JOB_THREW', 'the job failed'))
  }
}

function mapWorker(
  collector: MapCollector,
  place: { dataset: string; path: string },
  params: Readonly<Record<string, string>>,
): Worker {
  return new Worker({
    emit: (key, value) => collector.emit(key, value),
    mark: () => collector.mark(),
    commit: () => collector.commit(),
    seed: () => mapSeed(CODE, params, { ...place, start: 0 }),
  })
}

async function mapRecords(
  worker: Worker,
  records: readonly unknown[],
  collector: MapCollector,
  skipped: { reason: string; record: unknown }[],
): Promise<void> {
  const { driver } = worker
  const batch = { length: records.length, record: (i: number) => records[i] }
  for (let next = 0; next < records.length; next = driver.at() + 1) {
    await worker.finish(() => driver.map(batch, next))
    if (driver.pause() === 'done') break
    skipped.push({ reason: driver.reason(), record: records[driver.at()] })
    driver.undo()
    collector.rollback()
  }
  await turn()
  if (driver.problem() !== '') throw worker.error(null)
}

async function reduceGroups(
  exported: { readonly default: unknown },
  groups: Groups,
  aliases: readonly string[],
  params: Readonly<Record<string, string>>,
  facts: { readonly reduce: boolean; readonly combine: boolean },
  records: TestRecord[],
): Promise<Record<string, number>> {
  const copier = new ValueCopier(hostFactory)
  const emit = (key: unknown, value: unknown): void => {
    encodeKey(key)
    records.push({ key: copier.copy(key) as Value, value: copier.copy(value) as Value })
  }
  const seed = reduceSeed(CODE, params)
  const worker = new Worker({
    emit,
    seed: () => seed(encodeKey(groups.key).order),
    group: () => groups.nextGroup(),
    key: () => groups.key,
    value: (alias) => groups.nextValue(alias),
  })
  const { driver } = worker
  driver.load(exported, null)
  driver.begin(JSON.stringify(params), null, JSON.stringify(aliases), false)
  if (facts.reduce) {
    await worker.finish(() => driver.reduce())
    await turn()
    if (driver.problem() !== '') throw worker.error(null)
    return JSON.parse(driver.counters()) as Record<string, number>
  }
  while (groups.nextGroup()) {
    let folded: unknown = END
    for (let alias = 0; alias < aliases.length; alias++) {
      for (let value = groups.nextValue(alias); value !== END; value = groups.nextValue(alias)) {
        if (facts.combine) folded = folded === END ? value : driver.combine(folded, value)
        else emit(groups.recordKey, value)
      }
    }
    if (facts.combine) emit(groups.key, folded)
  }
  return {}
}
