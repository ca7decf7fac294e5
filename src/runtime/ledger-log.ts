import { chunk } from '../core/anti-entropy.ts'
import type { Delta } from '../core/ledger.ts'
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

  constructor(context: Context) {
    this.#context = context
  }

  /** Rejects when it cannot be written; `catchUp` makes up for it. */
  async append(job: JobId, delta: Delta): Promise<void> {
    if (this.#behind.has(job)) return
    try {
      await this.#write(job, delta)
    } catch (error) {
      this.#behind.add(job)
      throw error
    }
  }

  /** To be called now and then. Never rejects. */
  async catchUp(): Promise<void> {
    const { state, dropped } = this.#context
    for (const id of this.#behind) {
      // First: what is joined from here on is appended behind.
      this.#behind.delete(id)
      const job = state.jobs.get(id)
      if (job === undefined) continue
      const { ledger } = job
      try {
        for (const delta of chunk(ledger, [...ledger.tasks.keys()], [...ledger.reports.values()]))
          await this.#write(id, delta)
      } catch (error) {
        this.#behind.add(id)
        dropped('save', error)
        return
      }
    }
  }

  #write(job: JobId, delta: Delta): Promise<void> {
    return this.#context.store.appendDelta(job, encodeMessage({ type: 'delta', job, delta }))
  }
}
