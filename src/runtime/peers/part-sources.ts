import { liveHolders } from '../../core/members/holders.ts'
import { isLive } from '../../core/members/liveness.ts'
import type { JobState } from '../../core/state.ts'
import type { NodeId, TaskIndex } from '../../core/types.ts'
import type { Context } from '../context.ts'

/**
 * Peers to ask for an output, likeliest first: those known to hold it, its owner, then every other live member. A seal
 * can be known before the reports that say who holds its parts, so a part is lost only when nobody gives it.
 */
export function sourcesOf({ state }: Context, job: JobState, task: TaskIndex): NodeId[] {
  const owner = job.ledger.tasks[task]!.claim?.owner
  const sources = new Set([
    ...liveHolders(state, job, task),
    ...(owner === undefined ? [] : [owner]),
    ...state.members.keys(),
  ])
  return [...sources].filter((node) => node !== state.self.node && isLive(state, node))
}
