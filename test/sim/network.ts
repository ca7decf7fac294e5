/** The simulated network: who is connected with whom, what is cut, and how streams and gossip come over. */
import { createHash } from 'node:crypto'
import { LIMITS } from '../../src/core/limits.ts'
import type { Millis, NodeId } from '../../src/core/types.ts'
import type { ByteStream, Mesh, MeshEvents } from '../../src/ports.ts'
import type { SimProcess } from './process.ts'
import type { Random } from './random.ts'
import { endOf, Pipe, type StreamFault, type Wire } from './stream.ts'

/** How bad the network is just now. */
export interface Weather {
  /** Chance that a gossiped message does not reach a node. */
  loss: number
  /** Chance that it comes once more, seconds or minutes later. */
  duplicate: number
  /** Chance that it comes minutes late. */
  late: number
  /** Chance that a stream ends short though cleanly, and that it is reset, somewhere within its first kilobytes. */
  short: number
  reset: number
  /** Bytes that a late reader leaves in the pipe. */
  window: number
  delay: [Millis, Millis]
}

export const CALM: Readonly<Weather> = {
  loss: 0,
  duplicate: 0,
  late: 0,
  short: 0,
  reset: 0,
  window: LIMITS.streamReadBufferBytes,
  delay: [1, 6],
}

export interface Endpoint {
  readonly id: NodeId
  readonly process: SimProcess
  /** The life of the process that it belongs to: what is sent to an earlier one reaches nobody. */
  readonly life: number
  readonly wire: number
  /** null while it starts: connections come up, streams are reset. */
  events: MeshEvents | null
  /** Gossip does not reach it, though connections are open. */
  deaf: boolean
  /** What it publishes reaches nobody. */
  mute: boolean
}

/** One open connection; each direction keeps its order, and holds what a cut keeps back. */
class Connection {
  open = true
  readonly streams: { readonly pipes: readonly Pipe[] }[] = []
  readonly #held = new Map<NodeId, (() => void)[]>()
  readonly #last = new Map<NodeId, Millis>()
  readonly a: Endpoint
  readonly b: Endpoint
  readonly #network: Network

  constructor(network: Network, a: Endpoint, b: Endpoint) {
    this.#network = network
    this.a = a
    this.b = b
  }

  wire(from: Endpoint, to: Endpoint): Wire {
    return {
      carry: (deliver) => {
        const { now } = this.#network
        const at = Math.max(this.#last.get(to.id) ?? 0, now + this.#network.delay())
        this.#last.set(to.id, at)
        turnOf(to, at - now, () => {
          if (!this.open) return
          if (!this.#network.isCut(from.id, to.id)) deliver()
          else this.#held.set(to.id, [...(this.#held.get(to.id) ?? []), deliver])
        })
      },
    }
  }

  /** The cut is over: what was sent meanwhile comes now, in order. */
  release(): void {
    for (const end of [this.a, this.b])
      for (const deliver of this.#held.get(end.id)?.splice(0) ?? [])
        turnOf(end, 0, () => {
          if (this.open) deliver()
        })
  }

  close(): void {
    this.open = false
  }
}

export class Network {
  weather: Weather = { ...CALM, delay: [...CALM.delay] }
  sent = 0
  readonly #endpoints = new Map<NodeId, Endpoint>()
  readonly #connections = new Map<string, Connection>()
  /** `from to`: nothing comes over in this direction. */
  readonly #cuts = new Set<string>()
  readonly #random: Random
  readonly #clock: { readonly now: Millis; after(delay: Millis, run: () => void): void }

  constructor(clock: { readonly now: Millis; after(delay: Millis, run: () => void): void }, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  get now(): Millis {
    return this.#clock.now
  }

  delay(): Millis {
    return this.#random.between(...this.weather.delay)
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return this.#cuts.has(`${from} ${to}`)
  }

  // ---- what happens to it

  join(endpoint: Endpoint): void {
    this.#endpoints.set(endpoint.id, endpoint)
    for (const other of this.#endpoints.values()) this.#dial(endpoint, other)
  }

  /** The process is gone: its streams look cleanly ended to its peers, or reset; a power cord tells nobody at first. */
  leave(id: NodeId, silently: boolean): void {
    this.#endpoints.delete(id)
    for (const [key, connection] of this.#connections) {
      if (connection.a.id !== id && connection.b.id !== id) continue
      const peer = connection.a.id === id ? connection.b : connection.a
      const after = silently ? this.#random.between(2_000, 6_000) : this.#random.between(1, 20)
      this.#connections.delete(key)
      turnOf(peer, after, () => this.#end(connection, peer))
    }
  }

  cut(from: NodeId, to: NodeId): void {
    this.#cuts.add(`${from} ${to}`)
    const connection = this.#connections.get(keyOf(from, to))
    if (connection === undefined) return
    // A cut cable tells nobody: the connection ends when it has been silent for a while, unless that is over before.
    this.#clock.after(this.#random.between(500, 6_000), () => {
      if (!connection.open || !(this.isCut(from, to) || this.isCut(to, from))) return
      if (this.#connections.get(keyOf(from, to)) === connection) this.#connections.delete(keyOf(from, to))
      for (const end of [connection.a, connection.b]) turnOf(end, 0, () => this.#end(connection, end))
      this.#dial(connection.a, connection.b)
    })
  }

  heal(from: NodeId, to: NodeId): void {
    this.#cuts.delete(`${from} ${to}`)
    if (this.isCut(to, from)) return
    this.#connections.get(keyOf(from, to))?.release()
    const [a, b] = [this.#endpoints.get(from), this.#endpoints.get(to)]
    if (a !== undefined && b !== undefined) this.#dial(a, b)
  }

  healAll(): void {
    for (const pair of [...this.#cuts]) this.heal(...(pair.split(' ') as [NodeId, NodeId]))
  }

  // ---- connections

  /** Tried until it works: both are up, and nothing is cut between them. */
  #dial(a: Endpoint, b: Endpoint): void {
    if (a === b || a.wire !== b.wire) return
    this.#clock.after(this.#random.between(5, 300), () => {
      const alive = this.#endpoints.get(a.id) === a && this.#endpoints.get(b.id) === b
      if (!alive || this.#connections.has(keyOf(a.id, b.id))) return
      if (this.isCut(a.id, b.id) || this.isCut(b.id, a.id)) return
      this.#connections.set(keyOf(a.id, b.id), new Connection(this, a, b))
      for (const [x, y] of pairs(a, b)) turnOf(x, 0, () => x.events?.peer(y.id, true))
    })
  }

  #end(connection: Connection, end: Endpoint): void {
    connection.close()
    for (const { pipes } of connection.streams)
      for (const pipe of pipes) {
        const ending = this.#random.chance(0.5) ? END : GONE
        // Who writes learns of it later: a last word may still be said, to nobody.
        if (pipe.reader === end) pipe.finish(ending)
        else turnOf(end, this.#random.below(50), () => pipe.finish(ending))
      }
    const peer = connection.a === end ? connection.b : connection.a
    // There may be a new one by now.
    if (this.#connections.has(keyOf(end.id, peer.id))) return
    end.events?.peer(peer.id, false)
  }

  peersOf(self: NodeId): NodeId[] {
    return [...this.#connections.values()].flatMap(({ a, b }) => (a.id === self ? [b.id] : b.id === self ? [a.id] : []))
  }

  open(from: Endpoint, peer: NodeId, protocol: string): Promise<ByteStream> {
    return new Promise((resolve, reject) => {
      const connection = this.#connections.get(keyOf(from.id, peer))
      if (connection === undefined || !connection.open) {
        from.process.turn(this.delay(), () => reject(new Error(`no connection to ${peer}`)))
        return
      }
      const to = connection.a === from ? connection.b : connection.a
      const [there, back] = [connection.wire(from, to), connection.wire(to, from)]
      const { window } = this.weather
      const out = new Pipe(from, to, there, window, this.#fault())
      const inward = new Pipe(to, from, back, window, this.#fault())
      const stream = { pipes: [out, inward] }
      connection.streams.push(stream)
      there.carry(() => {
        const theirs = endOf(from.id, inward, out, to.process, back, this.delay())
        if (to.events === null) theirs.abort('not ready')
        else to.events.stream(protocol, theirs)
        back.carry(() => resolve(endOf(peer, out, inward, from.process, there, this.delay())))
      })
    })
  }

  #fault(): StreamFault | null {
    const { short, reset } = this.weather
    if (this.#random.chance(short)) return { after: this.#random.below(2_000), how: 'short' }
    return this.#random.chance(reset) ? { after: this.#random.below(3_000), how: 'reset' } : null
  }

  // ---- gossip

  /** Everyone who is connected with the publisher, however indirectly; each on its own bad luck. */
  publish(from: Endpoint, bytes: Uint8Array): number {
    if (from.mute) return 0
    const reached = new Set([from.id])
    for (const id of reached) for (const peer of this.peersOf(id)) if (!this.isCut(id, peer)) reached.add(peer)
    reached.delete(from.id)
    for (const id of reached) {
      const to = this.#endpoints.get(id)
      if (to === undefined) continue
      const deliver = (delay: Millis): void =>
        turnOf(to, delay, () => {
          if (!to.deaf && this.#endpoints.get(id) === to) to.events?.gossip(from.id, bytes)
        })
      const { loss, duplicate, late } = this.weather
      this.sent++
      if (!this.#random.chance(loss))
        deliver(this.#random.chance(late) ? this.#random.between(1_000, 150_000) : this.delay())
      if (this.#random.chance(duplicate)) deliver(this.#random.between(10, 130_000))
    }
    return this.peersOf(from.id).length
  }
}

const END = { kind: 'end' } as const
const GONE = { kind: 'reset', reason: 'the connection is gone' } as const

function turnOf({ process, life }: Endpoint, delay: Millis, run: () => void): void {
  if (process.life === life) process.turn(delay, run)
}

function keyOf(a: NodeId, b: NodeId): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

function pairs(a: Endpoint, b: Endpoint): [Endpoint, Endpoint][] {
  return [
    [a, b],
    [b, a],
  ]
}

/** The Mesh port of one process. Signatures are keyed hashes: nobody in a simulated mesh forges one by chance. */
export function meshOf(network: Network, endpoint: Endpoint): Mesh {
  return {
    self: endpoint.id,
    addresses: () => [`/memory/${endpoint.id}/p2p/${endpoint.id}`],
    peers: () => network.peersOf(endpoint.id),
    publish: (bytes) => Promise.resolve(network.publish(endpoint, bytes.slice())),
    open: (peer, protocol) => network.open(endpoint, peer, protocol),
    keepDialling: () => undefined,
    drop: () => undefined,
    sign: (bytes) => Promise.resolve(signature(endpoint.id, bytes)),
    verify: (signer, bytes, given) => Promise.resolve(Buffer.compare(signature(signer, bytes), given) === 0),
    stop: () => Promise.resolve(),
  }
}

function signature(signer: NodeId, bytes: Uint8Array): Uint8Array {
  const half = createHash('sha256').update(`key of ${signer}`).update(bytes).digest()
  return Buffer.concat([half, half])
}
