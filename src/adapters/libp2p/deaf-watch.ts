import { LIMITS } from '../../core/limits.ts'
import type { NodeId } from '../../core/types.ts'

/**
 * Finds connected peers that gossip does not reach. A gossip stream that is reset while the connection stays is never
 * opened again by gossipsub 17: then one side misses the other among its subscribers, and the other sees its
 * publications pass it by. Either sign, held for `gossipDeafMs`, is enough.
 *
 * Patience doubles with each connection that did not help, so that a machine short of CPU is not connected for ever
 * anew; a process that was stalled itself starts counting again.
 */
export class DeafWatch {
  readonly #since = new Map<NodeId, number>()
  readonly #strikes = new Map<NodeId, number>()
  #passedBy: ReadonlySet<NodeId> = new Set()
  #lastTick = -Infinity

  /** What the latest publication has shown: subscribers that it was not sent to. */
  published(passedBy: ReadonlySet<NodeId>): void {
    this.#passedBy = passedBy
  }

  /** Peers to connect anew. To be called about every second; `now` is monotonic. */
  tick(connected: readonly NodeId[], subscribers: ReadonlySet<NodeId>, now: number): NodeId[] {
    if (now - this.#lastTick > LIMITS.gossipDeafMs) this.#since.clear()
    this.#lastTick = now
    const found: NodeId[] = []
    const present = new Set(connected)
    for (const peer of this.#since.keys()) if (!present.has(peer)) this.#since.delete(peer)
    if (this.#strikes.size > LIMITS.membersMax) this.#strikes.clear()
    for (const peer of connected) {
      if (subscribers.has(peer) && !this.#passedBy.has(peer)) {
        this.#since.delete(peer)
        this.#strikes.delete(peer)
        continue
      }
      const since = this.#since.get(peer) ?? now
      const strikes = this.#strikes.get(peer) ?? 0
      if (now - since > LIMITS.gossipDeafMs * 2 ** Math.min(strikes, 5)) {
        this.#since.delete(peer)
        this.#strikes.set(peer, strikes + 1)
        found.push(peer)
      } else this.#since.set(peer, since)
    }
    return found
  }
}
