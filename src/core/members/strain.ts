/**
 * How far this node trusts its own judgement of others: Lifeguard's local health (Dadgar, Phillips & Currey 2018,
 * arXiv 1707.00788). Who is late himself hears late, and would take the living for dead. The signal is the lag of this
 * node's own loop: ticks that come late, and time that has passed unseen when any other event comes.
 */
import { LIMITS } from '../limits.ts'
import type { State } from '../state.ts'
import type { Millis } from '../types.ts'

/**
 * Notes at each event how late this node is; `tick` is by how much a tick was late, null for other events. A long stall
 * gives everybody a full suspicion time anew; each late tick makes this node more patient, and it eases with time.
 */
export function feel(state: State, tick: Millis | null): void {
  const late = Math.max(tick ?? 0, state.now - state.tickDue)
  if (late > LIMITS.stallMs) state.graceUntil = state.now + LIMITS.awayAfterMs
  if (tick === null) return
  if (late >= LIMITS.lagMs) {
    state.strain = Math.min(LIMITS.strainMax, state.strain + 1)
    state.strainAt = state.now
  } else if (state.strain > 0 && state.now - state.strainAt >= LIMITS.strainEaseMs) {
    state.strain--
    state.strainAt = state.now
  }
}

/** By how much this node's suspicion times are longer than those of a node that keeps up. */
export function patience(state: State): number {
  return 1 + state.strain
}
