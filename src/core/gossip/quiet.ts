/**
 * How often this node looks at its clock and speaks. A heartbeat is a message to each peer, which no one signs, checks or
 * passes on. While something goes on, it comes at the pace that takeovers need, and so do ticks. Once nothing has changed
 * for a while the node goes quiet: heartbeats come less often, and a tick comes when the next one is due. The first event
 * that changes anything ends that at once.
 *
 * What no node must do is fall silent for somebody. Members that it has no connection to hear gossip alone, so it gossips
 * its heartbeats, too, and stays awake, for them; and whoever does not hear a member that it thinks alive, or that has just
 * been connected, asks for it by gossip (a connection may carry packets in one direction only): that wakes the one that is
 * asked for, and has it gossip for a while.
 */
import { isLive, nextLivenessOf, silentSince } from '../members/liveness.ts'
import type { Effect } from '../effects.ts'
import type { Event } from '../events.ts'
import { LIMITS } from '../limits.ts'
import type { Member } from '../members/membership.ts'
import { isWorkedOn } from '../outcome/remake.ts'
import type { State } from '../state.ts'
import type { Millis, NodeId } from '../types.ts'
import { patience } from '../members/strain.ts'

/** Whether an event changed anything, or is about to. Of what peers say, what it made this node do shows that. */
export function stirs(state: State, event: Event, effects: readonly Effect[]): boolean {
  if (event.type === 'tick' || event.type === 'wake') return false
  if (event.type === 'message' && event.message.type === 'unheard') return event.message.nodes.includes(state.self.node)
  if (event.type !== 'message' && event.type !== 'own-life') return true
  return effects.some((effect) => effect.type !== 'send')
}

/** Something has changed: heartbeats and ticks come soon, and often for a while. */
export function stir(state: State): void {
  state.stirredAt = state.now
  state.quiet = false
  state.nextBeat = Math.min(state.nextBeat, state.now + LIMITS.heartbeatMs)
  state.tickDue = Math.min(state.tickDue, state.now + LIMITS.tickMs)
}

/** Decides after each tick whether this node is quiet, and when the next tick is due. */
export function settle(state: State): void {
  state.quiet = isQuiet(state)
  state.tickDue = state.quiet ? nextDue(state) : state.now + LIMITS.tickMs
}

function isQuiet(state: State): boolean {
  if (state.now - state.stirredAt < LIMITS.quietAfterMs) return false
  if (state.draining || state.running.size + state.fetching.size + state.dirty.size > 0) return false
  for (const job of state.jobs.values())
    if (isWorkedOn(job) || job.reportDirty || job.pulls.size + job.pushes.size > 0) return false
  return !others(state).some(
    (member) => !member.connected && (isLive(state, member.node) || isNew(state, member, LIMITS.quietAfterMs)),
  )
}

/** Whether some member hears gossip alone. Who was just met is about to be connected. */
export function needsGossip(state: State): boolean {
  if (state.now - state.askedAt < LIMITS.askedMs) return true
  return others(state).some((member) => !member.connected && !isNew(state, member, 0))
}

/** Whether a member without a connection is known no longer than it may take to get one, and `more`. */
function isNew(state: State, { metAt, closedAt }: Member, more: Millis): boolean {
  return closedAt === -Infinity && state.now - metAt < LIMITS.meetMs * patience(state) + more
}

/** The next heartbeat; or when somebody is to be asked for, or becomes suspect or away: views tell what the last tick saw. */
function nextDue(state: State): Millis {
  let due = state.nextBeat
  for (const member of others(state)) {
    due = Math.min(due, Math.max(askFrom(state, member), state.nextAsk))
    if (isLive(state, member.node)) due = Math.min(due, nextLivenessOf(state, member))
  }
  return Math.max(due, state.now + LIMITS.tickMs)
}

/** When silence is a reason to ask for a member: it lives, as far as is known, or its connection has just opened and is mute. */
function askFrom(state: State, member: Member): Millis {
  const silent = silentSince(state, member)
  const wait = LIMITS.unheardMs * patience(state)
  if (isLive(state, member.node)) return silent + wait
  const { connected, openedAt, heardAt } = member
  const isMute = connected && heardAt < openedAt && state.now - openedAt < LIMITS.askedMs
  return isMute ? Math.max(silent, openedAt) + wait : Infinity
}

/** Somebody does not hear these nodes: if this is one of them, it says by gossip that it lives. */
export function learnAsked(state: State, nodes: readonly NodeId[]): void {
  if (!nodes.includes(state.self.node)) return
  state.askedAt = state.now
  state.nextGossip = state.now
}

/** Asks by gossip for members that are not heard. */
export function askForUnheard(state: State): Effect[] {
  if (state.now < state.nextAsk) return []
  const nodes: NodeId[] = []
  for (const member of others(state)) if (state.now >= askFrom(state, member)) nodes.push(member.node)
  if (nodes.length === 0) return []
  state.nextAsk = state.now + LIMITS.quietBeatMs
  return [{ type: 'gossip', message: { type: 'unheard', nodes: nodes.slice(0, LIMITS.unheardMax) } }]
}

function others(state: State): Member[] {
  return [...state.members.values()].filter(({ node }) => node !== state.self.node)
}
