import type { JobEvent, NodeApi, ResultChunk } from '../control/api.ts'
import { ShoalError, asShoalError, errorFromJson } from '../core/errors.ts'
import { untilAborted } from './interrupts.ts'
import type { Reporter } from './progress/reporter.ts'
import { shortId } from './units.ts'

export type Outcome = Extract<JobEvent, { type: 'outcome' }>

/** The node that a command talks to. When it dies, the simulator names another one; elsewhere there is none. */
export interface Via {
  readonly node: NodeApi
  /** The mesh ends with the command (--local, sim): there is no coming back to a job. */
  readonly passing: boolean
  /** The next node to ask, or null: the error stands. */
  next(): Promise<Via | null>
}

export function only(node: NodeApi, passing: boolean = false): Via {
  return { node, passing, next: () => Promise.resolve(null) }
}

/** Watches a job until its outcome, and beyond the death of the node that was asked. @throws the signal's reason */
export async function follow(
  via: Via,
  id: string,
  reporter: Pick<Reporter, 'event'>,
  signal: AbortSignal,
): Promise<Outcome> {
  for (let at: Via | null = via; ;) {
    try {
      for await (const event of untilAborted(at.node.watch(id, signal), signal)) {
        await reporter.event(event)
        if (event.type === 'outcome') return event
      }
      throw new ShoalError('NO_NODE', 'the node stopped telling about the job before its outcome', { job: id })
    } catch (error) {
      at = await afterLoss(at, error, id, signal)
    }
  }
}

/** The chunks of a result, in order, each byte once, also when the node that gives them has to be changed on the way. */
export async function* resultOf(via: Via, id: string, signal: AbortSignal): AsyncGenerator<ResultChunk> {
  let partition = -1
  let have = 0
  for (let at: Via | null = via; ;) {
    let skip = have
    try {
      for await (const chunk of untilAborted(at.node.result(id, signal), signal)) {
        if (chunk.partition < partition) continue
        if (chunk.partition > partition) {
          partition = chunk.partition
          have = 0
          skip = 0
        } else if (skip > 0) {
          const dropped = Math.min(skip, chunk.bytes.length)
          skip -= dropped
          if (dropped === chunk.bytes.length) continue
          have += chunk.bytes.length - dropped
          yield { partition, bytes: chunk.bytes.subarray(dropped) }
          continue
        }
        have += chunk.bytes.length
        yield chunk
      }
      return
    } catch (error) {
      at = await afterLoss(at, error, id, signal)
    }
  }
}

/** Calls a plain method, at another node when the first one is gone. */
export async function ask<T>(via: Via, signal: AbortSignal, call: (node: NodeApi) => Promise<T>): Promise<T> {
  for (let at: Via | null = via; ;) {
    try {
      return await call(at.node)
    } catch (error) {
      at = await afterLoss(at, error, null, signal)
    }
  }
}

async function afterLoss(via: Via, error: unknown, id: string | null, signal: AbortSignal): Promise<Via> {
  signal.throwIfAborted()
  const failure = asShoalError(error)
  if (failure.code !== 'NO_NODE') throw error
  const next = await via.next()
  if (next !== null) return next
  if (id === null) throw error
  throw new ShoalError('NO_NODE', failure.message, {
    why: failure.why,
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
