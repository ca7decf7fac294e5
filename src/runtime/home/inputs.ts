/** What a task here reads of an output that it consumes: its own, or what arrived of it. */
import { outputOf, type TaskListing } from '../../core/ledger/manifest.ts'
import { fitsTask, partitionsFor } from '../../core/plan/files.ts'
import { rootIn } from '../../core/plan/rows.ts'
import type { PlannedTask } from '../../core/plan/steps.ts'
import type { JobState } from '../../core/state.ts'
import type { Digest, Partition } from '../../core/types.ts'
import { findRow } from '../../wire/rows.ts'
import type { Context } from '../context.ts'
import { arrivalFile, outputFile } from './folder.ts'
import type { KeptInput } from './kept-inputs.ts'
import { allRows, arrivedRows, ROWS, ROWS_LOG } from './rows.ts'

/** Where a consumed file lies here: among this node's own outputs where it has the task's, else by digest in what arrived. */
export function placeOf(job: JobState, producer: PlannedTask, digest: Digest, file: string): string {
  return job.has.has(producer.index)
    ? outputFile(job.record.id, producer.index, file)
    : arrivalFile(job.record.id, producer.index, digest, file)
}

/**
 * The manifest that the digest names, since what an attempt reads is what it says that it consumed, with the rows of the
 * runs that the consumer reads; or the file that is missing, damaged, or another output's. `mayBeKept`: what other tasks
 * have read before will do.
 */
export async function readInput(
  context: Context,
  job: JobState,
  producer: PlannedTask,
  digest: Digest,
  consumer: PlannedTask,
  mayBeKept: boolean = true,
): Promise<TaskListing | string> {
  const { inputs } = context.store.outputs
  const { id } = job.record
  const place = placeOf(job, producer, digest, '')
  const partitions = partitionsFor(job.plan, producer, [consumer.index])
  const kept = mayBeKept ? inputs.get(id, place, digest) : null
  const before = kept === null ? null : listingOf(kept, partitions)
  if (before !== null) return before
  const input = await readFrom(context, job, producer, digest)
  if (typeof input === 'string') return input
  inputs.put(id, place, input)
  return listingOf(input, partitions) ?? rowsFile(job, producer)
}

function rowsFile(job: JobState, producer: PlannedTask): string {
  return job.has.has(producer.index) ? ROWS : ROWS_LOG
}

async function readFrom(
  context: Context,
  job: JobState,
  producer: PlannedTask,
  digest: Digest,
): Promise<KeptInput | string> {
  const { store, disk } = context
  const place = (file: string): string => placeOf(job, producer, digest, file)
  const manifest = await store.outputs.manifest(place('manifest.json'))
  if (manifest === null || !fitsTask(manifest.manifest, producer) || outputOf(manifest).digest !== digest)
    return 'manifest.json'
  const file = rowsFile(job, producer)
  let rows: Uint8Array | null | 'damaged' = new Uint8Array()
  if (rootIn(manifest.manifest) !== null)
    rows = file === ROWS ? await allRows(disk, place(file)) : await arrivedRows(disk, place(file))
  if (!(rows instanceof Uint8Array)) return file
  return { digest, manifest, rows, bytes: rows.length + JSON.stringify(manifest).length }
}

/** null where a row is not among those that are at hand. */
function listingOf({ manifest, rows: packed }: KeptInput, partitions: readonly Partition[]): TaskListing | null {
  const rows = partitions.flatMap((partition) => findRow(packed, partition) ?? [])
  return rows.length === partitions.length ? { ...manifest, rows } : null
}
