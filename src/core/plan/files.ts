/** The files of a task's output, and which of them a consumer reads. */
import type { Bytes, Digest, Manifest, MapManifest, TaskIndex } from '../types.ts'
import { howBetween } from './graph.ts'
import type { Plan, PlannedTask } from './steps.ts'

/** The records of one partition, of a task whose output is runs. */
export function runFile(partition: number): string {
  return `run-${partition}`
}

/** What is in a file of an output: its form, the hash of its content and how many bytes that has, where it is known. */
export interface Content {
  readonly form: 'run' | 'part' | 'keys'
  readonly digest: Digest
  readonly bytes: Bytes
}

/** All files of an output, beside its manifest. */
export function filesOf(manifest: Manifest): string[] {
  switch (manifest.kind) {
    case 'map':
      return manifest.runs.map((run) => runFile(run.partition))
    case 'sample':
      return ['keys']
    case 'reduce':
      return ['part']
    case 'bounds':
      return []
  }
}

/** The files that these tasks read of another's output; null, for a copy: all of them. */
export function filesFor(
  plan: Plan,
  producer: PlannedTask,
  manifest: Manifest,
  consumers: readonly TaskIndex[] | null,
): string[] {
  const all = filesOf(manifest)
  if (consumers === null || producer.step.gives !== 'runs') return all
  const wanted = new Set(consumers.map((consumer) => runFile(plan.tasks[consumer]?.at ?? -1)))
  return all.filter((file) => wanted.has(file))
}

/** A manifest with those runs alone that a consumer reads: all of them, of thousands of tasks, are hundreds of megabytes. */
export function cutFor(manifest: Manifest, consumer: PlannedTask): Manifest {
  if (manifest.kind !== 'map') return manifest
  return { ...manifest, runs: manifest.runs.filter((run) => run.partition === consumer.at) }
}

/** null where the output has no such file. */
export function contentOf(manifest: Manifest, file: string): Content | null {
  switch (manifest.kind) {
    case 'map': {
      const run = manifest.runs.find(({ partition }) => runFile(partition) === file)
      return run === undefined ? null : { form: 'run', digest: run.digest, bytes: run.bytes }
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
        manifest.runs.every((run) => run.partition < task.step.deals)
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
