/** What a key gave before its job was forgotten, asked of this node and of all live ones. */
import { isLive, livePeers } from '../../core/members/liveness.ts'
import { programsOf, runs } from '../../core/members/runtimes.ts'
import { ShoalError } from '../../core/errors.ts'
import { snapshotId } from '../../core/plan/job-id.ts'
import type { JobState } from '../../core/state.ts'
import type { Digest, JobId, JobRecord, JobSpec } from '../../core/types.ts'
import { fromBytes } from '../../wire/codec.ts'
import { keyedMemory, openJobRecord } from '../../wire/job.ts'
import type { Context } from '../context.ts'
import { memoryOf } from '../home/recall.ts'
import { callPeer } from '../peers/rpc.ts'

export interface Remembered {
  readonly record: JobRecord
  /** The highest round that anyone has forgotten. */
  readonly round: number
  readonly result: Digest | null
}

/**
 * null where nobody remembers this key. Throws KEY_CONFLICT where nodes remember two snapshots, or two results, and
 * RESULT_LOST where a node knows that there was a job under the key, and no node knows its snapshot: a new job would be
 * over other data, and could give another result.
 */
export async function rememberedOf(context: Context, id: JobId): Promise<Remembered | null> {
  const { state } = context
  const peers = livePeers(state)
  const answers = await Promise.all([
    memoryOf(context, id),
    ...peers.map((peer) =>
      callPeer(context, peer, { call: 'key', job: id })
        .then(({ body }) => fromBytes(keyedMemory, body))
        .catch(() => null),
    ),
  ])
  let all: Remembered | null = null
  for (const answer of answers) {
    if (answer === null || answer === 'lost') continue
    const one = { record: openJobRecord(answer.record), round: answer.round, result: answer.result }
    if (one.record.id !== id) continue
    all = all === null ? one : join(all, one)
  }
  if (all === null && answers.includes('lost'))
    throw new ShoalError('RESULT_LOST', 'there was a job under this key, and no node that lives knows over what', {
      why: 'what was kept of it is damaged or gone here, or on a node that is away',
      job: id,
      try: [
        'start the nodes that are away: one of them may know it',
        'another --key   for a result over what the data are now',
      ],
    })
  return all
}

function join(a: Remembered, b: Remembered): Remembered {
  const [snapshots, results] = [
    [snapshotId(a.record.snapshot), snapshotId(b.record.snapshot)],
    [a.result, b.result],
  ]
  const differ = (pair: readonly (string | null)[]): boolean =>
    pair[0] !== null && pair[1] !== null && pair[0] !== pair[1]
  const differing = differ(snapshots) ? snapshots : differ(results) ? results : null
  if (differing !== null)
    throw new ShoalError('KEY_CONFLICT', `two nodes remember two jobs under the key ${JSON.stringify(a.record.key)}`, {
      why: `${differ(snapshots) ? 'over the snapshots' : 'with the results'} ${differing.join(' and ')}`,
      job: a.record.id,
      try: ['another --key'],
    })
  return { record: a.record, round: Math.max(a.round, b.round), result: a.result ?? b.result }
}

/**
 * The record by which what was forgotten is had again: that of then; or with the code and the runtime of now, where no
 * live node runs that of then, and it has given no result that another could contradict. Throws RESULT_LOST where it
 * cannot be computed as the first one was, and INCOMPLETE where that left shards out, and it is not wanted.
 */
export function recordAgain(
  context: Context,
  { record, result }: Remembered,
  now: JobSpec,
  allowPartial: boolean,
): JobRecord {
  if (!allowPartial && record.snapshot.inputs.some((input) => input.omitted.length > 0))
    throw new ShoalError('INCOMPLETE', 'the job under this key leaves shards out', {
      job: record.id,
      try: ['--allow-partial', 'another --key'],
    })
  const { code, runtime } = record.spec
  const isRun = isAnywhere(context, record.spec)
  if (isRun && code === now.code) return record
  if (!isRun && result === null && record.source !== undefined) return { ...record, spec: now }
  throw new ShoalError('RESULT_LOST', 'the result under this key was forgotten, and cannot be computed again', {
    why: `it was computed by ${runtime}, ${isRun ? 'which bundles the job otherwise than this node' : 'which no live node runs'}`,
    job: record.id,
    try: [
      isRun ? 'run it on a node of that version' : 'start a node of that version',
      'another --key   for a result over what the data are now',
    ],
  })
}

/**
 * A key leads to the job that was first run under it, which may be of a version that is gone. Throws RESULT_LOST or
 * NO_NODE where its next round would wait for ever.
 */
export function checkRuns(context: Context, { record, ledger }: JobState): void {
  const { id, spec } = record
  if (isAnywhere(context, spec)) return
  const why = `it is of ${spec.runtime}, which no live node runs`
  const start = 'start a node of that version'
  if (ledger.outcome.kind === 'sealed')
    throw new ShoalError('RESULT_LOST', 'parts of the result under this key are lost', {
      why,
      job: id,
      try: [start, 'another --key   for a result over what the data are now'],
    })
  throw new ShoalError('NO_NODE', 'the job under this key ended without a result, and cannot go on', {
    why,
    job: id,
    try: [`shoal job rm ${id.slice(0, 12)}   then run it again, over the files of then`, start],
  })
}

/** Whether live nodes run all kinds of programs that the job has, as they were then. */
function isAnywhere({ state }: Context, spec: JobSpec): boolean {
  const living = [...state.members.values()].filter(({ node }) => isLive(state, node))
  const offered = [state.self.runtimes, ...living.map(({ record }) => record.runtimes)]
  return [...programsOf(spec)].every((program) => offered.some((one) => runs(one, spec, program)))
}
