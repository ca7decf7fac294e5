/** `count`: how many values there are, as a bigint. It does not look at them. */
import { type Aggregate, TAGS } from './aggregate.ts'
import { takeTag } from './misfit.ts'

export const count: Aggregate<null, number> = {
  tag: TAGS.count,
  take: () => null,
  itemHeap: () => 0,
  lift: () => 1,
  add: (folded) => folded + 1,
  merge: (a, b) => a + b,
  joins: () => true,
  finish: (folded) => BigInt(folded),
  heap: () => 0,
  write(w, folded) {
    w.u8(TAGS.count)
    w.varint(folded)
  },
  read(r) {
    takeTag(r, TAGS.count)
    return r.varint()
  },
}
