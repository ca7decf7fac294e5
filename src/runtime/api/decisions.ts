/**
 * What a person decides about a job: to cancel it, to try it again, to forget it. Each function resolves once the
 * decision is on this node's disk, so that a crash does not undo what the person was told.
 */
import { livePeers } from '../../core/members/liveness.ts'
import { errorFromJson, ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { isLasting, isOver } from '../../core/ledger/outcome.ts'
import type { JobState } from '../../core/state.ts'
import type { JobId } from '../../core/types.ts'
import type { Context } from '../context.ts'
import { errorOf } from './job-views.ts'
import { within } from '../pause.ts'
import { callPeer } from '../peers/rpc.ts'

/** A job that is over stays as it is. Throws NODE_SETUP where the disk does not take it. */
export async function cancelJob(context: Context, job: JobState): Promise<void> {
  if (isOver(job.ledger.outcome)) return
  context.dispatch({ type: 'cancel', job: job.record.id })
  await onDisk(context, job, 'it is cancelled')
}

/**
 * Throws the job's own error where no further round can change its outcome, NODE_SETUP where the disk does not take it.
 */
export async function retryJob(context: Context, job: JobState): Promise<void> {
  const { outcome } = job.ledger
  if (isLasting(outcome) && outcome.kind !== 'sealed') throw errorFromJson(errorOf(job)!)
  await retry(context, job)
}

/**
 * Opens the next round of a job that is over. Resolves when every live member that answers knows the round and its
 * limits: whoever then waits for the job, on any node, waits for this round. Throws NODE_SETUP where the disk does not
 * take it.
 */
export async function retry(context: Context, job: JobState): Promise<void> {
  const { state, dispatch } = context
  const { id } = job.record
  const before = job.ledger.round
  dispatch({ type: 'retry', job: id })
  const { round, limits } = job.ledger
  if (round === before) return
  const peers = livePeers(state)
  await Promise.allSettled(peers.map((peer) => callPeer(context, peer, { call: 'round', job: id, round, limits })))
  await onDisk(context, job, 'it is open again')
}

/** Throws USAGE where the job is not over, and NODE_SETUP where the disk does not take it. */
export async function removeJob({ dispatch, removal }: Context, { ledger, record }: JobState): Promise<void> {
  if (!isOver(ledger.outcome))
    throw new ShoalError('USAGE', 'the job is not over yet', {
      job: record.id,
      try: [`shoal job cancel ${record.id.slice(0, 12)}   and then rm`],
    })
  dispatch({ type: 'forget', job: record.id })
  try {
    await removal.done(record.id)
  } catch (error) {
    throw notOnDisk(record.id, 'it is removed', error)
  }
}

async function onDisk({ clock, durable }: Context, { record }: JobState, what: string): Promise<void> {
  try {
    await within(clock, LIMITS.rpcTimeoutMs, durable(record.id), () => undefined, 'the disk does not answer')
  } catch (error) {
    throw notOnDisk(record.id, what, error)
  }
}

function notOnDisk(job: JobId, what: string, cause: unknown): ShoalError {
  return new ShoalError('NODE_SETUP', `${what}, but the disk of this node does not take that`, {
    job,
    why: 'it is full, or does not answer: if the node stops now, only the others know',
    try: ['make room on the disk of the home folder: what is not written yet follows by itself'],
    cause,
  })
}
