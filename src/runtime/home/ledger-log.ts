import { chunk } from '../../core/gossip/anti-entropy.ts'
import type { Delta } from '../../core/ledger/ledger.ts'
import { LIMITS } from '../../core/limits.ts'
import type { JobState } from '../../core/state.ts'
import type { Bytes, JobId } from '../../core/types.ts'
import { encodeMessage } from '../../wire/messages.ts'
import type { Context } from '../context.ts'

/**
 * The jobs' ledgers on disk: deltas as they are joined, those of a short time together. Where one cannot be written (the
 * disk is full), the job's whole ledger is written once there is room: joined again, it says all that the lost deltas
 * said. A log that has grown far beyond what the ledger has to say is written anew.
 */
export class LedgerLog {
  readonly #context: Context
  readonly #behind = new Set<JobId>()
  /** Jobs whose whole ledger is being written. */
  readonly #catchingUp = new Set<JobId>()
  /** Deltas that wait a moment, so that more of them go to disk with one write. */
  readonly #gathered = new Map<JobId, Gathered>()
  /** The last append of a job that is under way. */
  readonly #last = new Map<JobId, Promise<void>>()
  /** Jobs whose log is being written anew. */
  readonly #rewriting = new Set<JobId>()
  #compacting = false
  /** Jobs that had something to append while they were behind. */
  readonly #skipped = new Set<JobId>()
  /** Size of a job's log when it was last written anew, and by how much it has grown since. */
  readonly #sizes = new Map<JobId, { whole: Bytes; grown: Bytes }>()
  /** Who waits until a job that is behind is on disk. */
  readonly #waiting = new Map<JobId, (() => void)[]>()

  constructor(context: Context) {
    this.#context = context
  }

  /** Rejects when it cannot be written; `catchUp` makes up for it. */
  async append(job: JobId, delta: Delta): Promise<void> {
    if (this.#behind.has(job)) {
      this.#skipped.add(job)
      return
    }
    const gathered = this.#gathered.get(job)
    if (gathered !== undefined) {
      gathered.deltas.push(delta)
      return gathered.written
    }
    const written = this.#gather(job, delta)
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

  /** Resolves, or rejects, with the one append of all that comes within LIMITS.ledgerGatherMs, or until `durable` is asked for. */
  #gather(job: JobId, first: Delta): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const write = (): void => {
      cancel()
      this.#gathered.delete(job)
      this.#write(job, gathered.deltas).then(resolve, reject)
    }
    const cancel = this.#context.clock.after(LIMITS.ledgerGatherMs, write)
    const gathered = { deltas: [first], written: promise, write }
    this.#gathered.set(job, gathered)
    return promise
  }

  /** Resolves once all that was appended so far is on disk, or the job is gone. */
  async durable(job: JobId): Promise<void> {
    this.#gathered.get(job)?.write()
    await this.#last.get(job)?.catch(() => undefined)
    if (!this.#behind.has(job) && !this.#catchingUp.has(job)) return
    await new Promise<void>((resolve) => this.#waiting.set(job, [...(this.#waiting.get(job) ?? []), resolve]))
  }

  /** Writes now what waits for more. Never rejects: who appended is told. */
  async flush(): Promise<void> {
    const gathered = [...this.#gathered.values()]
    for (const one of gathered) one.write()
    await Promise.allSettled(gathered.map(({ written }) => written))
  }

  /** To be called now and then. Never rejects. */
  async catchUp(): Promise<void> {
    const { state, dropped } = this.#context
    await this.flush()
    for (const id of this.#behind) {
      if (this.#rewriting.has(id)) continue
      // Before anything is written: facts that are joined meanwhile are appended behind the whole ledger.
      this.#behind.delete(id)
      this.#catchingUp.add(id)
      const job = state.jobs.get(id)
      try {
        if (job !== undefined) await this.#writeWhole(job)
        this.#settle(id)
      } catch (error) {
        this.#behind.add(id)
        dropped('save', error)
        return
      } finally {
        this.#catchingUp.delete(id)
      }
    }
  }

  /** Writes those logs anew that have grown enough. To be called now and then. Never rejects. */
  async compact(): Promise<void> {
    // One at a time: a second rewrite could replace the log by an older view, without what was appended after the
    // first.
    if (this.#compacting) return
    this.#compacting = true
    const { state, dropped } = this.#context
    for (const id of this.#sizes.keys()) if (!state.jobs.has(id)) this.#sizes.delete(id)
    for (const job of state.jobs.values()) {
      try {
        if (await this.#hasGrown(job)) await this.#rewrite(job)
      } catch (error) {
        dropped('save', error)
      }
    }
    this.#compacting = false
  }

  async #hasGrown({ record: { id }, endedAt }: JobState): Promise<boolean> {
    const sizes = this.#sizes.get(id) ?? { whole: 0, grown: await this.#context.store.ledgers.size(id) }
    if (!this.#sizes.has(id)) this.#sizes.set(id, sizes)
    if (this.#behind.has(id) || this.#catchingUp.has(id) || this.#rewriting.has(id)) return false
    const least = endedAt === null ? LIMITS.ledgerGrownBytes : LIMITS.ledgerGrownOverBytes
    return sizes.grown >= Math.max(least, 2 * sizes.whole)
  }

  /**
   * While the log is replaced nothing is appended. What is joined meanwhile is in the next try; after the last one the
   * job counts as behind, and `catchUp` appends its whole ledger.
   */
  async #rewrite(job: JobState): Promise<void> {
    const { id } = job.record
    this.#rewriting.add(id)
    this.#behind.add(id)
    try {
      await this.#last.get(id)?.catch(() => undefined)
      for (let tries = 0; tries < REWRITES_MAX && this.#context.state.jobs.has(id); tries++) {
        this.#skipped.delete(id)
        const whole = await this.#context.store.ledgers.replace(
          id,
          deltasOf(job).map((delta) => encoded(id, delta)),
        )
        this.#sizes.set(id, { whole, grown: 0 })
        if (this.#skipped.has(id)) continue
        this.#behind.delete(id)
        this.#settle(id)
        return
      }
    } finally {
      this.#rewriting.delete(id)
    }
  }

  #settle(id: JobId): void {
    for (const resolve of this.#waiting.get(id) ?? []) resolve()
    this.#waiting.delete(id)
  }

  async #writeWhole(job: JobState): Promise<void> {
    for (const delta of deltasOf(job)) await this.#write(job.record.id, [delta])
  }

  #write(job: JobId, deltas: readonly Delta[]): Promise<void> {
    const all = deltas.map((delta) => encoded(job, delta))
    const sizes = this.#sizes.get(job)
    if (sizes !== undefined) sizes.grown += all.reduce((sum, bytes) => sum + bytes.length, 0)
    return this.#context.store.ledgers.append(job, all)
  }
}

interface Gathered {
  readonly deltas: Delta[]
  /** Settles when they are on disk, or cannot be. */
  readonly written: Promise<void>
  /** Writes them now. */
  write(): void
}

/** A job whose facts come faster than its log is written stays behind, and catches up by appending. */
const REWRITES_MAX = 3

function encoded(job: JobId, delta: Delta): Uint8Array {
  return encodeMessage({ type: 'delta', job, delta })
}

/** All that the ledger says. */
function deltasOf({ ledger }: JobState): Delta[] {
  return chunk(ledger, [...ledger.tasks.keys()], [...ledger.reports.values()])
}
