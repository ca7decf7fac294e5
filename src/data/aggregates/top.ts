/**
 * `top`: the n greatest values by what `by` gives, or by themselves; greatest first, of equal ones the earlier first.
 *
 * It holds no more than a value may have, with all that values are compared by; that is looked at after every value that
 * it takes up. Values of a split come in their order, and accumulators of splits in theirs, whatever the memory: so
 * whether a job fails by it depends on its data and their cut alone.
 */
import { LIMITS } from '../../core/limits.ts'
import { varintLength } from '../bytes.ts'
import { type Aggregate, TAGS } from './aggregate.ts'
import { type Ranked, rankedHeap } from './extremes.ts'
import { heldBytes, heldOf, heldValue, holdElement, writeHeld } from './held.ts'
import { listTooLarge, notAnAccumulator, takeTag } from './misfit.ts'
import { compareRanks, formOf, rankOf } from './ranked.ts'

interface Entry extends Ranked {
  /** Of value and order form, with their lengths. */
  readonly bytes: number
}

interface Top {
  readonly entries: Entry[]
  bytes: number
  heap: number
}

/** Measured: the object and its array. */
const HEAP = 120

export function top(n: number): Aggregate<Ranked, Top> {
  const add = (folded: Top, item: Ranked): Top => {
    const { entries } = folded
    const lowest = entries.length < n ? undefined : entries.at(-1)
    if (lowest !== undefined && compareRanks(item.rank, lowest.rank) <= 0) return folded
    if (lowest !== undefined) count(folded, entries.pop()!, -1)
    const entry = { ...item, bytes: entryBytes(item) }
    entries.splice(placeOf(entries, entry), 0, entry)
    count(folded, entry, 1)
    if (folded.bytes > LIMITS.valueBytesMax) throw listTooLarge('top', 'a smaller n, or shorter values')
    return folded
  }
  return {
    tag: TAGS.top,
    take(value, by) {
      const held = holdElement(value)
      return { rank: by === null ? rankOf(value, 'value') : rankOf(by(value), 'result of by'), value: held }
    },
    itemHeap: rankedHeap,
    lift: (item) => add({ entries: [], bytes: 6, heap: HEAP }, item),
    add,
    merge(a, b) {
      // Those of b come later, and the greatest first: one that has no place leaves none for those behind it.
      for (const entry of b.entries) add(a, entry)
      return a
    },
    joins: () => false,
    finish({ entries }, make) {
      const array = make.array(entries.length)
      for (let i = 0; i < entries.length; i++) array[i] = heldValue(entries[i]!.value, make)
      return array
    },
    heap: ({ heap }) => heap,
    write(w, { entries }) {
      w.u8(TAGS.top)
      w.varint(entries.length)
      for (const { rank, value } of entries) {
        const form = formOf(rank)
        w.varint(form.byteLength)
        w.bytes(form)
        w.varint(heldBytes(value))
        writeHeld(w, value)
      }
    },
    read(r) {
      takeTag(r, TAGS.top)
      const folded: Top = { entries: [], bytes: 6, heap: HEAP }
      for (let left = r.varint(); left > 0; left--) {
        const rank = Uint8Array.from(r.bytes(r.varint()))
        const item = { rank, value: heldOf(r.bytes(r.varint())) }
        const entry = { ...item, bytes: entryBytes(item) }
        folded.entries.push(entry)
        count(folded, entry, 1)
      }
      if (folded.entries.length === 0 || !r.done) throw notAnAccumulator()
      return folded
    },
  }
}

/** Behind all that are greater or equal. */
function placeOf(entries: readonly Entry[], entry: Entry): number {
  let from = 0
  let to = entries.length
  while (from < to) {
    const middle = (from + to) >> 1
    if (compareRanks(entries[middle]!.rank, entry.rank) >= 0) from = middle + 1
    else to = middle
  }
  return from
}

function count(folded: Top, entry: Entry, sign: number): void {
  folded.bytes += sign * entry.bytes
  folded.heap += sign * (8 + rankedHeap(entry))
}

function entryBytes({ rank, value }: Ranked): number {
  const form = formOf(rank).byteLength
  const bytes = heldBytes(value)
  return varintLength(form) + form + varintLength(bytes) + bytes
}
