import { assert } from '../core/errors.ts'
import type { Listing } from '../core/plan/files.ts'
import { rootOfRows, rowsOf } from '../core/plan/rows.ts'
import type { SplitFacts } from '../core/types.ts'
import { MapCollector } from '../data/collector.ts'
import { hashText } from '../data/hash-text.ts'
import { hostFactory } from '../data/value.ts'
import type { MapWork, SplitWork } from '../core/plan/work.ts'
import type { TaskContext } from './context.ts'
import { CounterSum } from './counters.ts'
import { readSplit } from './read-split.ts'
import type { SharedRealm } from './realm.ts'
import { mapSeed } from './seed.ts'
import { Shards } from './shards.ts'
import { sharingRealm } from './sharing-realm.ts'
import { TaskSamples } from './skips.ts'
import { NO_CALLS, UserCode } from './user-code.ts'

/**
 * Maps the task's splits in order, and leaves one run file for each partition that got records. No state of the job
 * outlives a split: each has a realm of its own, or one in which nothing can be changed. @throws TaskFailure
 */
export function runMap(context: TaskContext, work: MapWork): Promise<Listing> {
  return sharingRealm(context, work.splits, (within, shared) => mapSplits(within, work, shared))
}

async function mapSplits(context: TaskContext, work: MapWork, shared: SharedRealm | null): Promise<Listing> {
  const { reporter, files } = context
  const counters = new CounterSum()
  const splits: SplitFacts[] = []
  const samples = new TaskSamples()
  const shards = new Shards(context, work.splits)
  let user: UserCode | null = null
  const collector = new MapCollector({
    partitions: work.partitions,
    bounds: work.bounds?.map((bound) => Buffer.from(bound, 'hex')) ?? null,
    // Both are of the realm of each split.
    combine: work.combine ? notYet : null,
    make: hostFactory,
    memory: context.arena,
    files,
    progress: (bytes) => reporter.moved(bytes),
  })
  try {
    for (const [index, split] of work.splits.entries()) {
      shards.readAhead(split)
      user = startSplit(context, split, collector, shared)
      context.attend(user)
      const { driver, values } = user.realm
      collector.beginSplit(index, { combine: work.combine ? driver.combine : null, make: values })
      const facts = await readSplit(context, shards, split, user, work, collector)
      const { emitted } = collector.endSplit()
      splits.push({ ...facts, emitted, skips: samples.take(facts.skips) })
      counters.add(JSON.parse(driver.counters()) as Record<string, number>)
      reporter.bytes += facts.bytes
      reporter.moved(facts.bytes)
    }
    reporter.enter('own')
    const rows = rowsOf(collector.finish(), work.partitions)
    return { manifest: { kind: 'map', splits, rows: rootOfRows(rows, hashText), counters: counters.facts }, rows }
  } catch (error) {
    throw user === null ? error : (user as UserCode).failure(error, 'own', null)
  } finally {
    context.attend(null)
  }
}

function startSplit(
  context: TaskContext,
  split: SplitWork,
  collector: MapCollector,
  shared: SharedRealm | null,
): UserCode {
  const { job, code, reporter } = context
  const calls = {
    ...NO_CALLS,
    emit: (key: unknown, value: unknown) => collector.emit(key, value),
    mark: () => collector.mark(),
    commit: () => collector.commit(),
    seed: () => mapSeed(code, job.params, split),
  }
  reporter.enter('user')
  const user = new UserCode(job, calls, reporter, split.alias, shared)
  user.begin({ dataset: split.dataset, path: split.path }, null)
  return user
}

const notYet = (): unknown => assert(false, 'combine belongs to a split')
