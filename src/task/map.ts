import { assert } from '../core/errors.ts'
import type { MapManifest, SplitFacts } from '../core/types.ts'
import { MapCollector } from '../data/collector.ts'
import { hostFactory } from '../data/value.ts'
import type { MapWork, SplitWork } from '../ports.ts'
import type { TaskContext } from './context.ts'
import { CounterSum } from './counters.ts'
import { readSplit } from './read-split.ts'
import { mapSeed } from './seed.ts'
import { TaskSamples } from './skips.ts'
import { NO_CALLS, UserCode } from './user-code.ts'

/**
 * Maps the task's splits in order, each in a realm of its own, and leaves one run file for each partition that got
 * records. @throws TaskFailure
 */
export async function runMap(context: TaskContext, work: MapWork): Promise<MapManifest> {
  const { reporter, files } = context
  const counters = new CounterSum()
  const splits: SplitFacts[] = []
  const samples = new TaskSamples()
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
      user = startSplit(context, split, collector)
      context.attend(user)
      const { driver, values } = user.realm
      collector.beginSplit(index, { combine: work.combine ? driver.combine : null, make: values })
      const facts = await readSplit(context, split, user, work, collector)
      const { emitted } = collector.endSplit()
      splits.push({ ...facts, emitted, skips: samples.take(facts.skips) })
      counters.add(JSON.parse(driver.counters()) as Record<string, number>)
      reporter.bytes += facts.bytes
      reporter.moved(facts.bytes)
    }
    reporter.enter('own')
    const runs = collector.finish()
    return { kind: 'map', splits, runs, counters: counters.facts }
  } catch (error) {
    throw user === null ? error : (user as UserCode).failure(error, 'own', null)
  } finally {
    context.attend(null)
  }
}

function startSplit(context: TaskContext, split: SplitWork, collector: MapCollector): UserCode {
  const { job, code, reporter } = context
  const calls = {
    ...NO_CALLS,
    emit: (key: unknown, value: unknown) => collector.emit(key, value),
    mark: () => collector.mark(),
    commit: () => collector.commit(),
    seed: () => mapSeed(code, job.params, split),
  }
  reporter.enter('user')
  const user = new UserCode(job, calls, reporter, split.alias)
  user.begin({ dataset: split.dataset, path: split.path }, null)
  return user
}

const notYet = (): unknown => assert(false, 'combine belongs to a split')
