/**
 * Folds what one split emits: one accumulator for each key, whatever the memory.
 *
 * Keys stay in memory from their first record to the end of the split, as long as there is room, and are folded at once:
 * of a key that most records have, nothing but its accumulator is kept. Records of further keys go to a sorter as
 * accumulators of one value, and are folded when the split ends. If accumulators in memory grow too large, all keys move
 * to the sorter, where they come before what follows. So values of a key are always folded left, in the order of emits.
 */
import type { Bytes } from '../../core/types.ts'
import { ByteReader, ByteWriter, compareBytes } from '../bytes.ts'
import { Pending } from '../pending.ts'
import { RecordOutput } from '../record-output.ts'
import { HEAP, type ResidentKey, Residents, STRIDE, isForm } from '../residents.ts'
import type { RecordStream, RecordView } from '../run.ts'
import { Sorter } from '../sorter.ts'
import type { SpillFiles } from '../spill.ts'
import type { Aggregate, By } from './aggregate.ts'
import { ofKey } from './misfit.ts'

export interface FolderOptions {
  readonly aggregate: Aggregate
  readonly memory: Bytes
  readonly files: SpillFiles
  readonly progress?: ((bytes: number) => void) | undefined
}

export class Folder {
  readonly #aggregate: Aggregate
  readonly #residents = new Residents()
  readonly #late: Sorter
  readonly #lateOutput: RecordOutput
  readonly #pending: Pending
  /** If keys and accumulators in memory are estimated at more bytes than this, no further key is kept in memory … */
  readonly #full: number
  /** … and if the accumulators alone are estimated at more than this, all keys move to the sorter. */
  readonly #tooFull: number
  #by: By | null = null
  /** Until the split ends no further key is kept in memory: one whose first record went to the sorter stays there. */
  #closed = false
  #foldedHeap = 0
  #marked = false
  #countAtMark = 0

  constructor({ aggregate, memory, files, progress }: FolderOptions) {
    this.#aggregate = aggregate
    this.#full = memory * 0.5
    this.#tooFull = memory * 0.75
    this.#late = new Sorter({ partitions: 1, memory: memory * 0.25, files, prefix: 'late-', progress })
    const write = (w: ByteWriter, folded: unknown): void => aggregate.write(w, folded)
    this.#lateOutput = new RecordOutput(this.#late, 1, null, write)
    this.#pending = new Pending(files, memory * 0.1, {
      write: (w, item) => aggregate.write(w, aggregate.lift(item)),
      read: (r) => aggregate.read(r),
    })
  }

  /** A split begins; `by` is of its realm. */
  begin(by: By | null): void {
    this.#by = by
    this.#closed = false
  }

  /** @throws ShoalError USER_VALUE, RECORD_LIMIT; what `by` throws */
  emit(key: unknown, value: unknown): void {
    const residents = this.#residents
    let slot = typeof key === 'string' ? residents.text(key) : residents.find(key)
    let own: ResidentKey | null = null
    if (slot === -1) {
      if (this.#isFull()) own = residents.check(key)
      else slot = residents.add(key)
    }
    const item = this.#aggregate.take(value, this.#by)
    if (this.#marked) {
      this.#pending.push(slot, own, item, this.#aggregate.itemHeap(item))
      if (this.#pending.full) this.#pending.spill(residents.keys)
    } else {
      this.#apply(slot, own, item)
      if (this.#foldedHeap > this.#tooFull) this.#moveOut()
    }
  }

  /** Emits from here on count when `commit` comes; `rollback` drops them. */
  mark(): void {
    this.#marked = true
    this.#countAtMark = this.#residents.count
  }

  rollback(): void {
    this.#marked = false
    this.#pending.drop()
    this.#residents.cut(this.#countAtMark)
  }

  /** @throws ShoalError USER_VALUE, RECORD_LIMIT */
  commit(): void {
    this.#marked = false
    const pending = this.#pending
    if (pending.spilled) this.#replay()
    const { count, slots, keys, values } = pending
    for (let i = 0; i < count; i++) this.#apply(slots[i]!, keys[i]!, values[i])
    pending.clear()
    if (this.#foldedHeap > this.#tooFull) this.#moveOut()
  }

  /** Ends the split: one record per key, in no order, goes to `out`. @throws ShoalError USER_VALUE, RECORD_LIMIT */
  end(out: RecordOutput): void {
    this.#giveResidents(out)
    if (!this.#late.empty) this.#endLate(out)
  }

  #isFull(): boolean {
    this.#closed ||= this.#residents.heap + this.#foldedHeap > this.#full
    return this.#closed
  }

  /** `own`: the key, where it has no slot. */
  #apply(slot: number, own: ResidentKey | null, item: unknown): void {
    if (slot < 0) put(this.#lateOutput, own, 1, this.#aggregate.lift(item))
    else if (this.#isNew(slot)) this.#keep(slot, this.#aggregate.lift(item))
    else {
      try {
        this.#keep(slot, this.#aggregate.add(this.#residents.current[slot], item))
      } catch (error) {
        throw ofKey(error, this.#residents.keys[slot]!)
      }
    }
  }

  #isNew(slot: number): boolean {
    return this.#residents.weight(slot) === 0
  }

  #keep(slot: number, folded: unknown): void {
    const residents = this.#residents
    residents.current[slot] = folded
    residents.weigh(slot)
    const { facts } = residents
    const at = slot * STRIDE + HEAP
    const heap = this.#aggregate.heap(folded)
    if (heap === facts[at]) return
    this.#foldedHeap += heap - facts[at]!
    facts[at] = heap
  }

  /** Applies the emits of a map call that were too many for memory and wait on disk. */
  #replay(): void {
    const residents = this.#residents
    this.#pending.spill(residents.keys)
    this.#pending.replay((key, folded) => {
      let slot = residents.find(key)
      if (slot === -1 && !this.#isFull()) slot = residents.add(key)
      if (slot === -1) put(this.#lateOutput, residents.check(key), 1, folded)
      else if (this.#isNew(slot)) this.#keep(slot, folded)
      else {
        try {
          this.#keep(slot, this.#aggregate.merge(residents.current[slot], folded))
        } catch (error) {
          throw ofKey(error, residents.keys[slot]!)
        }
      }
      if (this.#foldedHeap > this.#tooFull) this.#moveOut()
    })
  }

  #moveOut(): void {
    this.#giveResidents(this.#lateOutput)
    this.#closed = true
  }

  #giveResidents(out: RecordOutput): void {
    const residents = this.#residents
    for (let slot = 0; slot < residents.count; slot++) {
      if (!this.#isNew(slot)) put(out, residents.keys[slot]!, residents.weight(slot), residents.current[slot])
    }
    residents.clear()
    this.#foldedHeap = 0
  }

  #endLate(out: RecordOutput): void {
    const sorted = this.#late.sorted()
    eachKey(sorted.stream(0)!, this.#aggregate, (order, shape, weight, folded) =>
      out.addForm({ order, shape }, weight, folded),
    )
    sorted.close()
  }
}

/** Folds records that come key by key, each with an accumulator. @throws as `merge` does */
function eachKey(
  stream: RecordStream,
  aggregate: Aggregate,
  give: (order: Uint8Array, shape: Uint8Array, weight: number, folded: unknown) => void,
): void {
  const key = new ByteWriter(256)
  const reader = new ByteReader()
  const foldedOf = (view: RecordView): unknown => {
    reader.over(view.buffer, view.valueStart, view.valueEnd)
    return aggregate.read(reader)
  }
  let view = stream.next()
  while (view !== null) {
    key.reset()
    key.slice(view.buffer, view.orderStart, view.orderEnd)
    const orderLength = key.length
    key.slice(view.buffer, view.shapeStart, view.shapeEnd)
    const order = key.buffer.subarray(0, orderLength)
    const shape = key.view(orderLength)
    let { weight } = view
    let folded = foldedOf(view)
    for (view = stream.next(); view !== null; view = stream.next()) {
      if (compareBytes(view.buffer, view.orderStart, view.orderEnd, order, 0, orderLength) !== 0) break
      weight += view.weight
      try {
        folded = aggregate.merge(folded, foldedOf(view))
      } catch (error) {
        throw ofKey(error, { order, shape })
      }
    }
    give(order, shape, weight, folded)
  }
}

function put(out: RecordOutput, key: ResidentKey, weight: number, folded: unknown): void {
  if (isForm(key)) out.addForm(key, weight, folded)
  else out.add(key, weight, folded)
}
