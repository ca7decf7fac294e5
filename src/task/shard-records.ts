import { openRecords } from '../data/formats/open.ts'
import { resolveReadOptions } from '../data/formats/options.ts'
import type { Batch, RecordReader, SplitRead } from '../data/formats/reader.ts'
import type { RowFactory } from '../data/formats/rows.ts'
import type { Bytes } from '../core/types.ts'
import type { MapWork, SplitWork } from '../core/plan/work.ts'
import { hostFailure } from './failure.ts'
import { type PackedFile, splitName } from './protocol.ts'
import type { RecordSource, SplitRecords } from './records.ts'
import type { Progress } from './reporter.ts'
import type { ShardFile } from './shard-file.ts'
import { Shards } from './shards.ts'

/** Where the shards of a task are found, and what reading them may take. */
export interface ShardReading {
  /** The folder of links to the shards. */
  readonly folder: string
  /** Those of the shards that lie in a pack there. */
  readonly packed: readonly PackedFile[]
  /** For zstd windows, beside the arenas. */
  readonly windows: Bytes
  readonly reporter: Progress
}

/** The records in the shard files of a task's splits. */
export class ShardRecords implements RecordSource {
  readonly #reading: ShardReading
  readonly #shards: Shards
  readonly #agreed: MapWork['agreed']

  constructor(reading: ShardReading, { splits, agreed }: Pick<MapWork, 'splits' | 'agreed'>) {
    this.#reading = reading
    this.#shards = new Shards(reading, splits)
    this.#agreed = agreed
  }

  readAhead(split: SplitWork): void {
    this.#shards.readAhead(split)
  }

  async open(split: SplitWork, rows: RowFactory): Promise<SplitRecords> {
    const { windows, reporter } = this.#reading
    const file = await this.#shards.open(split)
    try {
      const { start, end, rowGroups, headerBytes, spool } = split
      const name = splitName(split)
      const agreed = this.#agreed?.find(([alias]) => alias === split.alias)?.[1]
      const input = {
        source: file,
        ...{ start, end, rowGroups, headerBytes },
        ...(spool === undefined ? {} : { linesBefore: spool.linesBefore }),
        ...(agreed === undefined ? {} : { agreed }),
        options: resolveReadOptions(split.path, split.options, split.look),
        name,
        windowBytesMax: windows,
      }
      return new ShardSplit(file, openRecords(input, rows), name, reporter)
    } catch (error) {
      await file.close()
      throw error
    }
  }
}

class ShardSplit implements SplitRecords {
  readonly #file: ShardFile
  readonly #reader: RecordReader
  readonly #name: string
  readonly #reporter: Progress

  constructor(file: ShardFile, reader: RecordReader, name: string, reporter: Progress) {
    this.#file = file
    this.#reader = reader
    this.#name = name
    this.#reporter = reporter
  }

  /** While a batch is awaited for long, the time is told not to be the job's. */
  async next(): Promise<Batch | null> {
    const slow = setInterval(() => this.#reporter.enter('own'), 100)
    try {
      return await this.#reader.next()
    } catch (error) {
      throw hostFailure(error, 'reading', this.#name)
    } finally {
      clearInterval(slow)
    }
  }

  async end(): Promise<SplitRead> {
    await this.#file.check()
    return this.#reader.facts()
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
