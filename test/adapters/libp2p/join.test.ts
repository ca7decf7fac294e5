import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { WIRE_VERSION } from '../../../src/adapters/libp2p/host.ts'
import { openIdentity } from '../../../src/adapters/libp2p/identity.ts'
import { createMeshKey, meshKey } from '../../../src/adapters/libp2p/key.ts'
import { secretFile } from '../../../src/adapters/libp2p/secret-file.ts'
import { formatTicket, parseJoin } from '../../../src/adapters/libp2p/ticket.ts'
import { until } from '../../contracts/mesh.ts'
import { useBench } from './bench.ts'

const bench = useBench()
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-'))
  folders.push(folder)
  return folder
}

it('joins by ticket', async () => {
  const a = await bench.start()
  const { key, addresses } = parseJoin(formatTicket(bench.key.bytes, a.mesh.addresses()))
  const b = await bench.start({ key: meshKey(key ?? new Uint8Array()) })
  b.mesh.keepDialling(null, addresses)
  await until('joined', () => b.mesh.peers().includes(a.mesh.self) && a.mesh.peers().includes(b.mesh.self))
  expect(b.mesh.triedAll()).toBe(true)
})

it('takes its own ticket and its own bare address as nothing', async () => {
  const a = await bench.start()
  a.mesh.keepDialling(null, a.mesh.addresses())
  a.mesh.keepDialling(null, [`/ip4/127.0.0.1/tcp/${a.mesh.port}`])
  await until('tried', () => a.mesh.triedAll())
  expect(a.mesh.peers()).toEqual([])
  expect(a.seen.failed).toEqual([])
})

it('says refused once, and does not dial again until asked', async () => {
  const a = await bench.start()
  const address = `/ip4/127.0.0.1/tcp/${a.mesh.port}`
  const b = await bench.start({ key: createMeshKey() })
  b.mesh.keepDialling(null, [address])
  await until('refused', () => b.seen.failed.length === 1)
  expect(b.seen.failed).toEqual([{ address, why: 'refused' }])
  b.mesh.keepDialling(null, [address])
  await until('refused again', () => b.seen.failed.length === 2)
  expect(a.seen.peers).toEqual([])
})

it('says unreachable once, and joins as soon as somebody answers', async () => {
  const a = await bench.start()
  const { port } = a.mesh
  await a.mesh.stop()
  const b = await bench.start()
  const address = `/ip4/127.0.0.1/tcp/${port}`
  b.mesh.keepDialling(null, [address])
  await until('unreachable', () => b.seen.failed.length === 1)
  const again = await bench.start({ identity: a.identity, keptPort: port })
  await until('joined', () => b.mesh.peers().includes(again.mesh.self))
  expect(b.seen.failed).toEqual([{ address, why: 'unreachable' }])
})

it('takes a port that speaks something else for unreachable, not for a refusal', async () => {
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  try {
    const b = await bench.start()
    b.mesh.keepDialling(null, [`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`])
    await until('told', () => b.seen.failed.length === 1)
    expect(b.seen.failed[0]?.why).toBe('unreachable')
  } finally {
    server.close()
  }
})

it('joins a member that has got a new identity since the ticket was made', async () => {
  const a = await bench.start()
  const addresses = a.mesh.addresses()
  const { port } = a.mesh
  await a.mesh.stop()
  const renewed = await bench.start({ keptPort: port })
  const b = await bench.start()
  b.mesh.keepDialling(null, addresses)
  await until('joined', () => b.mesh.peers().includes(renewed.mesh.self))
})

it('tells a version mismatch from a refusal, and has no such peer', async () => {
  const a = await bench.start()
  const b = await bench.start({ wireVersion: WIRE_VERSION + 1 })
  b.mesh.keepDialling(null, a.mesh.addresses())
  await until('version', () => b.seen.failed.some((failure) => failure.why === 'version'))
  expect(b.seen.failed).toEqual([{ address: a.mesh.addresses()[0], why: 'version' }])
  expect([a.mesh.peers(), b.mesh.peers(), a.seen.peers, b.seen.peers]).toEqual([[], [], [], []])
})

it('keeps the port that it has picked, and says so when it has to take another', async () => {
  const first = await bench.start()
  const { port } = first.mesh
  expect(port).toBeGreaterThan(0)
  const other = await bench.start({ keptPort: port })
  expect(other.mesh.port).not.toBe(port)
  expect(other.warnings).toHaveLength(1)
  expect(other.warnings[0]).toContain(String(port))
  await first.mesh.stop()
  const again = await bench.start({ identity: first.identity, keptPort: port })
  expect(again.mesh.port).toBe(port)
  expect(again.warnings).toEqual([])
})

it('refuses to listen where it cannot', async () => {
  const first = await bench.start()
  const taken = `/ip4/127.0.0.1/tcp/${first.mesh.port}`
  await expect(bench.start({ listen: [taken] })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
  await expect(bench.start({ listen: ['/ip4/192.0.2.1/tcp/0'] })).rejects.toMatchObject({ code: 'USAGE' })
  await expect(bench.start({ listen: ['/ip4/0.0.0.0/udp/0/quic-v1'] })).rejects.toMatchObject({ code: 'USAGE' })
  await expect(bench.start({ listen: ['4001'] })).rejects.toMatchObject({ code: 'USAGE' })
})

it('listens on every IPv4 interface by default, and names loopback after the others', async () => {
  const a = await bench.start({ listen: [] })
  const loopback = a.mesh.addresses().map((address) => address.startsWith('/ip4/127.'))
  expect(loopback).toContain(true)
  expect(loopback.lastIndexOf(false)).toBeLessThan(loopback.indexOf(true))
})

it('keeps identity and key in files for the owner alone', async () => {
  const folder = await makeFolder()
  const path = join(folder, 'identity')
  const made = await openIdentity(secretFile(path))
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect((await openIdentity(secretFile(path))).id).toBe(made.id)
  expect((await readFile(path)).length).toBeLessThan(100)
  await writeFile(path, 'not a key')
  await expect(openIdentity(secretFile(path))).rejects.toMatchObject({ code: 'NODE_SETUP' })
})

it('finds itself again after all nodes were stopped, by kept ports and addresses alone', async () => {
  const first = await Promise.all(Array.from({ length: 4 }, () => bench.start()))
  const kept = first.map((node) => ({ peer: node.mesh.self, addresses: node.mesh.addresses() }))
  const ports = first.map((node) => node.mesh.port)
  await Promise.all(first.map((node) => node.mesh.stop()))
  const again = await Promise.all(
    first.map((node, i) => bench.start({ identity: node.identity, keptPort: ports[i] ?? null })),
  )
  for (const node of again) for (const { peer, addresses } of kept) node.mesh.keepDialling(peer, addresses)
  await until('all see all', () => again.every((node) => node.mesh.peers().length === 3))
  expect(again.flatMap((node) => [...node.seen.failed, ...node.warnings])).toEqual([])
})
