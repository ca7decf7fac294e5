import type { Member } from '../../core/members/membership.ts'
import type { NodeId } from '../../core/types.ts'
import type { Context } from '../context.ts'

/** Members whose own dial this node has waited for. */
const awaited = new WeakSet<Member>()

/**
 * A member was heard of that this node is not connected to. It hears of this node at the same time as a rule, and where
 * both dial at once they keep two connections: so one of the two dials now, and the other one at a later look at members.
 */
export function meetMember({ state, mesh }: Context, node: NodeId): void {
  const member = state.members.get(node)
  if (member !== undefined && !member.connected && state.self.node < node)
    mesh.keepDialling(node, member.record.addresses)
}

/** Members' addresses may have changed, and their catalogs may be missing here: looked over every so often. */
export function keepMembers(context: Context): void {
  const { state, mesh, catalogs, dropped } = context
  for (const member of state.members.values()) {
    const { node, record, connected } = member
    if (node === state.self.node) continue
    const awaits = !connected && node < state.self.node && !awaited.has(member)
    awaited.add(member)
    if (!awaits) mesh.keepDialling(node, record.addresses)
    if (connected && catalogs.hash(node) !== record.catalog.hash)
      catalogs
        .fetch(context, node, record.catalog.hash, node)
        .catch((error: unknown) => dropped('fetch-catalog', error))
  }
}
