/**
 * What somebody without the mesh key gets from a node in the middle of its work: every byte that comes back is counted,
 * on the wire. It is the greeting that any libp2p node gives, and a handshake that leads nowhere; nothing is above noise.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { gossipsub } from '@libp2p/gossipsub'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { topicOf, WIRE_VERSION } from '../../src/adapters/libp2p/host.ts'
import { meshKey } from '../../src/adapters/libp2p/key.ts'
import { parseJoin } from '../../src/adapters/libp2p/ticket.ts'
import { countWords, Mesh, records, WORD_COUNT, type MeshNode } from './mesh.ts'

const DIALS = 10
/** `/multistream/1.0.0` and `na`, each with its length before and a line feed behind. */
const REFUSAL = '\u0013/multistream/1.0.0\n\u0003na\n'
/** Noise XX, second message: a frame's length, an ephemeral key, and the sealed static key and payload. */
const NOISE_MOST = 400

/** A proxy that keeps what came back through it. */
async function recorder(port: number): Promise<{ port: number; heard: () => Buffer; close: () => void }> {
  const heard: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createServer((inward) => {
    const outward = connect(port, '127.0.0.1')
    outward.on('data', (bytes: Buffer) => heard.push(bytes))
    for (const [one, other] of [
      [inward, outward],
      [outward, inward],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
      one.pipe(other)
    }
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => Buffer.concat(heard),
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

describe('a stranger', { timeout: 300_000 }, () => {
  const texts = { 'a.txt': 'to be or not to be\n'.repeat(500) }
  let mesh: Mesh
  let node: MeshNode
  let other: MeshNode
  let port: number
  let job: string
  /** The node lets go of what does not say the right thing after a while, which passes during the other tests. */
  let listed: Promise<string>
  let silent: Promise<string>

  beforeAll(async () => {
    mesh = new Mesh()
    job = mesh.job('words', WORD_COUNT)
    const nodes = await mesh.start({ name: 'data', data: { texts } }, { name: 'other' })
    node = nodes[0]!
    other = nodes[1]!
    port = Number(/\/tcp\/(\d+)/.exec((await node.listens())[0]!)![1])
    listed = sayTo(port, ['/multistream/1.0.0', 'ls'])
    silent = sayTo(port, [])
  })
  afterAll(() => mesh?.end())

  /** Dials while jobs run. What the stranger saw: events of its own libp2p, and the bytes on the wire. */
  const intrude = async (protocol: string | null): Promise<{ seen: string[]; heard: string }> => {
    const proxy = await recorder(port)
    const seen: string[] = []
    const stranger = await createLibp2p({
      transports: [tcp()],
      connectionEncrypters: [
        (components) => {
          const encrypter = noise()(components)
          if (protocol !== null) encrypter.protocol = protocol
          return encrypter
        },
      ],
      streamMuxers: [yamux()],
      services: { identify: identify(), gossip: gossipsub({ allowPublishToZeroTopicPeers: true }) },
    })
    for (const name of ['connection:open', 'peer:connect', 'peer:identify'] as const)
      stranger.addEventListener(name, () => seen.push(name))
    stranger.services.gossip.addEventListener('gossipsub:message', () => seen.push('gossip'))
    stranger.services.gossip.subscribe(topicOf(WIRE_VERSION))
    try {
      const work = other.run('run', job, '--partitions', '4', '--key', String(protocol))
      for (let i = 0; i < DIALS; i++)
        await stranger.dial(multiaddr(`/ip4/127.0.0.1/tcp/${proxy.port}`)).then(
          () => seen.push('dialled'),
          () => null,
        )
      const { stdout } = await work
      expect(records(stdout)).toEqual(countWords(Object.values(texts)))
      return { seen, heard: proxy.heard().toString('latin1') }
    } finally {
      await stranger.stop()
      proxy.close()
    }
  }

  test('that speaks plain libp2p is told that nobody here does', async () => {
    const { seen, heard } = await intrude(null)
    expect(seen).toEqual([])
    expect(heard).toBe(REFUSAL.repeat(DIALS))
  })

  test('that knows the name of the handshake, and not the key, gets no connection', async () => {
    // The name is no secret: it is told in the clear, and nothing else is.
    const name = await handshakeName(node)
    const lines = (await listed).split(/[^ -~]+/).filter((text) => text.startsWith('/'))
    expect(lines).toEqual(['/multistream/1.0.0', name])
    const { seen, heard } = await intrude(name)
    expect(seen).toEqual([])
    expect(heard.length).toBeLessThan(DIALS * NOISE_MOST)
    expect(heard).not.toMatch(/identify|meshsub|yamux/)
  })

  test('that says nothing is let go, with no more than the greeting', async () => {
    expect(['', REFUSAL.slice(0, 20)]).toContain(await silent)
  })

  test('is no member, and none of its connections is left', async () => {
    for (const one of [node, other]) {
      expect((await one.members()).map(({ name }) => name)).toEqual(['data', 'other'])
      expect((await one.status()).connections).toBe(1)
    }
  })
})

/** Says lines of multistream, and listens until the other side closes. */
async function sayTo(port: number, lines: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const heard: Buffer[] = []
  socket.on('data', (bytes: Buffer) => heard.push(bytes))
  socket.on('error', () => {})
  for (const line of lines) socket.write(Buffer.concat([Buffer.from([line.length + 1]), Buffer.from(`${line}\n`)]))
  await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(heard).toString('latin1')
}

/** As a member makes it from the key in its ticket. */
async function handshakeName(node: MeshNode): Promise<string> {
  const { key } = parseJoin(await node.ok('ticket'))
  return `/shoal/noise/${meshKey(key!).id}`
}
