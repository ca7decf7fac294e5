import { createIdentity, type Identity } from '../../../src/adapters/libp2p/identity.ts'
import { createMeshKey } from '../../../src/adapters/libp2p/key.ts'
import { startMesh, type NetworkMesh } from '../../../src/adapters/libp2p/mesh.ts'
import type { MeshEvents } from '../../../src/ports.ts'
import { meshContract, PROTOCOLS } from '../../contracts/mesh.ts'

meshContract('libp2p on loopback', () => {
  const key = createMeshKey()
  const meshes = new Map<string, { mesh: NetworkMesh; identity: Identity }>()
  const start = async (
    identity: Identity,
    events: MeshEvents,
    port: number | null,
    meshKey = key,
  ): Promise<NetworkMesh> => {
    const mesh = await startMesh(
      {
        identity,
        key: meshKey,
        protocols: PROTOCOLS,
        listen: ['/ip4/127.0.0.1/tcp/0'],
        keptPort: port,
        mdns: false,
        warn: (message) => {
          throw new Error(message)
        },
      },
      events,
    )
    meshes.set(mesh.self, { mesh, identity })
    return mesh
  }
  return Promise.resolve({
    start: async (events) => start(await createIdentity(), events, null),
    again: (mesh, events) => {
      const before = meshes.get(mesh.self)
      if (before === undefined) throw new Error('it was never started')
      return start(before.identity, events, before.mesh.port)
    },
    stranger: async (events) => start(await createIdentity(), events, null, createMeshKey()),
    close: async () => {
      await Promise.all([...meshes.values()].map(({ mesh }) => mesh.stop()))
    },
  })
})
