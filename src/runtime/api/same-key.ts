/** Which job of before a submission with a key is, where its id does not say so. */
import type { PreparedJob, Source } from '../../control/api.ts'
import { ShoalError } from '../../core/errors.ts'
import { meaningOf } from '../../core/plan/keyed-id.ts'
import { livePeers } from '../../core/members/liveness.ts'
import type { Digest, JobId, JobSpec } from '../../core/types.ts'
import { fromBytes } from '../../wire/codec.ts'
import { keyedJobs, type KeyedJob } from '../../wire/job.ts'
import type { Context } from '../context.ts'
import { codeDigest } from '../home/code.ts'
import { keyedHere } from '../home/keyed.ts'
import { textsIn } from '../home/mapped-files.ts'
import { callPeer } from '../peers/rpc.ts'

/** A job that was made of no files is what its bundle is. */
export function sourceOf({ bundle, source }: PreparedJob): Source {
  const digest = codeDigest(bundle)
  return source ?? { digest, files: [digest] }
}

interface Judged {
  /** null where it cannot be told. */
  readonly isSame: boolean | null
  readonly result: Digest | null
}

/**
 * The id of a job under this key that means the same, on this node or a live one, although its id is another: its code
 * has become the same bundle, where a comment was written meanwhile; or it is of a version that made ids of bundles, and
 * has become so of the same files. null where there is none.
 *
 * Throws RESULT_LOST where one of these may be the same, and nobody can tell: then its result counts, and not another.
 */
export async function sameUnderKey(
  context: Context,
  key: string,
  spec: JobSpec,
  job: PreparedJob,
): Promise<JobId | null> {
  const meaning = meaningOf(spec)
  const ask = { call: 'keyed', key, meaning } as const
  const told = await Promise.all([
    keyedHere(context, key, meaning),
    ...livePeers(context.state).map((peer) =>
      callPeer(context, peer, ask)
        .then(({ body }) => fromBytes(keyedJobs, body))
        .catch(() => []),
    ),
  ])
  const judged = new Map<JobId, Judged>()
  for (const one of told.flat()) {
    const before = judged.get(one.id) ?? { isSame: null, result: null }
    const isSame = before.isSame === true ? true : (isOfSame(one, spec.code, job) ?? before.isSame)
    judged.set(one.id, { isSame, result: one.result ?? before.result })
  }
  const same = [...judged].filter(([, one]) => one.isSame === true)
  if (same.length > 0) return oneOf(same, key)
  const doubtful = [...judged].find(([, one]) => one.isSame === null)
  if (doubtful === undefined) return null
  const [id, { result }] = doubtful
  throw new ShoalError('RESULT_LOST', `an earlier version ran a job under the key ${JSON.stringify(key)}`, {
    why: `it is this one but for its code, and too little is left of that to compare; ${
      result === null ? 'it is not over' : `its result is sha256:${result}`
    }`,
    job: id,
    try: ['another --key   for a result of its own'],
  })
}

/** null where it cannot be told. */
function isOfSame({ code, source, files }: KeyedJob, bundle: Digest, job: PreparedJob): boolean | null {
  if (code === bundle) return true
  const now = sourceOf(job)
  if (source !== null) return source === now.digest
  if (files === null) return null
  // A map names what its bundler took code from: not a file of which it took constants alone, and of some packages what
  // these were compiled from.
  const [theirs, ours] = [new Set(files), new Set(now.files)]
  const known = new Set([...ours, ...(textsIn(job.sourceMap) ?? [])])
  if (files.some((file) => !known.has(file))) return false
  return now.files.every((file) => theirs.has(file)) && files.every((file) => ours.has(file)) ? true : null
}

/** Versions that took each other's job for another one may have left several: the same result is one. */
function oneOf(same: readonly (readonly [JobId, Judged])[], key: string): JobId {
  const results = new Set(same.flatMap(([, { result }]) => result ?? []))
  if (results.size > 1)
    throw new ShoalError(
      'KEY_CONFLICT',
      `versions before this one gave two results under the key ${JSON.stringify(key)}`,
      {
        why: [...results].sort().join(' and '),
        try: ['another --key', ...same.map(([id]) => `shoal job show ${id.slice(0, 12)}`).sort()],
      },
    )
  const given = same.filter(([, { result }]) => result !== null)
  return (given.length > 0 ? given : same).map(([id]) => id).sort()[0]!
}
