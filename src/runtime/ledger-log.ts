import { chunk } from '../core/anti-entropy.ts'
import type { Delta } from '../core/ledger.ts'
import type { JobState } from '../core/state.ts'
import type { JobId } from '../core/types.ts'
import { encodeMessage } from '../wire/messages.ts'
import type { Context } from './context.ts'

/**
 * The jobs' ledgers on disk: deltas as they are joined. Where one cannot be written (the disk is full), the job's whole
 * ledger is written once there is room: joined again, it says all that the lost deltas said.
 */
export class LedgerLog {
  readonly #context: Context
  readonly #behind = new Set<JobId>()
  /** Jobs whose whole ledger is being written. */
  readonly #catchingUp = new Set<JobId>()
  /** The last append of a job that is under way. */
  readonly #last = new Map<JobId, Promise<void>>()
  /** Who waits until a job that is behind is on disk. */
  readonly #waiting = new Map<JobId, (() => void)[]>()

  constructor(context: Context) {
    this.#context = context
  }

  /** Rejects when it cannot be written; `catchUp` makes up for it. */
  async append(job: JobId, delta: Delta): Promise<void> {
    if (this.#behind.has(job)) return
    const written = this.#write(job, delta)
    this.#last.set(job, written)
    try {
      await written
    } catch (error) {
      this.#behind.add(job)
      throw error
    } finally {
      if (this.#last.get(job) === written) this.#last.delete(job)
    }
  }

  /** Resolves once all that was appended so far is on disk, or the job is gone. */
  async durable(job: JobId): Promise<void> {
    await this.#last.get(job)?.catch(() => undefined)
    if (!this.#behind.has(job) && !this.#catchingUp.has(job)) return
    await new Promise<void>((resolve) => this.#waiting.set(job, [...(this.#waiting.get(job) ?? []), resolve]))
  }

  /** To be called now and then. Never rejects. */
  async catchUp(): Promise<void> {
    const { state, dropped } = this.#context
    for (const id of this.#behind) {
      // First: what is joined from here on is appended behind.
      this.#behind.delete(id)
      this.#catchingUp.add(id)
      const job = state.jobs.get(id)
      try {
        if (job !== undefined) await this.#writeWhole(job)
        for (const resolve of this.#waiting.get(id) ?? []) resolve()
        this.#waiting.delete(id)
      } catch (error) {
        this.#behind.add(id)
        dropped('save', error)
        return
      } finally {
        this.#catchingUp.delete(id)
      }
    }
  }

  async #writeWhole({ record, ledger }: JobState): Promise<void> {
    for (const delta of chunk(ledger, [...ledger.tasks.keys()], [...ledger.reports.values()]))
      await this.#write(record.id, delta)
  }

  #write(job: JobId, delta: Delta): Promise<void> {
    return this.#context.store.appendDelta(job, encodeMessage({ type: 'delta', job, delta }))
  }
}
