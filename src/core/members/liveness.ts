/** Who lives, as this node sees it: how long each member is silent, on this node's own clock. */
import { LIMITS } from '../limits.ts'
import type { State } from '../state.ts'
import type { Millis, NodeId } from '../types.ts'
import { liveness, nextLiveness, type Liveness, type Member } from './membership.ts'
import { patience } from './strain.ts'

/** Silence before this was this node's own: it had not started, or it slept. */
function listeningSince(state: State): Millis {
  return state.graceUntil - LIMITS.awayAfterMs
}

/** Since when nothing was heard of a member, as far as this node has listened. */
export function silentSince(state: State, member: Member): Millis {
  return Math.max(member.heardAt, listeningSince(state))
}

export function livenessOf(state: State, node: NodeId): Liveness {
  if (node === state.self.node) return 'alive'
  const member = state.members.get(node)
  return member === undefined ? 'away' : liveness(member, state.now, listeningSince(state), patience(state))
}

/** When `livenessOf` will next say something else of a member that stays silent. */
export function nextLivenessOf(state: State, member: Member): Millis {
  return nextLiveness(member, state.now, listeningSince(state), patience(state))
}

/** Not known to be away. A drained node lives, but takes no work. */
export function isLive(state: State, node: NodeId): boolean {
  return livenessOf(state, node) !== 'away'
}

/** All other nodes that live. */
export function livePeers(state: State): NodeId[] {
  return [...state.members.keys()].filter((node) => node !== state.self.node && isLive(state, node))
}
