import type { JobId } from '../../core/types.ts'

/** Jobs on their way to this node: whoever hears of one meanwhile waits for it, instead of asking for it or refusing it. */
export class Coming {
  readonly #jobs = new Map<JobId, Promise<unknown>>()

  /** Does work that ends with the job known here, unless it fails. */
  async bring<T>(job: JobId, work: () => Promise<T>): Promise<T> {
    const coming = work()
    this.#jobs.set(job, coming)
    try {
      return await coming
    } finally {
      if (this.#jobs.get(job) === coming) this.#jobs.delete(job)
    }
  }

  /** Resolves once such work has ended, however it did; at once where none is under way. */
  async over(job: JobId): Promise<void> {
    await this.#jobs.get(job)?.catch(() => undefined)
  }
}
