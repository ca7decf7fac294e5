import type { JobId } from '../../core/types.ts'

/** Work of one sort that is under way for jobs, so that others can wait for its end. Of a job, what began last counts. */
export class UnderWay {
  readonly #jobs = new Map<JobId, Promise<unknown>>()

  async run<T>(job: JobId, work: () => Promise<T>): Promise<T> {
    const running = work()
    this.#jobs.set(job, running)
    try {
      return await running
    } finally {
      if (this.#jobs.get(job) === running) this.#jobs.delete(job)
    }
  }

  has(job: JobId): boolean {
    return this.#jobs.has(job)
  }

  /** Resolves once the work has ended, at once where none is under way; rejects where it failed. */
  async done(job: JobId): Promise<void> {
    await this.#jobs.get(job)
  }

  /** The same, however it ended. */
  async over(job: JobId): Promise<void> {
    await this.done(job).catch(() => undefined)
  }
}
