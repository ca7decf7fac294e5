import { LIMITS } from '../../core/limits.ts'
import type { NodeId } from '../../core/types.ts'
import type { MeshEvents } from '../../ports.ts'
import { classify } from './dial-failure.ts'
import { isRelayed, parseAddress, peerOf } from './ticket.ts'

/** What the loop needs of the network; nothing else in here knows libp2p. */
export interface DialNetwork {
  readonly self: NodeId
  /** Resolves to the id of whoever answered; rejects with one error, or an AggregateError of one per address. */
  dial(addresses: readonly string[], signal: AbortSignal): Promise<NodeId>
  connection(peer: NodeId): 'direct' | 'relayed' | null
  /** Addresses of `peer` over members that are connected now, most likely first. */
  relaysTo(peer: NodeId): string[]
}

/** Somebody to be connected to, for as long as this node lives: a peer, or whoever answers at an address. */
interface Target {
  peer: NodeId | null
  /** Latest learned first. */
  addresses: string[]
  /** The address to name in `joinFailed`; null if nobody asked for this one by --join. */
  join: string | null
  failures: number
  refusals: number
  /** Refused for the key: not dialled again until somebody asks. */
  stopped: boolean
  tried: boolean
  /** What `joinFailed` has said last of this one. */
  told: 'refused' | 'unreachable' | 'version' | null
  timer: NodeJS.Timeout | null
  running: Promise<void> | null
  /** Ends the direct dial that is running. */
  giveUp: (() => void) | null
}

export interface Dialler {
  keepDialling(peer: NodeId | null, addresses: readonly string[]): void
  /** Addresses under which a connected or discovered peer says it can be reached. */
  learn(peer: NodeId, addresses: readonly string[]): void
  forget(peer: NodeId): void
  connected(peer: NodeId): void
  lost(peer: NodeId): void
  /** The peer speaks another wire version: told to whoever joined by it, and tried again at the longest interval. */
  mismatch(peer: NodeId, agent: string): void
  /** Dials a peer now; resolves when a connection is there or all ways have failed. */
  reach(peer: NodeId): Promise<void>
  /** True once every target has been dialled or met. */
  triedAll(): boolean
  stop(): void
}

const newTarget = (peer: NodeId | null, join: string | null): Target => ({
  peer,
  addresses: [],
  join,
  failures: 0,
  refusals: 0,
  stopped: false,
  tried: false,
  told: null,
  timer: null,
  running: null,
  giveUp: null,
})

export function createDialler(network: DialNetwork, events: Pick<MeshEvents, 'joinFailed'>): Dialler {
  return new Redialler(network, events)
}

class Redialler implements Dialler {
  readonly #network: DialNetwork
  readonly #events: Pick<MeshEvents, 'joinFailed'>
  readonly #targets = new Map<string, Target>()
  readonly #mismatched = new Map<NodeId, string>()
  readonly #stopping = new AbortController()

  constructor(network: DialNetwork, events: Pick<MeshEvents, 'joinFailed'>) {
    this.#network = network
    this.#events = events
  }

  keepDialling(peer: NodeId | null, addresses: readonly string[]): void {
    if (peer !== null) return this.#want(peer, peer, addresses, null)
    for (const address of addresses) {
      const named = peerOf(address) as NodeId | null
      this.#want(named ?? address, named, [address], address)
    }
  }

  learn(peer: NodeId, addresses: readonly string[]): void {
    this.#want(peer, peer, addresses, null)
  }

  forget(peer: NodeId): void {
    this.#drop(peer)
    this.#mismatched.delete(peer)
  }

  connected(peer: NodeId): void {
    this.#mismatched.delete(peer)
    const target = this.#targets.get(peer)
    if (target === undefined) return
    this.#met(target)
    // Both have dialled, and the dial of the lesser id came through; that one goes on with its own.
    if (peer < this.#network.self && this.#network.connection(peer) === 'direct') target.giveUp?.()
  }

  lost(peer: NodeId): void {
    const target = this.#targets.get(peer)
    if (target === undefined) return
    // Both sides notice at once: a random moment keeps them from dialling each other in step.
    const soon = Math.random() * 0.2 * LIMITS.dialBackoffMs
    this.#schedule(target, this.#mismatched.has(peer) ? LIMITS.dialBackoffMaxMs : soon)
  }

  mismatch(peer: NodeId, agent: string): void {
    this.#mismatched.set(peer, agent)
    const target = this.#targets.get(peer)
    if (target !== undefined) this.#tellMismatch(target, agent)
  }

  async reach(peer: NodeId): Promise<void> {
    const target = this.#targets.get(peer)
    // No target of this peer is kept: it is dialled this once, over members that are connected.
    await this.#attempt(target ?? { ...newTarget(peer, null), stopped: true })
  }

  triedAll(): boolean {
    return [...this.#targets.values()].every((target) => target.tried)
  }

  stop(): void {
    this.#stopping.abort(new Error('the node stops'))
    for (const key of [...this.#targets.keys()]) this.#drop(key)
  }

  #want(key: string, peer: NodeId | null, addresses: readonly string[], join: string | null): void {
    if (peer === this.#network.self || this.#stopping.signal.aborted) return
    const target = this.#targets.get(key) ?? this.#add(key, peer, join)
    const full = peer === null ? addresses : addresses.flatMap((address) => ofPeer(address, peer))
    const fresh = full.filter((address) => !target.addresses.includes(address))
    target.addresses = [...fresh, ...target.addresses].slice(0, LIMITS.peerAddressesMax)
    if (join !== null) {
      target.join ??= join
      target.told = null
    }
    if (fresh.length === 0 && join === null && (target.timer !== null || target.stopped)) return
    target.stopped = false
    target.refusals = 0
    const connection = peer === null ? null : this.#network.connection(peer)
    if (connection === 'direct' || (connection === 'relayed' && fresh.length === 0)) this.#met(target)
    else if (target.running === null) this.#schedule(target, 0)
  }

  #add(key: string, peer: NodeId | null, join: string | null): Target {
    const target = newTarget(peer, join)
    this.#makeRoom()
    this.#targets.set(key, target)
    return target
  }

  /** Twice the largest mesh: beyond that the oldest target that nobody joined by, and that is not connected, goes. */
  #makeRoom(): void {
    if (this.#targets.size < 2 * LIMITS.membersMax) return
    for (const [key, target] of this.#targets) {
      if (target.join !== null || (target.peer !== null && this.#network.connection(target.peer) !== null)) continue
      this.#drop(key)
      return
    }
  }

  #drop(key: string): void {
    const target = this.#targets.get(key)
    if (target === undefined) return
    target.stopped = true
    if (target.timer !== null) clearTimeout(target.timer)
    this.#targets.delete(key)
  }

  #met(target: Target): void {
    target.failures = 0
    target.refusals = 0
    target.tried = true
    if (target.peer === null || !this.#mismatched.has(target.peer)) target.told = null
    if (target.timer !== null) clearTimeout(target.timer)
    target.timer = null
    // A relay is second best: the direct way is tried again and again.
    if (target.peer !== null && this.#network.connection(target.peer) === 'relayed') {
      this.#schedule(target, LIMITS.dialBackoffMaxMs)
    }
  }

  #schedule(target: Target, delayMs: number): void {
    if (this.#stopping.signal.aborted || target.stopped) return
    if (target.timer !== null) clearTimeout(target.timer)
    target.timer = setTimeout(() => {
      target.timer = null
      void this.#attempt(target)
    }, delayMs)
  }

  #attempt(target: Target): Promise<void> {
    target.running ??= this.#dial(target).finally(() => {
      target.running = null
      target.tried = true
    })
    return target.running
  }

  async #dial(target: Target): Promise<void> {
    if (target.peer !== null && this.#network.connection(target.peer) === 'direct') return this.#met(target)
    const failure = await this.#dialDirect(target)
    if (failure === null) return
    if (await this.#dialRelayed(target)) return this.#met(target)
    if (failure !== undefined) this.#failed(target, failure)
    else this.#retry(target)
  }

  /** null: connected, or nothing more to do; undefined: there was no address to dial. */
  async #dialDirect(target: Target): Promise<unknown> {
    const addresses = target.addresses.filter((address) => !isRelayed(address))
    if (addresses.length === 0) return undefined
    const giving = new AbortController()
    target.giveUp = () => giving.abort(new Error('the peer has dialled this node'))
    try {
      const peer = await this.#network.dial(addresses, AbortSignal.any([this.#stopping.signal, giving.signal]))
      this.#answered(target, peer)
      return null
    } catch (error) {
      return error ?? new Error('the dial failed')
    } finally {
      target.giveUp = null
    }
  }

  async #dialRelayed(target: Target): Promise<boolean> {
    const { peer } = target
    if (peer === null) return false
    if (this.#network.connection(peer) !== null) return true
    const known = target.addresses.filter((address) => isRelayed(address))
    const ways = [...new Set([...known, ...this.#network.relaysTo(peer)])].slice(0, LIMITS.relayTriesMax)
    for (const way of ways) {
      if (this.#stopping.signal.aborted) return false
      try {
        await this.#network.dial([way], this.#stopping.signal)
        return true
      } catch {
        // this member does not reach it either: the next one may
      }
    }
    return false
  }

  /** An address target has found its peer: from here on it is the peer that is wanted, by this address among others. */
  #answered(target: Target, peer: NodeId): void {
    if (target.peer === null) {
      this.#drop(target.addresses[0] as string)
      this.#want(peer, peer, target.addresses, target.join)
    } else this.#met(target)
    const agent = this.#mismatched.get(peer)
    const settled = this.#targets.get(peer)
    if (agent !== undefined && settled !== undefined) this.#tellMismatch(settled, agent)
  }

  #failed(target: Target, error: unknown): void {
    const { kind, message } = classify(error, target.join === null)
    if (kind === 'self' && target.peer === null) return this.#drop(target.addresses[0] as string)
    if (kind === 'other-identity') this.#tryWithoutIdentity(target)
    target.refusals = kind === 'refused' ? target.refusals + 1 : 0
    // Once may be bad luck: a full peer, too, ends handshakes midway.
    if (target.refusals >= 2) {
      target.stopped = true
      this.#tell(target, 'refused', message)
      return
    }
    if (kind !== 'refused') this.#tell(target, 'unreachable', message)
    this.#retry(target)
  }

  #retry(target: Target): void {
    const longest = Math.min(LIMITS.dialBackoffMaxMs, LIMITS.dialBackoffMs * 2 ** Math.min(target.failures, 20))
    if (target.refusals === 0) target.failures++
    this.#schedule(target, longest * (0.5 + 0.5 * Math.random()))
  }

  /**
   * A member answers there, under another id than the ticket names (its home is new): joining works over it as well.
   */
  #tryWithoutIdentity(target: Target): void {
    if (target.join === null || target.peer === null) return
    const bare = target.join.replace(/\/p2p\/[^/]+$/, '')
    if (bare !== target.join) this.#want(bare, null, [bare], bare)
  }

  #tellMismatch(target: Target, agent: string): void {
    this.#tell(target, 'version', `the node there is ${agent}`)
    target.failures = 20
    this.#schedule(target, LIMITS.dialBackoffMaxMs)
  }

  #tell(target: Target, why: 'refused' | 'unreachable' | 'version', message: string): void {
    if (target.join === null || target.told === why) return
    target.told = why
    this.#events.joinFailed(target.join, why, message)
  }
}

/** The address with the peer's id at its end; [] if it is none, or leads to somebody else. */
function ofPeer(address: string, peer: NodeId): string[] {
  try {
    const full = address.endsWith(`/p2p/${peer}`) ? address : `${address}/p2p/${peer}`
    parseAddress(full)
    return peerOf(address) === peer || isRelayed(address) || peerOf(address) === null ? [full] : []
  } catch {
    return []
  }
}
