import type { BoundsManifest, SampleManifest, SplitFacts } from '../core/types.ts'
import type { Batch } from '../data/formats/reader.ts'
import { boundsOf, readSample, SAMPLE_NAME, SampleChoice, SampleWriter } from '../data/sample.ts'
import type { BoundsWork, SampleWork } from '../core/plan/work.ts'
import type { TaskContext } from './context.ts'
import { mapNeeds, tookOver } from './map.ts'
import { readUnit } from './read-unit.ts'
import { sharingRealm } from './sharing-realm.ts'
import { openSides, sideCalls, tookOfSides } from './sides.ts'
import { TaskSamples } from './skips.ts'
import { unitsOf } from './units.ts'
import { NO_CALLS, type OpenRealm, UserCode } from './user-code.ts'

/** Maps a choice of the records that it reads, and leaves the keys that these emit. @throws TaskFailure */
export function runSample(context: TaskContext, work: SampleWork): Promise<SampleManifest> {
  return sharingRealm(context, work.splits, (within, realms) => sampleUnits(within, work, realms))
}

async function sampleUnits(context: TaskContext, work: SampleWork, realms: OpenRealm): Promise<SampleManifest> {
  const { job, reporter, files } = context
  const sides = openSides(context, work.sides)
  const writer = new SampleWriter(files.create(SAMPLE_NAME))
  const splits: SplitFacts[] = []
  const samples = new TaskSamples()
  for (const unit of unitsOf(context, work)) {
    unit.readAhead()
    let emitted = 0
    const calls = {
      ...NO_CALLS,
      emit: (key: unknown) => {
        writer.emit(key)
        emitted++
      },
      mark: () => writer.mark(),
      commit: () => writer.commit(),
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
    context.attend(user)
    user.begin({ call: 'map', shard: unit.shard, sides: sides.named })
    writer.beginSplit()
    const { dataset, path, start } = unit.origin
    const choice = new SampleChoice(dataset, path, start)
    const choose = (batch: Batch, first: number): Batch =>
      chosen(batch, (i) => writer.wanting && choice.takes(first + i))
    const output = { emit: calls.emit, rollback: () => writer.rollback() }
    const facts = await readUnit(context, unit, user, work, output, choose)
    writer.commit()
    splits.push({ ...facts, emitted, skips: samples.take(facts.skips) })
    reporter.bytes += facts.bytes
  }
  context.attend(null)
  return { kind: 'sample', splits, took: tookOver(work, splits), ...tookOfSides(sides), ...writer.finish() }
}

/** The records of a batch that are taken, as a batch. */
function chosen(batch: Batch, takes: (i: number) => boolean): Batch {
  const taken: number[] = []
  for (let i = 0; i < batch.length; i++) if (takes(i)) taken.push(i)
  const at = (i: number): number => taken[i] as number
  return {
    length: taken.length,
    record: (i) => batch.record(at(i)),
    bad: (i) => batch.bad(at(i)),
    place: (i) => batch.place(at(i)),
    raw: (i) => batch.raw(at(i)),
  }
}

/** The bounds of a `sort` job's partitions, from all its samples. @throws ShoalError DAMAGED */
export function runBounds(context: TaskContext, work: BoundsWork): BoundsManifest {
  context.reporter.enter('own')
  const keys = work.samples.flatMap((name) => {
    const file = context.input(name)
    try {
      return readSample(file, name)
    } finally {
      file.close()
    }
  })
  const bounds = boundsOf(keys, work.partitions).map((bound) => Buffer.from(bound).toString('hex'))
  return { kind: 'bounds', consumed: work.consumed, bounds }
}
