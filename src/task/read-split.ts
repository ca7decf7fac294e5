import { ShoalError } from '../core/errors.ts'
import type { SplitFacts } from '../core/types.ts'
import { openRecords } from '../data/formats/open.ts'
import { resolveReadOptions } from '../data/formats/options.ts'
import type { Batch, RecordReader } from '../data/formats/reader.ts'
import type { MapWork, SplitWork } from '../core/plan/work.ts'
import type { TaskContext } from './context.ts'
import { cutText, hostFailure, TaskFailure } from './failure.ts'
import { splitName } from './protocol.ts'
import type { Shards } from './shards.ts'
import { SkipBook } from './skips.ts'
import type { Place, UserCode } from './user-code.ts'

/** Records are shown up to so many bytes. */
const SHOWN_BYTES = 1024

/** Which records of a batch are handed to map: a batch of these. `first` is the number of the batch's first record. */
export type Choose = (batch: Batch, first: number) => Batch

/**
 * Reads one split, and calls map for its records in order. What a skip or a bad record leaves behind is in the facts.
 * @throws TaskFailure
 */
export async function readSplit(
  context: TaskContext,
  shards: Shards,
  split: SplitWork,
  user: UserCode,
  work: Pick<MapWork, 'onBadRecord' | 'agreed'>,
  output: { rollback(): void },
  choose: Choose = (batch) => batch,
): Promise<Omit<SplitFacts, 'emitted'>> {
  const name = splitName(split)
  const { reporter } = context
  const file = await shards.open(split)
  try {
    const { start, end, rowGroups, headerBytes, spool } = split
    const options = resolveReadOptions(split.path, split.options, split.look)
    const before = spool === undefined ? {} : { linesBefore: spool.linesBefore }
    const range = { start, end, rowGroups, headerBytes, ...before }
    const agreed = work.agreed?.find(([alias]) => alias === split.alias)?.[1]
    const input = {
      source: file,
      ...range,
      ...(agreed === undefined ? {} : { agreed }),
      options,
      name,
      windowBytesMax: context.windows,
    }
    const reader = openRecords(input, user.realm.rows)
    const skips = new SkipBook()
    let records = 0
    for (
      let batch = await nextBatch(reader, context, name);
      batch !== null;
      batch = await nextBatch(reader, context, name)
    ) {
      reporter.enter('user')
      await mapBatch(context, choose(batch, records), user, work.onBadRecord, output, skips)
      records += batch.length
      reporter.records += batch.length
    }
    await user.close()
    await file.check()
    return { ...reader.facts(), records, skips: skips.facts }
  } finally {
    await file.close()
  }
}

/** The next batch; while it is awaited for long, the time is told not to be the job's. */
async function nextBatch(reader: RecordReader, { reporter }: TaskContext, name: string): Promise<Batch | null> {
  const slow = setInterval(() => reporter.enter('own'), 100)
  try {
    return await reader.next()
  } catch (error) {
    throw hostFailure(error, 'reading', name)
  } finally {
    clearInterval(slow)
  }
}

async function mapBatch(
  context: TaskContext,
  batch: Batch,
  user: UserCode,
  onBadRecord: MapWork['onBadRecord'],
  output: { rollback(): void },
  skips: SkipBook,
): Promise<void> {
  const { driver } = user.realm
  let next = 0
  const placeOf = async (): Promise<Place> => {
    const at = driver.at()
    return { place: await batch.place(at), record: cutText(batch.raw(at), SHOWN_BYTES) }
  }
  while (next < batch.length) {
    let pause
    try {
      pause = user.map(batch, next)
      if (typeof pause !== 'string') pause = await pause
    } catch (error) {
      throw user.failure(error, 'own', null)
    }
    const at = driver.at()
    if (pause === 'done') return
    if (pause === 'problem') throw user.problem(await placeOf())
    if (pause === 'skip') {
      const reason = driver.reason()
      driver.undo()
      if (context.job.maySkip) output.rollback()
      await skips.add(async () => ({ ...(await placeOf()), reason }))
    } else if (onBadRecord === 'skip') {
      await skips.add(async () => ({ ...(await placeOf()), reason: batch.bad(at) }))
    } else {
      const { place, record } = await placeOf()
      throw new TaskFailure('input', badRecord(place, batch.bad(at), record, batch.remedies?.(at) ?? []), place)
    }
    next = at + 1
  }
}

/** What loses nothing is named first. */
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
