import type { Connection, ConnectionGater, IdentifyResult, PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { LIMITS } from '../../core/limits.ts'
import type { NodeId } from '../../core/types.ts'
import type { ByteStream, Mesh, MeshEvents } from '../../ports.ts'
import { createDialler, type Dialler } from './dialler.ts'
import { createGossip, type Gossip } from './gossip.ts'
import { agentOf, topicOf, WIRE_VERSION, type Host } from './host.ts'
import { createVerifier, type Identity } from './identity.ts'
import type { MeshKey } from './key.ts'
import { Liveness } from './liveness.ts'
import { advertised, listen, portOf } from './listen.ts'
import { startDiscovery, type Discovery } from './mdns.ts'
import { StreamOpener } from './open-stream.ts'
import { toByteStream } from './stream.ts'
import { isLoopback, isRelayed } from './ticket.ts'

export interface MeshOptions {
  readonly identity: Identity
  readonly key: MeshKey
  /** Names of the streams that this node takes; the wire version is added to them. */
  readonly protocols: readonly string[]
  /** Multiaddrs; absent or []: all IPv4 interfaces, port 0. */
  readonly listen?: readonly string[]
  /** The port that an earlier start has picked: taken for port 0, if it is still free. */
  readonly keptPort?: number | null
  readonly mdns: boolean
  /** For people; nothing is decided by it. */
  warn(message: string): void
  /** Absent: this version's. */
  readonly wireVersion?: number
  /** Who may not be connected to (revoked peers). */
  readonly gater?: ConnectionGater
  /** How soon a silent connection is probed, and how long a probe may take. Absent: as LIMITS say. */
  readonly probe?: { readonly afterMs: number; readonly probeMs: number }
}

/** The mesh, and what only its owner asks for. */
export interface NetworkMesh extends Mesh {
  /** The TCP port it listens on: to be kept, and given as `keptPort` the next time. */
  readonly port: number | null
  /** How a peer is connected; null if it is not. */
  connectedBy(peer: NodeId): 'direct' | 'relayed' | null
  /** True once everyone it was told to dial has been dialled or met. */
  triedAll(): boolean
  /** Connections that are open, and streams on them, those of libp2p itself too. */
  traffic(): { connections: number; streams: number }
  /** Gossip that was dropped: too large, or unsigned. */
  dropped(): number
}

/** Listens, and resolves at once: peers come by events. Throws PORT_IN_USE or USAGE when it cannot listen. */
export async function startMesh(options: MeshOptions, events: MeshEvents): Promise<NetworkMesh> {
  const wireVersion = options.wireVersion ?? WIRE_VERSION
  const where = { listen: options.listen ?? [], keptPort: options.keptPort ?? null }
  const mesh = await listen({ ...options, ...where, wireVersion, gater: options.gater ?? {} }, async (host) => {
    const prepared = new LibP2PMesh(host, options, wireVersion, events)
    await prepared.prepare()
    return prepared
  })
  await mesh.begin()
  return mesh
}

class LibP2PMesh implements NetworkMesh {
  readonly self: NodeId
  readonly #host: Host
  readonly #options: MeshOptions
  readonly #wireVersion: number
  readonly #events: MeshEvents
  readonly #gossip: Gossip
  readonly #dialler: Dialler
  readonly #liveness: Liveness
  readonly #opener = new StreamOpener()
  readonly #verify = createVerifier()
  /** Connected peers that speak our wire version. */
  readonly #peers = new Set<NodeId>()
  #port: number | null = null
  #advertised: string[] = []
  #stopped = false
  #discovery: Discovery | null = null
  #watch: NodeJS.Timeout | null = null

  constructor(host: Host, options: MeshOptions, wireVersion: number, events: MeshEvents) {
    this.#host = host
    this.#options = options
    this.#wireVersion = wireVersion
    this.#events = events
    this.self = host.peerId.toString() as NodeId
    this.#gossip = createGossip(host.services.gossip, topicOf(wireVersion), (from, bytes) => {
      if (from !== this.self) events.gossip(from, bytes)
    })
    const probe = options.probe ?? { afterMs: LIMITS.probeAfterMs, probeMs: LIMITS.probeMs }
    this.#liveness = new Liveness(host, { protocol: this.#wireName('probe'), ...probe })
    this.#dialler = createDialler(
      {
        self: this.self,
        dial: (addresses, signal) => this.#dial(addresses, signal),
        connection: (peer) => this.connectedBy(peer),
        relaysTo: (peer) => this.#relaysTo(peer),
      },
      events,
    )
  }

  get port(): number | null {
    return this.#port
  }

  /** Before it listens: events and stream handlers. */
  async prepare(): Promise<void> {
    this.#host.addEventListener('peer:identify', (event) => this.#onIdentify(event.detail))
    this.#host.addEventListener('peer:disconnect', (event) => this.#onDisconnect(event.detail))
    this.#host.services.gossip.addEventListener('gossipsub:message', (event) => {
      this.#liveness.heard(this.#host.getConnections(event.detail.propagationSource))
    })
    await this.#host.handle(this.#wireName('probe'), () => undefined, { runOnLimitedConnection: true })
    for (const protocol of this.#options.protocols) {
      await this.#host.handle(
        this.#wireName(protocol),
        (stream, connection) => this.#onStream(protocol, stream, connection),
        {
          maxInboundStreams: 2 * LIMITS.streamsPerProtocolMax,
          maxOutboundStreams: 2 * LIMITS.streamsPerProtocolMax,
          runOnLimitedConnection: true,
        },
      )
    }
  }

  /** Once it listens: gossip, the watch over connections, discovery. */
  async begin(): Promise<void> {
    this.#port = portOf(this.#host)
    this.#gossip.start()
    this.#watch = setInterval(() => this.#watchPeers(), Math.min(1_000, (this.#options.probe?.afterMs ?? 1_000) / 2))
    if (this.#options.mdns) {
      const found = (peer: NodeId, addresses: string[]): void => this.#dialler.learn(peer, addresses)
      this.#discovery = await startDiscovery(this.#host, this.#options.key.id, found, (text) =>
        this.#options.warn(text),
      )
    }
  }

  addresses(): string[] {
    this.#advertised = advertised(this.#host, this.#advertised)
    return this.#advertised
  }

  peers(): NodeId[] {
    return [...this.#peers]
  }

  publish(bytes: Uint8Array): Promise<number> {
    return this.#gossip.publish(bytes)
  }

  async open(peer: NodeId, protocol: string, signal?: AbortSignal): Promise<ByteStream> {
    signal?.throwIfAborted()
    const connection = await this.#reach(peer, signal)
    return this.#opener.open(connection, this.#wireName(protocol), signal)
  }

  keepDialling(peer: NodeId | null, addresses: readonly string[]): void {
    this.#dialler.keepDialling(peer, addresses)
  }

  drop(peer: NodeId): void {
    this.#dialler.forget(peer)
    this.#close(peer)
  }

  async sign(bytes: Uint8Array): Promise<Uint8Array> {
    return this.#options.identity.privateKey.sign(bytes)
  }

  verify(signer: NodeId, bytes: Uint8Array, signature: Uint8Array): Promise<boolean> {
    return this.#verify(signer, bytes, signature)
  }

  connectedBy(peer: NodeId): 'direct' | 'relayed' | null {
    const connections = this.#connections(peer)
    if (connections.length === 0) return null
    return connections.some((connection) => isDirect(connection)) ? 'direct' : 'relayed'
  }

  triedAll(): boolean {
    return this.#dialler.triedAll()
  }

  traffic(): { connections: number; streams: number } {
    const connections = this.#host.getConnections()
    return { connections: connections.length, streams: connections.reduce((n, { streams }) => n + streams.length, 0) }
  }

  dropped(): number {
    return this.#gossip.dropped()
  }

  /** Nothing is told any more from the moment of the call. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#peers.clear()
    if (this.#watch !== null) clearInterval(this.#watch)
    this.#dialler.stop()
    this.#gossip.stop()
    await this.#discovery?.stop()
    await this.#host.stop()
  }

  #wireName(protocol: string): string {
    return `/shoal/${this.#wireVersion}/${protocol}`
  }

  #connections(peer: NodeId): Connection[] {
    return this.#host.getConnections(peerIdFromString(peer)).filter((connection) => connection.status === 'open')
  }

  async #reach(peer: NodeId, signal: AbortSignal | undefined): Promise<Connection> {
    if (this.#connections(peer).length === 0) await raceSignal(this.#dialler.reach(peer), signal)
    const connections = this.#connections(peer)
    const best = connections.find((connection) => isDirect(connection)) ?? connections[0]
    if (best === undefined) throw new Error(`${peer} cannot be reached, neither directly nor over another member`)
    return best
  }

  async #dial(addresses: readonly string[], signal: AbortSignal): Promise<NodeId> {
    const bound = AbortSignal.timeout(LIMITS.rpcTimeoutMs)
    // Forced: a relayed connection that exists already must not stand in for the direct one that is asked for.
    const connection = await this.#host.dial(
      addresses.map((address) => multiaddr(address)),
      {
        force: true,
        signal: AbortSignal.any([signal, bound]),
      },
    )
    return connection.remotePeer.toString() as NodeId
  }

  #relaysTo(peer: NodeId): string[] {
    return this.#host
      .getConnections()
      .filter((connection) => isDirect(connection) && connection.remotePeer.toString() !== peer)
      .map((connection) => `${connection.remoteAddr.toString()}/p2p-circuit/p2p/${peer}`)
  }

  #onIdentify(result: IdentifyResult): void {
    const peer = result.peerId.toString() as NodeId
    if (result.agentVersion !== agentOf(this.#wireVersion)) {
      this.#dialler.mismatch(peer, result.agentVersion ?? 'of an unknown kind')
      this.#close(peer)
      return
    }
    const here = isLoopback(result.connection.remoteAddr)
    const addresses = result.listenAddrs.filter(
      (address) => here || !isLoopback(address) || isRelayed(address.toString()),
    )
    this.#admit(peer)
    this.#dialler.learn(peer, addresses.map(String))
  }

  /** Told once, by whatever comes first of identify and a stream of our wire version. */
  #admit(peer: NodeId): void {
    if (this.#stopped || this.#connections(peer).length === 0) return
    this.#dialler.connected(peer)
    if (this.#peers.has(peer)) return
    this.#peers.add(peer)
    this.#events.peer(peer, true)
  }

  #onDisconnect(id: PeerId): void {
    const peer = id.toString() as NodeId
    const known = this.#peers.delete(peer)
    this.#dialler.lost(peer)
    if (known && !this.#stopped) this.#events.peer(peer, false)
  }

  #onStream(protocol: string, stream: Parameters<typeof toByteStream>[0], connection: Connection): void {
    const peer = connection.remotePeer.toString() as NodeId
    const bytes = toByteStream(stream, peer)
    stream.addEventListener('message', () => this.#liveness.heard([connection]))
    this.#admit(peer)
    if (this.#stopped) bytes.abort('the node stops')
    else this.#events.stream(protocol, bytes)
  }

  /**
   * Closes what is open and of no use, for the dialler to connect anew: peers that gossip does not reach (a gossip
   * stream that broke alone stays broken), connections that are silent, and those that never said who they are.
   */
  #watchPeers(): void {
    this.#liveness.tick()
    for (const connection of this.#host.getConnections()) {
      const known = this.#peers.has(connection.remotePeer.toString() as NodeId)
      if (!known && Date.now() - connection.timeline.open > LIMITS.rpcTimeoutMs) {
        connection.abort(new Error('it did not identify itself'))
      }
    }
    for (const peer of this.#gossip.tick(this.peers(), performance.now())) this.#close(peer)
  }

  #close(peer: NodeId): void {
    for (const connection of this.#connections(peer)) connection.abort(new Error('closed by this node'))
  }
}

const isDirect = (connection: Connection): boolean => !isRelayed(connection.remoteAddr.toString())

async function raceSignal(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  try {
    await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
