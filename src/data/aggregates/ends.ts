/** `first` and `last`, in the order of (split, position). */
import { type Aggregate, TAGS } from './aggregate.ts'
import { restOf } from './extremes.ts'
import { type Held, heldHeap, heldValue, hold, writeHeld } from './held.ts'
import { takeTag } from './misfit.ts'

export const first: Aggregate<Held, Held> = end(TAGS.first, (a) => a)
export const last: Aggregate<Held, Held> = end(TAGS.last, (_, b) => b)

function end(tag: number, kept: (a: Held, b: Held) => Held): Aggregate<Held, Held> {
  return {
    tag,
    take: (value) => hold(value),
    itemHeap: heldHeap,
    lift: (item) => item,
    add: kept,
    merge: kept,
    joins: () => false,
    finish: heldValue,
    heap: heldHeap,
    write(w, value) {
      w.u8(tag)
      writeHeld(w, value)
    },
    read(r) {
      takeTag(r, tag)
      return restOf(r)
    },
  }
}
