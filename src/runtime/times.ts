import type { JobId } from '../core/types.ts'
import type { Clock, Disk } from '../ports.ts'
import { Damage } from './damage.ts'
import { getKept, isDamaged, putKept } from './kept.ts'

interface Span {
  readonly submitted: string
  readonly ended: string | null
}

/** When this node heard of a job, and of its end: for people alone, nothing is decided by it. */
export class Times {
  readonly #clock: Clock
  readonly #disk: Disk
  readonly #damage: Damage
  readonly #spans = new Map<JobId, Span>()

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
    if (!this.#spans.has(job)) this.#spans.set(job, { submitted: this.#clock.wall().toISOString(), ended: null })
  }

  /**
   * `over` false opens it again (a new round). An outcome is told again when a node starts again: the first end stands.
   * Resolves when it is on disk.
   */
  async end(job: JobId, over: boolean): Promise<void> {
    if (over && this.of(job).ended !== null) return
    const span = { ...this.of(job), ended: over ? this.#clock.wall().toISOString() : null }
    this.#spans.set(job, span)
    const name = `jobs/${job}/times.json`
    await putKept(this.#disk, name, Buffer.from(JSON.stringify(span)))
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
  }
}
