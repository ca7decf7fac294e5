/** One node's exchange parts in a test's hands, on a memory mesh beside a peer that says what the test wants. */
import { systemClock } from '../../src/adapters/disk/system-clock.ts'
import { MemoryDisk, type MemoryDiskOptions } from '../../src/adapters/memory/disk.ts'
import { createMemoryIdentity, createMemoryNetwork } from '../../src/adapters/memory/mesh.ts'
import type { Event } from '../../src/core/events.ts'
import { step } from '../../src/core/machine.ts'
import { newState } from '../../src/core/state.ts'
import type { NodeId } from '../../src/core/types.ts'
import type { ByteStream, Mesh } from '../../src/ports.ts'
import type { Context } from '../../src/runtime/context.ts'
import { Damage } from '../../src/runtime/home/damage.ts'
import { Keys } from '../../src/runtime/home/keys.ts'
import { Removal } from '../../src/runtime/home/removal.ts'
import { FramedStream } from '../../src/runtime/peers/framed.ts'
import { IdleStreams } from '../../src/runtime/peers/idle-streams.ts'
import { PROTOCOLS } from '../../src/runtime/peers/protocols.ts'
import { JobStore } from '../../src/runtime/home/store.ts'
import { Story } from '../../src/runtime/home/story.ts'
import { RUNTIME } from '../core/fake-work.ts'

const clock = { ...systemClock, now: () => 0, wall: () => new Date(0) }

export interface Bench {
  readonly context: Context
  readonly disk: MemoryDisk
  readonly store: JobStore
  /** All that was dispatched, in order; the state takes it too. */
  readonly events: Event[]
  readonly dropped: string[]
  readonly self: NodeId
  readonly peer: NodeId
  /** The peer's mesh: what it opens reaches `onStream` here. */
  readonly other: Mesh
  /** Streams that this node opens to the peer, in order. */
  nextStream(): Promise<FramedStream>
  /** What this node does with the peer's streams. */
  onStream: (protocol: string, stream: ByteStream) => void
  open(protocol: keyof typeof PROTOCOLS): Promise<FramedStream>
  /** What the peer does with streams that this node opens, where they are not for `nextStream`. */
  peerServes: ((stream: ByteStream) => void) | null
}

const quiet = { gossip: () => {}, peer: () => {}, joinFailed: () => {} }

/** `disk`: one that another node had before. */
export async function bench(
  options: MemoryDiskOptions = {},
  disk: MemoryDisk = new MemoryDisk(options),
): Promise<Bench> {
  const network = createMemoryNetwork()
  const [self, peer] = [createMemoryIdentity(), createMemoryIdentity()]
  const protocols = Object.values(PROTOCOLS)
  const opened: FramedStream[] = []
  const waiting: ((stream: FramedStream) => void)[] = []
  const holder: { bench: Bench | null } = { bench: null }
  const mesh = await network.start(
    { protocols, identity: self },
    { ...quiet, stream: (protocol, stream) => holder.bench!.onStream(protocol, stream) },
  )
  const other = await network.start(
    { protocols, identity: peer },
    {
      ...quiet,
      stream: (_protocol, stream) => {
        const serve = holder.bench?.peerServes
        if (serve) return serve(stream)
        const framed = new FramedStream(stream, clock)
        const taker = waiting.shift()
        if (taker === undefined) opened.push(framed)
        else taker(framed)
      },
    },
  )
  other.keepDialling(self.id, mesh.addresses())
  const damage = new Damage()
  const store = new JobStore(disk, damage)
  const keys = new Keys(disk, damage)
  const state = newState(
    { node: self.id, incarnation: { count: 1, nonce: 'n' }, slots: 0, runtimes: { js: RUNTIME } },
    0,
  )
  const events: Event[] = []
  const dropped: string[] = []
  const context = {
    state,
    dispatch: (event: Event) => {
      events.push(event)
      step(state, 0, event)
    },
    clock,
    disk,
    store,
    mesh,
    idle: new IdleStreams(clock),
    story: new Story(clock, 'self', disk, damage),
    damage,
    keys,
    removal: new Removal({ state, disk, damage, store, keys, stopped: () => Promise.resolve() }),
    memory: 1e9,
    name: 'self',
    local: false,
    dropped: (kind: string) => void dropped.push(kind),
  } as unknown as Context
  const made: Bench = {
    context,
    disk,
    store,
    events,
    dropped,
    self: self.id,
    peer: peer.id,
    other,
    nextStream: () => {
      const ready = opened.shift()
      return ready === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(ready)
    },
    onStream: () => {},
    peerServes: null,
    open: async (protocol) => new FramedStream(await other.open(self.id, PROTOCOLS[protocol]), clock),
  }
  holder.bench = made
  return made
}

/** All microtasks, and what they start in turn. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
}
