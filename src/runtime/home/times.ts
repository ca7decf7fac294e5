import type { JobId } from '../../core/types.ts'
import type { Clock, Disk } from '../../ports.ts'
import { Damage } from './damage.ts'
import { getKept, isDamaged, putKept } from './kept.ts'

interface Span {
  readonly submitted: string
  readonly ended: string | null
}

/**
 * When a job was submitted, and when it ended, as this node heard of it; one that is fetched comes with what the node
 * that gives it knows of that. For people alone: nothing is decided by it.
 */
export class Times {
  readonly #clock: Clock
  readonly #disk: Disk
  readonly #damage: Damage
  readonly #spans = new Map<JobId, Span>()
  /** Ends of fetched jobs, until their outcome is known here too. */
  readonly #ends = new Map<JobId, string>()
  /** Begun and not on disk: a job may take days. */
  readonly #unsaved = new Set<JobId>()

  constructor(clock: Clock, disk: Disk, damage: Damage = new Damage()) {
    this.#clock = clock
    this.#disk = disk
    this.#damage = damage
  }

  of(job: JobId): Span {
    return this.#spans.get(job) ?? { submitted: this.#clock.wall().toISOString(), ended: null }
  }

  elapsed(submitted: string, ended: string | null): number {
    const end = ended === null ? this.#clock.wall().getTime() : Date.parse(ended)
    return Math.max(0, end - Date.parse(submitted))
  }

  begin(job: JobId): void {
    if (this.#spans.has(job)) return
    this.#spans.set(job, { submitted: this.#clock.wall().toISOString(), ended: null })
    this.#unsaved.add(job)
  }

  /** What another node says of a job that is not known here yet. */
  adopt(job: JobId, { submitted, ended }: Span): void {
    if (this.#spans.has(job)) return
    this.#spans.set(job, { submitted, ended: null })
    this.#unsaved.add(job)
    if (ended !== null) this.#ends.set(job, ended)
  }

  /** Keeps when jobs began that have not ended. Rejects when the disk refuses: they wait, then. */
  async save(isKnown: (job: JobId) => boolean): Promise<void> {
    for (const job of this.#unsaved) {
      if (isKnown(job)) await this.#put(job)
      this.#unsaved.delete(job)
    }
  }

  /**
   * `over` false opens it again (a new round). An outcome is told again when a node starts again: the first end stands.
   * Resolves when it is on disk.
   */
  async end(job: JobId, over: boolean): Promise<void> {
    if (over && this.of(job).ended !== null) return
    const end = this.#ends.get(job) ?? this.#clock.wall().toISOString()
    this.#spans.set(job, { ...this.of(job), ended: over ? end : null })
    this.#ends.delete(job)
    this.#unsaved.delete(job)
    await this.#put(job)
  }

  async #put(job: JobId): Promise<void> {
    const name = `jobs/${job}/times.json`
    await putKept(this.#disk, name, Buffer.from(JSON.stringify(this.of(job))))
    this.#damage.mended(name)
  }

  async load(job: JobId): Promise<void> {
    const name = `jobs/${job}/times.json`
    try {
      const bytes = await getKept(this.#disk, name)
      if (bytes !== null) this.#spans.set(job, JSON.parse(Buffer.from(bytes).toString()) as Span)
    } catch (error) {
      if (!isDamaged(error)) throw error
      this.#damage.found(name, 'when the job began and ended is not known here any more', job)
      await this.#disk.remove(name)
    }
  }

  forget(job: JobId): void {
    this.#spans.delete(job)
    this.#ends.delete(job)
    this.#unsaved.delete(job)
  }
}
