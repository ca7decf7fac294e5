/** The order of splits, which decides the order of equal keys' values; no node and no time enters it. */
import type { Shard, Snapshot, Split } from '../types.ts'
import type { PlannedTask } from './steps.ts'

/** A shard of the snapshot by a split's indexes. */
export function shardOf(snapshot: Snapshot, split: Split): Shard {
  const shard = snapshot.inputs[split.input]?.shards[split.shard]
  if (shard === undefined) throw new RangeError(`no shard ${split.input}/${split.shard}`)
  return shard
}

/**
 * The global rank of every split of the map stage, by task and place in the task: order (alias, dataset, path, start),
 * equal ones by the hash of the bytes read, which the manifests bring; what is equal in that too gives equal records.
 * Inputs are in alias order already; paths compare as UTF-8 bytes.
 */
export function rankSplits(
  snapshot: Snapshot,
  maps: readonly PlannedTask[],
  inputHash: (task: number, split: number) => string,
): number[][] {
  const all = maps.flatMap((task, t) =>
    task.splits.map((split, s) => ({ t, s, split, path: shardOf(snapshot, split).path, hash: inputHash(t, s) })),
  )
  all.sort(
    (a, b) =>
      a.split.input - b.split.input ||
      compareUtf8(a.path, b.path) ||
      a.split.start - b.split.start ||
      compareUtf8(a.hash, b.hash) ||
      a.t - b.t,
  )
  const ranks: number[][] = maps.map((task) => new Array<number>(task.splits.length).fill(0))
  all.forEach((entry, rank) => (ranks[entry.t]![entry.s] = rank))
  return ranks
}

/** UTF-8 byte order of well-formed text, which is code point order. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    // A surrogate (above U+FFFF) comes after every other code unit, though U+E000…U+FFFF are larger numbers.
    const xHigh = x >= 0xd800 && x <= 0xdfff
    const yHigh = y >= 0xd800 && y <= 0xdfff
    return xHigh === yHigh ? x - y : xHigh ? 1 : -1
  }
  return a.length - b.length
}
