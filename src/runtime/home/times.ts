import type { JobId } from '../../core/types.ts'
import type { Clock, Disk } from '../../ports.ts'
import { fromJson, WireError } from '../../wire/codec.ts'
import { jobTimes, type JobTimes } from '../../wire/job.ts'
import { Damage } from './damage.ts'
import { folderFile } from './folder.ts'
import { getKept, isDamaged, putKept } from './kept.ts'
import type { Story } from './story.ts'

/**
 * When a job was submitted, and when it ended, as this node heard of it; one that is fetched comes with what the node
 * that gives it knows of that. For people alone: nothing is decided by it.
 */
export class Times {
  readonly #clock: Clock
  readonly #disk: Disk
  readonly #damage: Damage
  readonly #spans = new Map<JobId, JobTimes>()
  /** Ends of fetched jobs, until their outcome is known here too. */
  readonly #ends = new Map<JobId, string>()
  /** Jobs whose times are not on disk yet: they are saved when the job begins, as it may take days. */
  readonly #unsaved = new Set<JobId>()
  /** Jobs whose times this disk has lost and no peer has told yet: what `of` says of them is a guess, and not saved. */
  readonly #lost = new Set<JobId>()

  constructor(clock: Clock, disk: Disk, damage: Damage = new Damage()) {
    this.#clock = clock
    this.#disk = disk
    this.#damage = damage
  }

  of(job: JobId): JobTimes {
    return this.#spans.get(job) ?? { submitted: this.#clock.wall().toISOString(), ended: null }
  }

  elapsed(submitted: string, ended: string | null): number {
    const end = ended === null ? this.#clock.wall().getTime() : Date.parse(ended)
    return Math.max(0, end - Date.parse(submitted))
  }

  begin(job: JobId): void {
    if (this.#spans.has(job)) return
    this.#spans.set(job, { submitted: this.#clock.wall().toISOString(), ended: null })
    if (!this.#lost.has(job)) this.#unsaved.add(job)
  }

  /** What another node says of a job that is not known here yet. */
  adopt(job: JobId, { submitted, ended }: JobTimes): void {
    if (this.#spans.has(job)) return
    this.#spans.set(job, { submitted, ended: null })
    this.#unsaved.add(job)
    if (ended !== null) this.#ends.set(job, ended)
  }

  /** Keeps what is not on disk yet. Rejects when the disk refuses: they wait, then. */
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
    if (this.#lost.has(job)) return
    // Where the disk refuses it now it waits for the next `save`.
    this.#unsaved.add(job)
    await this.#put(job)
    this.#unsaved.delete(job)
  }

  async #put(job: JobId): Promise<void> {
    const name = nameOf(job)
    await putKept(this.#disk, name, Buffer.from(JSON.stringify(this.of(job))))
    this.#damage.mended(name)
  }

  /**
   * Where the file is damaged, or gone, or was not written before a crash, `story` has about the same: when this node
   * first and last told of the job. Unless that was submitted here, a peer may know better.
   */
  async load(job: JobId, story: Story): Promise<void> {
    const name = nameOf(job)
    try {
      const bytes = await getKept(this.#disk, name)
      if (bytes !== null) return void this.#spans.set(job, fromJson(jobTimes, bytes))
    } catch (error) {
      if (!isDamaged(error) && !(error instanceof WireError)) throw error
      this.#damage.found(name, 'when the job began and ended is had again, from its story or a peer', job)
    }
    this.#lost.add(job)
    const told = (await story.of(job)).filter(({ type }) => type !== 'damaged')
    const last = told.findLast(({ type }) => type === 'outcome')
    const ended = last === undefined || last.text === 'open' ? null : last.t
    if (told[0] === undefined) return
    if (told[0].type === 'submitted') this.restore(job, { submitted: told[0].t, ended })
    else this.#spans.set(job, { submitted: told[0].t, ended })
  }

  isLost(job: JobId): boolean {
    return this.#lost.has(job)
  }

  /** Jobs whose times are to be had from a peer. */
  lost(): readonly JobId[] {
    return [...this.#lost]
  }

  /** No peer knows the times either: this node's guess is saved. */
  giveUp(job: JobId): void {
    if (this.#lost.delete(job)) this.#unsaved.add(job)
  }

  /** It is on disk with the next `save`. */
  restore(job: JobId, { submitted, ended }: JobTimes): void {
    if (!this.#lost.delete(job)) return
    this.#spans.set(job, { submitted, ended: ended ?? this.#spans.get(job)?.ended ?? null })
    this.#unsaved.add(job)
  }

  forget(job: JobId): void {
    this.#spans.delete(job)
    this.#ends.delete(job)
    this.#unsaved.delete(job)
    this.#lost.delete(job)
  }
}

function nameOf(job: JobId): string {
  return folderFile(job, 'times.json')
}
