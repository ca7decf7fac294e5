import { z } from 'zod/mini'
import type { State } from '../../core/state.ts'
import type { Digest, JobId, JobRecord } from '../../core/types.ts'
import type { Disk } from '../../ports.ts'
import { fromJson, WireError } from '../../wire/codec.ts'
import { SOURCE_FILES_MAX, type KeyedMemory } from '../../wire/job.ts'
import { count, digest, list } from '../../wire/shapes.ts'
import type { Damage } from './damage.ts'
import { getKept, isDamaged, putKept } from './kept.ts'

const KEY_LOST = 'what this key gave is asked of other nodes'

interface Facts {
  readonly round: number
  readonly result: Digest | null
  /** Of a job that has no source: what its source map had, see `KeyedJob`. */
  readonly files?: readonly Digest[]
}

const factsShape = z.strictObject({
  round: count,
  result: z.nullable(digest),
  files: z.optional(list(digest, SOURCE_FILES_MAX)),
}) as unknown as z.ZodMiniType<Facts>

/** A job that was forgotten, and what is left to know its code by. */
export interface KeptJob {
  readonly record: JobRecord
  readonly facts: Facts | null
}

/**
 * What stays of a job with a key once it is forgotten, for ever: its record with the snapshot that was pinned, and its
 * result's hash, so that the key gives that result again or none.
 *
 *   keys/ID/record.json   the job's record
 *   keys/ID/facts.json    highest round that is over, its result, and of a record without source what files it was of
 */
export class Keys {
  readonly #disk: Disk
  readonly #damage: Damage
  /** By key, once they were all read. */
  #ids: Promise<Map<string, Set<JobId>>> | null = null

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
    const { round, result, files } = facts
    await this.#write(`${folder}/record.json`, record)
    await this.#write(`${folder}/facts.json`, { round, result, files })
    if (this.#ids !== null && record.key !== null) enter(await this.#ids, record.key, record.id)
  }

  /** All that is remembered under a key, as far as it can be read. */
  async under(key: string): Promise<KeptJob[]> {
    const ids = [...((await this.#index()).get(key) ?? [])]
    const kept = await Promise.all(ids.map((id) => this.#kept(id)))
    return kept.filter((one) => one !== null)
  }

  /**
   * null where nothing is remembered of the key; 'lost' where something is, and the record cannot be read. A record
   * whose facts are lost is enough: the result can be computed again over its snapshot.
   */
  async get(id: JobId): Promise<KeyedMemory | 'lost' | null> {
    if ((await this.#disk.list(folderOf(id))).length === 0) return null
    const kept = await this.#kept(id)
    if (kept === null) return 'lost'
    const { round, result } = kept.facts ?? { round: 0, result: null }
    return { round, result, record: JSON.stringify(kept.record) }
  }

  /** Reads all of it once, so that damage is found before anyone asks. */
  async check(): Promise<void> {
    await this.#index()
  }

  #index(): Promise<Map<string, Set<JobId>>> {
    this.#ids ??= this.#readAll().catch((error: unknown) => {
      this.#ids = null
      throw error
    })
    return this.#ids
  }

  async #readAll(): Promise<Map<string, Set<JobId>>> {
    const ids = new Map<string, Set<JobId>>()
    for (const id of (await this.#disk.list('keys')) as JobId[]) {
      const key = (await this.#kept(id))?.record.key
      if (typeof key === 'string') enter(ids, key, id)
    }
    return ids
  }

  /** null where the record cannot be read: what is there is a record as far as its reader says so. */
  async #kept(id: JobId): Promise<KeptJob | null> {
    const folder = folderOf(id)
    const [facts, record] = await Promise.all([
      this.#json(factsShape, `${folder}/facts.json`),
      this.#json(z.looseObject({}) as unknown as z.ZodMiniType<JobRecord>, `${folder}/record.json`),
    ])
    if (record === null) this.#damage.found(`${folder}/record.json`, KEY_LOST)
    return record === null ? null : { record, facts }
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

function enter(ids: Map<string, Set<JobId>>, key: string, id: JobId): void {
  ids.set(key, (ids.get(key) ?? new Set()).add(id))
}

function folderOf(id: JobId): string {
  return `keys/${id}`
}
