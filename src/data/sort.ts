/**
 * Sorting records in place by their order forms: most significant digits first, four bytes at a time, with the native
 * sort of 64-bit integers doing each digit. An item is (digit << 32 | offset of the record in the arena): offsets grow
 * in the order of emits, so equal keys keep that order without further ado.
 */
import { compareBytes } from './bytes.ts'

/** Up to so many items an insertion sort by comparison is faster than another digit. */
const FEW = 12
const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
/** Index of the low and high half of an item within its two 32-bit words. */
export const LOW: number = LITTLE_ENDIAN ? 0 : 1
const HIGH = 1 - LOW

/** Where the order form of the record at `offset` begins; its length is the varint before. */
function orderStart(arena: Uint8Array, offset: number): number {
  return arena[offset]! < 0x80 ? offset + 1 : arena[offset + 1]! < 0x80 ? offset + 2 : offset + 3
}

function orderLength(arena: Uint8Array, offset: number): number {
  const first = arena[offset]!
  if (first < 0x80) return first
  const second = arena[offset + 1]!
  if (second < 0x80) return (first & 0x7f) | (second << 7)
  return (first & 0x7f) | ((second & 0x7f) << 7) | (arena[offset + 2]! << 14)
}

/**
 * Sorts items[from, to), whose low halves are offsets of records in `arena`, ascending on entry, by (order form,
 * offset). `words` is the same memory as `items`.
 */
export function sortItems(
  arena: Uint8Array,
  items: BigUint64Array,
  words: Uint32Array,
  from: number,
  to: number,
): void {
  // An explicit stack: keys of 64 KiB could make recursion 16,000 levels deep.
  const stack: number[] = [from, to, 0]
  while (stack.length > 0) {
    const depth = stack.pop()!
    const high = stack.pop()!
    const low = stack.pop()!
    if (high - low <= FEW) insertionSort(arena, words, low, high, depth)
    else sortDigit(arena, items, words, low, high, depth, stack)
  }
}

function sortDigit(
  arena: Uint8Array,
  items: BigUint64Array,
  words: Uint32Array,
  low: number,
  high: number,
  depth: number,
  stack: number[],
): void {
  const at = depth + commonPrefix(arena, words, low, high, depth)
  for (let i = low; i < high; i++) {
    const offset = words[2 * i + LOW]!
    const start = orderStart(arena, offset) + at
    const rest = orderLength(arena, offset) - at
    words[2 * i + HIGH] = rest >= 4 ? digitAt(arena, start) : partialDigit(arena, start, rest)
  }
  items.subarray(low, high).sort()
  for (let i = low; i < high;) {
    const digit = words[2 * i + HIGH]!
    let next = i + 1
    while (next < high && words[2 * next + HIGH] === digit) next++
    // Forms are prefix-free: if one ends within this digit, all that share the digit are equal, and in order already.
    if (next - i > 1 && orderLength(arena, words[2 * i + LOW]!) > at + 4) stack.push(i, next, at + 4)
    i = next
  }
}

function digitAt(arena: Uint8Array, at: number): number {
  return ((arena[at]! << 24) | (arena[at + 1]! << 16) | (arena[at + 2]! << 8) | arena[at + 3]!) >>> 0
}

/** Fewer than four bytes, filled up with zeros. */
function partialDigit(arena: Uint8Array, at: number, rest: number): number {
  let digit = 0
  for (let i = 0; i < 4; i++) digit = (digit << 8) | (i < rest ? arena[at + i]! : 0)
  return digit >>> 0
}

/** How many bytes all items share from `depth` on. */
function commonPrefix(arena: Uint8Array, words: Uint32Array, low: number, high: number, depth: number): number {
  const first = words[2 * low + LOW]!
  const firstStart = orderStart(arena, first) + depth
  let common = Math.max(0, orderLength(arena, first) - depth)
  for (let i = low + 1; i < high && common > 0; i++) {
    const offset = words[2 * i + LOW]!
    const start = orderStart(arena, offset) + depth
    const limit = Math.min(common, orderLength(arena, offset) - depth)
    let same = 0
    while (same < limit && arena[firstStart + same] === arena[start + same]) same++
    common = same
  }
  return common
}

function insertionSort(arena: Uint8Array, words: Uint32Array, low: number, high: number, depth: number): void {
  for (let i = low + 1; i < high; i++) {
    const offset = words[2 * i + LOW]!
    let j = i - 1
    while (j >= low && compareFrom(arena, words[2 * j + LOW]!, offset, depth) > 0) {
      words[2 * j + 2 + LOW] = words[2 * j + LOW]!
      j--
    }
    words[2 * j + 2 + LOW] = offset
  }
}

function compareFrom(arena: Uint8Array, a: number, b: number, depth: number): number {
  const aStart = orderStart(arena, a)
  const bStart = orderStart(arena, b)
  return compareBytes(
    arena,
    aStart + depth,
    aStart + orderLength(arena, a),
    arena,
    bStart + depth,
    bStart + orderLength(arena, b),
  )
}
