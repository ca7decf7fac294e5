/**
 * Rows of runs beside the manifest that names their root: of an output that is here whole all of them, in the kept file
 * `rows`; of what arrived those that came with batches, appended to `rows.log` in the form of kept-log.ts. They were
 * checked against the root before: what is read here is what was written, or it is known to be damaged.
 */
import type { Partition, RunRow } from '../../core/types.ts'
import type { Disk } from '../../ports.ts'
import { openRows, packRows } from '../../wire/rows.ts'
import { getKept, isDamaged, putKept } from './kept.ts'
import { entriesOf, readLog, toEntry } from './kept-log.ts'

export const ROWS = 'rows'
export const ROWS_LOG = 'rows.log'

/** All rows of an output. */
export function putRows(disk: Disk, name: string, rows: readonly RunRow[]): Promise<void> {
  return putKept(disk, name, packRows(rows))
}

/** The rows of a batch that arrived, behind those of the batches before it. */
export function addRows(disk: Disk, name: string, rows: readonly RunRow[]): Promise<void> {
  return disk.append(name, toEntry(packRows(rows)))
}

/** All rows of an output, packed; null where there are none, 'damaged' where they are no rows. */
export async function allRows(disk: Disk, name: string): Promise<Uint8Array | null | 'damaged'> {
  try {
    const packed = await getKept(disk, name)
    return packed === null || openRows(packed) !== null ? packed : 'damaged'
  } catch (error) {
    if (!isDamaged(error)) throw error
    return 'damaged'
  }
}

/** What arrived of an output's rows, packed. An append that is under way, or damaged, is passed over. */
export async function arrivedRows(disk: Disk, name: string): Promise<Uint8Array> {
  const bytes = await disk.get(name)
  if (bytes === null) return new Uint8Array()
  return packRows(joined(entriesOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).payloads))
}

/**
 * The rows of a log when a node starts, before anything is appended: it is written anew without what is lost in it. Where
 * something is, also the end of an append that a crash has torn, `damaged` is called.
 */
export async function recoverRows(disk: Disk, name: string, damaged: () => void): Promise<RunRow[]> {
  const { payloads, lost, empty } = await readLog(disk, name)
  if (lost > 0 || empty) damaged()
  return joined(payloads)
}

/** Batches may have brought a row twice: both are under one root, and so the same. */
function joined(entries: readonly Uint8Array[]): RunRow[] {
  const rows = new Map<Partition, RunRow>()
  for (const entry of entries) for (const row of openRows(entry) ?? []) rows.set(row.partition, row)
  return [...rows.values()].sort((a, b) => a.partition - b.partition)
}
