import { livePeers } from '../core/candidates.ts'
import type { JobState } from '../core/state.ts'
import type { Context } from './context.ts'
import { callPeer } from './rpc.ts'

/**
 * Opens the next round of a job that is over. Resolves when every live member that answers knows of it, and under which
 * limits it runs: who waits there next waits for that one.
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
}
