import { ShoalError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { cutSplits } from './splits.ts'
import type { Bytes, JobSpec, NodeId, Partition, Shard, Snapshot, Split, TaskIndex } from '../types.ts'

export type TaskKind = 'sample' | 'bounds' | 'map' | 'reduce'

export interface PlannedTask {
  readonly index: TaskIndex
  readonly kind: TaskKind
  /** Sample and map: what is read, ordered by (alias, dataset, path, start). */
  readonly splits: readonly Split[]
  /** Reduce only, else −1. */
  readonly partition: Partition
  /** Sample and map: the nodes that have all of the splits' shards. */
  readonly holders: readonly NodeId[]
  readonly bytes: Bytes
}

/**
 * A job's tasks, in stage order: (sample, bounds,) map, reduce. `first` is the index of a stage's first task, so the
 * tasks of kind k are `tasks.slice(first[k], first[k] + count[k])`.
 */
export interface Plan {
  readonly partitions: number
  readonly tasks: readonly PlannedTask[]
  readonly first: Readonly<Record<TaskKind, number>>
  readonly count: Readonly<Record<TaskKind, number>>
}

export function tasksOf(plan: Plan, kind: TaskKind): readonly PlannedTask[] {
  return plan.tasks.slice(plan.first[kind], plan.first[kind] + plan.count[kind])
}

export function snapshotBytes(snapshot: Snapshot): Bytes {
  return snapshot.inputs.reduce((sum, input) => sum + input.shards.reduce((s, shard) => s + shard.size, 0), 0)
}

/** Rows of the snapshot where every shard says how many it has (Parquet), else null. */
export function knownRows(snapshot: Snapshot): number | null {
  let rows = 0
  for (const input of snapshot.inputs)
    for (const shard of input.shards) {
      if (shard.cuts.kind !== 'row-groups') return null
      for (const group of shard.cuts.groups) rows += group.rows
    }
  return rows
}

/** Of data and job alone, never of nodes: it shows in the result hash. */
export function partitionsOf(spec: JobSpec, snapshot: Snapshot): number {
  if (spec.partitions !== null) return spec.partitions
  const wanted = Math.ceil(snapshotBytes(snapshot) / LIMITS.partitionBytes)
  return Math.min(Math.max(wanted, 1), LIMITS.partitionsDefaultMax)
}

/**
 * The plan of a job: a pure function of spec and snapshot.
 * Throws LIMIT when it has too many tasks or runs.
 */
export function plan(spec: JobSpec, snapshot: Snapshot): Plan {
  const partitions = partitionsOf(spec, snapshot)
  const packs = pack(snapshot)
  const kinds: TaskKind[] = []
  if (spec.sort) kinds.push(...packs.map((): TaskKind => 'sample'), 'bounds')
  kinds.push(...packs.map((): TaskKind => 'map'))
  for (let p = 0; p < partitions; p++) kinds.push('reduce')
  checkSize(kinds.length, packs.length * partitions)

  const first: Record<TaskKind, number> = { sample: 0, bounds: 0, map: 0, reduce: 0 }
  const count: Record<TaskKind, number> = { sample: 0, bounds: 0, map: 0, reduce: 0 }
  const tasks = kinds.map((kind, index): PlannedTask => {
    if (count[kind]++ === 0) first[kind] = index
    const at = index - first[kind]
    if (kind === 'reduce') return { index, kind, splits: [], partition: at, holders: [], bytes: 0 }
    if (kind === 'bounds') return { index, kind, splits: [], partition: -1, holders: [], bytes: 0 }
    return { index, kind, partition: -1, ...packs[at]! }
  })
  return { partitions, tasks, first, count }
}

function checkSize(tasks: number, runs: number): void {
  if (tasks > LIMITS.tasksMax)
    throw new ShoalError('LIMIT', `the job would have ${tasks} tasks; at most ${LIMITS.tasksMax}`, {
      try: ['split the input with a narrower glob', 'join small files into larger ones'],
    })
  if (runs > LIMITS.runsMax)
    throw new ShoalError('LIMIT', `map tasks × partitions is ${runs}; at most ${LIMITS.runsMax}`, {
      try: ['fewer --partitions'],
    })
}

/** A full split is a task of its own: a size that is too large is refused before anything is cut. */
function checkFullSplits(snapshot: Snapshot): void {
  let full = 0
  for (const input of snapshot.inputs)
    for (const { size, cuts } of input.shards) if (cuts.kind === 'lines') full += Math.floor(size / LIMITS.splitBytes)
  checkSize(full, 0)
}

type Pack = Pick<PlannedTask, 'splits' | 'holders' | 'bytes'>

interface Cut {
  readonly split: Split
  readonly order: string
  readonly holders: readonly NodeId[]
}

/**
 * Cuts shards into splits and packs small ones of the same holders. Two splits that are equal in (alias, dataset,
 * path, start) never share a task: their order is decided by the hash of what they read, which only reduce knows.
 */
function pack(snapshot: Snapshot): Pack[] {
  checkFullSplits(snapshot)
  const groups = new Map<string, Cut[]>()
  snapshot.inputs.forEach((input, i) => {
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
  })
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
