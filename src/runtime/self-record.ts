/** This node's own record: signed anew whenever something in it changes. */
import type { CatalogBody } from '../catalog/body.ts'
import type { NodeRecord } from '../core/members/membership.ts'
import { LIMITS } from '../core/limits.ts'
import type { Digest } from '../core/types.ts'
import { signRecord } from '../wire/signed.ts'
import type { Context } from './context.ts'

export class SelfRecord {
  readonly #context: Context
  readonly #version: string
  #count = 0
  #last: Promise<void> = Promise.resolve()
  #told = ''
  /** What the record says of the catalog: to encode and hash a large one takes long, and it changes rarely. */
  #offers: { readonly body: CatalogBody; readonly catalog: NodeRecord['catalog'] } | null = null

  constructor(context: Context, version: string) {
    this.#context = context
    this.#version = version
  }

  /** Signs and tells the control plane, unless nothing has changed. */
  publish(): Promise<void> {
    this.#last = this.#last
      .then(() => this.#publish())
      .catch((error: unknown) => this.#context.dropped('own-record', error))
    return this.#last
  }

  async #publish(): Promise<void> {
    const { state, catalog, catalogs, mesh, memory, name, dispatch } = this.#context
    const body = catalog.record()
    if (this.#offers?.body !== body)
      this.#offers = { body, catalog: factsOf(body, catalogs.set(state.self.node, body).hash) }
    const facts = {
      node: state.self.node,
      incarnation: state.self.incarnation,
      name,
      addresses: mesh.addresses().slice(0, 32),
      slots: state.self.slots,
      memory,
      runtimes: state.self.runtimes,
      shoal: this.#version,
      drained: state.draining,
      catalog: this.#offers.catalog,
    }
    const text = JSON.stringify(facts)
    if (text === this.#told) return
    this.#told = text
    const record: NodeRecord = { ...facts, name: name.slice(0, LIMITS.namesBytesMax), version: ++this.#count }
    dispatch({ type: 'own-record', record: await signRecord(mesh, record) })
  }
}

function factsOf({ version, datasets }: CatalogBody, hash: Digest): NodeRecord['catalog'] {
  const entries = datasets.flatMap((dataset) => dataset.entries)
  return { version, hash, shards: entries.length, bytes: entries.reduce((sum, { size }) => sum + size, 0) }
}
