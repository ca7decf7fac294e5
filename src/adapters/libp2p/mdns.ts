import type { PeerInfo } from '@libp2p/interface'
import { mdns } from '@libp2p/mdns'
import { isPrivate } from '@libp2p/utils'
import { reasonOf } from '../../words/reason.ts'
import type { NodeId } from '../../core/types.ts'
import type { Host } from './host.ts'
import { isLoopback } from './ticket.ts'

export interface Discovery {
  stop(): Promise<void>
}

/**
 * Finds members on the same network segment. The service's name carries the key id, so that meshes do not see each
 * other. Only private addresses are announced and believed. What goes wrong is one warning: it does not work across
 * subnets and containers anyway, and --join does.
 */
export async function startDiscovery(
  host: Host,
  keyId: string,
  found: (peer: NodeId, addresses: string[]) => void,
  warn: (message: string) => void,
): Promise<Discovery | null> {
  let warned = false
  const warnOnce = (error: unknown): void => {
    if (warned) return
    warned = true
    warn(`mDNS does not work here (${reasonOf(error, 'its socket fails')}): members are found by --join`)
  }
  const service = mdns({ serviceTag: `_shoal-${keyId}._udp.local` })({
    logger: host.logger,
    addressManager: { getAddresses: () => host.getMultiaddrs() } as never,
  })
  service.addEventListener('peer', (event: CustomEvent<PeerInfo>) => {
    const { id, multiaddrs } = event.detail
    const near = multiaddrs.filter((address) => isPrivate(address))
    const far = near.filter((address) => !isLoopback(address))
    const addresses = (far.length > 0 ? far : near).map((address) => `${address.toString()}/p2p/${id.toString()}`)
    if (addresses.length > 0) found(id.toString() as NodeId, addresses)
  })
  try {
    await (service as unknown as { start(): Promise<void> }).start()
    const socket = (service as unknown as { mdns?: NodeJS.EventEmitter }).mdns
    socket?.on('error', warnOnce)
    socket?.on('warning', warnOnce)
  } catch (error) {
    warnOnce(error)
    return null
  }
  return { stop: () => (service as unknown as { stop(): Promise<void> }).stop() }
}
