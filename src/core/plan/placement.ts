import { hash32, mix32 } from '../hash.ts'
import type { NodeId } from '../types.ts'

/** Rendezvous (highest random weight) order of nodes for one item: Thaler & Ravishankar 1998. Ties by node id. */
export function rendezvous(item: string, nodes: readonly NodeId[]): NodeId[] {
  const salt = hash32(item)
  const weighed = nodes.map((node) => ({ node, weight: mix32(hash32(node), salt) }))
  weighed.sort((a, b) => b.weight - a.weight || (a.node < b.node ? -1 : 1))
  return weighed.map((w) => w.node)
}

/**
 * Capped rendezvous hashing: each partition's ordered list of nodes. The first node of each list owns at most
 * ceil(partitions / nodes) partitions (consistent hashing with bounded loads, Mirrokni et al. 2016); the rest of the
 * list is plain rendezvous order, so that a lost owner's partitions spread over all others.
 */
export function place(job: string, partitions: number, nodes: readonly NodeId[]): NodeId[][] {
  const cap = Math.ceil(partitions / Math.max(1, nodes.length))
  const load = new Map<NodeId, number>()
  const lists: NodeId[][] = []
  for (let p = 0; p < partitions; p++) {
    const order = rendezvous(`${job}/${p}`, nodes)
    const at = order.findIndex((node) => (load.get(node) ?? 0) < cap)
    const owner = order[at]
    if (owner !== undefined) {
      load.set(owner, (load.get(owner) ?? 0) + 1)
      order.splice(at, 1)
      order.unshift(owner)
    }
    lists.push(order)
  }
  return lists
}
