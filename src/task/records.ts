/** Where map gets its records from: shard files in a task process, arrays in a test. */
import type { Batch, SplitRead } from '../data/formats/reader.ts'
import type { RowFactory } from '../data/formats/rows.ts'
import type { MapWork, SplitWork } from '../core/plan/work.ts'

/** The records of the splits of one task. */
export interface RecordSource {
  /** Told before the user code for a split is begun: what reading can be done now is not the job's time. */
  readAhead(split: SplitWork): void
  /** `rows` makes the records in the realm of the split. */
  open(split: SplitWork, rows: RowFactory): Promise<SplitRecords>
}

/** The records of one split, in order. */
export interface SplitRecords {
  /** The next batch, null at the end. A batch is good until the next call. @throws TaskFailure */
  next(): Promise<Batch | null>
  /** After the last batch: what was read. @throws TaskFailure where it is not what the job is pinned to */
  end(): Promise<SplitRead>
  close(): Promise<void>
}

export type OpenRecordSource = (work: Pick<MapWork, 'splits' | 'agreed'>) => RecordSource
