import { upstreamOf } from './receipt.ts'
import type { Agreed, BoundsManifest, Digest, JobRecord, Manifest, MapManifest, RunRow } from '../types.ts'
import { consumedRoot } from './graph.ts'
import { rankSplits } from './ranks.ts'
import type { Plan, PlannedTask } from './steps.ts'
import type { MapWork, RunWork, SplitWork, Work } from './work.ts'

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
  const { spec } = record
  const { combine, onBadRecord } = spec
  const { partitions } = plan
  const reading = { splits, ...(agreed.length === 0 ? {} : { agreed }), partitions, combine, onBadRecord }
  const root = consumedRoot(
    task.step,
    consumed.map(({ digest }) => digest),
  )
  switch (task.step.kind) {
    case 'sample':
      return { kind: 'sample', ...reading }
    case 'map':
      return { kind: 'map', ...reading, bounds: boundsOf(consumed) }
    case 'bounds':
      return { kind: 'bounds', partitions, samples: consumed.flatMap(({ files }) => files), consumed: root as Digest }
    case 'reduce':
      return {
        kind: 'reduce',
        partition: task.at,
        runs: runsOf(record, consumed),
        aliases: spec.inputs.map((input) => input.alias),
        reduce: spec.reduce,
        consumed: root as Digest,
        upstream: upstreamOf(
          record.snapshot,
          consumed.map(({ producer, manifest }) => ({ task: producer, manifest: manifest as MapManifest })),
        ),
      }
  }
}

function boundsOf(consumed: readonly Consumed[]): MapWork['bounds'] {
  const found = consumed.find(({ manifest }) => manifest.kind === 'bounds')
  return found === undefined ? null : (found.manifest as BoundsManifest).bounds
}

function runsOf({ snapshot }: JobRecord, consumed: readonly Consumed[]): RunWork[] {
  const maps = consumed.map(({ manifest }) => manifest as MapManifest)
  const tasks = consumed.map(({ producer }) => producer)
  const ranks = rankSplits(snapshot, tasks, (t, s) => maps[t]!.splits[s]!.input)
  return consumed.flatMap(({ producer, rows: [row], files: [file] }, t) => {
    if (row === undefined || row.digest === '' || file === undefined) return []
    const aliases = producer.splits.map((split) => split.input)
    return { file, ranks: ranks[t]!, aliases, digest: row.digest, bytes: row.bytes }
  })
}
