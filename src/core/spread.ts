/** How this node's news leaves it: heartbeats, gossip of what changed, rounds of anti-entropy. */
import { chunk, hello, pinOf } from './anti-entropy.ts'
import { makeBeat } from './beat.ts'
import type { Effect } from './effects.ts'
import { LIMITS } from './limits.ts'
import type { State } from './state.ts'
import type { NodeId } from './types.ts'

/** Heartbeat, gossip of what changed, and one round of anti-entropy, each in its own time. */
export function spread(state: State): Effect[] {
  if (state.quiet) return whisper(state)
  const effects: Effect[] = []
  if (state.now >= state.nextBeat) {
    state.nextBeat = state.now + LIMITS.heartbeatMs
    effects.push({ type: 'gossip', message: { type: 'beat', beat: makeBeat(state) } })
  }
  if (state.now >= state.nextFlush && state.dirty.size > 0) {
    state.nextFlush = state.now + LIMITS.gossipIntervalMs
    effects.push(...flush(state))
  }
  if (state.now >= state.nextSync) {
    state.nextSync = state.now + LIMITS.syncIntervalMs
    const peers = connectedPeers(state)
    const peer = peers[state.syncTurn++ % Math.max(1, peers.length)]
    if (peer !== undefined) effects.push({ type: 'send', to: peer, message: hello(state, peer) })
  }
  return effects
}

/** Of a quiet node: a heartbeat to each peer; for one of them, in turn, it opens a round of anti-entropy. */
function whisper(state: State): Effect[] {
  if (state.now < state.nextBeat) return []
  state.nextBeat = state.now + LIMITS.quietBeatMs
  state.nextSync = state.now + LIMITS.syncIntervalMs
  const peers = connectedPeers(state)
  const turn = state.syncTurn++ % Math.max(1, peers.length)
  // One for all, so that it is encoded once.
  const message = { type: 'beat', beat: makeBeat(state) } as const
  return peers.map((to, i) => ({ type: 'send', to, message: i === turn ? hello(state, to) : message }))
}

function connectedPeers(state: State): NodeId[] {
  const peers = [...state.members.values()].filter((m) => m.connected && m.node !== state.self.node)
  return peers.map((m) => m.node)
}

/** One message a flush: what does not fit stays dirty for the next. */
function flush(state: State): Effect[] {
  const [id, dirty] = state.dirty.entries().next().value!
  const job = state.jobs.get(id)
  if (job === undefined) {
    state.dirty.delete(id)
    return []
  }
  const tasks = [...dirty.tasks].slice(0, LIMITS.deltaTasks)
  const node = tasks.length === 0 ? dirty.reports.values().next().value : undefined
  const report = node === undefined ? undefined : job.ledger.reports.get(node)
  const delta = chunk(job.ledger, tasks, report === undefined ? [] : [report])[0]!
  for (const task of tasks) dirty.tasks.delete(task)
  if (node !== undefined) dirty.reports.delete(node)
  // To the back of the queue, or out of it: jobs take turns.
  state.dirty.delete(id)
  if (dirty.tasks.size + dirty.reports.size > 0) state.dirty.set(id, { ...dirty, outcome: false })
  return [{ type: 'gossip', message: { type: 'delta', job: id, delta, ...pinOf(job) } }]
}
