/** This node's own record: signed anew whenever something in it changes. */
import type { NodeRecord } from '../core/membership.ts'
import { LIMITS } from '../core/limits.ts'
import { signRecord } from '../wire/signed.ts'
import type { Context } from './context.ts'

export class SelfRecord {
  readonly #context: Context
  readonly #version: string
  #count = 0
  #last: Promise<void> = Promise.resolve()
  #told = ''

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
    const { hash } = catalogs.set(state.self.node, body)
    const entries = body.datasets.flatMap((dataset) => dataset.entries)
    const facts = {
      node: state.self.node,
      incarnation: state.self.incarnation,
      name,
      addresses: mesh.addresses().slice(0, 32),
      slots: state.self.slots,
      memory,
      runtime: state.self.runtime,
      shoal: this.#version,
      drained: state.draining,
      catalog: { version: body.version, hash, shards: entries.length, bytes: entries.reduce((n, e) => n + e.size, 0) },
    }
    const text = JSON.stringify(facts)
    if (text === this.#told) return
    this.#told = text
    const record: NodeRecord = { ...facts, name: name.slice(0, LIMITS.namesBytesMax), version: ++this.#count }
    dispatch({ type: 'own-record', record: await signRecord(mesh, record) })
  }
}
