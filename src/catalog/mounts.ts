/**
 * One network mount, or one directory, that two nodes offer as their own: each of its files would count twice. Files are
 * the same where inode, size and time are equal and the file system is: on one machine by its device number, in the
 * network where both say that they are on one and the paths are equal, too (device numbers differ from one machine to the next).
 */
import type { NodeId } from '../core/types.ts'
import type { CatalogEntry, CatalogRoot } from './body.ts'
import { sameMount } from './refusals.ts'

interface Seen {
  readonly node: NodeId
  readonly path: string
}

/** Throws SAME_MOUNT. `entries`: those that count, in a fixed order. */
export function checkMounts(
  dataset: string,
  entries: readonly { readonly node: NodeId; readonly entry: CatalogEntry; readonly root: CatalogRoot }[],
): void {
  if (new Set(entries.map(({ node }) => node)).size < 2) return
  const local = new Map<string, Seen>()
  const network = new Map<string, Seen>()
  for (const { node, entry, root } of entries) {
    const { dev, ino, mtimeNs } = entry.witness
    const isNetwork = root.networks.includes(dev)
    if (root.machine === '') continue
    const file = `${ino} ${entry.size} ${mtimeNs}`
    check(local, `${root.machine} ${dev} ${file}`, false)
    if (isNetwork) check(network, `${file} ${entry.path}`, true)

    function check(seen: Map<string, Seen>, key: string, isNetworked: boolean): void {
      const before = seen.get(key)
      if (before === undefined) seen.set(key, { node, path: entry.path })
      else if (before.node !== node) throw sameMount(dataset, before, { node, path: entry.path }, isNetworked)
    }
  }
}
