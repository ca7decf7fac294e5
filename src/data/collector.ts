/**
 * The map side: takes what map calls emit, and leaves one sorted run for each partition that got a record. Memory and
 * what was spilled when never show in the runs.
 */
import { ShoalError, assert } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Bytes, RunFacts } from '../core/types.ts'
import { BlockWriter } from './blocks.ts'
import { AcrossSplits } from './aggregates/across-splits.ts'
import type { Aggregate, By } from './aggregates/aggregate.ts'
import { Folder } from './aggregates/folder.ts'
import { type Combine, Combiner } from './combine.ts'
import { RecordOutput } from './record-output.ts'
import { RUN_MAGIC, type RecordStream } from './run.ts'
import { Sorter } from './sorter.ts'
import type { SpillFiles } from './spill.ts'
import type { ValueFactory } from './value.ts'

export interface CollectorOptions {
  readonly partitions: number
  /** Ascending order forms, fewer than `partitions`, for range partitions; null: by hash. */
  readonly bounds: readonly Uint8Array[] | null
  /** null: records stay as they are. */
  readonly combine: Combine | null
  /** Instead of `combine`: what values are folded by. Runs have accumulators then. */
  readonly aggregate?: Aggregate | null
  /** What records and indexes may take; a single larger record is taken all the same. */
  readonly memory: Bytes
  readonly files: SpillFiles
  /** Makes what `combine` is given. */
  readonly make: ValueFactory
  /** Called with the bytes of each block sorted, spilled, merged or written. */
  readonly progress?: ((bytes: number) => void) | undefined
  /** LIMITS.combineBlockBytes; tests have smaller ones. */
  readonly combineBlockBytes?: Bytes
}

/** What belongs to the realm of one split. */
export interface SplitRealm {
  readonly combine: Combine | null
  /** What the aggregate `top` compares by, where that is not the value itself. */
  readonly by?: By | null
  /** What the values of a key are sorted by; null: they come as they were emitted. Of all splits or none. */
  readonly sortValues?: By | null
  readonly make: ValueFactory
}

/**
 * Use: for each split in task order `beginSplit`, for each record `mark`, `emit` …, then `commit` or `rollback`, at the
 * split's end `endSplit`; at last `finish`. Emits outside a mark count at once.
 */
export class MapCollector {
  readonly #options: CollectorOptions
  readonly #sorter: Sorter
  readonly #output: RecordOutput
  readonly #combiner: Combiner | null
  readonly #folder: Folder | null
  /** What holds records back: one of these, or the sorter where there is none. */
  readonly #holder: Combiner | Folder | Sorter
  /** Of each split; those of neighbours that follow each other are equal. */
  readonly #ranges: number[] = []
  #sortValues: By | null = null
  #split = -1
  #emitted = 0
  #emittedAtMark = 0
  /** An emit is under way: a getter, a proxy or combine that emits would write into the midst of a record. */
  #busy = false
  /** An emit failed; user code may have caught that, yet the record cannot count. */
  #failed: unknown = null

  constructor(options: CollectorOptions) {
    const { partitions, bounds, memory, files, progress, combine } = options
    assert(bounds === null || bounds.length < partitions, 'there is a partition above each bound')
    this.#options = options
    const aggregate = options.aggregate ?? null
    assert(combine === null || aggregate === null, 'a job has combine or an aggregate')
    const combining = combine !== null || aggregate !== null
    this.#sorter = new Sorter({
      partitions,
      memory: memory * (combining ? 0.25 : 0.85),
      files,
      prefix: 'spill-',
      progress,
    })
    const within = { memory: memory * 0.7, files, progress }
    const blockBytes = options.combineBlockBytes ?? LIMITS.combineBlockBytes
    this.#combiner = combine === null ? null : new Combiner({ ...within, blockBytes })
    this.#folder = aggregate === null ? null : new Folder({ ...within, aggregate })
    this.#holder = this.#combiner ?? this.#folder ?? this.#sorter
    this.#output =
      aggregate === null
        ? new RecordOutput(this.#sorter, partitions, bounds)
        : new RecordOutput(this.#sorter, partitions, bounds, (w, folded) => aggregate.write(w, folded))
  }

  /**
   * Begins the split of that local index, larger than any before. Its realm is that of the options, unless given.
   * `follows`: its records rank behind those of the split before, as values of the same input.
   */
  beginSplit(local: number, realm: SplitRealm = this.#options, follows = false): void {
    assert(local > this.#split, 'splits come in task order')
    this.#ranges[local] = follows ? this.#ranges[this.#split]! : local
    this.#split = local
    this.#emitted = 0
    this.#output.split = local
    this.#folder?.begin(realm.by ?? null)
    this.#sortValues = realm.sortValues ?? null
    if (this.#combiner === null) return
    assert(realm.combine !== null, 'a job combines in all its splits or in none')
    this.#combiner.begin(realm.combine, realm.make)
  }

  /**
   * Takes one record. Key and value are copied: the caller may change its objects afterwards.
   * @throws ShoalError USER_VALUE, RECORD_LIMIT; then also from `commit`, if the caller goes on. What combine throws.
   */
  emit(key: unknown, value: unknown): void {
    if (this.#busy) throw nested()
    this.#busy = true
    try {
      if (this.#combiner !== null) this.#combiner.emit(key, value)
      else if (this.#folder !== null) this.#folder.emit(key, value)
      else if (this.#sortValues !== null) this.#output.addSorted(key, this.#sortValues(value), value)
      else this.#output.add(key, 1, value)
      this.#emitted++
    } catch (error) {
      this.#failed ??= error
      throw error
    } finally {
      this.#busy = false
    }
  }

  /** A map call begins: its emits are tentative. */
  mark(): void {
    this.#emittedAtMark = this.#emitted
    this.#holder.mark()
  }

  /** Drops the emits since `mark`, and what was wrong with them. */
  rollback(): void {
    this.#failed = null
    this.#emitted = this.#emittedAtMark
    this.#holder.rollback()
  }

  /** The emits since `mark` count. @throws what an emit has thrown, what combine throws, what an aggregate refuses */
  commit(): void {
    this.#rethrow()
    this.#busy = true
    try {
      this.#holder.commit()
    } finally {
      this.#busy = false
    }
  }

  endSplit(): { emitted: number } {
    this.#rethrow()
    this.#busy = true
    try {
      this.#combiner?.end(this.#output)
      this.#folder?.end(this.#output)
    } finally {
      this.#busy = false
    }
    return { emitted: this.#emitted }
  }

  #acrossSplits(records: RecordStream): RecordStream {
    const { aggregate } = this.#options
    const apart = this.#ranges.every((range, split) => range === split)
    return aggregate === undefined || aggregate === null || apart
      ? records
      : new AcrossSplits(records, aggregate, this.#ranges)
  }

  #rethrow(): void {
    // oxlint-disable-next-line typescript/only-throw-error -- what user code has thrown is passed on as it is
    if (this.#failed !== null) throw this.#failed
  }

  /** Writes `run-P` for each partition with records; returns their facts, partitions ascending. */
  finish(): RunFacts[] {
    const { partitions, files, progress } = this.#options
    const sorted = this.#sorter.sorted()
    const facts: RunFacts[] = []
    const block = Buffer.allocUnsafeSlow(LIMITS.runBlockBytes)
    try {
      for (let partition = 0; partition < partitions; partition++) {
        const records = sorted.stream(partition)
        if (records === null) continue
        const stream = this.#acrossSplits(records)
        const out = files.create(runName(partition))
        try {
          const writer = new BlockWriter(out, { magic: RUN_MAGIC, compress: true, digest: true, progress, block })
          for (let view = stream.next(); view !== null; view = stream.next()) {
            writer.append(view.buffer, view.start, view.valueEnd, view.weight)
          }
          facts.push({ partition, ...writer.finish() })
        } finally {
          out.close()
        }
      }
    } finally {
      sorted.close()
    }
    return facts
  }
}

/** The file of a partition's run. */
function runName(partition: number): string {
  return `run-${partition}`
}

function nested(): ShoalError {
  return new ShoalError('USER_VALUE', 'emit was called while another emit was under way', {
    why: 'a getter of an emitted object, or combine, calls emit',
  })
}
