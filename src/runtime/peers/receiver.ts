/** Takes task outputs in: pushes as they come, pulls as the control plane asks for them. */
import type { Effect } from '../../core/effects.ts'
import { agreed } from '../../core/ledger/ledger.ts'
import { reasonOf } from '../../words/reason.ts'
import { LIMITS } from '../../core/limits.ts'
import type { TaskListing } from '../../core/ledger/manifest.ts'
import { isWorkedOn } from '../../core/outcome/remake.ts'
import type { JobState } from '../../core/state.ts'
import type { TaskIndex } from '../../core/types.ts'
import type { ByteStream } from '../../ports.ts'
import { pullAnswer, type BatchHeader } from '../../wire/batch.ts'
import { consumes, contentOf, filesOf, fitsTask, partitionsFor } from '../../core/plan/files.ts'
import { receiveBatch, type Received, type Reception } from './batch.ts'
import { isWhole, storedBytesMax } from '../home/check-files.ts'
import type { Context } from '../context.ts'
import { PROTOCOLS } from './protocols.ts'
import { FramedStream, readingMs } from './framed.ts'
import { onStream } from './reach.ts'
import { arrivalFile, outputFile } from '../home/folder.ts'

type Pull = Extract<Effect, { type: 'pull' }>

export class Receiver {
  readonly #context: Context
  #receptions = 0

  constructor(context: Context) {
    this.#context = context
  }

  /** A peer's push stream: batches one after another until it ends. */
  async servePush(stream: ByteStream): Promise<void> {
    const framed = new FramedStream(stream, this.#context.clock)
    const { disk, store, dispatch } = this.#context
    try {
      for (;;) {
        let counted = false
        const decide = async (header: BatchHeader, listing: TaskListing): Promise<Reception> => {
          if (!this.#context.state.jobs.has(header.job)) await store.coming.over(header.job)
          const reception = { ...this.#decide(header, listing), isCopy: false }
          counted = reception.answer === 'ready'
          if (counted) this.#receptions++
          return reception
        }
        try {
          const batch = await receiveBatch(framed, disk, store.outputs, decide)
          if (batch === null) break
          const { job, task, digest, consumers } = batch.header
          if (batch.accepted) this.#mended(placeOfArrival(batch.header, 'manifest.json'))
          if (batch.accepted) dispatch({ type: 'arrived', job, task, digest, consumers })
        } finally {
          if (counted) this.#receptions--
        }
      }
      await framed.end()
    } catch (error) {
      framed.abort(String(error))
      this.#context.dropped('push-stream', error)
    }
  }

  /**
   * READY, LATER (busy, or the job is not known here yet), or GONE (over, another output is agreed, or it is nothing
   * that a task of the job could have given or could need).
   */
  #decide(header: BatchHeader, listing: TaskListing): Omit<Reception, 'isCopy'> {
    const { state } = this.#context
    const place = placeOfArrival
    const job = state.jobs.get(header.job)
    if (job === undefined) return { answer: state.forgottenJobs.has(header.job) ? 'gone' : 'later', place }
    if (!isWorkedOn(job)) return { answer: 'gone', place }
    const known = agreed(job.ledger.tasks[header.task])
    if (known !== null && known.digest !== header.digest) return { answer: 'gone', place }
    if (!isBatchOf(job, header, listing, header.consumers)) return { answer: 'gone', place }
    if (header.consumers.every((consumer) => job.round.books.get(consumer)?.get(header.task) === header.digest))
      return { answer: 'have', place }
    return { answer: this.#receptions >= LIMITS.receptionsMax ? 'later' : 'ready', place }
  }

  /**
   * A copy is read by nobody here: damage in it would only show once the other copies are gone. So it is checked now.
   */
  async #isCopyWhole({ header, listing }: Received): Promise<boolean> {
    const place = (file: string): string => outputFile(header.job, header.task, file)
    for (const { name } of header.files) if (!(await isWhole(this.#context, place(name), listing, name))) return false
    return true
  }

  /** The folder of this manifest was just written whole: damage that was found there before is mended. */
  #mended(manifest: string): void {
    this.#context.damage.mended(manifest.slice(0, manifest.lastIndexOf('/')))
  }

  pull(effect: Pull): void {
    void this.#pull(effect)
  }

  async #pull({ job, task, digest, from, consumers, copy }: Pull): Promise<void> {
    const { state, disk, store, dispatch } = this.#context
    const ended = (end: 'done' | 'gone' | 'failed', why = ''): void =>
      dispatch({ type: 'pull-ended', job, task, from, end, why })
    try {
      const bytes = agreed(state.jobs.get(job)?.ledger.tasks[task])?.bytes ?? 0
      const place: Reception['place'] = copy ? (h, file) => outputFile(h.job, h.task, file) : placeOfArrival
      const decide = (h: BatchHeader, listing: TaskListing): Reception => {
        const now = state.jobs.get(job)
        const wanted = h.digest === digest && h.job === job && h.task === task
        const fits = now !== undefined && isBatchOf(now, h, listing, copy ? null : consumers)
        return { answer: wanted && fits ? 'ready' : 'gone', place, isCopy: copy }
      }
      const batch = await onStream(this.#context, from, PROTOCOLS.pull, async (stream) => {
        await stream.sendValue({ job, task, digest, consumers, copy })
        const { answer } = await stream.receiveValue(pullAnswer, readingMs(bytes, LIMITS.streamStillMs))
        return answer === 'gone' ? answer : receiveBatch(stream, disk, store.outputs, decide, true)
      })
      if (batch === 'gone') return ended('gone', 'it has the output no more')
      if (batch === null || !batch.accepted) return ended('failed', 'the batch did not come')
      if (copy && !(await this.#isCopyWhole(batch))) {
        await disk.remove(outputFile(job, task, 'manifest.json'))
        return ended('failed', 'what came is not what its manifest names')
      }
      this.#mended(place(batch.header, 'manifest.json'))
      dispatch(copy ? { type: 'copied', job, task, digest } : { type: 'arrived', job, task, digest, consumers })
      ended('done')
    } catch (error) {
      this.#context.dropped('pull', error)
      ended('failed', reasonOf(error, 'the exchange with it failed'))
    }
  }
}

/** What is pushed, or pulled for a task that runs here. */
function placeOfArrival({ job, task, digest }: BatchHeader, file: string): string {
  return arrivalFile(job, task, digest, file)
}

/**
 * Whether a batch is one task's output, with the rows and all files that these consumers need of it (null: a copy, of the
 * whole), no file larger than its records could be. That the rows are those of the manifest is checked after.
 */
function isBatchOf(
  { plan }: JobState,
  header: BatchHeader,
  listing: TaskListing,
  consumers: readonly TaskIndex[] | null,
): boolean {
  const task = plan.tasks[header.task]
  if (task === undefined || !fitsTask(listing.manifest, task)) return false
  if (consumers !== null && !consumers.every((consumer) => consumes(plan.tasks[consumer], task))) return false
  const sizes = new Map(header.files.map((file) => [file.name, file.size]))
  const partitions = partitionsFor(plan, task, consumers)
  if (partitions.join() !== listing.rows.map((row) => row.partition).join()) return false
  const needed = filesOf(listing)
  if (sizes.size !== header.files.length || sizes.size !== needed.length) return false
  return needed.every((file) => (sizes.get(file) ?? Infinity) <= storedBytesMax(contentOf(listing, file)?.bytes ?? 0))
}
