/**
 * Streams whose work is done, and that stay open for the next: to open one costs eight messages and a look into what is
 * known of the peer, most of a small call. Who serves such a stream takes one request after the other until it ends.
 */
import { LIMITS } from '../../core/limits.ts'
import type { Millis, NodeId } from '../../core/types.ts'
import type { Clock } from '../../ports.ts'
import type { FramedStream } from './framed.ts'

interface Idle {
  readonly stream: FramedStream
  readonly since: Millis
}

export class IdleStreams {
  readonly #clock: Clock
  readonly #idle = new Map<NodeId, Map<string, Idle[]>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The one that was used last: those that nobody needs grow old. */
  take(peer: NodeId, protocol: string): FramedStream | null {
    return this.#idle.get(peer)?.get(protocol)?.pop()?.stream ?? null
  }

  give(stream: FramedStream, protocol: string): void {
    const ofPeer = this.#idle.get(stream.peer) ?? new Map<string, Idle[]>()
    this.#idle.set(stream.peer, ofPeer)
    const idle = ofPeer.get(protocol) ?? []
    ofPeer.set(protocol, idle)
    if (idle.length < LIMITS.idleStreamsMax) idle.push({ stream, since: this.#clock.now() })
    else end(stream)
  }

  /** Ends those that nobody has needed for long. To be called now and then. */
  sweep(): void {
    const oldest = this.#clock.now() - LIMITS.idleStreamMs
    for (const [peer, ofPeer] of this.#idle) {
      for (const [protocol, idle] of ofPeer) {
        while (idle[0] !== undefined && idle[0].since < oldest) end(idle.shift()!.stream)
        if (idle.length === 0) ofPeer.delete(protocol)
      }
      if (ofPeer.size === 0) this.#idle.delete(peer)
    }
  }

  /** The connection is gone, and they with it. */
  forget(peer: NodeId): void {
    for (const idle of this.#idle.get(peer)?.values() ?? []) for (const { stream } of idle) stream.abort('disconnected')
    this.#idle.delete(peer)
  }
}

function end(stream: FramedStream): void {
  stream.end().catch((error: unknown) => stream.abort(String(error)))
}
