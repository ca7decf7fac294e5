import { contentId } from '../hash.ts'
import type { Digest, JobId, JobRecord, JobSpec, Snapshot, SnapshotInput } from '../types.ts'
import { keyedJobId } from './keyed-id.ts'

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
 * Without a key the id is that of (spec, snapshot): submitting the same job over the same data finds the first one. With
 * a key it is that of what the job means (keyed-id.ts): the first snapshot pinned under it stands.
 */
export function jobId(spec: JobSpec, snapshot: Snapshot, key: string | null, source?: Digest): JobId {
  if (key === null) return contentId('job', [identity(spec), snapshotId(snapshot)])
  return source === undefined ? earlierKeyedId(spec, key) : keyedJobId(spec, key, source)
}

/** Up to format 2: it has the hash of the bundle in it. Records of then keep their ids. */
function earlierKeyedId(spec: JobSpec, key: string): JobId {
  return contentId('job-key', [key, { ...identity(spec), runtime: '' }])
}

/**
 * What all facts of a job with a key are facts of, null without one: two records with one id may be over two snapshots,
 * or of code that two versions have bundled. What is computed of the one is not joined with what is of the other.
 */
export function pinnedUnder({ key, snapshot, source, spec }: JobRecord): Digest | null {
  if (key === null) return null
  const id = snapshotId(snapshot)
  return source === undefined ? id : contentId('pinned', [id, spec.code])
}
