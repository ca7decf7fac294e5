import type { Effect } from '../core/effects.ts'
import type { JobId } from '../core/types.ts'
import type { Attempts } from './attempts.ts'
import type { Context } from './context.ts'

type Drop = Extract<Effect, { type: 'drop' }>

/** Jobs that are being forgotten: off this disk, and remembered as gone. What the disk refuses is tried again. */
export class Leaving {
  readonly #context: Context
  readonly #attempts: Pick<Attempts, 'ended'>
  /** Refused so far, each with the put of the job that it is about: what was put since is another life of the job. */
  readonly #owed = new Map<JobId, { readonly effect: Drop; readonly put: number | undefined }>()

  constructor(context: Context, attempts: Pick<Attempts, 'ended'>) {
    this.#context = context
    this.#attempts = attempts
  }

  /** Rejects where the disk refuses; `catchUp` makes up for it. */
  async drop(effect: Drop): Promise<void> {
    const { store } = this.#context
    const { job } = effect
    this.#owed.set(job, { effect, put: store.lastPut(job) })
    await store.leave(job, () => this.#drop(effect))
    if (this.#owed.get(job)?.effect === effect) this.#owed.delete(job)
  }

  /** To be called now and then. Rejects where the disk still refuses. */
  async catchUp(): Promise<void> {
    const { state, store } = this.#context
    for (const [job, { effect, put }] of this.#owed) {
      if (state.jobs.has(job) || store.lastPut(job) !== put) this.#owed.delete(job)
      else if (!store.isLeaving(job)) await this.drop(effect)
    }
  }

  /**
   * The record goes first: a crash in between leaves a folder that the next start removes, and never a job that begins
   * anew; but what a key has to remember is on disk before. On a full disk the folder makes room for what is to be
   * remembered.
   */
  async #drop({ job, round, expired, keyed }: Drop): Promise<void> {
    const { forgotten, keys, store } = this.#context
    const remember = (): Promise<void> => forgotten.put({ job, round, expired })
    if (keyed !== null) {
      const keep = (): Promise<void> => keys.put(keyed.record, { round, result: keyed.result })
      await keep().catch(() => store.dropOutputs(job).then(keep))
    }
    await store.disown(job)
    await this.#attempts.ended(job)
    const remembered = await remember().then(
      () => true,
      () => false,
    )
    await store.drop(job)
    if (!remembered) await remember()
  }
}
