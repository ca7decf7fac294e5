import type { ConnectionGater } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { createHost, type Host } from './host.ts'
import type { Identity } from './identity.ts'
import type { MeshKey } from './key.ts'
import { isLoopback, isRelayed, parseAddress } from './ticket.ts'

export interface ListenOptions {
  readonly identity: Identity
  readonly key: MeshKey
  /** Multiaddrs; [] means all IPv4 interfaces, port 0. */
  readonly listen: readonly string[]
  /** Stands in for port 0 if it is free; the port that an earlier start has picked. */
  readonly keptPort: number | null
  readonly wireVersion: number
  readonly gater: ConnectionGater
  warn(message: string): void
}

/**
 * A started host, and what `prepare` has made of it before it began to listen: a peer may be there at once.
 * Throws PORT_IN_USE if a port that was asked for is taken, USAGE if it cannot listen otherwise.
 */
export async function listen<T>(options: ListenOptions, prepare: (host: Host) => Promise<T>): Promise<T> {
  const asked = (options.listen.length > 0 ? options.listen : ['/ip4/0.0.0.0/tcp/0']).map((text) => checkListen(text))
  const { keptPort } = options
  if (keptPort !== null && asked.some((address) => anyPort(address))) {
    const kept = asked.map((address) =>
      anyPort(address) ? address.replace(/\/tcp\/0\b/, `/tcp/${keptPort}`) : address,
    )
    try {
      return await tryListen(options, kept, prepare)
    } catch (error) {
      if (!isTaken(error)) throw toShoalError(error, kept)
      options.warn(`port ${keptPort}, which this node had before, is taken by another program: it takes another one`)
    }
  }
  try {
    return await tryListen(options, asked, prepare)
  } catch (error) {
    throw toShoalError(error, asked)
  }
}

async function tryListen<T>(
  options: ListenOptions,
  addresses: readonly string[],
  prepare: (host: Host) => Promise<T>,
): Promise<T> {
  const host = await createHost({ ...options, listen: addresses })
  const prepared = await prepare(host)
  try {
    await host.start()
    return prepared
  } catch (error) {
    await host.stop()
    throw error
  }
}

function checkListen(text: string): string {
  try {
    return parseAddress(text)
  } catch (error) {
    if (!(error instanceof ShoalError)) throw error
    throw new ShoalError('USAGE', `--listen ${text} is no address to listen on`, {
      why: error.why,
      try: ['--listen /ip4/0.0.0.0/tcp/4001'],
    })
  }
}

function toShoalError(error: unknown, addresses: readonly string[]): unknown {
  const text = addresses.join(', ')
  if (isTaken(error)) {
    const why = `another program listens on ${text}`
    return new ShoalError('PORT_IN_USE', 'the port is in use', {
      why,
      cause: error,
      try: ['--listen with port 0, for a free one'],
    })
  }
  const code = /\b(EADDRNOTAVAIL|EACCES|ENOTFOUND|EINVAL)\b/.exec(String(error))?.[1]
  if (code === undefined) return error
  const why = code === 'EACCES' ? 'this user may not open that port' : 'this machine has no such address'
  return new ShoalError('USAGE', `cannot listen on ${text}`, {
    why,
    cause: error,
    try: ['--listen /ip4/0.0.0.0/tcp/0'],
  })
}

const isTaken = (error: unknown): boolean => /\bEADDRINUSE\b/.test(String(error))

const anyPort = (address: string): boolean => /\/tcp\/0(\/|$)/.test(address)

/**
 * Where the host can be reached: real interfaces, then loopback, then over two of its relays; each with its id, at most
 * `peerAddressesMax`. More relays need not be named: whoever finds no direct way asks all members it is connected to.
 * The relays that were named `before` are as good as later ones, and each change is news to all of the mesh.
 */
export function advertised(host: Host, before: readonly string[]): string[] {
  const suffix = `/p2p/${host.peerId.toString()}`
  const all = host.getMultiaddrs().map((address) => {
    const text = address.toString()
    return text.endsWith(suffix) ? text : text + suffix
  })
  const direct = all.filter((text) => !isRelayed(text))
  const near = (text: string): boolean => isLoopback(multiaddr(text))
  const relayed = new Map<string, string>()
  for (const text of all.filter((one) => isRelayed(one))) {
    const relay = text.slice(0, text.indexOf('/p2p-circuit')).split('/').at(-1) ?? ''
    const known = relayed.get(relay)
    if (known === undefined || near(known)) relayed.set(relay, text)
  }
  const ordered = [...direct.filter((text) => !near(text)), ...direct.filter((text) => near(text))]
  const now = [...relayed.values()]
  const relays = new Set([...before.filter((text) => now.includes(text)), ...now])
  return [...ordered.slice(0, LIMITS.peerAddressesMax - 2), ...[...relays].slice(0, 2)]
}

/** The TCP port that the host listens on. */
export function portOf(host: Host): number | null {
  for (const address of host.getMultiaddrs()) {
    if (isRelayed(address.toString())) continue
    const port = address.getComponents().find((part) => part.name === 'tcp')?.value
    if (port !== undefined) return Number(port)
  }
  return null
}
