import { LIMITS } from '../core/limits.ts'
import type { ReduceManifest } from '../core/types.ts'
import { aggregateOf } from '../data/aggregates/of-job.ts'
import { END, Groups } from '../data/fold.ts'
import { encodeKey } from '../data/order.ts'
import { PART_NAME, PartWriter } from '../data/part.ts'
import type { ReduceWork } from '../core/plan/work.ts'
import type { TaskContext } from './context.ts'
import { cutText, hostFailure, shownKey } from './failure.ts'
import { reduceSeed } from './seed.ts'
import { NO_CALLS, UserCode } from './user-code.ts'
import type { JobFunctions } from './inside/job-graph.ts'
import { KeptKey } from './kept-key.ts'
import { openSides, sideCalls, type Sides, tookOfSides } from './sides.ts'
import type { Place } from './user-error.ts'

/**
 * Merges the runs of one partition, and parts that hold its keys already, folds each group by the stage's reduce, and
 * leaves the part. @throws TaskFailure
 */
export async function runReduce(context: TaskContext, work: ReduceWork): Promise<ReduceManifest> {
  const { reporter, files } = context
  const sides = openSides(context, work.sides)
  const part = new PartWriter(files.create(PART_NAME))
  let groups: Groups | null = null
  const user = startReduce(context, work, part, sides, () => groups as Groups)
  const { driver } = user.realm
  try {
    reporter.enter('own')
    groups = openGroups(context, work, user)
    if (work.reduce) await callReduce(context, user, () => placeOf(work, groups))
    else if (work.combine) foldGroups(context, work, groups, part, driver.combine)
    else passRecords(context, work, groups, part)
    reporter.enter('own')
    const { records, bytes, part: digest } = part.finish()
    const { consumed, upstream, partition } = work
    const counters = JSON.parse(driver.counters()) as Record<string, number>
    const { groups: count } = groups
    return {
      kind: 'reduce',
      partition,
      consumed,
      took: tookOver(work, groups),
      ...tookOfSides(sides),
      groups: count,
      records,
      bytes,
      part: digest,
      counters,
      upstream,
    }
  } catch (error) {
    throw user.failure(error, 'own', placeOf(work, groups))
  } finally {
    context.attend(null)
    groups?.close()
  }
}

/** Emitted records that what was read stands for, over each edge. */
function tookOver({ edges }: ReduceWork, { weights }: Groups): number[] {
  const took = new Array<number>(Math.max(-1, ...edges) + 1).fill(0)
  edges.forEach((edge, alias) => (took[edge]! += weights[alias]!))
  return took
}

/** The functions that reducing calls. */
function reduceNeeds({ reduce, combine, aggregate }: ReduceWork): (keyof JobFunctions)[] {
  return [
    ...(reduce ? (['reduce'] as const) : []),
    ...(combine ? (['combine'] as const) : []),
    ...(aggregate?.by === true ? (['by'] as const) : []),
  ]
}

function startReduce(
  context: TaskContext,
  work: ReduceWork,
  part: PartWriter,
  sides: Sides,
  groups: () => Groups,
): UserCode {
  const { job, code, reporter } = context
  const { stage, aliases } = work
  const seed = reduceSeed(code, job.params, stage)
  const kept = work.keyed ? new KeptKey(stage) : null
  const calls = {
    ...NO_CALLS,
    emit: (key: unknown, value: unknown) => {
      part.emit(kept === null ? key : kept.checked(key), value)
    },
    seed: () => seed(encodeKey(groups().key).order),
    group: () => {
      reporter.records++
      if (!groups().nextGroup()) return false
      kept?.begin(groups().order)
      return true
    },
    key: () => groups().key,
    value: (alias: number) => groups().nextValue(alias),
    ...sideCalls(sides, () => user.realm.values),
  }
  reporter.enter('user')
  const user: UserCode = new UserCode(job, calls, reporter, { stage, alias: null, needs: reduceNeeds(work) })
  context.attend(user)
  user.begin({ call: 'reduce', aliases, sides: sides.named })
  return user
}

/** Opening merges runs in passes where there are many; that is Shoal's own time. */
function openGroups(context: TaskContext, work: ReduceWork, user: UserCode): Groups {
  const { files, reporter } = context
  try {
    return new Groups({
      inputs: work.runs.map(({ file, ranks, aliases, digest, bytes }) => ({
        name: file,
        open: () => context.input(file),
        ranks,
        aliases,
        expected: { digest, bytes },
      })),
      parts: work.parts.map(({ file, name, rank, alias, digest, bytes }) => ({
        ...{ name, rank, alias },
        open: () => context.input(file),
        expected: { digest, bytes },
      })),
      aliases: work.aliases.length,
      sorted: work.sortValues,
      make: user.realm.values,
      aggregate: work.aggregate === undefined ? null : aggregateOf(work.aggregate),
      by: user.realm.driver.by(),
      files,
      progress: (units) => reporter.moved(units),
    })
  } catch (error) {
    throw hostFailure(error, 'own')
  }
}

async function callReduce({ reporter }: TaskContext, user: UserCode, place: () => Place | null): Promise<void> {
  reporter.enter('user')
  let pause = user.reduce()
  if (typeof pause !== 'string') pause = await pause
  if (pause === 'problem') throw user.problem(place())
  await user.close()
}

/** A job with combine and no reduce: one record per key, its values folded left in (split, position) order. */
function foldGroups(
  { reporter }: TaskContext,
  { aliases }: ReduceWork,
  groups: Groups,
  part: PartWriter,
  combine: (a: unknown, b: unknown) => unknown,
): void {
  reporter.enter('user')
  while (groups.nextGroup()) {
    let folded = groups.nextValue(0)
    for (let alias = 0; alias < aliases.length; alias++) {
      for (let value = groups.nextValue(alias); value !== END; value = groups.nextValue(alias)) {
        folded = folded === END ? value : combine(folded, value)
        reporter.tick(1)
      }
    }
    part.emit(groups.key, folded)
    reporter.records++
  }
}

/** A job without reduce: the records themselves, each with the key as it had it; of an aggregate one for each alias. */
function passRecords({ reporter }: TaskContext, { aliases }: ReduceWork, groups: Groups, part: PartWriter): void {
  while (groups.nextGroup()) {
    for (let alias = 0; alias < aliases.length; alias++) {
      for (let value = groups.nextValue(alias); value !== END; value = groups.nextValue(alias)) {
        part.emit(groups.recordKey, value)
        reporter.moved(1)
      }
    }
    reporter.records++
  }
}

function placeOf({ partition }: ReduceWork, groups: Groups | null): Place | null {
  if (groups === null || groups.groups === 0) return null
  return { place: `partition ${partition}`, record: `key ${cutText(shownKey(groups.key), LIMITS.skipTextBytesMax)}` }
}
