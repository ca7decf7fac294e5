import { ShoalError } from '../../core/errors.ts'
import { contentId } from '../../core/hash.ts'
import { pinnedPart } from '../../core/plan/job-id.ts'
import type { Digest, SnapshotInput } from '../../core/types.ts'
import type { Disk } from '../../ports.ts'
import { Damage } from './damage.ts'
import { getKept, isDamaged, putKept } from './kept.ts'

export interface FrozenSnapshot {
  readonly id: Digest
  readonly data: string
  readonly input: SnapshotInput
}

/** Snapshots named by `data freeze`, kept on this node; a job that uses one carries it in its record. */
export class Frozen {
  readonly #disk: Disk
  readonly #damage: Damage
  readonly #known = new Map<Digest, FrozenSnapshot>()
  /** Ids of snapshots whose files are damaged. */
  readonly #damaged = new Set<string>()

  constructor(disk: Disk, damage: Damage = new Damage()) {
    this.#disk = disk
    this.#damage = damage
  }

  async load(): Promise<void> {
    for (const name of await this.#disk.list('frozen')) {
      try {
        const bytes = await getKept(this.#disk, `frozen/${name}`)
        if (bytes === null) continue
        const snapshot = JSON.parse(Buffer.from(bytes).toString()) as FrozenSnapshot
        this.#known.set(snapshot.id, snapshot)
      } catch (error) {
        if (!isDamaged(error)) throw error
        this.#damaged.add(name.replace(/\.json$/, ''))
        this.#damage.found(`frozen/${name}`, 'this snapshot is lost; freeze the dataset again, or restore the file')
      }
    }
  }

  async freeze(data: string, input: SnapshotInput): Promise<FrozenSnapshot> {
    const snapshot = { id: contentId('frozen', pinnedPart(input)), data, input }
    const name = `frozen/${snapshot.id}.json`
    await putKept(this.#disk, name, Buffer.from(JSON.stringify(snapshot)))
    this.#known.set(snapshot.id, snapshot)
    this.#damaged.delete(snapshot.id)
    this.#damage.mended(name)
    return snapshot
  }

  all(): FrozenSnapshot[] {
    return [...this.#known.values()]
  }

  /** By any unique prefix. Throws NO_DATA, AMBIGUOUS_ID, or DAMAGED. */
  resolve(prefix: string): FrozenSnapshot {
    const found = prefix === '' ? [] : this.all().filter((s) => s.id.startsWith(prefix))
    if (found.length === 1) return found[0]!
    if (found.length > 1) throw new ShoalError('AMBIGUOUS_ID', `${found.length} snapshots begin with ${prefix}`)
    const damaged = prefix === '' ? undefined : [...this.#damaged].find((id) => id.startsWith(prefix))
    if (damaged !== undefined)
      throw new ShoalError('DAMAGED', `${this.#disk.path(`frozen/${damaged}.json`)} is damaged`, {
        why: 'a job over another snapshot than the one that was frozen would be another job',
        try: ['restore the file', 'shoal data freeze DATASET   and use the new snapshot'],
      })
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
