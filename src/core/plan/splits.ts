import { LIMITS } from '../limits.ts'
import type { Bytes, Cuts, RowGroup } from '../types.ts'

/** A split before it is tied to a shard. For row groups `start` and `end` are group indexes, else byte offsets. */
export interface CutSplit {
  readonly start: number
  readonly end: number
  /** Bytes on disk, for weighing. */
  readonly bytes: Bytes
}

/**
 * Cuts a shard of `size` bytes into splits: contiguous, in order, together the whole shard. Pure, and part of the
 * plan: equal arguments give equal splits on every node. A shard without content still gives one split (0, 0), so that
 * coverage counts it.
 *
 * `lines` are cut at multiples of LIMITS.splitBytes, wherever those fall; `offsets` at the first known record start at
 * or after LIMITS.splitBytes from the split's start; row groups are joined while they stay within LIMITS.splitBytes.
 */
export function cutSplits(size: Bytes, cuts: Cuts): CutSplit[] {
  switch (cuts.kind) {
    case 'whole':
      return [{ start: 0, end: size, bytes: size }]
    case 'lines':
      return cutLines(size)
    case 'offsets':
      return cutAtOffsets(size, cuts.at)
    case 'row-groups':
      return joinRowGroups(cuts.groups)
  }
}

function cutLines(size: Bytes): CutSplit[] {
  const splits: CutSplit[] = []
  let start = 0
  do {
    const end = Math.min(start + LIMITS.splitBytes, size)
    splits.push({ start, end, bytes: end - start })
    start = end
  } while (start < size)
  return splits
}

function cutAtOffsets(size: Bytes, offsets: readonly Bytes[]): CutSplit[] {
  const splits: CutSplit[] = []
  let start = 0
  for (const offset of offsets) {
    if (offset - start < LIMITS.splitBytes) continue
    splits.push({ start, end: offset, bytes: offset - start })
    start = offset
  }
  splits.push({ start, end: size, bytes: size - start })
  return splits
}

function joinRowGroups(groups: readonly RowGroup[]): CutSplit[] {
  const splits: CutSplit[] = []
  let start = 0
  let bytes = 0
  for (const [index, group] of groups.entries()) {
    if (index > start && bytes + group.bytes > LIMITS.splitBytes) {
      splits.push({ start, end: index, bytes })
      start = index
      bytes = 0
    }
    bytes += group.bytes
  }
  splits.push({ start, end: groups.length, bytes })
  return splits
}

/** Length of what a CSV's splits that begin later must know of its beginning, see `Cuts`. */
export function headerBytesOf(cuts: Cuts): Bytes {
  if (cuts.kind === 'offsets') return cuts.header
  return cuts.kind === 'lines' ? (cuts.header ?? 0) : 0
}
