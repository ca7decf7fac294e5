import type { JobEvent, NodeApi, ResultChunk } from '../control/api.ts'
import { ShoalError, errorFromJson } from '../core/errors.ts'
import { asShoalError } from '../words/thrown.ts'
import { untilAborted } from './interrupts.ts'
import type { ProgressView } from './progress/view.ts'
import { shortId } from './units.ts'

export type Outcome = Extract<JobEvent, { type: 'outcome' }>

/** The node that a command talks to. When it dies, the simulator goes on to another one; elsewhere there is none. */
export interface Via {
  /** The one that answers now; who has given a job's outcome is asked for its result, too. */
  readonly node: NodeApi
  /** The mesh ends with the command (--local, sim): there is no coming back to a job. */
  readonly passing: boolean
  /** Goes on to another node; false: there is none, the error stands. */
  next(): Promise<boolean>
  /** Whether to ask again after an error of a node that lives. Only the simulator does: its busy nodes recover. */
  again(error: ShoalError): Promise<boolean>
}

export function only(node: NodeApi, passing: boolean = false): Via {
  return { node, passing, next: () => Promise.resolve(false), again: () => Promise.resolve(false) }
}

/** A node that is asked for a job instead of a dead one may have to learn of it first. */
const LEARN_MS = 15_000

/** Goes from node to node while the one that is asked is gone, or does not know the job yet. */
class Route {
  readonly #via: Via
  readonly #id: string | null
  readonly #signal: AbortSignal
  #movedAt: number | null = null

  constructor(via: Via, id: string | null, signal: AbortSignal) {
    this.#via = via
    this.#id = id
    this.#signal = signal
  }

  /** Moves on after `error`, or throws it where another node would not help. */
  async move(error: unknown): Promise<void> {
    this.#signal.throwIfAborted()
    const refusal = asShoalError(error)
    const { code } = refusal
    if (await this.#via.again(refusal)) return
    const learning = code === 'NO_SUCH_JOB' && this.#movedAt !== null && performance.now() - this.#movedAt < LEARN_MS
    if (code !== 'NO_NODE' && !learning) throw error
    if (!(await this.#via.next())) throw this.#id === null ? error : withWayBack(error, this.#id)
    this.#movedAt ??= performance.now()
  }
}

/** Watches a job until its outcome, and beyond the death of the node that was asked. @throws the signal's reason */
export async function follow(
  via: Via,
  id: string,
  view: Pick<ProgressView, 'event'>,
  signal: AbortSignal,
): Promise<Outcome> {
  for (const route = new Route(via, id, signal); ;) {
    try {
      for await (const event of untilAborted(via.node.watch(id, signal), signal)) {
        await view.event(event)
        if (event.type === 'outcome') return event
      }
      throw new ShoalError('NO_NODE', 'the node stopped telling about the job before its outcome', { job: id })
    } catch (error) {
      await route.move(error)
    }
  }
}

/** The chunks of a result, in order, each byte once, also when the node that gives them has to be changed on the way. */
export async function* resultOf(via: Via, id: string, signal: AbortSignal): AsyncGenerator<ResultChunk> {
  let partition = -1
  let have = 0
  for (const route = new Route(via, id, signal); ;) {
    let skip = have
    try {
      for await (const chunk of untilAborted(via.node.result(id, signal), signal)) {
        if (chunk.partition < partition) continue
        if (chunk.partition > partition) {
          partition = chunk.partition
          have = 0
          skip = 0
        }
        const known = Math.min(skip, chunk.bytes.length)
        skip -= known
        if (known > 0 && known === chunk.bytes.length) continue
        have += chunk.bytes.length - known
        yield { partition, bytes: chunk.bytes.subarray(known) }
      }
      return
    } catch (error) {
      await route.move(error)
    }
  }
}

/** Calls a plain method, at another node when the first one is gone. */
export async function ask<T>(via: Via, signal: AbortSignal, call: (node: NodeApi) => Promise<T>): Promise<T> {
  for (const route = new Route(via, null, signal); ;) {
    try {
      return await call(via.node)
    } catch (error) {
      await route.move(error)
    }
  }
}

function withWayBack(error: unknown, id: string): ShoalError {
  const { code, message, why } = asShoalError(error)
  return new ShoalError(code, message, {
    why,
    try: [`shoal watch ${shortId(id)}   at any node of the mesh: the job does not need this one`],
    job: id,
    cause: error,
  })
}

/** Throws what ended the job, unless it is done. The thrown error's exit code mirrors the outcome. */
export function requireDone(outcome: Outcome): void {
  if (outcome.state === 'done') return
  if (outcome.error !== null) throw errorFromJson({ ...outcome.error, job: outcome.error.job ?? outcome.job })
  const code = outcome.state === 'cancelled' ? 'CANCELLED' : outcome.state === 'disputed' ? 'DISPUTED' : 'JOB_FAILED'
  throw new ShoalError(code, `job ${shortId(outcome.job)} (${outcome.summary.name}) ${WORDS[code]}`, {
    try: [`shoal job why ${shortId(outcome.job)}`],
    job: outcome.job,
  })
}

const WORDS = { CANCELLED: 'was cancelled', DISPUTED: 'has two different results', JOB_FAILED: 'failed' } as const
