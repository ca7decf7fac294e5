import { assert } from '../core/errors.ts'
import type { Listing } from '../core/plan/files.ts'
import { rootOfRows, rowsOf } from '../core/plan/rows.ts'
import type { MapManifest, SplitFacts } from '../core/types.ts'
import { MapCollector } from '../data/collector.ts'
import { hashText } from '../data/hash-text.ts'
import { hostFactory } from '../data/value.ts'
import type { MapWork, SplitWork } from '../core/plan/work.ts'
import type { TaskContext } from './context.ts'
import { CounterSum } from './counters.ts'
import { readSplit } from './read-split.ts'
import { mapSeed } from './seed.ts'
import { sharingRealm } from './sharing-realm.ts'
import { TaskSamples } from './skips.ts'
import { NO_CALLS, type OpenRealm, UserCode } from './user-code.ts'

export interface MapListing extends Listing {
  readonly manifest: MapManifest
}

/**
 * Maps the task's splits in order, and leaves one run file for each partition that got records. No state of the job
 * outlives a split: each has a realm of its own, or one in which nothing can be changed. @throws TaskFailure
 */
export function runMap(context: TaskContext, work: MapWork): Promise<MapListing> {
  return sharingRealm(context, work.splits, (within, realms) => mapSplits(within, work, realms))
}

async function mapSplits(context: TaskContext, work: MapWork, realms: OpenRealm): Promise<MapListing> {
  const { reporter, files } = context
  const counters = new CounterSum()
  const splits: SplitFacts[] = []
  const samples = new TaskSamples()
  const records = context.records(work)
  let user: UserCode | null = null
  const collector = new MapCollector({
    partitions: work.partitions,
    bounds: work.bounds?.map((bound) => Buffer.from(bound, 'hex')) ?? null,
    // `beginSplit` gives each split's own: combine is a function of the split's realm, and is given objects made there.
    combine: work.combine ? notYet : null,
    make: hostFactory,
    memory: context.arena,
    files,
    progress: (bytes) => reporter.moved(bytes),
  })
  try {
    for (const [index, split] of work.splits.entries()) {
      records.readAhead(split)
      user = startSplit(context, split, collector, realms)
      context.attend(user)
      const { driver, values } = user.realm
      collector.beginSplit(index, { combine: work.combine ? driver.combine : null, make: values })
      const facts = await readSplit(context, records, split, user, work, collector)
      const { emitted } = collector.endSplit()
      splits.push({ ...facts, emitted, skips: samples.take(facts.skips) })
      counters.add(JSON.parse(driver.counters()) as Record<string, number>)
      reporter.bytes += facts.bytes
      reporter.moved(facts.bytes)
    }
    reporter.enter('own')
    const rows = rowsOf(collector.finish(), work.partitions)
    const took = new Array<number>(work.edges).fill(0)
    const told = { took, counters: counters.facts, upstream: work.upstream }
    return { manifest: { kind: 'map', splits, rows: rootOfRows(rows, hashText), ...told }, rows }
  } catch (error) {
    throw user === null ? error : (user as UserCode).failure(error, 'own', null)
  } finally {
    context.attend(null)
  }
}

function startSplit(context: TaskContext, split: SplitWork, collector: MapCollector, realms: OpenRealm): UserCode {
  const { job, code, reporter } = context
  const calls = {
    ...NO_CALLS,
    emit: (key: unknown, value: unknown) => collector.emit(key, value),
    mark: () => collector.mark(),
    commit: () => collector.commit(),
    seed: () => mapSeed(code, job.params, split),
  }
  reporter.enter('user')
  const user = new UserCode(job, calls, reporter, split.alias, realms)
  user.begin({ dataset: split.dataset, path: split.path }, null)
  return user
}

const notYet = (): unknown => assert(false, 'combine belongs to a split')
