/** One simulated history: trouble for a while, then the mesh heals, and every job must end with the right result. */
import type { JobId, Millis } from '../../src/core/types.ts'
import { decodeRecords } from '../../src/data/part.ts'
import { ledgerHash } from '../../src/core/ledger/ledger-hash.ts'
import { resultOf } from '../../src/runtime/api/results.ts'
import { Violation } from './checks.ts'
import type { SimNode } from './node.ts'
import type { Scenario } from './scenario.ts'
import { World } from './world.ts'

export interface Report {
  readonly seed: number
  readonly violation: Violation | null
  /** Simulated time in all, and until every job was sealed everywhere once all was well. */
  readonly elapsed: Millis
  readonly healing: Millis
  readonly events: number
  readonly executions: number
  readonly tasks: number
  /** Rounds that ended because a task was open at too many deaths, and were opened again. */
  readonly poisoned: number
}

/** Faults that follow a job wait so long for its submission, and no longer. */
const TROUBLE_MAX: Millis = 60_000

/** Once all is well every job is sealed on every node within this time. */
export const HEAL_MAX: Millis = 180_000

/** And all ledgers are equal within this time after that. */
const CONVERGE_MAX: Millis = 30_000

/** Runs a scenario to its end. Never rejects: what a node throws is a violation, too. */
export async function run(scenario: Scenario, log: ((line: string) => void) | null = null): Promise<Report> {
  const world = new World(scenario, log)
  const rejected = (error: unknown): void => world.violated(new Violation('unhandled', String(error), error))
  process.on('unhandledRejection', rejected)
  process.on('uncaughtException', rejected)
  try {
    await world.run(250)
    world.backUp()
    const last = Math.max(...scenario.jobs.map((job) => job.at))
    await world.run(TROUBLE_MAX, () => world.now > last && !world.isTroubled)
    world.heal()
    await world.run(1_000)
    const healedAt = world.now
    const done = await world.run(HEAL_MAX, () => allSealed(world))
    const healing = world.now - healedAt
    if (!done && world.violation === null) world.violated(new Violation('liveness', whatIsOpen(world)))
    if (world.violation === null) await readResults(world)
    if (world.violation === null) await converge(world)
    return report(world, healing)
  } finally {
    process.off('unhandledRejection', rejected)
    process.off('uncaughtException', rejected)
  }
}

function report(world: World, healing: Millis): Report {
  return {
    seed: world.scenario.seed,
    violation: world.violation,
    elapsed: world.now,
    healing,
    events: world.events,
    executions: world.executions,
    tasks: world.checks.jobs.reduce((sum, { plan }) => sum + plan.tasks.length, 0),
    poisoned: world.checks.failed.length,
  }
}

/** Every job that was submitted is known to every node, and sealed there. A round that deaths ended is opened again. */
function allSealed(world: World): boolean {
  startAll(world)
  let all = world.isSubmitted && isForgottenByAll(world)
  for (const { record, unsteady, expected, miscounts } of world.promised)
    for (const node of world.staying) {
      const job = node.state?.jobs.get(record.id)
      const { outcome } = job?.ledger ?? { outcome: { kind: 'open' } }
      const { kind } = outcome
      if (expected.throws && outcome.kind === 'failed' && outcome.error.code === 'JOB_THREW') continue
      if (miscounts && outcome.kind === 'failed' && outcome.error.code === 'CONFLICT') continue
      if (kind === 'sealed' || (unsteady && (kind === 'failed' || kind === 'disputed'))) continue
      if (kind === 'key-conflict' && world.checks.isPinnedTwice(record.id)) continue
      all = false
      if (kind === 'failed' || kind === 'cancelled') node.engine?.context.dispatch({ type: 'retry', job: record.id })
    }
  return all
}

/** What one node was told to forget is forgotten by all, unless a disk was lost that knew of it. */
function isForgottenByAll(world: World): boolean {
  if (world.checks.rotten || world.gone !== null || world.nodes.some(({ lossy }) => lossy)) return true
  return !world.checks.jobs.some(
    ({ record }) =>
      world.checks.isForgotten(record) && world.staying.some((node) => node.state?.jobs.has(record.id) === true),
  )
}

/** One that was still handing over when all was well again goes down only then. */
function startAll(world: World): void {
  for (const node of world.staying) node.start()
}

function whatIsOpen(world: World): string {
  const lines = world.promised.flatMap(({ record }) =>
    world.staying.map((node) => {
      const job = node.state?.jobs.get(record.id)
      const done = job?.ledger.tasks.filter((task) => task.output !== null).length
      return `${node.name} ${record.id.slice(0, 8)} ${job?.ledger.outcome.kind ?? 'unknown'} ${done}/${job?.plan.tasks.length}`
    }),
  )
  const missing = world.scenario.jobs.filter((job) => !world.acknowledged.has(job.name)).map((job) => job.name)
  return `not sealed everywhere ${HEAL_MAX / 1000} s after all was well: ${lines.join(', ')} not submitted: ${missing.join()}`
}

/** Left alone, all nodes come to know the same: anti-entropy has nothing left to say. */
async function converge(world: World): Promise<void> {
  const hashes = (): string[] =>
    world.staying.map((node) =>
      [...(node.state?.jobs.values() ?? [])]
        // Two records under one key stay two.
        .filter((job) => !world.checks.isPinnedTwice(job.record.id))
        .map((job) => `${job.record.id} ${job.ledger.round} ${ledgerHash(job.ledger)}`)
        .sort()
        .join(),
    )
  const alike = await world.run(CONVERGE_MAX, () => {
    startAll(world)
    return new Set(hashes()).size === 1
  })
  if (!alike && world.violation === null)
    world.violated(
      new Violation('convergence', `ledgers still differ ${CONVERGE_MAX / 1000} s after the last job was sealed`),
    )
}

/** The result of each job, read from one node as a person would, is the naive loop's, record by record. */
async function readResults(world: World): Promise<void> {
  for (const { record, expected, unsteady } of world.promised) {
    if (unsteady || expected.throws || world.checks.isPinnedTwice(record.id)) continue
    const node = world.staying[record.spec.partitions! % world.staying.length]!
    if (node.state?.jobs.get(record.id)?.ledger.outcome.kind !== 'sealed') continue
    // A node that has just come back has yet to say what it holds: who asks too early asks again.
    let records: readonly unknown[] | Error | null = null
    for (let tries = 0; tries < 30 && !Array.isArray(records) && world.violation === null; tries++)
      records = await attempt(world, node, record.id)
    if (Array.isArray(records)) {
      const same = JSON.stringify(records) === JSON.stringify(expected.records)
      if (!same) world.violated(new Violation('answer', `${node.name} gives other records than a loop does`))
    } else if (isLost(world, records as Error | null)) continue
    else world.violated(new Violation('answer', `${node.name} does not give the result: ${String(records)}`))
  }
}

async function attempt(world: World, node: SimNode, id: JobId): Promise<readonly unknown[] | Error | null> {
  const got: { records: readonly unknown[] | Error | null } = { records: null }
  void readResult(node, id).then(
    (records) => (got.records = records),
    (error: unknown) => (got.records = error as Error),
  )
  await world.run(60_000, () => got.records !== null)
  if (got.records instanceof Error) await world.run(1_000)
  return got.records
}

/** Faults after which what a disk had may be gone. */
const LOSSY: ReadonlySet<string> = new Set(['wipe', 'rollback', 'rot', 'gone'])

/** Disks were lost or damaged: a result may then be lost, and says so. */
function isLost(world: World, error: Error | null): boolean {
  const lossy = world.scenario.faults.some(({ kind }) => LOSSY.has(kind))
  return lossy && error !== null && (error as { code?: string }).code === 'RESULT_LOST'
}

async function readResult(node: SimNode, id: JobId): Promise<readonly unknown[]> {
  const { context } = node.engine!
  const records: unknown[] = []
  for await (const { bytes } of resultOf(context, context.state.jobs.get(id)!, new AbortController().signal))
    records.push(...decodeRecords(bytes))
  return records
}
