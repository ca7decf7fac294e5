/** `collect`: all values as an array, in the order of (split, position). */
import { LIMITS } from '../../core/limits.ts'
import { ByteReader, varintLength } from '../bytes.ts'
import { type ValueFactory, decodeValue } from '../value.ts'
import { type Aggregate, TAGS } from './aggregate.ts'
import { restOf } from './extremes.ts'
import { type Held, heldBytes, heldHeap, holdElement, writeHeld } from './held.ts'
import { listTooLarge, takeTag } from './misfit.ts'

/** Bytes among the parts are one value, or several one after the other. */
interface Collected {
  readonly parts: Held[]
  count: number
  bytes: number
  heap: number
}

/** Measured: the object and its array. */
const HEAP = 120

export const collect: Aggregate<Held, Collected> = {
  tag: TAGS.collect,
  take: (value) => holdElement(value),
  itemHeap: heldHeap,
  lift: (item) => put({ parts: [], count: 0, bytes: 0, heap: HEAP }, item, 1),
  add: (folded, item) => put(folded, item, 1),
  merge(a, b) {
    for (const part of b.parts) put(a, part, 0)
    a.count += b.count
    return checked(a)
  },
  joins: () => false,
  finish: ({ parts, count }, make) => arrayOf(parts, count, make),
  heap: ({ heap }) => heap,
  write(w, { parts, count }) {
    w.u8(TAGS.collect)
    w.varint(count)
    for (const part of parts) writeHeld(w, part)
  },
  read(r) {
    takeTag(r, TAGS.collect)
    const count = r.varint()
    const part = restOf(r) as Uint8Array
    return { parts: [part], count, bytes: part.byteLength, heap: HEAP + heldHeap(part) }
  },
}

function put(folded: Collected, part: Held, count: number): Collected {
  folded.parts.push(part)
  folded.count += count
  folded.bytes += heldBytes(part)
  folded.heap += 8 + heldHeap(part)
  return checked(folded)
}

/** Once it is too large it stays so: whether it is does not depend on what was merged first. */
function checked(folded: Collected): Collected {
  if (1 + varintLength(folded.count) + folded.bytes <= LIMITS.valueBytesMax) return folded
  throw listTooLarge('collect', "aggregate: 'count', 'top' or another one that keeps less")
}

function arrayOf(parts: readonly Held[], count: number, make: ValueFactory): unknown[] {
  const array = make.array(count)
  const reader = new ByteReader()
  let at = 0
  for (const part of parts) {
    if (typeof part !== 'object' || part === null) {
      array[at++] = part
      continue
    }
    reader.over(Buffer.from(part.buffer, part.byteOffset, part.byteLength), 0, part.byteLength)
    while (!reader.done) array[at++] = decodeValue(reader, make)
  }
  return array
}
