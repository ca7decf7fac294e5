import { z } from 'zod/mini'
import type { DiskUse } from '../../control/api.ts'
import { overflowing, type Finished } from '../../core/outcome/keeping.ts'
import { LIMITS } from '../../core/limits.ts'
import type { JobState } from '../../core/state.ts'
import type { Bytes, JobId, Millis } from '../../core/types.ts'
import type { Disk } from '../../ports.ts'
import { fromJson, WireError } from '../../wire/codec.ts'
import { count, digest } from '../../wire/shapes.ts'
import type { Context } from '../context.ts'
import { getKept, isDamaged, putKept } from './kept.ts'
import { jobFolder } from './folder.ts'

/** Job → round that is over, and for how long this node has counted that, in ms. */
type OverFor = Readonly<Record<JobId, readonly [round: number, over: Millis]>>

const overFor = z.record(digest, z.tuple([count, count])) as unknown as z.ZodMiniType<OverFor>

interface Measured {
  /** The job's `fingerprintOf` at that time: it is measured again once that differs. */
  readonly of: string
  readonly at: Millis
  readonly bytes: Bytes
}

const FILE = 'over.json'

/**
 * How long finished jobs are over, kept over restarts: the time that this node has run, counted by its monotonic clock
 * and added up (a wall clock that jumps by a year forgets nothing). And how much room jobs take, with its bound.
 */
export class Keeping {
  readonly #context: Context
  /** What finished jobs may take together; null: no bound. */
  readonly #most: Bytes | null
  readonly #measured = new Map<JobId, Measured>()
  /** Jobs whose result is being read, and by how many readers. */
  readonly #readers = new Map<JobId, number>()
  #saved = ''
  #savedAt: Millis = -Infinity
  #measuredAt: Millis = -Infinity
  #busy = false
  #early = 0

  constructor(context: Context, most: Bytes | null) {
    this.#context = context
    this.#most = most
  }

  /** Before the jobs are loaded. */
  async load(): Promise<void> {
    const { disk, damage, state } = this.#context
    let over: OverFor = {}
    try {
      const bytes = await getKept(disk, FILE)
      if (bytes !== null) over = fromJson(overFor, bytes)
    } catch (error) {
      if (!isDamaged(error) && !(error instanceof WireError)) throw error
      damage.found(FILE, 'finished jobs are kept for the whole retention time from now on')
    }
    for (const [id, [round, since]] of Object.entries(over))
      state.overBefore.set(id as JobId, { round, since: state.now - since })
  }

  /** To be called now and then; never rejects. */
  async sweep(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    try {
      await this.#save()
      await this.#measure()
    } catch (error) {
      this.#context.dropped('keeping', error)
    } finally {
      this.#busy = false
    }
  }

  /** A job whose result is being read is not forgotten for want of room. */
  async *whileRead<T>(job: JobId, chunks: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    this.#readers.set(job, (this.#readers.get(job) ?? 0) + 1)
    try {
      yield* chunks
    } finally {
      const left = this.#readers.get(job)! - 1
      if (left === 0) this.#readers.delete(job)
      else this.#readers.set(job, left)
    }
  }

  /** As it was measured last: finished jobs a few seconds ago, open ones up to a minute ago. */
  use(): DiskUse {
    const { state } = this.#context
    let [open, finished] = [0, 0]
    for (const job of state.jobs.values()) {
      const bytes = this.#measured.get(job.record.id)?.bytes ?? 0
      if (job.endedAt === null) open += bytes
      else finished += bytes
    }
    return { open, finished, most: this.#most, retentionMs: state.retentionMs, early: this.#early }
  }

  async #save(): Promise<void> {
    const { clock, disk, damage, state } = this.#context
    const finished = [...state.jobs.values()].filter((job) => job.endedAt !== null)
    const which = finished.map((job) => `${job.record.id} ${job.ledger.round}`).join()
    const now = clock.now()
    if (which === this.#saved && (finished.length === 0 || now - this.#savedAt < LIMITS.overSaveMs)) return
    const over: OverFor = Object.fromEntries(
      finished.map((job) => [job.record.id, [job.ledger.round, Math.max(0, Math.floor(now - job.endedAt!))]]),
    )
    await putKept(disk, FILE, Buffer.from(JSON.stringify(over)))
    damage.mended(FILE)
    this.#saved = which
    this.#savedAt = now
  }

  /** Finished jobs change little: they are measured where something did; open ones now and then. */
  async #measure(): Promise<void> {
    const { clock, disk, dispatch, state } = this.#context
    if (clock.now() - this.#measuredAt < LIMITS.measureMs) return
    for (const id of this.#measured.keys()) if (!state.jobs.has(id)) this.#measured.delete(id)
    for (const [id, job] of state.jobs) {
      const known = this.#measured.get(id)
      const of = fingerprintOf(job)
      const age = known === undefined ? Infinity : clock.now() - known.at
      if (job.endedAt === null ? age < LIMITS.measureOpenMs : known?.of === of) continue
      this.#measured.set(id, { of, at: clock.now(), bytes: await bytesOf(disk, jobFolder(id)) })
    }
    this.#measuredAt = clock.now()
    if (this.#most === null) return
    const finished = [...state.jobs.values()].flatMap((job): Finished[] => {
      const { endedAt, keptUntil, record } = job
      const bytes = this.#measured.get(record.id)?.bytes ?? 0
      return endedAt === null ? [] : [{ id: record.id, endedAt, keptUntil, bytes }]
    })
    for (const job of overflowing(finished, this.#most, clock.now())) {
      if (this.#readers.has(job)) continue
      this.#early++
      dispatch({ type: 'expire', job })
    }
  }
}

/** Changes whenever a finished job's files on this disk do. */
function fingerprintOf({ ledger, reportSeq, round: { released } }: JobState): string {
  return `${ledger.round} ${ledger.outcome.kind} ${reportSeq} ${released.size}`
}

/** How many levels of folders an entry of a job's folder has (see folder.ts); what is not named here is a file. */
const DEPTH: Readonly<Record<string, number>> = { out: 2, in: 2, logs: 1, spool: 2 }

async function bytesOf(disk: Disk, folder: string): Promise<Bytes> {
  let sum = 0
  for (const name of await disk.list(folder)) sum += await bytesBelow(disk, `${folder}/${name}`, DEPTH[name] ?? 0)
  return sum
}

async function bytesBelow(disk: Disk, name: string, depth: number): Promise<Bytes> {
  if (depth === 0) return (await disk.size(name)) ?? 0
  let sum = 0
  for (const entry of await disk.list(name)) sum += await bytesBelow(disk, `${name}/${entry}`, depth - 1)
  return sum
}
