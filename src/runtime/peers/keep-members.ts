import type { Context } from '../context.ts'

/** Members' addresses may have changed, and their catalogs may be missing here: looked over every so often. */
export function keepMembers(context: Context): void {
  const { state, mesh, catalogs, dropped } = context
  for (const { node, record, connected } of state.members.values()) {
    if (node === state.self.node) continue
    mesh.keepDialling(node, record.addresses)
    if (connected && catalogs.hash(node) !== record.catalog.hash)
      catalogs
        .fetch(context, node, record.catalog.hash, node)
        .catch((error: unknown) => dropped('fetch-catalog', error))
  }
}
