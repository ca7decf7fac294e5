/** The files of a task's output, and which of them a consumer reads. */
import type { Bytes, Digest, Manifest, MapManifest, Partition, RunRow, TaskIndex } from '../types.ts'
import { howBetween } from './graph.ts'
import type { Plan, PlannedTask } from './steps.ts'

const RUN = 'run-'

/** The records of one partition, of a task whose output is runs. */
export function runFile(partition: Partition): string {
  return `${RUN}${partition}`
}

/** What is in a file of an output: its form, the hash of its content and how many bytes that has, where it is known. */
export interface Content {
  readonly form: 'run' | 'part' | 'keys'
  readonly digest: Digest
  readonly bytes: Bytes
}

/** What lists an output's files: its manifest and, where these are runs, the rows that are at hand, ascending. */
export interface Listing {
  readonly manifest: Manifest
  readonly rows: readonly RunRow[]
}

/** All files of an output, as far as its rows are at hand, beside what lists them. */
export function filesOf({ manifest, rows }: Listing): string[] {
  switch (manifest.kind) {
    case 'map':
      return rows.filter(({ digest }) => digest !== '').map(({ partition }) => runFile(partition))
    case 'sample':
      return ['keys']
    case 'reduce':
      return ['part']
    case 'bounds':
      return []
  }
}

/** The partitions whose runs these tasks read of another's output, ascending; null, for a copy: all of them. */
export function partitionsFor(
  plan: Plan,
  { step }: PlannedTask,
  consumers: readonly TaskIndex[] | null,
): readonly Partition[] {
  if (step.gives !== 'runs') return []
  if (consumers === null) return Array.from({ length: step.deals }, (_, partition) => partition)
  const wanted = consumers.flatMap((consumer) => plan.tasks[consumer]?.at ?? [])
  return [...new Set(wanted)].sort((a, b) => a - b)
}

/** What of an output these partitions' readers read; null where a row of theirs is not at hand. */
export function cutFor<T extends Listing>(listing: T, partitions: readonly Partition[]): T | null {
  const wanted = new Set(partitions)
  const rows = listing.rows.filter(({ partition }) => wanted.has(partition))
  return rows.length === partitions.length ? { ...listing, rows } : null
}

/** null where the output has no such file. */
export function contentOf({ manifest, rows }: Listing, file: string): Content | null {
  switch (manifest.kind) {
    case 'map': {
      const at = Number(file.slice(RUN.length))
      const row = rows.find(({ partition }) => partition === at)
      if (row === undefined || row.digest === '' || file !== runFile(at)) return null
      return { form: 'run', digest: row.digest, bytes: row.bytes }
    }
    case 'sample':
      return file === 'keys' ? { form: 'keys', digest: manifest.digest, bytes: manifest.bytes } : null
    case 'reduce':
      return file === 'part' ? { form: 'part', digest: manifest.part, bytes: manifest.bytes } : null
    case 'bounds':
      return null
  }
}

/** Splits that a task reads, or the one part of another stage. */
function readUnits({ step, splits }: PlannedTask): number {
  return step.readsShards ? splits.length : 1
}

function isOverItsEdges({ took, sides }: Pick<MapManifest, 'took' | 'sides'>, { step }: PlannedTask): boolean {
  return (sides?.length ?? 0) === step.sides && took.length + step.sides === step.inputs.length
}

/** Whether a manifest can be that of this task. */
export function fitsTask(manifest: Manifest, task: PlannedTask): boolean {
  if (manifest.kind !== task.step.kind) return false
  switch (manifest.kind) {
    case 'map':
      return (
        manifest.splits.length === readUnits(task) &&
        isOverItsEdges(manifest, task) &&
        manifest.rows.count === task.step.deals
      )
    case 'sample':
      return manifest.splits.length === readUnits(task) && isOverItsEdges(manifest, task)
    case 'reduce':
      return manifest.partition === task.at && isOverItsEdges(manifest, task)
    case 'bounds':
      return manifest.bounds.length < task.step.deals
  }
}

/** Whether one task reads another's output. */
export function consumes(consumer: PlannedTask | undefined, producer: PlannedTask): boolean {
  return howBetween(producer, consumer) !== null
}
