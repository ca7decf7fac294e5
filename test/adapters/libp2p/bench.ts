/** Nodes on loopback for the adapter's own tests; all are stopped after each test. */
import { afterEach } from 'vitest'
import { createIdentity, type Identity } from '../../../src/adapters/libp2p/identity.ts'
import { createMeshKey, type MeshKey } from '../../../src/adapters/libp2p/key.ts'
import { startMesh, type MeshOptions, type NetworkMesh } from '../../../src/adapters/libp2p/mesh.ts'
import { listen, PROTOCOLS, until, type Seen } from '../../contracts/mesh.ts'

export interface BenchNode {
  readonly mesh: NetworkMesh
  readonly seen: Seen
  readonly identity: Identity
  readonly warnings: string[]
}

export interface Bench {
  readonly key: MeshKey
  start(options?: Partial<MeshOptions>): Promise<BenchNode>
  connect(a: BenchNode, b: BenchNode): Promise<void>
}

export function useBench(): Bench {
  const started: BenchNode[] = []
  afterEach(async () => {
    await Promise.all(started.splice(0).map((node) => node.mesh.stop()))
  })
  const key = createMeshKey()
  return {
    key,
    start: async (options = {}) => {
      const { seen, events } = listen()
      const identity = options.identity ?? (await createIdentity())
      const warnings: string[] = []
      const mesh = await startMesh(
        {
          key,
          protocols: PROTOCOLS,
          listen: ['/ip4/127.0.0.1/tcp/0'],
          mdns: false,
          warn: (message) => void warnings.push(message),
          ...options,
          identity,
        },
        events,
      )
      const node = { mesh, seen, identity, warnings }
      started.push(node)
      return node
    },
    connect: async (a, b) => {
      a.mesh.keepDialling(b.mesh.self, b.mesh.addresses())
      await until('connected', () => a.mesh.peers().includes(b.mesh.self) && b.mesh.peers().includes(a.mesh.self))
    },
  }
}

/** Publishes until every listener has heard one message of `from`: gossip needs a moment after connecting. */
export async function untilHeard(from: BenchNode, by: readonly BenchNode[], ms = 30_000): Promise<void> {
  const timer = setInterval(() => void from.mesh.publish(Buffer.from('are you there')), 30)
  try {
    await until(
      'gossip arrives',
      () => by.every((node) => node.seen.gossip.some((message) => message.from === from.mesh.self)),
      ms,
    )
  } finally {
    clearInterval(timer)
  }
}
