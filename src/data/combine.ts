/**
 * Combining the emits of one split, in an order that memory cannot change.
 *
 * A block is the next LIMITS.combineBlockBytes canonical bytes (order form + shape + value) emitted by the split; it
 * closes with the record that reaches that. Of each key, the values of a block are folded left in emit order, then the
 * blocks' values in block order: one value per split and key.
 *
 * Keys stay in memory from their first record to the end of the split, as long as there is room: their folds are done
 * at once. Records of further keys go, unfolded, to a sorter, and are folded when the split ends. If folds in memory
 * grow too large (combine concatenates), all keys move to the sorter: what they have folded comes first there, so that
 * the rest can follow in its order.
 */
import type { Bytes } from '../core/types.ts'
import { ByteReader, compareBytes, ByteWriter } from './bytes.ts'
import { ValueCopier } from './copy.ts'
import { encodeKey } from './order.ts'
import { Pending } from './pending.ts'
import { RecordOutput } from './record-output.ts'
import { BLOCK, HEAP, KEY_BYTES, NOTHING, type ResidentKey, Residents, STRIDE, WEIGHT, isForm } from './residents.ts'
import type { RecordView } from './run.ts'
import { Sorter } from './sorter.ts'
import type { SpillFiles } from './spill.ts'
import { type ValueFactory, decodeValue, hostFactory, numberBytes } from './value.ts'

export type Combine = (a: unknown, b: unknown) => unknown

export interface CombinerOptions {
  readonly memory: Bytes
  readonly files: SpillFiles
  /** LIMITS.combineBlockBytes; tests have smaller ones. */
  readonly blockBytes: Bytes
  readonly progress?: ((bytes: number) => void) | undefined
}

/** Estimate: an object on the heap is larger than its canonical bytes. */
const heapOf = (value: unknown, bytes: number): number => (typeof value === 'number' ? 0 : 64 + 3 * bytes)

export class Combiner {
  readonly #residents = new Residents()
  readonly #late: Sorter
  readonly #lateOutput: RecordOutput
  readonly #pending: Pending
  readonly #copier = new ValueCopier(hostFactory)
  readonly #blockBytes: number
  /** If keys and values in memory are estimated at more bytes than this, no further key is kept in memory … */
  readonly #full: number
  /** … and if the values alone are estimated at more than this, all keys move to the sorter. */
  readonly #tooFull: number
  #combine: Combine = () => null
  /** Number of the block in hand, and canonical bytes in it so far. */
  #block = 0
  #blockUsed = 0
  /** Until the split ends no further key is kept in memory: one whose first record went to the sorter stays there. */
  #closed = false
  #valuesHeap = 0
  #marked = false
  #countAtMark = 0

  constructor(options: CombinerOptions) {
    const { memory, files, progress } = options
    this.#full = memory * 0.5
    this.#tooFull = memory * 0.75
    this.#blockBytes = options.blockBytes
    this.#late = new Sorter({ partitions: 1, memory: memory * 0.25, files, prefix: 'late-', progress })
    this.#lateOutput = new RecordOutput(this.#late, 1, null)
    this.#pending = new Pending(files, memory * 0.1)
  }

  /** A split begins; `combine` and `make` are of its realm. */
  begin(combine: Combine, make: ValueFactory): void {
    this.#combine = combine
    this.#copier.make = make
    this.#block = 0
    this.#blockUsed = 0
    this.#closed = false
  }

  /** @throws ShoalError USER_VALUE, RECORD_LIMIT; and, outside a mark, what combine throws. */
  emit(key: unknown, value: unknown): void {
    const residents = this.#residents
    let slot = typeof key === 'string' ? residents.text(key) : residents.find(key)
    let own: ResidentKey | null = null
    if (slot === -1) {
      if (this.#isFull()) own = residents.check(key)
      else slot = residents.add(key)
    } else if (typeof key !== 'string' && residents.isOther(slot, key)) own = residents.check(key)
    let kept = value
    let bytes = 2
    if (typeof value === 'number') {
      kept = value === 0 ? 0 : value
      if (value !== 1) bytes = numberBytes(value)
    } else {
      kept = this.#copier.copy(value)
      bytes = this.#copier.bytes
    }
    if (this.#marked) {
      this.#pending.push(slot, own, kept, bytes)
      if (this.#pending.full) this.#pending.spill(residents.keys)
    } else {
      this.#apply(slot, own, kept, bytes)
      if (this.#valuesHeap > this.#tooFull) this.#moveOut()
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

  /** @throws what combine throws */
  commit(): void {
    this.#marked = false
    const pending = this.#pending
    if (pending.spilled) this.#replay()
    const { count, slots, keys, values, bytes } = pending
    for (let i = 0; i < count; i++) this.#apply(slots[i]!, keys[i]!, values[i], bytes[i]!)
    pending.clear()
    if (this.#valuesHeap > this.#tooFull) this.#moveOut()
  }

  /** Ends the split: one record per key, in no order, goes to `out`. */
  end(out: RecordOutput): void {
    const residents = this.#residents
    for (let slot = 0; slot < residents.count; slot++) {
      put(out, residents.keys[slot]!, residents.weight(slot), this.#closedFold(slot))
    }
    residents.clear()
    this.#valuesHeap = 0
    if (!this.#late.empty) this.#endLate(out)
  }

  #isFull(): boolean {
    this.#closed ||= this.#residents.heap + this.#valuesHeap > this.#full
    return this.#closed
  }

  /** `own`: the key as it was emitted, where it has no slot or is written otherwise than the one in the slot. */
  #apply(slot: number, own: ResidentKey | null, value: unknown, bytes: number): void {
    if (slot < 0) {
      this.#addLate(own, value, bytes)
      return
    }
    const residents = this.#residents
    const { facts } = residents
    const at = slot * STRIDE
    if (facts[at + WEIGHT] === 0) {
      facts[at + BLOCK] = this.#block
      this.#keep(slot, value, bytes)
    } else if (facts[at + BLOCK] === this.#block) {
      const folded = this.#fold(residents.current[slot], value)
      this.#keep(slot, folded, this.#copier.bytes)
    } else {
      this.#closeBlock(slot)
      facts[at + BLOCK] = this.#block
      this.#keep(slot, value, bytes)
    }
    residents.weigh(slot)
    this.#count((own === null ? facts[at + KEY_BYTES]! : lengthOf(own)) + bytes)
  }

  #addLate(key: ResidentKey | null, value: unknown, bytes: number): void {
    this.#lateOutput.split = this.#block
    this.#count(put(this.#lateOutput, key, 1, value) + bytes)
  }

  #count(bytes: number): void {
    this.#blockUsed += bytes
    if (this.#blockUsed < this.#blockBytes) return
    this.#block++
    this.#blockUsed = 0
  }

  #keep(slot: number, value: unknown, bytes: number): void {
    const residents = this.#residents
    residents.current[slot] = value
    const { facts } = residents
    const at = slot * STRIDE + HEAP
    const heap = heapOf(value, bytes)
    if (heap === facts[at]) return
    this.#valuesHeap += heap - facts[at]!
    facts[at] = heap
  }

  /** Folds the key's last block into its total. */
  #closeBlock(slot: number): void {
    const residents = this.#residents
    const total = residents.totals[slot]
    const current = residents.current[slot]
    if (total === NOTHING) {
      residents.totals[slot] = current
      residents.totalHeap[slot] = residents.facts[slot * STRIDE + HEAP]!
      residents.facts[slot * STRIDE + HEAP] = 0
      return
    }
    const folded = this.#fold(total, current)
    residents.totals[slot] = folded
    const heap = heapOf(folded, this.#copier.bytes)
    this.#valuesHeap += heap - residents.totalHeap[slot]!
    residents.totalHeap[slot] = heap
  }

  #closedFold(slot: number): unknown {
    const total = this.#residents.totals[slot]
    const current = this.#residents.current[slot]
    return total === NOTHING ? current : this.#fold(total, current)
  }

  /** Calls the user's combine; what it returns is checked and copied like any value emitted. */
  #fold(a: unknown, b: unknown): unknown {
    const combine = this.#combine
    const folded = combine(a, b)
    if (typeof folded === 'number') return folded === 0 ? 0 : folded
    return this.#copier.copy(folded, 'result of combine')
  }

  /** Applies the emits of a map call that were too many for memory and wait on disk. */
  #replay(): void {
    this.#pending.spill(this.#residents.keys)
    this.#pending.replay((key, value) => {
      let slot = this.#residents.find(key)
      let own: ResidentKey | null = null
      if (slot === -1) {
        if (this.#isFull()) own = this.#residents.check(key)
        else slot = this.#residents.add(key)
      } else if (this.#residents.isOther(slot, key)) own = this.#residents.check(key)
      const kept = this.#copier.copy(value)
      this.#apply(slot, own, kept, this.#copier.bytes)
      if (this.#valuesHeap > this.#tooFull) this.#moveOut()
    })
  }

  /** Moves all keys to the sorter: first the fold of the blocks before, then that of the key's last block. */
  #moveOut(): void {
    const residents = this.#residents
    for (let slot = 0; slot < residents.count; slot++) {
      const weight = residents.weight(slot)
      if (weight === 0) continue
      const key = residents.keys[slot]!
      const block = residents.facts[slot * STRIDE + BLOCK]!
      const total = residents.totals[slot]
      if (total !== NOTHING) {
        // `total` must come before `current` in the sorter. The number of the block before is free for it: what this key
        // had in earlier blocks is all in `total`, so no other record of it has that number.
        this.#lateOutput.split = block - 1
        put(this.#lateOutput, key, 0, total)
      }
      this.#lateOutput.split = block
      put(this.#lateOutput, key, weight, residents.current[slot])
    }
    residents.clear()
    this.#valuesHeap = 0
    this.#closed = true
  }

  #endLate(out: RecordOutput): void {
    const sorted = this.#late.sorted()
    const stream = sorted.stream(0)!
    const key = new ByteWriter(256)
    const reader = new ByteReader()
    const valueOf = (view: RecordView): unknown => {
      reader.over(view.buffer, view.valueStart, view.valueEnd)
      return decodeValue(reader, this.#copier.make)
    }
    let view = stream.next()
    while (view !== null) {
      key.reset()
      key.slice(view.buffer, view.orderStart, view.orderEnd)
      const orderLength = key.length
      key.slice(view.buffer, view.shapeStart, view.shapeEnd)
      let { weight, split: block } = view
      let total: unknown = NOTHING
      let current = valueOf(view)
      for (view = stream.next(); view !== null && hasKey(view, key.buffer, orderLength); view = stream.next()) {
        weight += view.weight
        if (view.split === block) {
          current = this.#fold(current, valueOf(view))
        } else {
          total = total === NOTHING ? current : this.#fold(total, current)
          current = valueOf(view)
          block = view.split
        }
      }
      const form = { order: key.buffer.subarray(0, orderLength), shape: key.view(orderLength) }
      out.addForm(form, weight, total === NOTHING ? current : this.#fold(total, current))
    }
    sorted.close()
  }
}

function hasKey(view: RecordView, key: Uint8Array, length: number): boolean {
  return compareBytes(view.buffer, view.orderStart, view.orderEnd, key, 0, length) === 0
}

/** Of order form and shape. */
function lengthOf(key: ResidentKey): number {
  const { order, shape } = isForm(key) ? key : encodeKey(key)
  return order.byteLength + shape.byteLength
}

function put(out: RecordOutput, key: ResidentKey, weight: number, value: unknown): number {
  return isForm(key) ? out.addForm(key, weight, value) : out.add(key, weight, value)
}
