import { UnsupportedProtocolError, type Connection } from '@libp2p/interface'
import type { Host } from './host.ts'

export interface LivenessOptions {
  /** The protocol that probes are negotiated for; whoever handles it need do nothing. */
  readonly protocol: string
  /** A connection that brought nothing for so long is probed … */
  readonly afterMs: number
  /** … and a probe may take so long. */
  readonly probeMs: number
}

/**
 * Finds connections that are open and dead: a cut cable sends no FIN, and TCP goes on for a quarter of an hour.
 * libp2p's own monitor would close a connection at the first late ping, with all its streams; here two probes in a row
 * must stay unanswered, and a process that was stalled itself accuses nobody.
 */
export class Liveness {
  readonly #host: Host
  readonly #options: LivenessOptions
  readonly #watched = new Map<string, { heard: number; probing: boolean; missed: number }>()
  #lastTick = performance.now()

  constructor(host: Host, options: LivenessOptions) {
    this.#host = host
    this.#options = options
  }

  /** A message came from this peer. It speaks for its connection only where there is no second one. */
  heard(connections: readonly Connection[]): void {
    const [only] = connections
    const entry = only === undefined ? undefined : this.#watched.get(only.id)
    if (connections.length !== 1 || entry === undefined) return
    entry.heard = performance.now()
    entry.missed = 0
  }

  /** To be called more often than `afterMs`. */
  tick(): void {
    const now = performance.now()
    const stalled = now - this.#lastTick > this.#options.afterMs
    this.#lastTick = now
    const open = this.#host.getConnections().filter((connection) => connection.status === 'open')
    const ids = new Set(open.map((connection) => connection.id))
    for (const id of this.#watched.keys()) if (!ids.has(id)) this.#watched.delete(id)
    for (const connection of open) {
      const entry = this.#watched.get(connection.id)
      if (entry === undefined || stalled) this.#watched.set(connection.id, { heard: now, probing: false, missed: 0 })
      else if (!entry.probing && now - entry.heard >= this.#options.afterMs) void this.#probe(connection)
    }
  }

  async #probe(connection: Connection): Promise<void> {
    const entry = this.#watched.get(connection.id)
    if (entry === undefined) return
    entry.probing = true
    try {
      const stream = await connection.newStream(this.#options.protocol, {
        runOnLimitedConnection: true,
        signal: AbortSignal.timeout(this.#options.probeMs),
      })
      entry.heard = performance.now()
      entry.missed = 0
      stream.abort(new Error('it was a probe'))
    } catch (error) {
      // That it does not know the protocol is an answer, too.
      if (error instanceof UnsupportedProtocolError) {
        entry.heard = performance.now()
        entry.missed = 0
      } else entry.missed++
    }
    entry.probing = false
    // A stall has replaced the entry meanwhile: then this probe says nothing.
    if (entry.missed >= 2 && this.#watched.get(connection.id) === entry) {
      connection.abort(new Error('two probes in a row were not answered'))
    }
  }
}
