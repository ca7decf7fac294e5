import { circuitRelayServer, circuitRelayTransport, type CircuitRelayService } from '@libp2p/circuit-relay-v2'
import { gossipsub, StrictSign, type GossipSub } from '@libp2p/gossipsub'
import { identify, type Identify } from '@libp2p/identify'
import type { ConnectionEncrypter, ConnectionGater, MessageStream, SecureConnectionOptions } from '@libp2p/interface'
import { noise, type NoiseComponents } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { createLibp2p, type Libp2p } from 'libp2p'
import { LIMITS } from '../../core/limits.ts'
import { hashWhole } from './gossip.ts'
import type { Identity } from './identity.ts'
import type { MeshKey } from './key.ts'
import { steadyYamux } from './muxer.ts'
import { inOneWrite } from './one-write.ts'

/** Raised when two versions of Shoal could no longer talk: it is in the names of streams and topic. */
export const WIRE_VERSION = 3

export interface HostOptions {
  readonly identity: Identity
  readonly key: MeshKey
  readonly listen: readonly string[]
  readonly wireVersion: number
  readonly gater: ConnectionGater
}

export type Host = Libp2p<{ identify: Identify; gossip: GossipSub; relay: CircuitRelayService }>

/** What a node calls itself to peers, for telling a version mismatch from a refusal. */
export const agentOf = (wireVersion: number): string => `shoal/${wireVersion}`

export const topicOf = (wireVersion: number): string => `shoal/${wireVersion}`

/** libp2p with Shoal's settings, not started. Why each differs from the default is said beside it. */
export async function createHost(options: HostOptions): Promise<Host> {
  const connections = 4 * LIMITS.membersMax
  return createLibp2p({
    start: false,
    privateKey: options.identity.privateKey,
    nodeInfo: { name: 'shoal', version: String(options.wireVersion), userAgent: agentOf(options.wireVersion) },
    // Each /p2p-circuit is one relay that this node keeps a reservation with, a new one when it is lost.
    addresses: { listen: [...options.listen, ...Array<string>(LIMITS.relaysMax).fill('/p2p-circuit')] },
    transports: [tcp(), circuitRelayTransport()],
    connectionEncrypters: [admission(options.key)],
    streamMuxers: [
      steadyYamux({
        // More than one window's worth may arrive while a stream is paused, never more than the buffer's limit:
        // with libp2p's 16 MiB window and 4 MiB buffer a paused stream is aborted.
        streamOptions: { maxStreamWindowSize: 1 << 20, maxReadBufferLength: 4 << 20 },
        // A peer may open all its streams the moment the connection is there; the default (10) resets them.
        maxEarlyStreams: LIMITS.streamsPerProtocolMax * 4,
      }),
    ],
    connectionGater: options.gater,
    // One late ping would abort a busy peer's connection, with all its streams.
    connectionMonitor: { enabled: false },
    connectionManager: {
      maxConnections: connections,
      // A whole mesh behind one address (sim, NAT) dials at once after a restart; the defaults let 5 a second in.
      inboundConnectionThreshold: LIMITS.membersMax,
      maxIncomingPendingConnections: LIMITS.membersMax,
      maxDialQueueLength: connections,
      addressDialTimeout: LIMITS.addressDialMs,
      // Our own loop redials, for ever and with jitter; this one gives up after five attempts.
      reconnectRetries: 0,
    },
    services: {
      identify: identify(),
      relay: circuitRelayServer({
        reservations: { applyDefaultLimit: false, maxReservations: LIMITS.membersMax },
      }),
      gossip: gossipsub({
        globalSignaturePolicy: StrictSign,
        fallbackToFloodsub: false,
        doPX: false,
        emitSelf: false,
        runOnLimitedConnection: true,
        allowPublishToZeroTopicPeers: true,
        ignoreDuplicatePublishError: true,
        // While anything is said, heartbeats come more often: see gossip.ts.
        heartbeatInterval: LIMITS.quietGossipMs,
        // Without it signatures are checked before duplicates are seen. It covers the signature too: else a forged
        // copy could take the place of the real message.
        fastMsgIdFn: hashWhole,
        // The default silences every node once fifteen of them share an address.
        scoreParams: { IPColocationFactorWeight: 0 },
        allowedTopics: [topicOf(options.wireVersion)],
      }),
    },
  })
}

/**
 * Noise with the mesh key in its prologue, under a name that carries the key's id. Admission is thus part of the
 * connection upgrade: without the key there is no connection, hence no identify, no gossip and no stream.
 */
function admission(key: MeshKey): (components: NoiseComponents) => ConnectionEncrypter {
  return (components) => {
    const encrypter = noise({ prologueBytes: key.prologue })(components)
    encrypter.protocol = `/shoal/noise/${key.id}`
    for (const secure of ['secureInbound', 'secureOutbound'] as const) {
      const before = encrypter[secure].bind(encrypter)
      encrypter[secure] = (connection: MessageStream, options?: SecureConnectionOptions) => {
        inOneWrite(connection)
        return before(connection, options)
      }
    }
    return encrypter
  }
}
