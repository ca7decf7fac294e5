import { createHash } from 'node:crypto'
import type { CatalogBody } from '../../catalog/body.ts'
import { decodeCatalog, encodeCatalog } from '../../catalog/codec.ts'
import type { Digest, NodeId } from '../../core/types.ts'
import type { Disk } from '../../ports.ts'
import type { Reach } from './reach.ts'
import { Damage } from '../home/damage.ts'
import { getKept, putKept } from '../home/kept.ts'
import { callPeer } from './rpc.ts'

interface Known {
  readonly hash: Digest
  readonly body: CatalogBody
}

/** What every known node offers, kept on disk, so that a node that is away is missed and not forgotten. */
export class Catalogs {
  readonly #disk: Disk
  readonly #damage: Damage
  readonly #known = new Map<NodeId, Known>()
  readonly #fetching = new Set<string>()
  /** The body that was encoded last: as a rule it is kept next. */
  #encoded: { readonly body: CatalogBody; readonly bytes: Uint8Array } | null = null
  /** Members of which this disk has nothing whole: whatever they offer is away. */
  readonly #lost = new Set<NodeId>()

  constructor(disk: Disk, damage: Damage = new Damage()) {
    this.#disk = disk
    this.#damage = damage
  }

  get(node: NodeId): CatalogBody | null {
    return this.#known.get(node)?.body ?? null
  }

  hash(node: NodeId): Digest | null {
    return this.#known.get(node)?.hash ?? null
  }

  nodes(): NodeId[] {
    return [...this.#known.keys()]
  }

  /** What is kept of this member is damaged: it counts as away until it is met again, or forgotten. */
  lose(node: NodeId): void {
    this.#lost.add(node)
  }

  /** The member was met again. */
  found(node: NodeId): void {
    this.#lost.delete(node)
  }

  lost(): NodeId[] {
    return [...this.#lost]
  }

  /** This node's own, or what a live node has just answered. */
  set(node: NodeId, body: CatalogBody): { bytes: Uint8Array; hash: Digest } {
    const bytes = encodeCatalog(body)
    this.#encoded = { body, bytes }
    const hash = sha256(bytes)
    this.#known.set(node, { hash, body })
    return { bytes, hash }
  }

  /**
   * Saves the member's catalog beside its record. Never without one: a start takes a catalog alone for a lost record.
   */
  async keep(node: NodeId): Promise<void> {
    const known = this.#known.get(node)
    if (known === undefined || (await this.#disk.size(`members/${node}.record`)) === null) return
    const name = `members/${node}.catalog`
    const bytes = this.#encoded?.body === known.body ? this.#encoded.bytes : encodeCatalog(known.body)
    this.#encoded = null
    await putKept(this.#disk, name, bytes)
    this.#damage.mended(name)
  }

  /** Rejects with DAMAGED where it is. */
  async load(node: NodeId): Promise<void> {
    const bytes = await getKept(this.#disk, `members/${node}.catalog`)
    if (bytes !== null) this.#known.set(node, { hash: sha256(bytes), body: decodeCatalog(bytes) })
  }

  async forget(node: NodeId): Promise<void> {
    this.#known.delete(node)
    this.#lost.delete(node)
    await this.#disk.remove(`members/${node}.catalog`)
  }

  /** Fetches a catalog by its hash from whoever named it. Rejects when the peer has it no more. */
  async fetch(reach: Reach, node: NodeId, hash: Digest, from: NodeId): Promise<void> {
    const id = `${node} ${hash}`
    if (this.hash(node) === hash || this.#fetching.has(id)) return
    this.#fetching.add(id)
    try {
      // Nodes that offer nothing all offer the same.
      const same = [...this.#known.values()].find((known) => known.hash === hash)
      this.#known.set(node, same ?? (await fetchCatalog(reach, node, hash, from)))
      await this.keep(node)
    } finally {
      this.#fetching.delete(id)
    }
  }
}

async function fetchCatalog(reach: Reach, node: NodeId, hash: Digest, from: NodeId): Promise<Known> {
  const { body } = await callPeer(reach, from, { call: 'catalog', node, hash })
  if (sha256(body) !== hash) throw new Error('a catalog that its hash does not name')
  return { hash, body: decodeCatalog(body) }
}

/** By the platform: a catalog can have many megabytes. */
function sha256(bytes: Uint8Array): Digest {
  return createHash('sha256').update(bytes).digest('hex') as Digest
}
