/** Changes to bytes as disks, peers and attackers make them. */
import type { Random } from './random.ts'

/** Bytes at which formats change their mind: ends of ranges, tags, line ends, quotes, digits. */
const BYTES = [
  0, 1, 2, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x2d, 0x30, 0x39, 0x5b, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0x81, 0xc0, 0xff,
]
/** Lengths and counts that overflow, turn negative, or ask for all memory. */
const WORDS = [
  0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_ffff,
]
/** LEB128 of 2^31 − 1, 2^32 − 1, 2^53 − 1, and of more than a number holds. */
const VARINTS = [
  [0xff, 0xff, 0xff, 0xff, 0x07],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
]

type Change = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array

const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

/** Replaces [start, end) by `by`. */
function splice(bytes: Uint8Array, start: number, end: number, by: Uint8Array): Uint8Array {
  return join(bytes.subarray(0, start), by, bytes.subarray(end))
}

function changed(bytes: Uint8Array, at: number, by: readonly number[]): Uint8Array {
  // Not `slice`: of a Buffer that is the same memory.
  const copy = new Uint8Array(bytes)
  copy.set(by.slice(0, Math.max(0, copy.length - at)), at)
  return copy
}

/** A range, short more often than long. */
function range(bytes: Uint8Array, random: Random): [start: number, end: number] {
  const start = random.below(bytes.length + 1)
  const longest = Math.min(bytes.length - start, 1 << random.below(12))
  return [start, start + random.below(longest + 1)]
}

const CHANGES: readonly Change[] = [
  // A bit, as memory and disks flip them.
  (bytes, random) => {
    const at = random.below(bytes.length)
    return changed(bytes, at, [bytes[at]! ^ (1 << random.below(8))])
  },
  (bytes, random) => changed(bytes, random.below(bytes.length), [random.below(256)]),
  (bytes, random) => changed(bytes, random.below(bytes.length), [random.pick(BYTES)]),
  (bytes, random) => {
    const at = random.below(bytes.length)
    return changed(bytes, at, [(bytes[at]! + random.pick([1, 255, 2, 254])) & 0xff])
  },
  // A number that is far too large, in either byte order.
  (bytes, random) => {
    const word = Buffer.alloc(4)
    if (random.chance(0.5)) word.writeUInt32BE(random.pick(WORDS))
    else word.writeUInt32LE(random.pick(WORDS))
    return changed(bytes, random.below(bytes.length), [...word])
  },
  (bytes, random) => {
    const at = random.below(bytes.length)
    return splice(bytes, at, at + random.below(3), Uint8Array.from(random.pick(VARINTS)))
  },
  // Cut, grown, doubled, moved.
  (bytes, random) => join(bytes.subarray(0, random.below(bytes.length))),
  (bytes, random) => join(bytes.subarray(random.below(bytes.length))),
  (bytes, random) => splice(bytes, ...range(bytes, random), new Uint8Array(0)),
  (bytes, random) => {
    const at = random.below(bytes.length + 1)
    return splice(bytes, at, at, random.bytes(1 + random.below(8)))
  },
  (bytes, random) => {
    const [start, end] = range(bytes, random)
    const at = random.below(bytes.length + 1)
    return splice(bytes, at, at, bytes.subarray(start, end))
  },
  (bytes, random) => {
    const [start, end] = range(bytes, random)
    return splice(bytes, start, end, new Uint8Array(end - start).fill(random.pick(BYTES)))
  },
  // The head of one, the tail of another; a piece of another within.
  (bytes, random, others) => {
    const other = random.pick(others)
    return join(bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length + 1)))
  },
  (bytes, random, others) => {
    const other = random.pick(others)
    return splice(bytes, ...range(bytes, random), other.subarray(...range(other, random)))
  },
]

/** One of `corpus`, changed in one to six places; now and then bytes that were never anything. */
export function mutate(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  if (random.chance(0.01)) return random.bytes(random.below(200))
  let bytes = random.pick(corpus)
  for (let left = 1 + (random.chance(0.5) ? 0 : random.below(6)); left > 0; left--)
    if (bytes.length > 0) bytes = random.pick(CHANGES)(bytes, random, corpus)
  return bytes
}
