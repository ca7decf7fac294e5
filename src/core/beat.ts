import { isLive } from './candidates.ts'
import type { Effect } from './effects.ts'
import { LIMITS } from './limits.ts'
import type { Beat } from './membership.ts'
import type { Running, State } from './state.ts'
import type { JobId, NodeId } from './types.ts'

/** What a job's id, and what is said of a task, takes of a heartbeat on the wire at most. */
const JOB_BYTES = 72
const TASK_BYTES = 24
/** What else stands in a heartbeat. */
const REST_BYTES = 512

/**
 * An awake node's heartbeat: to each peer on its stream, where nobody signs, checks or passes it on. By gossip, which finds
 * its way over others, where a member lives that is not connected, or somebody did not hear this node; and now and then
 * where one that is away is not connected: it may live, and hear others.
 */
export function sayBeat(state: State): Effect[] {
  const message = { type: 'beat', beat: makeBeat(state) } as const
  return isForGossip(state)
    ? [{ type: 'gossip', message }]
    : [...state.connected].map((to) => ({ type: 'send', to, message }))
}

function isForGossip(state: State): boolean {
  if (state.connected.size > LIMITS.directPeersMax || state.now < state.gossipBeatsUntil) return true
  const far = [...state.members.values()].filter(({ node, connected }) => !connected && node !== state.self.node)
  if (far.some(({ node }) => isLive(state, node))) return true
  if (far.length === 0 || state.now < state.nextGossipBeat) return false
  state.nextGossipBeat = state.now + LIMITS.unheardMs
  return true
}

/** Whoever asks for a node that it thinks alive does not hear it. If it is this one, it is heard over others for a while. */
export function onUnheard(state: State, nodes: readonly NodeId[]): Effect[] {
  if (!nodes.includes(state.self.node)) return []
  state.gossipBeatsUntil = state.now + LIMITS.unheardGossipMs
  state.nextBeat = state.now
  return []
}

/** A connection to this peer is open. */
export function meet(state: State, peer: NodeId): void {
  state.connected.add(peer)
  greet(state)
}

/** Somebody is new, or back: who has heard it once asks when it hears it no more, however its connection is. */
export function greet(state: State): void {
  state.gossipBeatsUntil = Math.max(state.gossipBeatsUntil, state.now + LIMITS.quietAfterMs)
}

/** This node's next sign of life; each call is a new one. */
export function makeBeat(state: State): Beat {
  const running = [...state.running.values()]
  return {
    node: state.self.node,
    incarnation: state.self.incarnation,
    seq: ++state.seq,
    record: state.members.get(state.self.node)?.record.version ?? 0,
    busy: running.length,
    running: fitting(running).map((r) => ({ job: r.job, task: r.task, units: r.units, bytes: r.bytes })),
  }
}

/** Hundreds of tasks of a few jobs fit: of what does not, nobody hears how it gets on, but that the node lives. */
function fitting(running: readonly Running[]): readonly Running[] {
  const jobs = new Set<JobId>()
  let left = LIMITS.gossipBytesMax - REST_BYTES
  return running.filter(({ job }) => {
    const cost = TASK_BYTES + (jobs.has(job) ? 0 : JOB_BYTES)
    if (cost > left) return false
    jobs.add(job)
    left -= cost
    return true
  })
}
