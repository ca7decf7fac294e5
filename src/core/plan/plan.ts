/** A job's graph of steps and tasks, out of its specification and its snapshot. */
import { LIMITS } from '../limits.ts'
import type { Bytes, JobSpec, Snapshot } from '../types.ts'
import { checkSize, pack, type Pack } from './pack.ts'
import type { Edge, Feed, Plan, PlannedTask, Step } from './steps.ts'

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

/** A step before the others' edges to it and its place among the tasks are known. */
type Draft = Pick<Step, 'kind' | 'inputs' | 'gives' | 'readsShards' | 'isOutput'> & { readonly packs: readonly Pack[] }

/** What a task reads that reads no shards. */
const NO_SHARDS: Pack = { splits: [], holders: [], bytes: 0 }

/**
 * The plan of a job: a pure function of spec and snapshot.
 * Throws LIMIT when it has too many tasks or runs.
 */
export function plan(spec: JobSpec, snapshot: Snapshot): Plan {
  const partitions = partitionsOf(spec, snapshot)
  const packs = pack(snapshot)
  const drafts: Draft[] = []
  if (spec.sort) {
    drafts.push({ kind: 'sample', inputs: [], gives: 'keys', readsShards: true, isOutput: false, packs })
    drafts.push({
      kind: 'bounds',
      inputs: [{ from: 0, how: 'gather' }],
      gives: 'fact',
      readsShards: false,
      isOutput: false,
      packs: [NO_SHARDS],
    })
  }
  const bounds: Edge[] = spec.sort ? [{ from: 1, how: 'broadcast' }] : []
  drafts.push({ kind: 'map', inputs: bounds, gives: 'runs', readsShards: true, isOutput: false, packs })
  drafts.push({
    kind: 'reduce',
    inputs: [{ from: drafts.length - 1, how: spec.sort ? 'range' : 'hash' }],
    gives: 'part',
    readsShards: false,
    isOutput: true,
    packs: new Array<Pack>(partitions).fill(NO_SHARDS),
  })
  checkSize(
    drafts.reduce((sum, draft) => sum + draft.packs.length, 0),
    packs.length * partitions,
  )
  return { partitions, ...stepsOf(drafts) }
}

function stepsOf(drafts: readonly Draft[]): Pick<Plan, 'steps' | 'tasks'> {
  const steps: Step[] = []
  const tasks: PlannedTask[] = []
  for (const [index, { packs, ...draft }] of drafts.entries()) {
    const bytes = packs.reduce((sum, one) => sum + one.bytes, 0)
    const step: Step = {
      index,
      name: draft.kind,
      ...draft,
      first: tasks.length,
      count: packs.length,
      feeds: drafts.flatMap(({ inputs }, to): Feed[] =>
        inputs.filter(({ from }) => from === index).map(({ how }) => ({ to, how })),
      ),
      isPlaced: draft.inputs.some(({ how }) => how === 'hash' || how === 'range' || how === 'same'),
      meanBytes: Math.max(1, bytes / Math.max(1, packs.length)),
    }
    steps.push(step)
    for (const [at, one] of packs.entries()) tasks.push({ index: tasks.length, step, at, ...one })
  }
  return { steps, tasks }
}
