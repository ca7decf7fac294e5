/**
 * Collects records in bounded memory and gives them back by partition, then key, then order of arrival. What does not
 * fit is written to disk as sorted spills; nothing of that shows in the sequence.
 */
import { assert } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Bytes, Partition } from '../core/types.ts'
import { BlockWriter } from './blocks.ts'
import { ByteWriter } from './bytes.ts'
import { type Merge, merge } from './merge.ts'
import { RUN_MAGIC, RecordView, RunCursor, type RecordStream } from './run.ts'
import { LOW, sortItems } from './sort.ts'
import type { SpillFiles } from './spill.ts'

/** Per record: its offset and partition while collecting, its item while sorting. */
const INDEX_BYTES = 4 + 2 + 8
/** The shortest record: seven bytes. */
const RECORD_BYTES_MIN = 7

export interface SorterOptions {
  readonly partitions: number
  /** For records and index together; a single larger record is taken all the same. */
  readonly memory: Bytes
  readonly files: SpillFiles
  /** Begins the names of its files. */
  readonly prefix: string
  readonly progress?: ((bytes: number) => void) | undefined
}

/** One sorted file; `sections[p]` is where the run of partition p begins, −1 if it has none. */
interface Spill {
  readonly name: string
  readonly sections: Float64Array
}

/** Sorted records by partition. Streams are used one after the other, partitions ascending. */
export interface SortedRecords {
  /** null: the partition is empty. */
  stream(partition: Partition): RecordStream | null
  /** Drops files and memory. */
  close(): void
}

export class Sorter {
  /** Records are written here, each then made known by `append`. */
  readonly arena: ByteWriter
  readonly #options: SorterOptions
  readonly #first: number
  #count = 0
  /** Made once for as many records as fit; null before the first record, and while spills are merged. */
  #index: Index | null = null
  #spills: Spill[] = []
  #made = 0
  #marked = false
  #markCount = 0
  #markLength = 0
  #markSpills = 0

  constructor(options: SorterOptions) {
    this.#options = options
    // All of it is reserved at once: pages that are never written take no memory of the machine.
    this.#first = Math.max(1024, Math.min(options.memory, 0x7000_0000))
    this.arena = new ByteWriter(this.#first)
  }

  get empty(): boolean {
    return this.#count === 0 && this.#spills.length === 0
  }

  /** Takes the record that begins at `start` and ends where the arena does. */
  append(start: number, partition: Partition): void {
    this.#index ??= newIndex(this.#options.memory)
    this.#index.offsets[this.#count] = start
    this.#index.partitions[this.#count] = partition
    this.#count++
    if (this.arena.length + this.#count * INDEX_BYTES >= this.#options.memory) this.#makeRoom()
  }

  /** From here on records are tentative, until `commit` or `rollback`. */
  mark(): void {
    this.#marked = true
    this.#markCount = this.#count
    this.#markLength = this.arena.length
    this.#markSpills = this.#spills.length
  }

  commit(): void {
    this.#marked = false
  }

  /** Drops all records since the mark. */
  rollback(): void {
    assert(this.#marked, 'a rollback goes back to a mark')
    this.#marked = false
    for (const spill of this.#spills.splice(this.#markSpills)) this.#options.files.remove(spill.name)
    this.#count = this.#markCount
    this.arena.reset(this.#markLength)
  }

  /** All records, sorted. Nothing may be appended until the answer is closed; then the sorter is empty again. */
  sorted(): SortedRecords {
    assert(!this.#marked, 'records are sorted between map calls')
    if (this.#spills.length === 0) return this.#inMemory()
    if (this.#count > 0) this.#spill(this.#count)
    this.#empty()
    // All records are on disk, and merging them needs neither index nor arena.
    this.#index = null
    this.arena.buffer = Buffer.allocUnsafeSlow(16)
    return this.#merged()
  }

  #makeRoom(): void {
    if (!this.#marked || this.#markCount === 0) {
      this.#spill(this.#count)
      this.#empty()
      if (this.#marked) {
        this.#markCount = 0
        this.#markLength = 0
      }
      return
    }
    // Records before the mark are spilled. Those since the mark may still be dropped: they stay, and move to the front.
    const kept = this.#count - this.#markCount
    const from = this.#markLength
    const settled = this.#markCount
    const length = this.arena.length
    this.#spill(settled)
    this.#markSpills = this.#spills.length
    this.arena.buffer.copyWithin(0, from, length)
    this.arena.length = length - from
    const { offsets, partitions } = this.#index!
    for (let i = 0; i < kept; i++) {
      offsets[i] = offsets[settled + i]! - from
      partitions[i] = partitions[settled + i]!
    }
    this.#count = kept
    this.#markCount = 0
    this.#markLength = 0
  }

  /** Writes the first `count` records as a spill. */
  #spill(count: number): void {
    const { files, prefix, partitions, progress } = this.#options
    const { words, ends } = this.#sort(count)
    const name = `${prefix}${this.#made++}`
    const sections = new Float64Array(partitions).fill(-1)
    const out = files.create(name)
    const view = new RecordView()
    const block = Buffer.allocUnsafeSlow(LIMITS.runBlockBytes)
    let position = 0
    try {
      for (let p = 0, i = 0; p < partitions; p++) {
        const end = ends[p]!
        if (i === end) continue
        sections[p] = position
        const writer = new BlockWriter(out, { magic: RUN_MAGIC, compress: false, digest: false, progress, block })
        for (; i < end; i++) {
          view.parse(this.arena.buffer, words[2 * i + LOW]!)
          writer.append(view.buffer, view.start, view.valueEnd, view.weight)
        }
        writer.finish()
        position += writer.stored
      }
    } finally {
      out.close()
    }
    this.#spills.push({ name, sections })
  }

  #empty(): void {
    this.#count = 0
    this.arena.reset()
    // A huge record has made the arena grow: it goes back to its usual size.
    const room = this.arena.buffer.length
    if (room > this.#first * 2 || room < this.#first) this.arena.buffer = Buffer.allocUnsafeSlow(this.#first)
  }

  /** Items sorted by partition, key and arrival; those of partition p end at `ends[p]`. */
  #sort(count: number): { words: Uint32Array; ends: Uint32Array } {
    const { partitions } = this.#options
    const ends = new Uint32Array(partitions)
    if (this.#index === null) return { words: new Uint32Array(0), ends }
    const { items, words, offsets, partitions: partitionOf } = this.#index
    for (let i = 0; i < count; i++) ends[partitionOf[i]!]!++
    for (let p = 0, sum = 0; p < partitions; p++) {
      const size = ends[p]!
      ends[p] = sum
      sum += size
    }
    for (let i = 0; i < count; i++) {
      const p = partitionOf[i]!
      words[2 * ends[p]! + LOW] = offsets[i]!
      ends[p]!++
    }
    for (let p = 0, from = 0; p < partitions; p++) {
      sortItems(this.arena.buffer, items, words, from, ends[p]!)
      from = ends[p]!
    }
    return { words, ends }
  }

  #inMemory(): SortedRecords {
    const { words, ends } = this.#sort(this.#count)
    const arena = this.arena.buffer
    return {
      stream: (partition) => {
        const from = partition === 0 ? 0 : ends[partition - 1]!
        return from === ends[partition]! ? null : new ArenaStream(arena, words, from, ends[partition]!)
      },
      close: () => this.#empty(),
    }
  }

  #merged(): SortedRecords {
    const { files, prefix, progress } = this.#options
    const spills = this.#spills
    this.#spills = []
    let open: Merge | null = null
    return {
      stream: (partition) => {
        open?.close()
        const inputs = spills
          .filter((spill) => spill.sections[partition]! >= 0)
          .map((spill) => ({
            name: spill.name,
            open: () => new RunCursor(files.open(spill.name), spill.sections[partition]!, spill.name),
            ranking: 'by-input' as const,
          }))
        open = inputs.length === 0 ? null : merge(inputs, { files, prefix: `${prefix}m${partition}-`, progress })
        return open === null ? null : open.merger
      },
      close: () => {
        open?.close()
        for (const spill of spills) files.remove(spill.name)
        this.#empty()
      },
    }
  }
}

/** By record: where it begins, its partition, its item while sorting. Pages that are never written take no memory. */
interface Index {
  readonly offsets: Uint32Array
  readonly partitions: Uint16Array
  readonly items: BigUint64Array
  readonly words: Uint32Array
}

function newIndex(memory: Bytes): Index {
  const count = Math.ceil(memory / (INDEX_BYTES + RECORD_BYTES_MIN)) + 2
  const items = new BigUint64Array(count)
  return {
    offsets: new Uint32Array(count),
    partitions: new Uint16Array(count),
    items,
    words: new Uint32Array(items.buffer),
  }
}

/** Records of an arena in the order of sorted items. */
class ArenaStream extends RecordView implements RecordStream {
  readonly #arena: Buffer
  readonly #words: Uint32Array
  #next: number
  readonly #end: number

  constructor(arena: Buffer, words: Uint32Array, from: number, to: number) {
    super()
    this.#arena = arena
    this.#words = words
    this.#next = from
    this.#end = to
  }

  next(): RecordView | null {
    if (this.#next === this.#end) return null
    this.parse(this.#arena, this.#words[2 * this.#next + LOW]!)
    this.#next++
    return this
  }
}
