/**
 * Which partition a key belongs to: by hash of its order form, or, for a `sort` job, by range. Both are part of the
 * format: the result's partitions depend on them.
 */
import { compareBytes } from './bytes.ts'

/** The seed of the partition hash; it names this version of it. */
const SEED = 0x53484f41

/**
 * MurmurHash3 x86 32 (Austin Appleby, public domain) of `bytes[start, end)`.
 * Picked for its spread on short keys and its speed in plain JavaScript.
 */
export function murmur3(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let h = seed | 0
  const body = start + ((end - start) & ~3)
  let at = start
  for (; at < body; at += 4) {
    let k = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    k = Math.imul(k, 0xcc9e2d51)
    k = (k << 15) | (k >>> 17)
    h ^= Math.imul(k, 0x1b873593)
    h = (h << 13) | (h >>> 19)
    h = (Math.imul(h, 5) + 0xe6546b64) | 0
  }
  let k = 0
  for (let i = end - 1; i >= body; i--) k = (k << 8) | bytes[i]!
  k = Math.imul(k, 0xcc9e2d51)
  k = (k << 15) | (k >>> 17)
  h ^= Math.imul(k, 0x1b873593)
  h ^= end - start
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  h ^= h >>> 16
  return h >>> 0
}

/** The partition, 0 … partitions − 1, of the key whose order form is `bytes[start, end)`. */
export function partitionOf(bytes: Uint8Array, start: number, end: number, partitions: number): number {
  return partitions === 1 ? 0 : murmur3(bytes, start, end, SEED) % partitions
}

/**
 * The partition by range: the number of bounds that are not above the key. `bounds` ascend; partition i holds the keys
 * below bounds[i] that are not below bounds[i − 1].
 */
export function rangePartitionOf(bytes: Uint8Array, start: number, end: number, bounds: readonly Uint8Array[]): number {
  let low = 0
  let high = bounds.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const bound = bounds[middle]!
    if (compareBytes(bytes, start, end, bound, 0, bound.byteLength) < 0) high = middle
    else low = middle + 1
  }
  return low
}
