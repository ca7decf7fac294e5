/** Takes task outputs in: pushes as they come, pulls as the control plane asks for them. */
import type { Effect } from '../core/effects.ts'
import { agreed } from '../core/ledger.ts'
import { asShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { ByteStream } from '../ports.ts'
import { pullAnswer, type BatchHeader } from '../wire/batch.ts'
import { receiveBatch, type Reception } from './batch.ts'
import type { Context } from './context.ts'
import { PROTOCOLS } from './protocols.ts'
import { FramedStream, openFramed } from './framed.ts'

type Pull = Extract<Effect, { type: 'pull' }>

export class Receiver {
  readonly #context: Context
  #receptions = 0

  constructor(context: Context) {
    this.#context = context
  }

  /** A peer's push stream: batches one after another until it ends. */
  async servePush(stream: ByteStream): Promise<void> {
    const framed = new FramedStream(stream, LIMITS.rpcFrameBytesMax)
    const { disk, store, dispatch } = this.#context
    try {
      for (;;) {
        let counted = false
        const decide = (header: BatchHeader): Reception => {
          const reception = this.#decide(header)
          counted = reception.answer === 'ready'
          if (counted) this.#receptions++
          return reception
        }
        try {
          const batch = await receiveBatch(framed, disk, store, decide)
          if (batch === null) break
          const { job, task, digest, consumers } = batch.header
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

  /** READY, LATER (busy, or the job is not known here yet), or GONE (over, or another output is agreed). */
  #decide(header: BatchHeader): Reception {
    const { state, store } = this.#context
    const place = (h: BatchHeader, file: string): string => store.arrival(h.job, h.task, file)
    const job = state.jobs.get(header.job)
    if (job === undefined) return { answer: state.dropped.has(header.job) ? 'gone' : 'later', place }
    if (job.ledger.outcome.kind !== 'open') return { answer: 'gone', place }
    const known = agreed(job.ledger.tasks[header.task])
    if (known !== null && known.digest !== header.digest) return { answer: 'gone', place }
    if (header.consumers.every((consumer) => job.books.get(consumer)?.get(header.task) === header.digest))
      return { answer: 'have', place }
    return { answer: this.#receptions >= LIMITS.receptionsMax ? 'later' : 'ready', place }
  }

  pull(effect: Pull): void {
    void this.#pull(effect)
  }

  async #pull({ job, task, digest, from, consumers, copy }: Pull): Promise<void> {
    const { disk, store, mesh, dispatch } = this.#context
    const ended = (end: 'done' | 'gone' | 'failed', why = ''): void =>
      dispatch({ type: 'pull-ended', job, task, from, end, why })
    let framed: FramedStream | null = null
    try {
      framed = await openFramed(mesh, from, PROTOCOLS.pull)
      await framed.sendValue({ job, task, digest, consumers, copy })
      const { answer } = await framed.receiveValue(pullAnswer)
      if (answer === 'gone') {
        await framed.end()
        return ended('gone', 'it has the output no more')
      }
      const place = (h: BatchHeader, file: string): string =>
        copy ? store.output(h.job, h.task, file) : store.arrival(h.job, h.task, file)
      const decide = (h: BatchHeader): Reception => ({
        answer: h.digest === digest && h.job === job && h.task === task ? 'ready' : 'gone',
        place,
      })
      const batch = await receiveBatch(framed, disk, store, decide, true)
      await framed.end()
      if (batch === null || !batch.accepted) return ended('failed', 'the batch did not come')
      dispatch(copy ? { type: 'copied', job, task, digest } : { type: 'arrived', job, task, digest, consumers })
      ended('done')
    } catch (error) {
      framed?.abort(String(error))
      this.#context.dropped('pull', error)
      ended('failed', asShoalError(error).message)
    }
  }
}
