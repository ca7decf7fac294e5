/** How this node's news leaves it: heartbeats, gossip of what changed, rounds of anti-entropy. */
import { chunk, hello, pinOf } from './anti-entropy.ts'
import { makeBeat } from '../members/beat.ts'
import { livePeers } from '../members/liveness.ts'
import type { Effect } from '../effects.ts'
import type { Report } from '../ledger/ledger.ts'
import { LIMITS } from '../limits.ts'
import type { Message } from '../messages.ts'
import type { Dirty, JobState, State } from '../state.ts'
import type { NodeId } from '../types.ts'
import { needsGossip } from './quiet.ts'

/** Heartbeat, gossip of what changed, and one round of anti-entropy, each in its own time. */
export function spread(state: State): Effect[] {
  if (state.quiet) return whisper(state)
  const effects: Effect[] = []
  if (state.now >= state.nextBeat) {
    state.nextBeat = state.now + LIMITS.heartbeatMs
    effects.push(...sayAlive(state))
  }
  effects.push(...flushAll(state))
  if (state.now >= state.nextSync) {
    state.nextSync = state.now + LIMITS.syncIntervalMs
    const peers = connectedPeers(state)
    const peer = peers[state.syncTurn++ % Math.max(1, peers.length)]
    if (peer !== undefined) effects.push({ type: 'send', to: peer, message: hello(state, peer) })
  }
  return effects
}

/**
 * That this node lives. Where it is connected to few, each of them hears it on its stream; by gossip it is said too, at the
 * pace of a quiet node, while a member is without a connection, or has asked for this node: it does not hear what is sent.
 */
function sayAlive(state: State): Effect[] {
  const message = { type: 'beat', beat: makeBeat(state) } as const
  if (state.connected.size > LIMITS.directPeersMax) return [{ type: 'gossip', message }]
  const effects: Effect[] = [...state.connected].map((to) => ({ type: 'send', to, message }))
  if (state.now < state.nextGossip || !needsGossip(state)) return effects
  state.nextGossip = state.now + LIMITS.quietBeatMs
  return [...effects, { type: 'gossip', message }]
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

/**
 * What is due, as far as the rate allows: one message each LIMITS.gossipIntervalMs in the long run, LIMITS.gossipBurst of
 * them at once after a time without. Where it need not be gossip it is LIMITS.directFactor times as many.
 */
function flushAll(state: State): Effect[] {
  if (state.dirty.size === 0) return []
  const effects: Effect[] = []
  const near = nearPeers(state)
  const interval = near === null ? LIMITS.gossipIntervalMs : LIMITS.gossipIntervalMs / LIMITS.directFactor
  // As long a time without, so that more of them may follow one another.
  const ahead = (LIMITS.gossipBurst - 1) * LIMITS.gossipIntervalMs
  for (const [id, dirty] of state.dirty) {
    if (state.now < state.nextFlush - ahead) break
    const job = state.jobs.get(id)
    if (job === undefined) state.dirty.delete(id)
    else if (isDue(state, job, dirty)) {
      state.nextFlush = Math.max(state.now, state.nextFlush) + interval
      effects.push(...flush(state, job, dirty, near))
    }
  }
  return effects
}

/** What presses waits for nothing but the report that is just being signed, and goes with it. */
function isDue(state: State, { signingSince }: JobState, { pressing, since }: Dirty): boolean {
  if (state.now - since >= LIMITS.gossipIntervalMs) return true
  const isSigning = signingSince !== null && state.now - signingSince < LIMITS.gossipIntervalMs
  return pressing && !isSigning
}

/** One message: what does not fit stays dirty for the next. */
function flush(state: State, job: JobState, dirty: Dirty, near: readonly NodeId[] | null): Effect[] {
  const { id } = job.record
  const tasks = [...dirty.tasks].slice(0, LIMITS.deltaTasks)
  const [node] = dirty.reports
  const report = node === undefined ? undefined : job.ledger.reports.get(node)
  const isBeside = tasks.length === 0 || (report !== undefined && fitsBeside(report, tasks.length))
  const [delta] = chunk(job.ledger, tasks, [])
  const told = report !== undefined && isBeside ? { ...delta!, reports: [report] } : delta!
  for (const task of tasks) dirty.tasks.delete(task)
  if (node !== undefined && isBeside) dirty.reports.delete(node)
  // To the back of the queue, or out of it: jobs take turns.
  state.dirty.delete(id)
  if (dirty.tasks.size + dirty.reports.size > 0) state.dirty.set(id, { ...dirty, outcome: false })
  const message: Message = { type: 'delta', job: id, delta: told, ...pinOf(job) }
  return near === null ? [{ type: 'gossip', message }] : near.map((to) => ({ type: 'send', to, message }))
}

/** A small job's report goes with its tasks, within one message of gossip; others go by themselves. */
function fitsBeside({ has, failures }: Report, tasks: number): boolean {
  return failures.length === 0 && has.length <= LIMITS.deltaTasks && tasks <= LIMITS.deltaTasks / 2
}

/** All that live, where they are connected and few: each is told on its stream. Else by gossip, which finds its way over others. */
function nearPeers(state: State): NodeId[] | null {
  const peers = livePeers(state)
  const isNear = peers.length <= LIMITS.directPeersMax && peers.every((node) => state.members.get(node)!.connected)
  return isNear ? peers : null
}
