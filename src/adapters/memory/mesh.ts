import { createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto'
import { concat } from 'uint8arrays/concat'
import { fromString } from 'uint8arrays/from-string'
import { toString } from 'uint8arrays/to-string'
import { assert } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { NodeId } from '../../core/types.ts'
import type { ByteStream, Mesh, MeshEvents } from '../../ports.ts'
import { createStreamPair, type MemoryStream } from './mesh-stream.ts'

export interface MemoryMeshOptions {
  readonly protocols: readonly string[]
  /** A restarted node: its identity and address are kept. Absent: a new node. */
  readonly identity?: MemoryIdentity
  /** Stands for the mesh key; nodes with different keys never connect. Default ''. */
  readonly key?: string
}

/** Real Ed25519 keys under ids of libp2p's form, so that whoever parses ids and checks signatures sees no difference. */
export interface MemoryIdentity {
  readonly id: NodeId
  readonly privateKey: KeyObject
}

/** Meshes of one process that can reach each other. Nothing here uses a timer: what can connect is connected at once. */
export interface MemoryNetwork {
  start(options: MemoryMeshOptions, events: MeshEvents): Promise<Mesh>
  /** Ends connections between the two, and lets none come up until `heal`. */
  cut(a: NodeId, b: NodeId): void
  heal(a: NodeId, b: NodeId): void
  /** SIGKILL: the node is gone, and its streams look cleanly ended to its peers. */
  kill(node: NodeId): void
}

interface Member {
  readonly id: NodeId
  readonly key: string
  readonly protocols: ReadonlySet<string>
  readonly events: MeshEvents
  readonly wanted: Set<string>
  readonly told: Set<string>
  readonly links: Map<NodeId, Set<MemoryStream>>
}

/** base58btc of the identity multihash of an Ed25519 public key in protobuf form begins with these bytes. */
const ID_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)
export function createMemoryIdentity(): MemoryIdentity {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = fromString(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  return { id: toString(concat([ID_PREFIX, raw]), 'base58btc') as NodeId, privateKey }
}

function publicKeyOf(id: NodeId): KeyObject {
  const raw = fromString(id, 'base58btc').subarray(ID_PREFIX.length)
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: toString(raw, 'base64url') }, format: 'jwk' })
}

export function createMemoryNetwork(): MemoryNetwork {
  const members = new Map<NodeId, Member>()
  const cuts = new Set<string>()
  const pair = (a: NodeId, b: NodeId): string => (a < b ? `${a} ${b}` : `${b} ${a}`)

  const connect = (a: Member, b: Member): void => {
    if (a === b || a.links.has(b.id) || cuts.has(pair(a.id, b.id))) return
    a.links.set(b.id, new Set())
    b.links.set(a.id, new Set())
    queueMicrotask(() => {
      a.events.peer(b.id, true)
      b.events.peer(a.id, true)
    })
  }
  const disconnect = (a: Member, b: Member): void => {
    const streams = a.links.get(b.id)
    if (streams === undefined) return
    a.links.delete(b.id)
    b.links.delete(a.id)
    for (const stream of streams) stream.sever()
    queueMicrotask(() => {
      if (members.get(a.id) === a) a.events.peer(b.id, false)
      if (members.get(b.id) === b) b.events.peer(a.id, false)
    })
  }
  /** Tries every wanted address once: called whenever something has changed that could let a dial succeed. */
  const settle = (): void => {
    for (const member of members.values()) {
      for (const address of member.wanted) {
        const other = members.get(idOf(address))
        if (other !== undefined && other.key === member.key) connect(member, other)
        else tellFailure(member, address, other !== undefined)
      }
    }
  }
  const leave = (member: Member): void => {
    members.delete(member.id)
    for (const peer of [...member.links.keys()]) {
      const other = members.get(peer)
      if (other !== undefined) disconnect(other, member)
    }
  }

  return {
    start: (options, events) => {
      const identity = options.identity ?? createMemoryIdentity()
      assert(!members.has(identity.id), 'an identity runs once')
      const member = createMember(identity.id, options, events)
      members.set(member.id, member)
      settle()
      return Promise.resolve(createMesh(member, identity, { members, settle, leave, disconnect }))
    },
    cut: (a, b) => {
      cuts.add(pair(a, b))
      const [one, other] = [members.get(a), members.get(b)]
      if (one !== undefined && other !== undefined) disconnect(one, other)
    },
    heal: (a, b) => {
      cuts.delete(pair(a, b))
      settle()
    },
    kill: (node) => {
      const member = members.get(node)
      if (member !== undefined) leave(member)
    },
  }
}

function createMember(id: NodeId, options: MemoryMeshOptions, events: MeshEvents): Member {
  const protocols = new Set(options.protocols)
  return { id, key: options.key ?? '', protocols, events, wanted: new Set(), told: new Set(), links: new Map() }
}

interface Wiring {
  readonly members: ReadonlyMap<NodeId, Member>
  settle(): void
  leave(member: Member): void
  disconnect(a: Member, b: Member): void
}

function createMesh(member: Member, identity: MemoryIdentity, net: Wiring): Mesh {
  return {
    self: member.id,
    addresses: () => [addressOf(member.id)],
    peers: () => [...member.links.keys()],
    publish: (bytes) => {
      if (bytes.length > LIMITS.gossipBytesMax || !net.members.has(member.id)) return Promise.resolve(0)
      flood(member, bytes.slice(), net.members)
      return Promise.resolve(member.links.size)
    },
    open: async (peer, protocol, signal) => {
      signal?.throwIfAborted()
      const other = net.members.get(peer)
      const streams = member.links.get(peer)
      if (other === undefined || streams === undefined) throw new Error(`no connection to ${peer}`)
      if (!other.protocols.has(protocol)) throw new Error(`${peer} does not speak ${protocol}`)
      return open(member, other, protocol)
    },
    keepDialling: (peer, addresses) => {
      for (const address of addresses) member.wanted.add(address)
      if (peer !== null) member.wanted.add(addressOf(peer))
      for (const address of addresses) if (peer === null) member.told.delete(address)
      net.settle()
    },
    drop: (peer) => {
      member.wanted.delete(addressOf(peer))
      const other = net.members.get(peer)
      if (other !== undefined) net.disconnect(member, other)
    },
    sign: (bytes) => Promise.resolve(new Uint8Array(sign(null, bytes, identity.privateKey))),
    verify: (signer, bytes, signature) => Promise.resolve(verifies(signer, bytes, signature)),
    stop: () => {
      net.leave(member)
      return Promise.resolve()
    },
  }
}

function open(from: Member, to: Member, protocol: string): ByteStream {
  const [here, there] = createStreamPair(from.id, to.id)
  from.links.get(to.id)?.add(here)
  to.links.get(from.id)?.add(there)
  to.events.stream(protocol, there)
  return here
}

/** Like gossipsub: everyone who is connected to the publisher, however indirectly, gets the bytes once. */
function flood(origin: Member, bytes: Uint8Array, members: ReadonlyMap<NodeId, Member>): void {
  const reached = new Set([origin.id])
  for (const id of reached) for (const peer of members.get(id)?.links.keys() ?? []) reached.add(peer)
  reached.delete(origin.id)
  for (const id of reached) queueMicrotask(() => members.get(id)?.events.gossip(origin.id, bytes))
}

function tellFailure(member: Member, address: string, refused: boolean): void {
  if (member.told.has(address)) return
  member.told.add(address)
  const why = refused ? 'refused' : 'unreachable'
  queueMicrotask(() => member.events.joinFailed(address, why, refused ? 'another mesh key' : 'nobody answers there'))
}

function verifies(signer: NodeId, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(null, bytes, publicKeyOf(signer), signature)
  } catch {
    return false
  }
}

const addressOf = (id: NodeId): string => `/memory/${id}/p2p/${id}`

const idOf = (address: string): NodeId => (address.split('/').at(-1) ?? '') as NodeId
