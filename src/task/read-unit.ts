import { ShoalError } from '../core/errors.ts'
import type { SplitFacts } from '../core/types.ts'
import type { Batch } from '../data/formats/reader.ts'
import type { MapWork } from '../core/plan/work.ts'
import type { TaskContext } from './context.ts'
import { cutText, TaskFailure } from './failure.ts'
import { SkipBook } from './skips.ts'
import type { Unit } from './units.ts'
import { isAboutData, type UserCode } from './user-code.ts'
import type { Place } from './user-error.ts'

/** Records are shown up to so many bytes. */
const SHOWN_BYTES = 1024

/** Which records of a batch are handed to map: a batch of these. `first` is the number of the batch's first record. */
export type Choose = (batch: Batch, first: number) => Batch

/** Where emits go. */
interface Output {
  emit(key: unknown, value: unknown): void
  rollback(): void
}

/**
 * Reads one unit, and calls map for its records in order; where the stage has none, they pass unchanged. What a skip or
 * a bad record leaves behind is in the facts. @throws TaskFailure
 */
export async function readUnit(
  context: TaskContext,
  unit: Unit,
  user: UserCode,
  { map, onBadRecord }: Pick<MapWork, 'map' | 'onBadRecord'>,
  output: Output,
  choose: Choose = (batch) => batch,
): Promise<Omit<SplitFacts, 'emitted'>> {
  const { reporter } = context
  const input = await unit.open(user.realm)
  try {
    const skips = new SkipBook()
    let records = 0
    for (let batch = await input.next(); batch !== null; batch = await input.next()) {
      reporter.enter('user')
      const chosen = choose(batch, records)
      if (map) await mapBatch(context, chosen, user, onBadRecord, output, skips)
      else passBatch(context, chosen, output)
      records += batch.length
      reporter.records += batch.length
    }
    await user.close()
    return { ...(await input.end()), records, skips: skips.facts }
  } finally {
    await input.close()
  }
}

/** Pairs of another stage, as they are. */
function passBatch({ reporter }: TaskContext, batch: Batch, output: Output): void {
  for (let i = 0; i < batch.length; i++) {
    // Not taken apart: that would ask the realm, whose arrays a job may have changed, for an iterator.
    const pair = batch.record(i) as readonly unknown[]
    output.emit(pair[0], pair[1])
    reporter.tick(1)
  }
}

async function mapBatch(
  context: TaskContext,
  batch: Batch,
  user: UserCode,
  onBadRecord: MapWork['onBadRecord'],
  output: Output,
  skips: SkipBook,
): Promise<void> {
  const { driver } = user.realm
  let next = 0
  const placeOf = async (): Promise<Place> => {
    const at = driver.at()
    return { place: await batch.place(at), record: cutText(batch.raw(at), SHOWN_BYTES) }
  }
  const leaveOut = (at: number, reason: string): Promise<void> => {
    context.onSkip?.(batch, at, reason)
    return skips.add(async () => ({ ...(await placeOf()), reason }))
  }
  while (next < batch.length) {
    let pause
    try {
      pause = user.map(batch, next)
      if (typeof pause !== 'string') pause = await pause
    } catch (error) {
      throw user.failure(error, 'own', isAboutData(error) ? await placeOf() : null)
    }
    const at = driver.at()
    if (pause === 'done') return
    if (pause === 'problem') throw user.problem(await placeOf())
    if (pause === 'skip') {
      const reason = driver.reason()
      driver.undo()
      if (context.job.maySkip) output.rollback()
      await leaveOut(at, reason)
    } else if (onBadRecord === 'skip') {
      await leaveOut(at, batch.bad(at))
    } else {
      const { place, record } = await placeOf()
      throw new TaskFailure('input', badRecord(place, batch.bad(at), record, batch.remedies?.(at) ?? []), place)
    }
    next = at + 1
  }
}

/** Remedies that lose no record are named first. */
function badRecord(place: string, why: string, record: string, remedies: readonly string[]): ShoalError {
  return new ShoalError('BAD_RECORD', `${place} cannot be read: ${why}`, {
    why: record,
    try: [
      ...remedies,
      'options of the input that fit the file, or a repaired file: the record is above',
      "onBadRecord: 'skip' in the job drops this record and all others like it; the receipt counts them and shows samples",
    ],
  })
}
