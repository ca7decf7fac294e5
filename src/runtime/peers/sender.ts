/** Sends task outputs: pushes over one stream per (peer, job), and answers to pulls. */
import type { Effect } from '../../core/effects.ts'
import type { JobState } from '../../core/state.ts'
import type { JobId } from '../../core/types.ts'
import type { ByteStream } from '../../ports.ts'
import { manifestOf, pullRequest, type BatchHeader } from '../../wire/batch.ts'
import { headerFor, sendBatch } from './batch.ts'
import { isWhole, loseOutput } from '../home/check-files.ts'
import { nameOf, type Context } from '../context.ts'
import { PROTOCOLS } from './protocols.ts'
import { FramedStream, openFramed } from './framed.ts'

type Push = Extract<Effect, { type: 'push' }>

export class Sender {
  readonly #context: Context
  /** One stream per (peer, job), and the push that is on it: batches follow one another. */
  readonly #lines = new Map<string, Line>()

  constructor(context: Context) {
    this.#context = context
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
      const header = await headerFor(disk, store, { job, task, digest: output.digest, consumers }, jobState.plan)
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
      const header = held ? await this.#wholeHeader(pick(request), job) : null
      await framed.sendValue({ answer: header === null ? 'gone' : 'ready' })
      if (header !== null) await sendBatch(framed, disk, store, header)
      await framed.end()
    } catch (error) {
      framed.abort(String(error))
      this.#context.dropped('serve-pull', error)
    }
  }

  /** Pulls repair: what is pulled is read before, so that damage is repaired here, and not handed on. */
  async #wholeHeader(batch: Parameters<typeof headerFor>[2], job: JobState): Promise<BatchHeader | null> {
    const { disk, store } = this.#context
    const header = await headerFor(disk, store, batch, job.plan)
    const manifest = header === null ? null : manifestOf(header)
    let lost = manifest === null ? 'manifest.json' : null
    for (const { name } of header?.files ?? [])
      if (!(await isWhole(this.#context, store.output(batch.job, batch.task, name), manifest!, name))) lost ??= name
    if (lost === null) return header
    await loseOutput(this.#context, job, batch.task, lost)
    return null
  }
}

interface Line {
  stream: FramedStream | null
  last: Promise<void>
}

function pick<T extends { job: JobId; task: number; digest: unknown; consumers: unknown }>(
  request: T,
): Pick<T, 'job' | 'task' | 'digest' | 'consumers'> {
  const { job, task, digest, consumers } = request
  return { job, task, digest, consumers }
}
