import { inspect } from 'node:util'
import { assert } from '../core/errors.ts'
import type { Digest } from '../core/types.ts'
import type { Batch } from '../data/formats/reader.ts'
import type { SplitWork } from '../core/plan/work.ts'
import { splitName } from '../task/protocol.ts'
import type { RecordSource, SplitRecords } from '../task/records.ts'

/** The records of one input of a job, and what they are called. */
export interface RecordList {
  /** `ctx.shard`, and with it what random numbers start from. */
  readonly dataset: string
  readonly path: string
  readonly records: readonly unknown[]
}

/** Stands for every hash that nobody asks for in memory: of the job's code, of what was read, of what was consumed. */
export const NO_DIGEST = '0'.repeat(64) as Digest

/** Hands over the records of lists as they are, all of a list in one batch: the i-th split is the i-th list. */
export class ListRecords implements RecordSource {
  readonly #lists: readonly RecordList[]
  readonly #splits: readonly SplitWork[]

  constructor(lists: readonly RecordList[], splits: readonly SplitWork[]) {
    this.#lists = lists
    this.#splits = splits
  }

  readAhead(): void {
    // It is all here.
  }

  open(split: SplitWork): Promise<SplitRecords> {
    const list = this.#lists[this.#splits.indexOf(split)]
    assert(list !== undefined, 'there is a list for each split')
    const batches = [batchOf(list.records, splitName(split))]
    return Promise.resolve({
      next: () => Promise.resolve(batches.shift() ?? null),
      end: () => Promise.resolve({ bytes: 0, input: NO_DIGEST }),
      close: () => Promise.resolve(),
    })
  }
}

/** As a task knows a list of records, which its stage reads under an alias: one split of one file. */
export function splitOf({ dataset, path, records }: RecordList, alias: string): SplitWork {
  const range = { size: 0, start: 0, end: records.length, headerBytes: 0, rowGroups: false }
  return { file: path, alias, dataset, path, ...range, options: {}, witness: '' }
}

function batchOf(records: readonly unknown[], name: string): Batch {
  return {
    length: records.length,
    record: (i) => records[i],
    bad: () => '',
    place: (i) => `${name}#${i + 1}`,
    raw: (i) => inspect(records[i], { breakLength: Infinity, compact: true, customInspect: false }),
  }
}
