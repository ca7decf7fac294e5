import { z } from 'zod/mini'
import type { State } from '../../core/state.ts'
import type { Digest, JobId, JobRecord } from '../../core/types.ts'
import type { Disk } from '../../ports.ts'
import { fromJson, WireError } from '../../wire/codec.ts'
import type { KeyedMemory } from '../../wire/job.ts'
import { count, digest } from '../../wire/shapes.ts'
import type { Damage } from './damage.ts'
import { getKept, isDamaged, putKept } from './kept.ts'

const KEY_LOST = 'what this key gave is asked of other nodes'

interface Facts {
  readonly round: number
  readonly result: Digest | null
}

const factsShape = z.strictObject({ round: count, result: z.nullable(digest) }) as unknown as z.ZodMiniType<Facts>

/**
 * What stays of a job with a key once it is forgotten, for ever: its record with the snapshot that was pinned, and its
 * result's hash, so that the key gives that result again or none.
 *
 *   keys/ID/record.json   the job's record
 *   keys/ID/facts.json    highest round that is over, and its result
 */
export class Keys {
  readonly #disk: Disk
  readonly #damage: Damage

  constructor(disk: Disk, damage: Damage) {
    this.#disk = disk
    this.#damage = damage
  }

  /** Tells the control plane, before jobs are loaded. */
  async load(state: State): Promise<void> {
    for (const id of (await this.#disk.list('keys')) as JobId[]) {
      const facts = await this.#json(factsShape, `${folderOf(id)}/facts.json`)
      if (facts === null) continue
      state.forgottenJobs.set(id, Math.max(facts.round, state.forgottenJobs.get(id) ?? 0))
      if (facts.result !== null) state.promised.set(id, facts.result)
    }
  }

  /** Resolves when it is on disk. */
  async put(record: JobRecord, facts: Facts): Promise<void> {
    const folder = folderOf(record.id)
    await this.#write(`${folder}/record.json`, record)
    await this.#write(`${folder}/facts.json`, { round: facts.round, result: facts.result })
  }

  /**
   * null where nothing is remembered of the key; 'lost' where something is, and the record cannot be read. A record
   * whose facts are lost is enough: the result can be computed again over its snapshot.
   */
  async get(id: JobId): Promise<KeyedMemory | 'lost' | null> {
    const folder = folderOf(id)
    if ((await this.#disk.list(folder)).length === 0) return null
    const [facts, record] = await Promise.all([
      this.#json(factsShape, `${folder}/facts.json`),
      this.#json(z.unknown(), `${folder}/record.json`),
    ])
    if (record === null) {
      this.#damage.found(`${folder}/record.json`, KEY_LOST)
      return 'lost'
    }
    return { round: 0, result: null, ...facts, record: JSON.stringify(record) }
  }

  /** Reads all of it once, so that damage is found before anyone asks. */
  async check(): Promise<void> {
    for (const id of (await this.#disk.list('keys')) as JobId[]) await this.get(id)
  }

  async #write(name: string, value: unknown): Promise<void> {
    await putKept(this.#disk, name, Buffer.from(JSON.stringify(value)))
    this.#damage.mended(name)
  }

  async #json<T>(shape: z.ZodMiniType<T>, name: string): Promise<T | null> {
    try {
      const bytes = await getKept(this.#disk, name)
      return bytes === null ? null : fromJson(shape, bytes)
    } catch (error) {
      if (!isDamaged(error) && !(error instanceof WireError)) throw error
      this.#damage.found(name, KEY_LOST)
      return null
    }
  }
}

function folderOf(id: JobId): string {
  return `keys/${id}`
}
