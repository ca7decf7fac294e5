/** The keys that a combiner has in memory, each with its fold so far, as columns: about 100 bytes a key, not 250. */
import { ownText } from './own-text.ts'
import { ByteWriter, latin1At } from './bytes.ts'
import { type KeyForm, writeKey } from './order.ts'

/** Stands for: nothing was folded yet. */
export const NOTHING: unique symbol = Symbol('nothing')

export const STRIDE = 4
/** The number of emitted records folded so far; what goes beyond 32 bits is in `#carried`. */
export const WEIGHT = 0
/** The block that `current` belongs to. */
export const BLOCK = 1
/** Length of order form and shape. */
export const KEY_BYTES = 2
/** Estimated heap bytes of `current`; 0 for numbers. */
export const HEAP = 3

const FIRST = 256
const WEIGHT_MAX = 2 ** 32 - 1
/** Measured: Map slot, columns, and the header of a short string. */
const SLOT_BYTES = 130

/** A key in memory: a primitive as it is, anything else in its encoded form. */
export type ResidentKey = string | number | bigint | boolean | null | KeyForm

export function isForm(key: ResidentKey): key is KeyForm {
  return typeof key === 'object' && key !== null
}

export class Residents {
  count = 0
  /** Estimated bytes of all keys; values are counted by who folds them. */
  heap = 0
  readonly keys: ResidentKey[] = []
  /** The fold over the values of the block in hand, and that over all blocks before it. */
  readonly current: unknown[] = []
  readonly totals: unknown[] = []
  /** STRIDE numbers a slot, side by side since they are used together: see WEIGHT, BLOCK, KEY_BYTES, HEAP. */
  facts: Uint32Array = new Uint32Array(FIRST * STRIDE)
  /** Estimated heap bytes of `totals`; 0 for numbers. */
  totalHeap: Uint32Array = new Uint32Array(FIRST)
  /** By slot, what was taken off a WEIGHT that had reached 32 bits; the true weight is the sum of both. */
  readonly #carried = new Map<number, number>()
  readonly #primitives = new Map<unknown, number>()
  readonly #composites = new Map<string, number>()
  readonly #scratch = new ByteWriter(256)
  /** Length of the shape of the key in `#scratch`. */
  #shapeBytes = 0

  /** The slot of a string key, −1 if it has none: the hot path. */
  text(key: string): number {
    return this.#primitives.get(key) ?? -1
  }

  /** The slot of any key, −1 if it has none. Numbers and bigints that are equal are one key. */
  find(key: unknown): number {
    const primitive = indexKey(key)
    if (primitive !== undefined) return this.#primitives.get(primitive) ?? -1
    this.#encode(key)
    return this.#composites.get(this.#latin1()) ?? -1
  }

  /**
   * Whether a key that `find` has just found has other bytes than the one that its slot holds: 1 and 1n are equal keys,
   * and so are [1] and [1n]. A record counts towards its combine block with the length of its own key.
   */
  isOther(slot: number, key: unknown): boolean {
    const held = this.keys[slot]!
    return isForm(held) ? held.shape.byteLength !== this.#shapeBytes : typeof held !== typeof key
  }

  /** Makes a slot for a key that has none. @throws as encodeKey does */
  add(key: unknown): number {
    const shape = this.#encode(key)
    const slot = this.count
    const primitive = indexKey(key)
    const order = this.#scratch
    if (primitive === undefined) {
      this.#composites.set(this.#latin1(), slot)
      this.keys.push({ order: order.copy(), shape })
    } else {
      const own = typeof primitive === 'string' ? ownText(primitive) : primitive
      this.#primitives.set(own, slot)
      this.keys.push((typeof key === 'string' ? own : key) as ResidentKey)
    }
    if (slot === this.totalHeap.length) this.#grow()
    this.current.push(0)
    this.totals.push(NOTHING)
    const at = slot * STRIDE
    this.facts[at + WEIGHT] = 0
    this.facts[at + BLOCK] = 0
    this.facts[at + KEY_BYTES] = order.length + shape.byteLength
    this.facts[at + HEAP] = 0
    this.totalHeap[slot] = 0
    this.count++
    this.heap += SLOT_BYTES + 2 * this.facts[at + KEY_BYTES]!
    return slot
  }

  /** The key of a record, checked, in the form in which it can be kept. @throws as encodeKey does */
  check(key: unknown): ResidentKey {
    const shape = this.#encode(key)
    return indexKey(key) === undefined ? { order: this.#scratch.copy(), shape } : (key as ResidentKey)
  }

  /** Counts one more record of a key. */
  weigh(slot: number): void {
    const at = slot * STRIDE + WEIGHT
    if (this.facts[at] === WEIGHT_MAX) {
      this.#carried.set(slot, (this.#carried.get(slot) ?? 0) + WEIGHT_MAX - 1)
      this.facts[at] = 1
    }
    this.facts[at]!++
  }

  /** Emitted records folded so far. */
  weight(slot: number): number {
    return this.facts[slot * STRIDE + WEIGHT]! + (this.#carried.get(slot) ?? 0)
  }

  /** Drops all slots from `count` on. */
  cut(count: number): void {
    while (this.count > count) {
      const key = this.keys.pop()!
      this.current.pop()
      this.totals.pop()
      this.count--
      this.heap -= SLOT_BYTES + 2 * this.facts[this.count * STRIDE + KEY_BYTES]!
      if (isForm(key)) this.#composites.delete(Buffer.from(key.order).toString('latin1'))
      else this.#primitives.delete(indexKey(key))
    }
  }

  clear(): void {
    this.count = 0
    this.heap = 0
    this.keys.length = 0
    this.current.length = 0
    this.totals.length = 0
    this.#carried.clear()
    this.#primitives.clear()
    this.#composites.clear()
  }

  #encode(key: unknown): Uint8Array {
    this.#scratch.reset()
    const shape = writeKey(this.#scratch, key)
    this.#shapeBytes = shape.byteLength
    return shape
  }

  #latin1(): string {
    return latin1At(this.#scratch.buffer, 0, this.#scratch.length)
  }

  #grow(): void {
    const facts = new Uint32Array(this.facts.length * 2)
    facts.set(this.facts)
    this.facts = facts
    const totalHeap = new Uint32Array(this.totalHeap.length * 2)
    totalHeap.set(this.totalHeap)
    this.totalHeap = totalHeap
  }
}

/** What a primitive key is in a Map, where equal keys must be one: undefined for keys that are no primitives. */
function indexKey(key: unknown): unknown {
  switch (typeof key) {
    case 'string':
    case 'number':
    case 'boolean':
      return key
    case 'bigint': {
      const near = Number(key)
      return Number.isFinite(near) && BigInt(near) === key ? near : key
    }
    default:
      return key === null ? null : undefined
  }
}
