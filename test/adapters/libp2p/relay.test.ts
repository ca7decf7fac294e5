import { randomBytes } from 'node:crypto'
import type { ConnectionGater } from '@libp2p/interface'
import { expect, it } from 'vitest'
import { LIMITS } from '../../../src/core/limits.ts'
import type { NodeId } from '../../../src/core/types.ts'
import type { ByteStream } from '../../../src/ports.ts'
import { readAll, sha256, until } from '../../contracts/mesh.ts'
import { untilHeard, useBench, type BenchNode } from './bench.ts'

const bench = useBench()

/** Two nodes whose direct connections fail, in both directions, until `heal`, and a third that both reach. */
async function cutPair(): Promise<{ a: BenchNode; b: BenchNode; c: BenchNode; heal(): void }> {
  const cut = new Set<NodeId>()
  const direct = (address: string): boolean => !address.includes('/p2p-circuit')
  const gater: ConnectionGater = {
    denyDialMultiaddr: (address) =>
      [...cut].some((id) => address.toString().endsWith(`/p2p/${id}`)) && direct(address.toString()),
    denyInboundEncryptedConnection: (peer, connection) =>
      cut.has(peer.toString() as NodeId) && direct(connection.remoteAddr.toString()),
  }
  const [a, b, c] = [await bench.start({ gater }), await bench.start({ gater }), await bench.start()]
  cut.add(a.mesh.self).add(b.mesh.self)
  await bench.connect(a, c)
  await bench.connect(b, c)
  return { a, b, c, heal: () => cut.clear() }
}

it('connects two that cannot reach each other over a member that both reach, without a data limit', async () => {
  const { a, b } = await cutPair()
  a.mesh.keepDialling(b.mesh.self, b.mesh.addresses())
  await until('connected over c', () => a.mesh.peers().includes(b.mesh.self) && b.mesh.peers().includes(a.mesh.self))

  expect([a.mesh.connectedBy(b.mesh.self), b.mesh.connectedBy(a.mesh.self)]).toEqual(['relayed', 'relayed'])
  const sent = randomBytes(1 << 20)
  const stream = await a.mesh.open(b.mesh.self, 'echo')
  const received = readAll(stream)
  // libp2p's default limit for a relayed connection is 128 KiB and two minutes
  for (let i = 0; i < 8; i++) await stream.write(sent)
  await stream.end()
  expect(sha256(await received)).toBe(sha256(Buffer.concat(Array<Buffer>(8).fill(sent))))
})

it('opens a stream over a relay at once, without having dialled before', async () => {
  const { a, b } = await cutPair()
  await until('b can be asked for at c', () => b.mesh.addresses().some((address) => address.includes('/p2p-circuit')))
  const stream = await a.mesh.open(b.mesh.self, 'echo')
  await stream.end()
  expect(await stream.read()).toBe(null)
})

it('keeps bounded what a relay holds of a stream that nobody reads', async () => {
  const { a, b } = await cutPair()
  a.mesh.keepDialling(b.mesh.self, b.mesh.addresses())
  await until('connected over c', () => a.mesh.peers().includes(b.mesh.self))
  const stream = await a.mesh.open(b.mesh.self, 'held')
  const frame = randomBytes(LIMITS.shuffleFrameBytes)
  let accepted = 0
  const writing = (async () => {
    for (; accepted < 80; accepted++) await stream.write(frame)
    await stream.end()
  })()
  await until('arrived', () => b.seen.held.length === 1)
  // Time for a writer that nothing stops to be done: a slow machine makes this see less, and never fail.
  await new Promise((resolve) => {
    setTimeout(resolve, 400)
  })
  expect(accepted * frame.length).toBeLessThan(12 * LIMITS.streamReadBufferBytes)
  expect((await readAll(b.seen.held[0] as ByteStream)).length).toBe(80 * frame.length)
  await writing
})

it('gossips over a relay, and after the relay is gone says who is away', async () => {
  const { a, b, c } = await cutPair()
  a.mesh.keepDialling(b.mesh.self, b.mesh.addresses())
  await until('connected over c', () => a.mesh.peers().includes(b.mesh.self))
  await untilHeard(a, [b, c])
  await c.mesh.stop()
  await until('both away', () => a.mesh.peers().length === 0 && b.mesh.peers().length === 0)
  await expect(a.mesh.open(b.mesh.self, 'echo')).rejects.toThrow(/cannot be reached/)
})

it('leaves the relay for a direct connection as soon as there is a way', async () => {
  const { a, b, c, heal } = await cutPair()
  a.mesh.keepDialling(b.mesh.self, b.mesh.addresses())
  await until('connected over c', () => a.mesh.peers().includes(b.mesh.self))
  const relayed = await a.mesh.open(b.mesh.self, 'echo')
  heal()
  // An address not known before is tried at once; known ones at the longest interval.
  a.mesh.keepDialling(b.mesh.self, [`/dns4/localhost/tcp/${b.mesh.port}`])
  await until('direct', () => a.mesh.connectedBy(b.mesh.self) === 'direct')
  const stream = await a.mesh.open(b.mesh.self, 'held')
  await c.mesh.stop()
  await expect(readAll(relayed).then(() => 'over')).resolves.toBe('over')
  await stream.write(Buffer.from('still here'))
  await until('arrived', () => b.seen.held.length === 1)
  expect(a.mesh.peers()).toEqual([b.mesh.self])
  expect(a.seen.peers.filter((event) => event.peer === b.mesh.self)).toEqual([{ peer: b.mesh.self, connected: true }])
})
