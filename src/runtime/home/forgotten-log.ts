import { LIMITS } from '../../core/limits.ts'
import type { State } from '../../core/state.ts'
import type { JobId } from '../../core/types.ts'
import type { Disk } from '../../ports.ts'
import type { Damage } from './damage.ts'
import { readLog, toEntry } from './kept-log.ts'

const FILE = 'dropped.log'

interface Entry {
  readonly job: JobId
  /** The highest one that is forgotten. */
  readonly round: number
  /** By this node's own time, or for want of room: others may keep it. */
  readonly expired: boolean
}

/**
 * Which jobs this node has forgotten: a peer that comes back with one of them revives nothing. One log, with an entry for
 * each job forgotten, the latest LIMITS.forgottenKept of them. A job forgotten before these could be brought back only by a
 * node that was away for so many jobs; it would be forgotten again in its time.
 */
export class ForgottenLog {
  readonly #disk: Disk
  readonly #damage: Damage
  readonly #kept: number
  /** In the order in which they were forgotten last. */
  readonly #entries = new Map<JobId, Entry>()
  /** Entries in the file, those that later ones replace among them. */
  #written = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(disk: Disk, damage: Damage, kept: number = LIMITS.forgottenKept) {
    this.#disk = disk
    this.#damage = damage
    this.#kept = kept
  }

  /** Tells the control plane, before jobs are loaded. */
  async load(state: State): Promise<void> {
    const { payloads, lost, empty } = await readLog(this.#disk, FILE)
    if (lost > 0 || empty)
      this.#damage.found(FILE, 'a job that was forgotten may be known here again, until its time is over again')
    this.#written = payloads.length
    for (const payload of payloads) {
      const [job, round, expired] = JSON.parse(Buffer.from(payload).toString()) as [JobId, number, boolean]
      this.#add({ job, round, expired })
    }
    for (const { job, round, expired } of this.#entries.values()) {
      state.forgottenJobs.set(job, Math.max(round, state.forgottenJobs.get(job) ?? 0))
      if (expired) state.expired.add(job)
    }
  }

  /** Resolves when it is on disk. Rejects where the disk refuses. */
  put(entry: Entry): Promise<void> {
    const put = this.#last.then(() => this.#put(entry))
    this.#last = put.catch(() => undefined)
    return put
  }

  async #put(entry: Entry): Promise<void> {
    await this.#disk.append(FILE, bytesOf(entry))
    this.#add(entry)
    if (++this.#written <= 2 * this.#kept) return
    await this.#disk.put(FILE, Buffer.concat([...this.#entries.values()].map(bytesOf)))
    this.#written = this.#entries.size
  }

  #add(entry: Entry): void {
    this.#entries.delete(entry.job)
    this.#entries.set(entry.job, entry)
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > this.#kept) this.#entries.delete(oldest!)
  }
}

function bytesOf({ job, round, expired }: Entry): Uint8Array {
  return toEntry(Buffer.from(JSON.stringify([job, round, expired])))
}
