/** `min` and `max`, in the order of keys; of values that are equal in it (1 and 1n) the first is kept. */
import type { ByteReader } from '../bytes.ts'
import { type Aggregate, TAGS } from './aggregate.ts'
import { type Held, heldHeap, heldOf, heldValue, hold, writeHeld } from './held.ts'
import { takeTag } from './misfit.ts'
import { compareRanks, formOf, type Rank, rankOf } from './ranked.ts'

/** A value, and what stands for it where it is compared. */
export interface Ranked {
  readonly rank: Rank
  readonly value: Held
}

/** Measured: the object. */
const HEAP = 40

export const min: Aggregate<Ranked, Ranked> = extreme(TAGS.min, (a, b) => compareRanks(b.rank, a.rank) < 0)
export const max: Aggregate<Ranked, Ranked> = extreme(TAGS.max, (a, b) => compareRanks(b.rank, a.rank) > 0)

/** `beats`: whether b, which comes later, takes the place of a. */
function extreme(tag: number, beats: (a: Ranked, b: Ranked) => boolean): Aggregate<Ranked, Ranked> {
  const better = (a: Ranked, b: Ranked): Ranked => (beats(a, b) ? b : a)
  return {
    tag,
    take(value) {
      const held = hold(value)
      return { rank: rankOf(value, 'value'), value: held }
    },
    itemHeap: rankedHeap,
    lift: (item) => item,
    add: better,
    merge: better,
    // What is better may be equal to what another task has between the two: then it is to stand at its own place.
    joins: (a, b) => !beats(a, b),
    finish: ({ value }, make) => heldValue(value, make),
    heap: rankedHeap,
    write(w, { rank, value }) {
      w.u8(tag)
      const form = formOf(rank)
      w.varint(form.byteLength)
      w.bytes(form)
      writeHeld(w, value)
    },
    read(r) {
      takeTag(r, tag)
      const rank = Uint8Array.from(r.bytes(r.varint()))
      return { rank, value: restOf(r) }
    },
  }
}

/** The value that ends an accumulator. */
export function restOf(r: ByteReader): Held {
  return heldOf(r.bytes(r.end - r.offset))
}

export function rankedHeap({ rank, value }: Ranked): number {
  return HEAP + heldHeap(value) + (rank === value ? 0 : heldHeap(rank))
}
