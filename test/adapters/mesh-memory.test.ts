import { expect, it } from 'vitest'
import { createMemoryIdentity, createMemoryNetwork, type MemoryIdentity } from '../../src/adapters/memory/mesh.ts'
import type { ByteStream, Mesh } from '../../src/ports.ts'
import { listen, meshContract, PROTOCOLS, readAll, until } from '../contracts/mesh.ts'

meshContract('memory', () => {
  const network = createMemoryNetwork()
  const identities = new Map<string, MemoryIdentity>()
  const meshes: Mesh[] = []
  const start = async (
    identity: MemoryIdentity,
    events: Parameters<typeof network.start>[1],
    key = '',
  ): Promise<Mesh> => {
    identities.set(identity.id, identity)
    const mesh = await network.start({ protocols: PROTOCOLS, identity, key }, events)
    meshes.push(mesh)
    return mesh
  }
  return Promise.resolve({
    start: (events) => start(createMemoryIdentity(), events),
    again: (mesh, events) => start(identities.get(mesh.self) as MemoryIdentity, events),
    stranger: (events) => start(createMemoryIdentity(), events, 'another'),
    close: async () => {
      for (const mesh of meshes) await mesh.stop()
    },
  })
})

it('ends a killed node’s streams as if they were complete', async () => {
  const network = createMemoryNetwork()
  const [one, two] = [listen(), listen()]
  const a = await network.start({ protocols: PROTOCOLS }, one.events)
  const b = await network.start({ protocols: PROTOCOLS }, two.events)
  a.keepDialling(null, b.addresses())
  const stream = await a.open(b.self, 'held')
  await stream.write(Buffer.from('half of it'))
  network.kill(a.self)
  expect((await readAll(two.seen.held[0] as ByteStream)).toString()).toBe('half of it')
})

it('keeps cut nodes apart until the cut heals', async () => {
  const network = createMemoryNetwork()
  const [one, two] = [listen(), listen()]
  const a = await network.start({ protocols: PROTOCOLS }, one.events)
  const b = await network.start({ protocols: PROTOCOLS }, two.events)
  network.cut(a.self, b.self)
  a.keepDialling(null, b.addresses())
  expect(a.peers()).toEqual([])
  network.heal(a.self, b.self)
  expect(a.peers()).toEqual([b.self])
  network.cut(a.self, b.self)
  await until('told', () => one.seen.peers.length === 2)
  expect(one.seen.peers.map((event) => event.connected)).toEqual([true, false])
})
