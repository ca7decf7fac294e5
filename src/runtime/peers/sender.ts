/** Sends task outputs: pushes over one stream per (peer, job), and answers to pulls. */
import type { Effect } from '../../core/effects.ts'
import type { JobState } from '../../core/state.ts'
import type { JobId } from '../../core/types.ts'
import type { ByteStream } from '../../ports.ts'
import { manifestOf, pullRequest, type BatchHeader, type PullRequest } from '../../wire/batch.ts'
import { fromBytes } from '../../wire/codec.ts'
import { headerFor, sendBatch } from './batch.ts'
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

  constructor(context: Context) {
    this.#context = context
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
    const { state, disk, store, dispatch, clock, story } = this.#context
    const ended = (end: 'acked' | 'later' | 'gone' | 'failed'): void =>
      dispatch({ type: 'push-ended', job, task, to, end })
    const jobState = state.jobs.get(job)
    const output = jobState?.ledger.tasks[task]?.output
    if (!jobState || !output || !('digest' in output)) return ended('gone')
    try {
      const header = await headerFor(
        disk,
        store.outputs,
        { job, task, digest: output.digest, consumers },
        jobState.plan,
      )
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
    const header = held ? await this.#wholeHeader(pick(request), job) : null
    await framed.sendValue({ answer: header === null ? 'gone' : 'ready' })
    if (header !== null) await sendBatch(framed, disk, header)
  }

  /** Pulls repair: what is pulled is read before, so that damage is repaired here, and not handed on. */
  async #wholeHeader(batch: Parameters<typeof headerFor>[2], job: JobState): Promise<BatchHeader | null> {
    const { disk, store } = this.#context
    const header = await headerFor(disk, store.outputs, batch, job.plan)
    const manifest = header === null ? null : manifestOf(header)
    let lost = manifest === null ? 'manifest.json' : null
    for (const { name } of header?.files ?? [])
      if (!(await isWhole(this.#context, outputFile(batch.job, batch.task, name), manifest!, name))) lost ??= name
    if (lost === null) return header
    await loseOutput(this.#context, job, batch.task, lost)
    return null
  }
}

function pick<T extends { job: JobId; task: number; digest: unknown; consumers: unknown }>(
  request: T,
): Pick<T, 'job' | 'task' | 'digest' | 'consumers'> {
  const { job, task, digest, consumers } = request
  return { job, task, digest, consumers }
}
