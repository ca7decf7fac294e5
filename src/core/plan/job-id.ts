import { contentId } from '../hash.ts'
import type { Digest, JobId, JobSpec, Snapshot, SnapshotInput } from '../types.ts'

/** The part of a spec that enters the id: everything but the name, which is for people. */
function identity(spec: JobSpec): Omit<JobSpec, 'name'> {
  const { name: _name, ...rest } = spec
  return rest
}

/** The part of a snapshot's input that enters ids: its shards, and what of them is missing. */
export function pinnedPart(input: SnapshotInput): SnapshotInput {
  const { leftOut: _leftOut, ...pinned } = input
  return pinned
}

/** Of snapshots that were asked for: one of twenty thousand shards takes a tenth of a second, and is asked for again. */
const known = new WeakMap<Snapshot, Digest>()

export function snapshotId(snapshot: Snapshot): Digest {
  const id = known.get(snapshot) ?? contentId('snapshot', { inputs: snapshot.inputs.map(pinnedPart) })
  known.set(snapshot, id)
  return id
}

/**
 * Without a key the id is that of (spec, snapshot): submitting the same job over the same data finds the first one.
 * With a key it is that of (key, spec without runtime id): the first snapshot pinned under it stands.
 */
export function jobId(spec: JobSpec, snapshot: Snapshot, key: string | null): JobId {
  if (key === null) return contentId('job', [identity(spec), snapshotId(snapshot)])
  return keyedJobId(spec, key)
}

export function keyedJobId(spec: JobSpec, key: string): JobId {
  return contentId('job-key', [key, { ...identity(spec), runtime: '' }])
}
