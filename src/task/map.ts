import { assert } from '../core/errors.ts'
import type { Listing } from '../core/plan/files.ts'
import { rootOfRows, rowsOf } from '../core/plan/rows.ts'
import type { SplitFacts } from '../core/types.ts'
import { aggregateOf } from '../data/aggregates/of-job.ts'
import { MapCollector } from '../data/collector.ts'
import { hashText } from '../data/hash-text.ts'
import { hostFactory } from '../data/value.ts'
import { compareUtf8 } from '../core/plan/ranks.ts'
import type { MapWork, SplitWork } from '../core/plan/work.ts'
import type { TaskContext } from './context.ts'
import { CounterSum } from './counters.ts'
import type { JobFunctions } from './inside/job-graph.ts'
import { readUnit } from './read-unit.ts'
import { sharingRealm } from './sharing-realm.ts'
import { arenaBeside } from './memory.ts'
import { openSides, sideCalls, type Sides, tookOfSides } from './sides.ts'
import { TaskSamples } from './skips.ts'
import { type Unit, unitsOf } from './units.ts'
import { NO_CALLS, type OpenRealm, UserCode } from './user-code.ts'

/**
 * Maps the task's splits in order, or the one part that it reads, and leaves one run file for each partition that got
 * records. No state of the job outlives a split: each has a realm of its own, or one in which nothing can be changed.
 * @throws TaskFailure
 */
export function runMap(context: TaskContext, work: MapWork): Promise<Listing> {
  return sharingRealm(context, work.splits, (within, realms) => mapUnits(within, work, realms))
}

async function mapUnits(context: TaskContext, work: MapWork, realms: OpenRealm): Promise<Listing> {
  const { reporter, files } = context
  const counters = new CounterSum()
  const splits: SplitFacts[] = []
  const samples = new TaskSamples()
  const sides = openSides(context, work.sides)
  let user: UserCode | null = null
  const collector = new MapCollector({
    partitions: work.partitions,
    bounds: work.bounds?.map((bound) => Buffer.from(bound, 'hex')) ?? null,
    // `beginSplit` gives each split's own: combine is a function of the split's realm, and is given objects made there.
    combine: work.combine ? notYet : null,
    aggregate: work.aggregate === undefined ? null : aggregateOf(work.aggregate),
    make: hostFactory,
    memory: arenaBeside(context.arena, sides.bytes),
    files,
    progress: (bytes) => reporter.moved(bytes),
  })
  try {
    for (const [index, unit] of unitsOf(context, work).entries()) {
      unit.readAhead()
      user = startUnit(context, work, unit, collector, sides, realms)
      context.attend(user)
      const { driver, values } = user.realm
      const realm = {
        combine: work.combine ? driver.combine : null,
        by: driver.by(),
        sortValues: work.sortValues ? driver.sortValues() : null,
        make: values,
      }
      collector.beginSplit(index, realm, follows(work.splits[index - 1], work.splits[index]))
      const facts = await readUnit(context, unit, user, work, collector)
      const { emitted } = collector.endSplit()
      splits.push({ ...facts, emitted, skips: samples.take(facts.skips) })
      counters.add(JSON.parse(driver.counters()) as Record<string, number>)
      reporter.bytes += facts.bytes
      reporter.moved(facts.bytes)
    }
    reporter.enter('own')
    const rows = rowsOf(collector.finish(), work.partitions)
    const given = { kind: 'map', splits, rows: rootOfRows(rows, hashText) } as const
    const told = { ...tookOfSides(sides), counters: counters.facts, upstream: work.upstream }
    return { manifest: { ...given, took: tookOver(work, splits), ...told }, rows }
  } catch (error) {
    throw user === null ? error : (user as UserCode).failure(error, 'own', null)
  } finally {
    context.attend(null)
  }
}

/** Records that were read over each edge: what is read of shards comes over none. */
export function tookOver({ part, edges }: Pick<MapWork, 'part' | 'edges'>, [read]: readonly SplitFacts[]): number[] {
  const took = new Array<number>(edges).fill(0)
  if (part !== null) took[part.edge] = read!.records
  return took
}

/** The functions that mapping calls. */
export function mapNeeds({
  map,
  combine,
  aggregate,
  sortValues,
}: Omit<MapWork, 'kind' | 'bounds' | 'upstream'>): (keyof JobFunctions)[] {
  return [
    ...(map ? (['map'] as const) : []),
    ...(combine ? (['combine'] as const) : []),
    ...(aggregate?.by === true ? (['by'] as const) : []),
    ...(sortValues ? (['sortValues'] as const) : []),
  ]
}

function startUnit(
  context: TaskContext,
  work: MapWork,
  unit: Unit,
  collector: MapCollector,
  sides: Sides,
  realms: OpenRealm,
): UserCode {
  const { job, reporter } = context
  const calls = {
    ...NO_CALLS,
    emit: (key: unknown, value: unknown) => collector.emit(key, value),
    mark: () => collector.mark(),
    commit: () => collector.commit(),
    seed: () => unit.seed(),
    ...sideCalls(sides, () => user.realm.values),
  }
  reporter.enter('user')
  const user: UserCode = new UserCode(
    job,
    calls,
    reporter,
    { stage: work.stage, alias: unit.alias, needs: mapNeeds(work) },
    realms,
  )
  user.begin({ call: 'map', shard: unit.shard, sides: sides.named })
  return user
}

/** Whether the records of a split rank behind those of the one before, as values of the same input: see `rankSplits`. */
function follows(before: SplitWork | undefined, split: SplitWork | undefined): boolean {
  if (before === undefined || split === undefined || before.alias !== split.alias || before.dataset !== split.dataset)
    return false
  return (compareUtf8(before.path, split.path) || before.start - split.start) < 0
}

const notYet = (): unknown => assert(false, 'combine belongs to a split')
