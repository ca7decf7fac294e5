/** Takes in what members say of themselves: records and heartbeats. */
import { greet } from './beat.ts'
import type { Effect } from './effects.ts'
import { LIMITS } from './limits.ts'
import { hear, laterLife, newerRecord, sameLife, type Beat, type SignedNodeRecord } from './membership.ts'
import type { State } from './state.ts'
import type { Incarnation, NodeId } from './types.ts'

/** A record, its signature verified. About this node itself it tells of a clone, or of a home that was set back. */
export function learnRecord(state: State, record: SignedNodeRecord, from: NodeId): Effect[] {
  const { self } = state
  if (record.node === self.node && !sameLife(record.incarnation, self.incarnation))
    return learnOwnLife(state, record.incarnation)
  if (state.forgotten.has(record.node)) {
    if (from !== record.node) return []
    state.forgotten.delete(record.node)
  }
  const member = state.members.get(record.node)
  if (member !== undefined && !newerRecord(record, member.record)) return []
  if (member === undefined && state.members.size >= LIMITS.membersMax) return []
  const catalogChanged = member?.record.catalog.hash !== record.catalog.hash
  if (member === undefined) {
    greet(state)
    state.members.set(record.node, {
      node: record.node,
      record,
      beat: null,
      heardAt: from === record.node ? state.now : -Infinity,
      connected: state.connected.has(record.node),
      closedAt: -Infinity,
      moved: new Map(),
    })
  } else {
    if (laterLife(record.incarnation, member.record.incarnation)) member.moved.clear()
    member.record = record
    if (from === record.node) member.heardAt = state.now
  }
  const effects: Effect[] = [{ type: 'keep-record', node: record.node }]
  if (catalogChanged && record.node !== self.node)
    effects.push({ type: 'fetch-catalog', node: record.node, hash: record.catalog.hash, from })
  return effects
}

/**
 * A life of this node that somebody has heard of. One that it does not live, and that is not over by its count: its home
 * was set back, and it goes on above that. Where it comes again and again, something raises itself above this one in its
 * turn, which only a copy that runs does.
 */
export function learnOwnLife(state: State, life: Incarnation): Effect[] {
  const { incarnation } = state.self
  const { count } = life
  // Many peers may say the same before it is done.
  if (sameLife(life, incarnation) || count < incarnation.count || count <= state.raisingAbove) return []
  state.raisingAbove = count
  const problem = state.raises++ < LIMITS.raisesMax ? 'behind' : 'twice'
  return [{ type: 'identity', problem, count }]
}

/**
 * A heartbeat. Of a node without a record, or with an older one than it names, the record is asked for: of the node itself
 * only over a connection that is there, since one that is opened before its addresses are known goes over a relay.
 */
export function learnBeat(state: State, beat: Beat): Effect[] {
  if (beat.node === state.self.node) return learnOwnLife(state, beat.incarnation)
  const member = state.members.get(beat.node)
  const stale =
    member === undefined ||
    laterLife(beat.incarnation, member.record.incarnation) ||
    beat.record > member.record.version
  if (member !== undefined) hear(member, beat, state.now)
  if (!stale) return []
  return [{ type: 'send', to: whoKnows(state, beat.node), message: { type: 'want-records', nodes: [beat.node] } }]
}

/** The node itself, or one peer after the other: it was heard over some of them. */
function whoKnows(state: State, node: NodeId): NodeId {
  if (state.connected.has(node)) return node
  const peers = [...state.connected]
  return peers[state.seq % Math.max(1, peers.length)] ?? node
}
