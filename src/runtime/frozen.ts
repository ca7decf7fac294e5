import { ShoalError } from '../core/errors.ts'
import { contentId } from '../core/hash.ts'
import type { Digest, SnapshotInput } from '../core/types.ts'
import type { Disk } from '../ports.ts'

export interface FrozenSnapshot {
  readonly id: Digest
  readonly data: string
  readonly input: SnapshotInput
}

/** Snapshots named by `data freeze`, kept on this node; a job that uses one carries it in its record. */
export class Frozen {
  readonly #disk: Disk
  readonly #known = new Map<Digest, FrozenSnapshot>()

  constructor(disk: Disk) {
    this.#disk = disk
  }

  async load(): Promise<void> {
    for (const name of await this.#disk.list('frozen')) {
      const bytes = await this.#disk.get(`frozen/${name}`)
      if (bytes === null) continue
      const snapshot = JSON.parse(Buffer.from(bytes).toString()) as FrozenSnapshot
      this.#known.set(snapshot.id, snapshot)
    }
  }

  async freeze(data: string, input: SnapshotInput): Promise<FrozenSnapshot> {
    const snapshot = { id: contentId('frozen', input), data, input }
    await this.#disk.put(`frozen/${snapshot.id}.json`, Buffer.from(JSON.stringify(snapshot)))
    this.#known.set(snapshot.id, snapshot)
    return snapshot
  }

  all(): FrozenSnapshot[] {
    return [...this.#known.values()]
  }

  /** By any unique prefix. Throws NO_DATA or AMBIGUOUS_ID. */
  resolve(prefix: string): FrozenSnapshot {
    const found = prefix === '' ? [] : this.all().filter((s) => s.id.startsWith(prefix))
    if (found.length === 1) return found[0]!
    if (found.length > 1) throw new ShoalError('AMBIGUOUS_ID', `${found.length} snapshots begin with ${prefix}`)
    throw new ShoalError('NO_DATA', `no frozen snapshot ${prefix} on this node`, {
      try: ['shoal data show', 'shoal data freeze DATASET'],
    })
  }

  input(id: Digest, dataset: string): SnapshotInput {
    const snapshot = this.resolve(id)
    if (snapshot.input.dataset !== dataset)
      throw new ShoalError('NO_DATA', `snapshot ${id.slice(0, 12)} is of ${snapshot.input.dataset}, not of ${dataset}`)
    return snapshot.input
  }
}
