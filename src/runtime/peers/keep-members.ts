import type { Member } from '../../core/members/membership.ts'
import type { State } from '../../core/state.ts'
import type { NodeId } from '../../core/types.ts'
import type { Context } from '../context.ts'

/** At how many looks this node has waited for a member's own dial. */
const awaited = new WeakMap<Member, number>()
/** How many peers a node was connected to at its last look. */
const connectedBefore = new WeakMap<State, number>()
/** Where a whole mesh starts at once, dials take their time: as long as some get through, so many looks are waited. */
const LOOKS_MAX = 4

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
  const patience = state.connected.size > (connectedBefore.get(state) ?? 0) ? LOOKS_MAX : 1
  connectedBefore.set(state, state.connected.size)
  for (const member of state.members.values()) {
    const { node, record, connected } = member
    if (node === state.self.node) continue
    const looks = awaited.get(member) ?? 0
    const awaits = !connected && node < state.self.node && looks < patience
    awaited.set(member, looks + 1)
    if (!awaits) mesh.keepDialling(node, record.addresses)
    if (connected && catalogs.hash(node) !== record.catalog.hash)
      catalogs
        .fetch(context, node, record.catalog.hash, node)
        .catch((error: unknown) => dropped('fetch-catalog', error))
  }
}
