import type { Mesh, MeshEvents } from '../../ports.ts'
import { createMemoryNetwork } from './mesh.ts'

/** A mesh of one, for `--local`: no port, no peers, no ticket. */
export async function localNetwork(
  protocols: readonly string[],
  events: MeshEvents,
): Promise<{
  mesh: Mesh
  ticket(): string
  triedAll(): boolean
  traffic(): { connections: number; streams: number }
}> {
  const mesh = await createMemoryNetwork().start({ protocols }, events)
  return { mesh, ticket: () => '', triedAll: () => true, traffic: () => ({ connections: 0, streams: 0 }) }
}
