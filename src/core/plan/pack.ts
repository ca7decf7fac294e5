/** Splits, and the tasks that read them: small splits of the same holders share one. */
import { ShoalError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { NodeId, Snapshot, Split } from '../types.ts'
import { cutSplits } from './splits.ts'
import type { PlannedTask } from './steps.ts'

/** What one task reads. */
export type Pack = Pick<PlannedTask, 'splits' | 'holders' | 'bytes'>

interface Cut {
  readonly split: Split
  readonly order: string
  readonly holders: readonly NodeId[]
}

/**
 * Cuts shards of these inputs into splits and packs small ones of the same holders. Two splits that are equal in (alias, dataset,
 * path, start) never share a task: their order is decided by the hash of what they read, which only reduce knows.
 */
export function pack(snapshot: Snapshot, inputs: readonly number[]): Pack[] {
  checkFullSplits(snapshot)
  const groups = new Map<string, Cut[]>()
  for (const i of inputs) {
    const input = snapshot.inputs[i]!
    const seen = new Map<string, number>()
    input.shards.forEach((shard, s) => {
      const holders = [...new Set(shard.copies.map((copy) => copy.node))].sort()
      const owner = holders.join(' ')
      const twin = seen.get(`${owner}\n${shard.path}`) ?? 0
      seen.set(`${owner}\n${shard.path}`, twin + 1)
      const key = `${owner}\n${twin}`
      const group = groups.get(key) ?? []
      if (group.length === 0) groups.set(key, group)
      for (const cut of cutSplits(shard.size, shard.cuts))
        group.push({ split: { input: i, shard: s, ...cut }, order: shard.path, holders })
    })
  }
  return [...groups.keys()].sort().flatMap((key) => packGroup(groups.get(key)!))
}

/** Fills tasks in split order. The target leaves each holder several tasks, so that its slots share the work. */
function packGroup(cuts: readonly Cut[]): Pack[] {
  const total = cuts.reduce((sum, cut) => sum + cut.split.bytes, 0)
  const target = Math.min(LIMITS.packBytes, Math.max(LIMITS.packBytesMin, Math.ceil(total / LIMITS.packTasks)))
  const packs: Pack[] = []
  let splits: Split[] = []
  let bytes = 0
  const close = (): void => {
    if (splits.length > 0) packs.push({ splits, holders: cuts[0]!.holders, bytes })
    splits = []
    bytes = 0
  }
  for (const cut of cuts) {
    if (bytes + cut.split.bytes > target || splits.length === LIMITS.packSplitsMax) close()
    splits.push(cut.split)
    bytes += cut.split.bytes
  }
  close()
  return packs
}

/** A full split is a task of its own: a size that is too large is refused before anything is cut. */
function checkFullSplits(snapshot: Snapshot): void {
  let full = 0
  for (const input of snapshot.inputs)
    for (const { size, cuts } of input.shards) if (cuts.kind === 'lines') full += Math.floor(size / LIMITS.splitBytes)
  checkSize({ steps: 0, tasks: full, runs: 0 })
}

/** Throws LIMIT. */
export function checkSize({ steps, tasks, runs }: { steps: number; tasks: number; runs: number }): void {
  if (steps > LIMITS.stepsMax)
    throw new ShoalError('LIMIT', `the job would have ${steps} steps; at most ${LIMITS.stepsMax}`, {
      try: ['fewer stages, or several jobs'],
    })
  if (tasks > LIMITS.tasksMax)
    throw new ShoalError('LIMIT', `the job would have ${tasks} tasks; at most ${LIMITS.tasksMax}`, {
      try: ['split the input with a narrower glob', 'join small files into larger ones'],
    })
  if (runs > LIMITS.runsMax)
    throw new ShoalError('LIMIT', `map tasks × partitions is ${runs}; at most ${LIMITS.runsMax}`, {
      try: ['fewer --partitions'],
    })
}
