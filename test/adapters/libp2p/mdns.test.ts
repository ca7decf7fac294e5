import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { createMeshKey } from '../../../src/adapters/libp2p/key.ts'
import { until } from '../../contracts/mesh.ts'
import { useBench } from './bench.ts'

const bench = useBench()
const GROUP = '224.0.0.251'

/** Containers and CI machines often have no multicast: then there is nothing to test but the warning. */
async function hasMulticast(): Promise<boolean> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  try {
    socket.bind(0)
    await once(socket, 'listening')
    socket.addMembership(GROUP)
    const heard = once(socket, 'message', { signal: AbortSignal.timeout(500) })
    socket.send('echo', socket.address().port, GROUP)
    await heard
    return true
  } catch {
    return false
  } finally {
    socket.close()
  }
}

/** The mDNS port to itself, or null where another program listens on it. */
async function occupy(): Promise<Socket | null> {
  const socket = createSocket({ type: 'udp4', reuseAddr: false })
  try {
    socket.bind(5353)
    await once(socket, 'listening')
    return socket
  } catch {
    socket.close()
    return null
  }
}

it.runIf(await hasMulticast())('finds members of the same mesh on the same network, and no others', async () => {
  const everywhere = { mdns: true, listen: [] }
  const a = await bench.start(everywhere)
  const elsewhere = { ...everywhere, key: createMeshKey() }
  const stranger = await bench.start(elsewhere)
  const b = await bench.start(everywhere)
  await until('found', () => a.mesh.peers().includes(b.mesh.self) && b.mesh.peers().includes(a.mesh.self))
  // Who came last finds all of its own mesh: by then the stranger has heard everybody, too.
  const other = await bench.start(elsewhere)
  await until('found', () => stranger.mesh.peers().includes(other.mesh.self))
  expect(stranger.mesh.peers()).toEqual([other.mesh.self])
  expect(other.mesh.peers()).toEqual([stranger.mesh.self])
  expect(stranger.seen.failed).toEqual([])
  expect([a, b, stranger, other].flatMap((node) => node.warnings)).toEqual([])
})

it('takes a network without mDNS with one warning', async () => {
  const socket = await occupy()
  if (socket === null) return
  try {
    const a = await bench.start({ mdns: true })
    await until('warned', () => a.warnings.length > 0)
    const b = await bench.start()
    await bench.connect(a, b)
    expect(a.warnings).toHaveLength(1)
    expect(a.warnings[0]).toMatch(/mDNS .* --join/)
  } finally {
    socket.close()
  }
})
