/** Sends task outputs: pushes over one stream per (peer, job), and answers to pulls. */
import type { Effect } from '../../core/effects.ts'
import type { JobState } from '../../core/state.ts'
import type { JobId, NodeId } from '../../core/types.ts'
import type { ByteStream } from '../../ports.ts'
import { listingOf, pullRequest, type BatchHeader } from '../../wire/batch.ts'
import { sendBatch } from './batch.ts'
import { Headers, type Asked } from './headers.ts'
import { isWhole, loseOutput } from '../home/check-files.ts'
import { nameOf, type Context } from '../context.ts'
import { PROTOCOLS } from './protocols.ts'
import { FramedStream, openFramed } from './framed.ts'

type Push = Extract<Effect, { type: 'push' }>

export class Sender {
  readonly #context: Context
  /** One stream per (peer, job), and the push that is on it: batches follow one another. */
  readonly #lines = new Map<string, Line>()
  readonly #headers: Headers

  constructor(context: Context) {
    this.#context = context
    this.#headers = new Headers(context.disk, context.store)
  }

  push(effect: Push): void {
    const id = `${effect.to} ${effect.job}`
    const line = this.#lines.get(id) ?? { stream: null, last: Promise.resolve() }
    this.#lines.set(id, line)
    line.last = line.last.then(() => this.#push(line, effect))
  }

  async #push(line: Line, { job, task, to, consumers }: Push): Promise<void> {
    const { state, disk, store, dispatch, clock, story } = this.#context
    const ended = (end: 'acked' | 'later' | 'gone' | 'failed'): void =>
      dispatch({ type: 'push-ended', job, task, to, end })
    const jobState = state.jobs.get(job)
    const output = jobState?.ledger.tasks[task]?.output
    if (!jobState || !output || !('digest' in output)) return ended('gone')
    try {
      const asked = { job, task, digest: output.digest, consumers }
      const header = await this.#headers.headerOf(asked, jobState.plan)
      if (header === null) {
        await loseOutput(this.#context, jobState, task, 'manifest.json')
        return ended('gone')
      }
      line.stream ??= await openFramed(this.#context, to, PROTOCOLS.push)
      const began = clock.now()
      const answer = await sendBatch(line.stream, disk, store, header)
      if (answer === 'acked') {
        const bytes = header.files.reduce((sum, file) => sum + file.size, 0)
        const text = `to ${nameOf(this.#context, to)}: ${bytes} bytes in ${Math.round(clock.now() - began)} ms`
        story.tell(job, 'pushed', text, task)
      }
      ended(answer === 'have' ? 'acked' : answer)
    } catch (error) {
      line.stream?.abort(String(error))
      line.stream = null
      this.#context.dropped('push', error)
      ended('failed')
    }
  }

  /** Ends the streams of a job that needs them no more. */
  forget(job: JobId): void {
    for (const [id, line] of this.#lines) {
      if (!id.endsWith(` ${job}`)) continue
      this.#lines.delete(id)
      void line.last.then(() => line.stream?.end().catch(() => {}))
    }
  }

  /** A peer pulls: one request, one batch, from what this node holds whole. */
  async servePull(stream: ByteStream): Promise<void> {
    const framed = new FramedStream(stream, this.#context.clock)
    try {
      const request = await framed.receiveValue(pullRequest)
      const { state, disk, store } = this.#context
      const job = state.jobs.get(request.job)
      const output = job?.ledger.tasks[request.task]?.output
      const held =
        job !== undefined &&
        output &&
        'digest' in output &&
        output.digest === request.digest &&
        job.has.has(request.task)
      const header = held ? await this.#wholeHeader(request, job) : null
      await framed.sendValue({ answer: header === null ? 'gone' : 'ready' })
      if (header !== null) await sendBatch(framed, disk, store, header)
      await framed.end()
    } catch (error) {
      framed.abort(String(error))
      this.#context.dropped('serve-pull', error)
    }
  }

  /** Pulls repair: what is pulled is read before, so that damage is repaired here, and not handed on. */
  async #wholeHeader(asked: Asked, job: JobState): Promise<BatchHeader | null> {
    const { store } = this.#context
    const header = await this.#headers.headerOf(asked, job.plan)
    const listing = header === null ? null : listingOf(header)
    let lost = listing === null ? 'manifest.json' : null
    for (const { name } of header?.files ?? [])
      if (!(await isWhole(this.#context, store.output(asked.job, asked.task, name), listing!, name))) lost ??= name
    if (lost === null) return header
    await loseOutput(this.#context, job, asked.task, lost)
    return null
  }
}

interface Line {
  stream: FramedStream | null
  last: Promise<void>
}

export type { NodeId }
