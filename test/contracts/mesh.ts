/** The acceptance suite of the `Mesh` port: the memory twin and the libp2p adapter both pass it whole. */
import { createHash, randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import type { NodeId } from '../../src/core/types.ts'
import type { ByteStream, Mesh, MeshEvents } from '../../src/ports.ts'

export const PROTOCOLS: readonly string[] = ['echo', 'sink', 'held']

/** A started mesh, with all that it has told its owner. */
export interface ContractNode {
  readonly mesh: Mesh
  readonly seen: Seen
}

export interface Seen {
  readonly gossip: { from: NodeId; text: string }[]
  readonly peers: { peer: NodeId; connected: boolean }[]
  readonly failed: { address: string; why: string }[]
  /** Streams of the protocol `held`, not read by anyone yet. */
  readonly held: ByteStream[]
  /** Of the protocol `sink`: SHA-256 of all bytes, or the error's message. */
  readonly sunk: string[]
}

/** Makes nodes for one test; `again` starts a stopped node with the identity and address that it had. */
export interface MeshFactory {
  start(events: MeshEvents): Promise<Mesh>
  again(mesh: Mesh, events: MeshEvents): Promise<Mesh>
  stranger(events: MeshEvents): Promise<Mesh>
  close(): Promise<void>
}

/** Waits for a condition that events will make true; fails when it has not come in `ms`. */
export async function until(what: string, condition: () => boolean, ms = 30_000): Promise<void> {
  const deadline = performance.now() + ms
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`)
    await setTimeout(5)
  }
}

export async function readAll(stream: ByteStream): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export function listen(): { seen: Seen; events: MeshEvents } {
  const seen: Seen = { gossip: [], peers: [], failed: [], held: [], sunk: [] }
  const events: MeshEvents = {
    gossip: (from, bytes) => void seen.gossip.push({ from, text: Buffer.from(bytes).toString('latin1') }),
    peer: (peer, connected) => void seen.peers.push({ peer, connected }),
    joinFailed: (address, why) => void seen.failed.push({ address, why }),
    stream: (protocol, stream) => {
      if (protocol === 'held') seen.held.push(stream)
      if (protocol === 'echo') void echo(stream)
      if (protocol === 'sink') void sink(stream, seen)
    },
  }
  return { seen, events }
}

async function echo(stream: ByteStream): Promise<void> {
  try {
    for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) await stream.write(chunk)
    await stream.end()
  } catch {
    // the other side has reset it: the test that did so looks at its own end
  }
}

async function sink(stream: ByteStream, seen: Seen): Promise<void> {
  try {
    seen.sunk.push(sha256(await readAll(stream)))
    await stream.end()
  } catch (error) {
    seen.sunk.push((error as Error).message)
  }
}

export function meshContract(name: string, createFactory: () => Promise<MeshFactory>): void {
  describe(`mesh: ${name}`, () => {
    let factory: MeshFactory
    beforeEach(async () => {
      factory = await createFactory()
    })
    afterEach(() => factory.close())

    const start = async (): Promise<ContractNode> => {
      const { seen, events } = listen()
      return { mesh: await factory.start(events), seen }
    }
    const connected = async (...pairs: [ContractNode, ContractNode][]): Promise<void> => {
      for (const [a, b] of pairs) a.mesh.keepDialling(b.mesh.self, b.mesh.addresses())
      for (const [a, b] of pairs) {
        await until('connected', () => a.mesh.peers().includes(b.mesh.self) && b.mesh.peers().includes(a.mesh.self))
        await until('told', () => a.seen.peers.length > 0 && b.seen.peers.length > 0)
      }
    }
    const two = async (): Promise<[ContractNode, ContractNode]> => {
      const [a, b] = [await start(), await start()]
      await connected([a, b])
      return [a, b]
    }
    membership({ start, connected, two, factory: () => factory })
    streams({ start, connected, two, factory: () => factory })
    gossip({ start, connected, two, factory: () => factory })
    signatures({ start, connected, two, factory: () => factory })
  })
}

interface Bench {
  start(): Promise<ContractNode>
  connected(...pairs: [ContractNode, ContractNode][]): Promise<void>
  two(): Promise<[ContractNode, ContractNode]>
  factory(): MeshFactory
}

function membership({ start, connected, two, factory }: Bench): void {
  it('connects by an address alone, and tells both sides once', async () => {
    const [a, b] = [await start(), await start()]
    a.mesh.keepDialling(null, [b.mesh.addresses()[0] ?? ''])
    await until('both know', () => a.seen.peers.length > 0 && b.seen.peers.length > 0)
    expect(a.seen.peers).toEqual([{ peer: b.mesh.self, connected: true }])
    expect(b.seen.peers).toEqual([{ peer: a.mesh.self, connected: true }])
    expect(a.mesh.peers()).toEqual([b.mesh.self])
  })

  it('gives addresses that carry the id', async () => {
    const a = await start()
    expect(a.mesh.addresses().length).toBeGreaterThan(0)
    for (const address of a.mesh.addresses()) expect(address.endsWith(`/p2p/${a.mesh.self}`)).toBe(true)
  })

  it('takes dialling itself as nothing', async () => {
    const [a, b] = [await start(), await start()]
    a.mesh.keepDialling(null, a.mesh.addresses())
    await connected([a, b])
    expect(a.mesh.peers()).toEqual([b.mesh.self])
    expect(a.seen.failed).toEqual([])
  })

  it('settles simultaneous dials into connections that work', async () => {
    const [a, b] = [await start(), await start()]
    await connected([a, b], [b, a])
    for (const [x, y] of [
      [a, b],
      [b, a],
    ] as const) {
      const stream = await x.mesh.open(y.mesh.self, 'echo')
      await stream.write(Buffer.from('hello'))
      await stream.end()
      expect((await readAll(stream)).toString()).toBe('hello')
    }
    expect(a.mesh.peers()).toEqual([b.mesh.self])
  })

  it('finds a peer again that was away', async () => {
    const [a, b] = await two()
    await b.mesh.stop()
    await until('away', () => a.seen.peers.at(-1)?.connected === false)
    expect(a.mesh.peers()).toEqual([])
    const second = listen()
    const again = await factory().again(b.mesh, second.events)
    expect(again.self).toBe(b.mesh.self)
    await until('back', () => a.seen.peers.at(-1)?.connected === true)
    const stream = await a.mesh.open(again.self, 'echo')
    await stream.end()
    expect(await stream.read()).toBe(null)
  })

  it('tells its owner nothing any more once it is stopped', async () => {
    const [a, b] = await two()
    const before = a.seen.peers.length
    await a.mesh.stop()
    await until('b knows', () => b.seen.peers.at(-1)?.connected === false)
    expect(a.seen.peers).toHaveLength(before)
    expect(a.mesh.peers()).toEqual([])
  })

  it('drops a peer', async () => {
    const [a, b] = await two()
    a.mesh.drop(b.mesh.self)
    await until('gone', () => a.seen.peers.at(-1)?.connected === false)
  })

  it('refuses whoever has another key', async () => {
    const a = await start()
    const { seen, events } = listen()
    const stranger = await factory().stranger(events)
    stranger.keepDialling(null, a.mesh.addresses().slice(0, 1))
    await until('refused', () => seen.failed.some((failure) => failure.why === 'refused'))
    expect(stranger.peers()).toEqual([])
    expect(a.seen.peers).toEqual([])
  })
}

function streams({ two }: Bench): void {
  it('carries bytes both ways in order, and ends each way by itself', async () => {
    const [a, b] = await two()
    const stream = await a.mesh.open(b.mesh.self, 'echo')
    expect(stream.peer).toBe(b.mesh.self)
    const sent = randomBytes(3_000_000)
    const received = readAll(stream)
    for (let at = 0; at < sent.length;) {
      const size = 1 + ((at * 7919) % 200_000)
      await stream.write(sent.subarray(at, at + size))
      at += size
    }
    await stream.end()
    expect(sha256(await received)).toBe(sha256(sent))
    expect(await stream.read()).toBe(null)
    await expect(stream.write(Buffer.from('late'))).rejects.toThrow()
  })

  it('keeps the bytes and the end for a reader that comes late', async () => {
    const [a, b] = await two()
    const stream = await a.mesh.open(b.mesh.self, 'held')
    const sent = randomBytes(200_000)
    await stream.write(sent)
    await stream.end()
    await until('arrived', () => b.seen.held.length === 1)
    await setTimeout(100)
    const held = b.seen.held[0] as ByteStream
    expect(sha256(await readAll(held))).toBe(sha256(sent))
    await held.write(Buffer.from('ACK'))
    await held.end()
    expect((await readAll(stream)).toString()).toBe('ACK')
  })

  it('holds the writer back while nobody reads, and loses nothing', async () => {
    const [a, b] = await two()
    const stream = await a.mesh.open(b.mesh.self, 'held')
    const chunk = randomBytes(LIMITS.shuffleFrameBytes)
    const total = 64
    let accepted = 0
    const writing = (async () => {
      for (let i = 0; i < total; i++) {
        await stream.write(chunk)
        accepted++
      }
      await stream.end()
    })()
    await until('arrived', () => b.seen.held.length === 1)
    let before = -1
    while (before !== accepted) {
      before = accepted
      await setTimeout(150)
    }
    expect(accepted * chunk.length).toBeLessThan(8 * LIMITS.streamReadBufferBytes)
    const all = await readAll(b.seen.held[0] as ByteStream)
    await writing
    expect(all.length).toBe(total * chunk.length)
    expect(sha256(all)).toBe(sha256(Buffer.concat(Array<Buffer>(total).fill(chunk))))
  })

  it('carries very many small writes to a reader that comes late', async () => {
    const [a, b] = await two()
    const stream = await a.mesh.open(b.mesh.self, 'held')
    const count = 40_000
    const line = (i: number): Buffer => Buffer.from(`record number ${i}\n`)
    const writing = (async () => {
      for (let i = 0; i < count; i++) await stream.write(line(i))
      await stream.end()
    })()
    await until('arrived', () => b.seen.held.length === 1)
    await setTimeout(200)
    const all = await readAll(b.seen.held[0] as ByteStream)
    await writing
    expect(sha256(all)).toBe(sha256(Buffer.concat(Array.from({ length: count }, (_, i) => line(i)))))
  })

  it('shows a reset to both sides, to a waiting reader and a waiting writer', async () => {
    const [a, b] = await two()
    const stream = await a.mesh.open(b.mesh.self, 'held')
    await stream.write(Buffer.from('x'))
    await until('arrived', () => b.seen.held.length === 1)
    const held = b.seen.held[0] as ByteStream
    await held.read()
    const waiting = expect(held.read()).rejects.toThrow()
    const writing = expect(
      (async () => {
        for (;;) await held.write(new Uint8Array(LIMITS.shuffleFrameBytes))
      })(),
    ).rejects.toThrow()
    stream.abort('enough')
    await waiting
    await writing
    await expect(stream.read()).rejects.toThrow()
    await expect(stream.write(Buffer.from('y'))).rejects.toThrow()
    stream.abort('twice is harmless')
  })

  it('never leaves a reader hanging when the writer goes, and may make it look like an end', async () => {
    const [a, b] = await two()
    const stream = await a.mesh.open(b.mesh.self, 'held')
    await stream.write(Buffer.from('the first of two frames'))
    await until('arrived', () => b.seen.held.length === 1)
    const held = b.seen.held[0] as ByteStream
    const first = await held.read()
    expect(first).not.toBe(null)
    const rest = readAll(held).then(
      (bytes) => bytes.length,
      () => 'reset',
    )
    await a.mesh.stop()
    // 0: a clean end, although the second frame never came. Hence whoever reads needs an END of its own.
    expect([0, 'reset']).toContain(await rest)
    await expect(stream.write(Buffer.from('z'))).rejects.toThrow()
  })

  it('opens as many streams at once as the limit says', async () => {
    const [a, b] = await two()
    const payload = randomBytes(20_000)
    const opened = await Promise.all(
      Array.from({ length: LIMITS.streamsPerProtocolMax }, () => a.mesh.open(b.mesh.self, 'sink')),
    )
    await Promise.all(
      opened.map(async (stream) => {
        await stream.write(payload)
        await stream.end()
        expect(await stream.read()).toBe(null)
      }),
    )
    expect(b.seen.sunk).toEqual(Array(LIMITS.streamsPerProtocolMax).fill(sha256(payload)))
  })

  it('rejects what it cannot open', async () => {
    const [a, b] = await two()
    await expect(a.mesh.open(b.mesh.self, 'no-such-protocol')).rejects.toThrow()
    await expect(a.mesh.open(b.mesh.self, 'echo', AbortSignal.abort(new Error('given up')))).rejects.toThrow()
    await b.mesh.stop()
    await until('away', () => a.mesh.peers().length === 0)
    await expect(a.mesh.open(b.mesh.self, 'echo')).rejects.toThrow()
  })
}

function gossip({ start, connected, two }: Bench): void {
  it('reaches peers, names the author, and counts direct recipients', async () => {
    const [a, b] = await two()
    let tries = 0
    while (b.seen.gossip.length === 0 && tries++ < 200) {
      await a.mesh.publish(Buffer.from(`note ${tries}`))
      await setTimeout(20)
    }
    expect(b.seen.gossip[0]?.from).toBe(a.mesh.self)
    expect(await a.mesh.publish(Buffer.from('counted'))).toBe(1)
    await until('counted', () => b.seen.gossip.some((message) => message.text === 'counted'))
    expect(a.seen.gossip).toEqual([])
  })

  it('is carried on by those between', async () => {
    const [a, b, c] = [await start(), await start(), await start()]
    await connected([a, b], [b, c])
    let tries = 0
    while (!c.seen.gossip.some((message) => message.from === a.mesh.self) && tries++ < 200) {
      await a.mesh.publish(Buffer.from(`far ${tries}`))
      await setTimeout(20)
    }
    expect(c.seen.gossip.at(-1)?.from).toBe(a.mesh.self)
  })

  it('says 0 when it reaches nobody, and never rejects', async () => {
    const a = await start()
    expect(await a.mesh.publish(Buffer.from('alone'))).toBe(0)
    expect(await a.mesh.publish(new Uint8Array(LIMITS.gossipBytesMax + 1))).toBe(0)
    await a.mesh.stop()
    expect(await a.mesh.publish(Buffer.from('stopped'))).toBe(0)
  })

  it('carries a message of the largest size, and equal messages twice', async () => {
    const [a, b] = await two()
    let tries = 0
    while ((await a.mesh.publish(Buffer.from('warm'))) === 0 && tries++ < 200) {
      await setTimeout(20)
    }
    const large = randomBytes(LIMITS.gossipBytesMax).toString('latin1')
    await a.mesh.publish(Buffer.from(large, 'latin1'))
    await a.mesh.publish(Buffer.from('same'))
    await a.mesh.publish(Buffer.from('same'))
    await until('large', () => b.seen.gossip.some((message) => message.text === large))
    await until('twice', () => b.seen.gossip.filter((message) => message.text === 'same').length === 2)
  })
}

function signatures({ two }: Bench): void {
  it('signs, and verifies by the signer’s id alone', async () => {
    const [a, b] = await two()
    const bytes = randomBytes(300)
    const signature = await a.mesh.sign(bytes)
    expect(await b.mesh.verify(a.mesh.self, bytes, signature)).toBe(true)
    expect(await b.mesh.verify(b.mesh.self, bytes, signature)).toBe(false)
    expect(await b.mesh.verify(a.mesh.self, randomBytes(300), signature)).toBe(false)
    expect(await b.mesh.verify(a.mesh.self, bytes, signature.subarray(1))).toBe(false)
    expect(await b.mesh.verify('rubbish' as NodeId, bytes, signature)).toBe(false)
  })
}
