import type { Effect } from '../../core/effects.ts'
import type { State } from '../../core/state.ts'
import type { JobId } from '../../core/types.ts'
import type { Disk } from '../../ports.ts'
import { CODE_FILES } from './code.ts'
import type { Damage } from './damage.ts'
import { folderFile, jobFolder, recordFile } from './folder.ts'
import { ForgottenLog } from './forgotten-log.ts'
import type { Keys } from './keys.ts'
import { filesOf } from './mapped-files.ts'
import type { JobStore } from './store.ts'

/** What the control plane asks for when it has forgotten a job. */
export type Forget = Extract<Effect, { type: 'forget' }>

export interface RemovalParts {
  readonly state: State
  readonly disk: Disk
  readonly damage: Damage
  readonly store: JobStore
  readonly keys: Keys
  /** Resolves when no attempt of the job writes here any more. */
  stopped(job: JobId): Promise<void>
}

/** What a record is called once the removal of its job has begun. */
const FORGOTTEN_RECORD = 'leaving.json'

/**
 * How a job that is forgotten leaves this disk. A crash at any moment must neither bring the job back after a person was
 * told that it is gone, nor lose what its key gave, nor let it begin anew over what is left of it. Hence this order:
 *
 * 1. What a key has to remember for ever (keys.ts), while the record still says the same.
 * 2. The record gets another name. From here on a start of the node does not know the job, and removes its folder.
 * 3. Its attempts end, so that none writes into the folder any more.
 * 4. That it is forgotten (forgotten-log.ts): no peer brings it back.
 * 5. The folder. Where the disk was too full for 4, this makes the room, and 4 is tried again.
 *
 * What the disk refuses is tried again by `catchUp`, from the beginning: each step may be done twice.
 */
export class Removal {
  readonly #parts: RemovalParts
  readonly #log: ForgottenLog
  /** Not done yet, or refused. `put`: the put of the job that is to go; a later one brought another life of the job. */
  readonly #owed = new Map<JobId, { readonly effect: Forget; readonly put: number | undefined }>()

  constructor(parts: RemovalParts) {
    this.#parts = parts
    this.#log = new ForgottenLog(parts.disk, parts.damage)
  }

  /** Tells the control plane what was forgotten; before jobs are loaded. */
  async load(): Promise<void> {
    const { keys, state } = this.#parts
    await Promise.all([this.#log.load(state), keys.load(state)])
  }

  /** Rejects where the disk refuses; `catchUp` makes up for it. */
  async forget(effect: Forget): Promise<void> {
    const { store } = this.#parts
    const { job } = effect
    this.#owed.set(job, { effect, put: store.records.lastPut(job) })
    await store.removals.run(job, () => this.#forget(effect))
    this.#settle(effect)
  }

  /** Resolves when a removal of the job that is under way has ended; rejects where the disk refused it. */
  done(job: JobId): Promise<void> {
    return this.#parts.store.removals.done(job)
  }

  /** To be called now and then: tries all that the disk has refused. Rejects where it still refuses some of it. */
  async catchUp(): Promise<void> {
    const refused: unknown[] = []
    for (const [job, { effect, put }] of this.#owed) {
      if (this.#parts.store.removals.has(job)) continue
      await this.#again(effect, put).catch((error: unknown) => refused.push(error))
    }
    if (refused.length > 0) throw refused[0]
  }

  /**
   * The job was forgotten while this put of it was under way: removes it, unless a later put has begun to replace it.
   */
  async takeBack(job: JobId, put: number): Promise<void> {
    const { store } = this.#parts
    if (store.records.lastPut(job) === put) await store.removals.run(job, () => store.remove(job))
  }

  /**
   * At a start, of a folder without a whole record. One of a removal, or of a put, that a crash has cut off goes. One
   * whose record is damaged, or was taken away by somebody, stays: a peer brings the record again.
   */
  async finish(job: JobId): Promise<void> {
    const { records } = this.#parts.store
    if (records.isDamaged(job)) return
    if (await this.#isLeftOver(job)) await this.#parts.store.remove(job)
    else records.miss(job)
  }

  /**
   * What a removal leaves has the record under its other name, or is of a job that is remembered as forgotten: then small
   * files may have come after it, but no output. What a put leaves is nothing but code.
   */
  async #isLeftOver(job: JobId): Promise<boolean> {
    const { disk, state } = this.#parts
    const files = await disk.list(jobFolder(job))
    if (files.includes(FORGOTTEN_RECORD)) return true
    return state.forgottenJobs.has(job) ? !files.includes('out') : files.every((file) => CODE_FILES.includes(file))
  }

  async #forget(effect: Forget): Promise<void> {
    const { store, stopped } = this.#parts
    const { job } = effect
    await this.#keepForKey(effect)
    await this.#disown(job)
    await stopped(job)
    const remembered = await this.#remember(effect).then(
      () => true,
      () => false,
    )
    await store.remove(job)
    if (!remembered) await this.#remember(effect)
  }

  /**
   * If the job is known here again, or was put again, its folder belongs to its next life and stays. Then all that is
   * left to do is to write down which round was forgotten.
   */
  async #again(effect: Forget, put: number | undefined): Promise<void> {
    const { state, store } = this.#parts
    const { job } = effect
    if (!state.jobs.has(job) && store.records.lastPut(job) === put) return this.forget(effect)
    await this.#remember(effect)
    this.#settle(effect)
  }

  #settle(effect: Forget): void {
    if (this.#owed.get(effect.job)?.effect === effect) this.#owed.delete(effect.job)
  }

  /** On a full disk the outputs make the room. */
  async #keepForKey({ job, round, keyed }: Forget): Promise<void> {
    if (keyed === null) return
    const { keys, store } = this.#parts
    const { record, result } = keyed
    const files = record.source === undefined ? ((await filesOf(store.codes, record)) ?? undefined) : undefined
    const keep = (): Promise<void> => keys.put(record, { round, result, ...(files === undefined ? {} : { files }) })
    await keep().catch(() => store.outputs.removeAll(job).then(keep))
  }

  /** The record is not deleted: a folder from which somebody deleted it could not be told from one of a removal. */
  async #disown(job: JobId): Promise<void> {
    const { disk } = this.#parts
    const size = await disk.size(recordFile(job))
    if (size !== null) await disk.adopt(disk.path(recordFile(job)), folderFile(job, FORGOTTEN_RECORD), size)
  }

  #remember({ job, round, expired }: Forget): Promise<void> {
    return this.#log.put({ job, round, expired })
  }
}
