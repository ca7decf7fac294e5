import { upstreamOf } from './sums.ts'
import type {
  Agreed,
  BoundsManifest,
  Digest,
  JobRecord,
  Manifest,
  MapManifest,
  RunRow,
  Snapshot,
  StageRead,
  StageSpec,
} from '../types.ts'
import { consumedRoot, taskName } from './graph.ts'
import { rankSplits } from './ranks.ts'
import { stagesOf } from './stages.ts'
import type { Plan, PlannedTask } from './steps.ts'
import type { AggregateWork, KeyedPartWork, MapWork, PartWork, RunWork, SideWork, SplitWork, Work } from './work.ts'

/** What a task reads of shards, as its process is told it. */
export interface ReadShards {
  readonly splits: readonly SplitWork[]
  /** Of the inputs of these whose Parquet files differ in their columns, by alias. */
  readonly agreed: readonly (readonly [alias: string, Agreed])[]
}

/** An output that a task consumes. */
export interface Consumed {
  readonly producer: PlannedTask
  readonly digest: Digest
  readonly manifest: Manifest
  /** Where it reads a run of it: that one's. */
  readonly rows: readonly RunRow[]
  /** Names, in the task's folder, of the files that it reads of the output. */
  readonly files: readonly string[]
}

/** The work of a task that reads these shards and consumes these outputs, in the order of its producers. */
export function workOf(
  record: JobRecord,
  plan: Plan,
  task: PlannedTask,
  { splits, agreed }: ReadShards,
  consumed: readonly Consumed[],
): Work {
  const stage = stagesOf(record.spec).stages[task.step.stage]!
  const { deals: partitions, inputs, kind } = task.step
  const told = consumed.map(({ producer, manifest }) => ({ task: producer, manifest }))
  const upstream = upstreamOf(record.snapshot, plan, task, told)
  const { code, combine, onBadRecord } = stage
  const sides = sidesOf(stage, task, consumed)
  const folds = aggregateOf(stage)
  const reading = {
    stage: code,
    splits,
    ...(agreed.length === 0 ? {} : { agreed }),
    part: task.step.readsShards ? null : (partsOf(consumed)[0] ?? null),
    map: stage.map,
    partitions,
    combine,
    ...folds,
    sortValues: stage.sortValues === true,
    onBadRecord,
    edges: inputs.length - task.step.sides,
    sides,
  }
  const root = consumedRoot(
    plan,
    task,
    consumed.map(({ digest }) => digest),
  )
  switch (kind) {
    case 'sample':
      return { kind, ...reading }
    case 'map':
      return { kind, ...reading, bounds: boundsOf(consumed), upstream }
    case 'bounds':
      return { kind, partitions, samples: consumed.flatMap(({ files }) => files), consumed: root as Digest }
    case 'reduce': {
      const isRows = stage.reads.some((read) => 'input' in read)
      return {
        kind,
        stage: code,
        partition: task.at,
        ...mergedBy(record.snapshot, plan, task, consumed, isRows ? stage.reads.map(rowsOf) : null),
        aliases: stage.reads.map(({ alias }) => alias),
        // All inputs of a stage come dealt out by one step; of several stages each has a step of its own.
        edges: stage.reads.map((_, i) => (isRows ? 0 : i)),
        sides,
        combine,
        reduce: stage.reduce,
        ...folds,
        sortValues: stage.sortValues === true,
        keyed: stage.reduce && stage.keepsKey,
        consumed: root as Digest,
        upstream,
      }
    }
  }
}

function aggregateOf({ aggregate, n, by }: StageSpec): { aggregate?: AggregateWork } {
  return aggregate === undefined ? {} : { aggregate: { name: aggregate, n: n ?? 1, ...(by === true && { by }) } }
}

function boundsOf(consumed: readonly Consumed[]): MapWork['bounds'] {
  const found = consumed.find(({ manifest }) => manifest.kind === 'bounds')
  return found === undefined ? null : (found.manifest as BoundsManifest).bounds
}

/** Each table comes over an edge of its own, from one task: they are the last of what is consumed. */
function sidesOf(stage: StageSpec, { step }: PlannedTask, consumed: readonly Consumed[]): SideWork[] {
  if (step.sides === 0) return []
  const tables = partsOf(consumed.slice(-step.sides))
  return stage.sides.map(({ alias, unique }, i) => {
    const { edge: _, ...table } = tables[i]!
    return { ...table, alias, unique }
  })
}

/** The parts among what is consumed. */
function partsOf(consumed: readonly Consumed[]): PartWork[] {
  return consumed.flatMap(({ producer, manifest, files: [file] }, edge) => {
    if (manifest.kind !== 'reduce' || file === undefined) return []
    const { part: digest, bytes, records } = manifest
    return { file, name: taskName(producer), digest, bytes, records, edge }
  })
}

/**
 * What a reduce merges. Values of a key come by what they are read as, of that by the rank of what gave them, and of that
 * in the order in which it gave them: ranks number through all of it. `inputs`: of a stage that reads rows, by alias.
 */
function mergedBy(
  snapshot: Snapshot,
  plan: Plan,
  task: PlannedTask,
  consumed: readonly Consumed[],
  inputs: readonly number[] | null,
): { runs: RunWork[]; parts: KeyedPartWork[] } {
  const runs: RunWork[] = []
  const parts: KeyedPartWork[] = []
  let rank = 0
  let at = 0
  const { inputs: edges, sides } = task.step
  for (const [edge, { from, how }] of edges.slice(0, edges.length - sides).entries()) {
    const own = consumed.slice(at, (at += how === 'same' ? 1 : plan.steps[from]!.count))
    if (how === 'same') {
      parts.push(...partsOf(own).map((part) => ({ ...part, edge, alias: edge, rank: rank++ })))
      continue
    }
    const ranks = inputs !== null ? splitRanks(snapshot, own) : own.map((_, i) => [rank + i])
    rank += ranks.reduce((sum, { length }) => sum + length, 0)
    for (const [
      t,
      {
        producer,
        rows: [row],
        files: [file],
      },
    ] of own.entries()) {
      if (row === undefined || row.digest === '' || file === undefined) continue
      const aliases = inputs === null ? [edge] : producer.splits.map((split) => inputs.indexOf(split.input))
      runs.push({ file, ranks: ranks[t]!, aliases, digest: row.digest, bytes: row.bytes })
    }
  }
  return { runs, parts }
}

function rowsOf(read: StageRead): number {
  return 'input' in read ? read.input : -1
}

/** Of the splits of each producer. */
function splitRanks(snapshot: Snapshot, consumed: readonly Consumed[]): number[][] {
  const maps = consumed.map(({ manifest }) => manifest as MapManifest)
  const tasks = consumed.map(({ producer }) => producer)
  return rankSplits(snapshot, tasks, (t, s) => maps[t]!.splits[s]!.input)
}
