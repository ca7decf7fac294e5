/** Sends task outputs: pushes over one stream per (peer, job), and answers to pulls. */
import type { Effect } from '../../core/effects.ts'
import type { JobState } from '../../core/state.ts'
import type { JobId } from '../../core/types.ts'
import type { ByteStream } from '../../ports.ts'
import { listingOf, pullRequest, type BatchHeader, type PullRequest } from '../../wire/batch.ts'
import { fromBytes } from '../../wire/codec.ts'
import { sendBatch } from './batch.ts'
import { Headers, type Asked } from './headers.ts'
import { isWhole, loseOutput } from '../home/check-files.ts'
import { nameOf, type Context } from '../context.ts'
import { PROTOCOLS } from './protocols.ts'
import { FramedStream } from './framed.ts'
import { onStream } from './reach.ts'
import { outputFile } from '../home/folder.ts'

type Push = Extract<Effect, { type: 'push' }>

export class Sender {
  readonly #context: Context
  /** The last push of each job to each peer: they follow one another. */
  readonly #lines = new Map<string, Promise<void>>()
  readonly #headers: Headers

  constructor(context: Context) {
    this.#context = context
    this.#headers = new Headers(context.disk, context.store.outputs)
  }

  push(effect: Push): void {
    const id = `${effect.to} ${effect.job}`
    const last = this.#lines.get(id) ?? Promise.resolve()
    this.#lines.set(
      id,
      last.then(() => this.#push(effect)),
    )
  }

  async #push({ job, task, to, consumers }: Push): Promise<void> {
    const { state, disk, dispatch, clock, story } = this.#context
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
      const began = clock.now()
      const answer = await onStream(this.#context, to, PROTOCOLS.push, (stream) => sendBatch(stream, disk, header))
      if (answer === 'acked') {
        const bytes = header.files.reduce((sum, file) => sum + file.size, 0)
        const text = `to ${nameOf(this.#context, to)}: ${bytes} bytes in ${Math.round(clock.now() - began)} ms`
        story.tell(job, 'pushed', text, task)
      }
      ended(answer === 'have' ? 'acked' : answer)
    } catch (error) {
      this.#context.dropped('push', error)
      ended('failed')
    }
  }

  /** A job that needs no pushes any more. */
  forget(job: JobId): void {
    for (const id of this.#lines.keys()) if (id.endsWith(` ${job}`)) this.#lines.delete(id)
  }

  /** A peer pulls: one request after the other until it ends the stream. */
  async servePull(stream: ByteStream): Promise<void> {
    const framed = new FramedStream(stream, this.#context.clock)
    try {
      let next: PullRequest | null = await framed.receiveValue(pullRequest)
      while (next !== null) {
        await this.#answerPull(framed, next)
        const payload = await framed.receiveNext()
        next = payload === null ? null : fromBytes(pullRequest, payload)
      }
      await framed.end()
    } catch (error) {
      framed.abort(String(error))
      this.#context.dropped('serve-pull', error)
    }
  }

  /** One batch, of what this node holds whole. */
  async #answerPull(framed: FramedStream, request: PullRequest): Promise<void> {
    const { state, disk } = this.#context
    const job = state.jobs.get(request.job)
    const output = job?.ledger.tasks[request.task]?.output
    const held =
      job !== undefined && output && 'digest' in output && output.digest === request.digest && job.has.has(request.task)
    const header = held ? await this.#wholeHeader(request, job) : null
    await framed.sendValue({ answer: header === null ? 'gone' : 'ready' })
    if (header !== null) await sendBatch(framed, disk, header)
  }

  /** Pulls repair: what is pulled is read before, so that damage is repaired here, and not handed on. */
  async #wholeHeader(asked: Asked, job: JobState): Promise<BatchHeader | null> {
    const header = await this.#headers.headerOf(asked, job.plan)
    const listing = header === null ? null : listingOf(header)
    let lost = listing === null ? 'manifest.json' : null
    for (const { name } of header?.files ?? [])
      if (!(await isWhole(this.#context, outputFile(asked.job, asked.task, name), listing!, name))) lost ??= name
    if (lost === null) return header
    await loseOutput(this.#context, job, asked.task, lost)
    return null
  }
}
