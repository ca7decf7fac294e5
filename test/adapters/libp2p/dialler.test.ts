import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createDialler, type Dialler } from '../../../src/adapters/libp2p/dialler.ts'
import { createIdentity } from '../../../src/adapters/libp2p/identity.ts'
import { LIMITS } from '../../../src/core/limits.ts'
import type { NodeId } from '../../../src/core/types.ts'

const [self, other, relay] = (await Promise.all([1, 2, 3].map(async () => (await createIdentity()).id))) as [
  NodeId,
  NodeId,
  NodeId,
]
const bare = '/ip4/10.0.0.5/tcp/4001'
const full = `${bare}/p2p/${other}`
const overRelay = `/ip4/10.0.0.9/tcp/4001/p2p/${relay}/p2p-circuit/p2p/${other}`

const refusal = (): Error =>
  Object.assign(new Error('could not negotiate /shoal/noise/12345678'), { name: 'EncryptionFailedError' })
const silence = (): Error => new Error('connection error 10.0.0.5:4001: ECONNREFUSED')
const stranger = (): Error =>
  Object.assign(new Error('Payload identity key a does not match expected remote identity key b'), {
    name: 'EncryptionFailedError',
  })

/** A network that answers as the test says, on a clock of the test's. */
class FakeNetwork {
  readonly self = self
  readonly dials: { at: number; addresses: readonly string[] }[] = []
  readonly failed: string[] = []
  readonly connections = new Map<NodeId, 'direct' | 'relayed'>()
  relays: string[] = []
  mismatched = false
  answer: (address: string) => NodeId = () => {
    throw silence()
  }

  dial = async (addresses: readonly string[]): Promise<NodeId> => {
    this.dials.push({ at: Date.now(), addresses })
    const errors: unknown[] = []
    for (const address of addresses) {
      try {
        const peer = this.answer(address)
        const relayed = address.includes('/p2p-circuit')
        if (!relayed || !this.connections.has(peer)) this.connections.set(peer, relayed ? 'relayed' : 'direct')
        if (!this.mismatched) dialler.connected(peer)
        return await Promise.resolve(peer)
      } catch (error) {
        errors.push(error)
      }
    }
    throw errors.length === 1 ? errors[0] : new AggregateError(errors)
  }
  connection = (peer: NodeId): 'direct' | 'relayed' | null => this.connections.get(peer) ?? null
  relaysTo = (): string[] => this.relays

  lose(peer: NodeId): void {
    this.connections.delete(peer)
    dialler.lost(peer)
  }
}

let network: FakeNetwork
let dialler: Dialler
beforeEach(() => {
  vi.useFakeTimers()
  network = new FakeNetwork()
  dialler = createDialler(network, { joinFailed: (address, why) => void network.failed.push(`${why} ${address}`) })
})
afterEach(() => {
  dialler.stop()
  vi.useRealTimers()
})

it('retries for ever, at growing intervals up to the bound, with jitter', async () => {
  dialler.keepDialling(null, [full])
  await vi.advanceTimersByTimeAsync(3_600_000)
  const gaps = network.dials.slice(1).map((dial, i) => dial.at - (network.dials[i]?.at ?? 0))
  expect(gaps.length).toBeGreaterThan(3_600_000 / LIMITS.dialBackoffMaxMs)
  gaps.forEach((gap, i) => {
    const longest = Math.min(LIMITS.dialBackoffMaxMs, LIMITS.dialBackoffMs * 2 ** i)
    expect(gap).toBeGreaterThanOrEqual(longest / 2 - 1)
    expect(gap).toBeLessThanOrEqual(longest + 1)
  })
  expect(new Set(gaps.slice(10)).size).toBeGreaterThan(50)
  expect(network.failed).toEqual([`unreachable ${full}`])
  network.answer = () => other
  await vi.advanceTimersByTimeAsync(LIMITS.dialBackoffMaxMs)
  expect(network.connections.get(other)).toBe('direct')
})

it('dials a lost peer again at once, and is silent while it is connected', async () => {
  network.answer = () => other
  dialler.keepDialling(null, [bare])
  await vi.advanceTimersByTimeAsync(10)
  expect(network.dials).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(600_000)
  expect(network.dials).toHaveLength(1)
  network.lose(other)
  await vi.advanceTimersByTimeAsync(LIMITS.dialBackoffMs)
  expect(network.dials).toHaveLength(2)
  expect(network.dials[1]?.addresses).toEqual([full])
})

it('stops after two refusals in a row, and starts again when asked', async () => {
  network.answer = () => {
    throw refusal()
  }
  dialler.keepDialling(null, [bare])
  await vi.advanceTimersByTimeAsync(600_000)
  expect(network.dials).toHaveLength(2)
  expect(network.failed).toEqual([`refused ${bare}`])
  expect(dialler.triedAll()).toBe(true)
  dialler.keepDialling(null, [bare])
  await vi.advanceTimersByTimeAsync(600_000)
  expect(network.dials).toHaveLength(4)
})

it('takes a refusal between other failures for bad luck', async () => {
  let count = 0
  network.answer = () => {
    throw count++ % 2 === 0 ? refusal() : silence()
  }
  dialler.keepDialling(null, [bare])
  await vi.advanceTimersByTimeAsync(600_000)
  expect(network.failed).toEqual([`unreachable ${bare}`])
  expect(network.dials.length).toBeGreaterThan(20)
})

it('does not give a member up because one of its addresses leads into another mesh', async () => {
  const second = `/ip4/172.17.0.1/tcp/4001/p2p/${other}`
  network.answer = (address) => {
    throw address === second ? refusal() : silence()
  }
  dialler.keepDialling(other, [full, second])
  await vi.advanceTimersByTimeAsync(600_000)
  expect(network.dials.length).toBeGreaterThan(20)
})

it('goes over a relay when there is no direct way, and comes back to the direct way later', async () => {
  network.answer = (address) => {
    if (address === overRelay) return other
    throw silence()
  }
  network.relays = [overRelay]
  dialler.keepDialling(other, [full])
  await vi.advanceTimersByTimeAsync(10)
  expect(network.connections.get(other)).toBe('relayed')
  await vi.advanceTimersByTimeAsync(60_000)
  expect(network.connections.get(other)).toBe('relayed')
  network.answer = () => other
  await vi.advanceTimersByTimeAsync(LIMITS.dialBackoffMaxMs)
  expect(network.connections.get(other)).toBe('direct')
  const count = network.dials.length
  await vi.advanceTimersByTimeAsync(600_000)
  expect(network.dials).toHaveLength(count)
})

it('looks for the relayed way even where no address is known', async () => {
  network.answer = (address) => {
    if (address === overRelay) return other
    throw silence()
  }
  network.relays = [overRelay]
  await dialler.reach(other)
  expect(network.connections.get(other)).toBe('relayed')
})

it('joins whoever answers at the address of a ticket, if its id is another now', async () => {
  network.answer = (address) => {
    if (address === bare) return relay
    throw stranger()
  }
  dialler.keepDialling(null, [full])
  await vi.advanceTimersByTimeAsync(LIMITS.dialBackoffMs)
  expect(network.connections.get(relay)).toBe('direct')
})

it('forgets a dropped peer, whatever timer was set', async () => {
  dialler.keepDialling(other, [full])
  await vi.advanceTimersByTimeAsync(100)
  dialler.forget(other)
  const count = network.dials.length
  await vi.advanceTimersByTimeAsync(600_000)
  expect(network.dials).toHaveLength(count)
})

it('says a version mismatch to whoever joined, and tries again rarely', async () => {
  network.answer = () => other
  dialler.keepDialling(null, [bare])
  await vi.advanceTimersByTimeAsync(10)
  network.mismatched = true
  dialler.mismatch(other, 'shoal/2')
  network.lose(other)
  expect(network.failed).toEqual([`version ${bare}`])
  network.dials.length = 0
  for (let i = 0; i < 100; i++) {
    await vi.advanceTimersByTimeAsync(1_000)
    if (network.connections.has(other)) network.lose(other)
  }
  expect(network.dials.length).toBeGreaterThan(3)
  expect(network.dials.length).toBeLessThan(10)
  expect(network.failed).toEqual([`version ${bare}`])
})

it('drops addresses that are none, or lead to somebody else, and bounds the rest', async () => {
  dialler.keepDialling(other, ['rubbish', `/ip4/10.0.0.6/tcp/4001/p2p/${relay}`, bare])
  await vi.advanceTimersByTimeAsync(10)
  expect(network.dials[0]?.addresses).toEqual([full])
  dialler.learn(
    other,
    Array.from({ length: 100 }, (_, i) => `/ip4/10.0.1.${i}/tcp/4001`),
  )
  await vi.advanceTimersByTimeAsync(60_000)
  expect(network.dials.at(-1)?.addresses).toHaveLength(LIMITS.peerAddressesMax)
})

it('gives up its own dial when the peer with the lesser id has dialled it, and only then', async () => {
  const ids = [self, other].toSorted() as [NodeId, NodeId]
  for (const [own, peer] of [ids, ids.toReversed() as [NodeId, NodeId]]) {
    const given: AbortSignal[] = []
    const connections = new Map<NodeId, 'direct'>()
    const mine = createDialler(
      {
        self: own,
        dial: (_addresses, signal) => {
          given.push(signal)
          return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        },
        connection: (id) => connections.get(id) ?? null,
        relaysTo: () => [],
      },
      { joinFailed: () => {} },
    )
    mine.keepDialling(peer, [bare])
    await vi.advanceTimersByTimeAsync(10)
    connections.set(peer, 'direct')
    mine.connected(peer)
    await vi.advanceTimersByTimeAsync(10)
    expect(given.map(({ aborted }) => aborted)).toEqual([peer < own])
    await vi.advanceTimersByTimeAsync(LIMITS.dialBackoffMaxMs)
    expect(given).toHaveLength(1)
    mine.stop()
  }
})
