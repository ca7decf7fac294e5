import { ShoalError } from '../../core/errors.ts'
import type { Event } from '../../core/events.ts'
import type { JobId, JobRecord } from '../../core/types.ts'
import { WireError } from '../../wire/codec.ts'
import type { KeyedMemory } from '../../wire/job.ts'
import { decodeMessage } from '../../wire/messages.ts'
import type { Context } from '../context.ts'
import type { JobCode } from './code.ts'

type Remembered = Pick<Extract<Event, { type: 'job' }>, 'kept' | 'holding' | 'deaths'>

/** Of a job that has no folder yet. */
export const NOTHING: Remembered = { kept: [], holding: [], deaths: [] }

/** What a job's folder has beside its record: its ledger, whole outputs, attempts that were open when the node died. */
export async function recall({ store, mesh, state }: Context, job: JobId): Promise<Remembered> {
  const kept = await store.ledgers.read(job, async (bytes) => {
    const message = await decodeMessage(mesh, state.self.node, bytes)
    if (message.type !== 'delta') throw new WireError('no delta')
    return message.delta
  })
  const holding = await store.outputs.holding(job)
  const held = new Set(holding.map(({ task }) => task))
  const deaths = await store.attempts.open(job)
  // A task whose output is here has ended, whatever the journal says.
  return { kept, holding, deaths: deaths.filter(({ task }) => !held.has(task)) }
}

/** The highest round of a job that was forgotten here. */
export function forgottenRound({ state }: Context, job: JobId): number {
  return state.forgottenJobs.get(job) ?? 0
}

/**
 * What this node remembers of a job with a key; 'lost' where it only knows that there was one, from its other files:
 * the log of forgotten jobs, the times since jobs are over, or a folder whose record is damaged.
 */
export async function memoryOf(context: Context, id: JobId): Promise<KeyedMemory | 'lost' | null> {
  const { keys, state, store } = context
  const job = state.jobs.get(id)
  if (job !== undefined) {
    const { outcome, round } = job.ledger
    return {
      record: JSON.stringify(job.record),
      round: round - 1,
      result: outcome.kind === 'sealed' ? outcome.result : null,
    }
  }
  const memory = await keys.get(id)
  if (memory !== null) return memory
  // Forgotten, and its removal from the disk has not got so far yet.
  const record = await store.records.get(id)
  if (record !== null) return { record, round: forgottenRound(context, id), result: state.promised.get(id) ?? null }
  return state.forgottenJobs.has(id) || state.overBefore.has(id) || store.records.isDamaged(id) ? 'lost' : null
}

/**
 * Puts a job that a peer or a submitter brings on this disk, then tells the control plane. If its record was damaged
 * here, the rest of its folder is used. `forgotten`: the highest round that was forgotten here when the job was asked
 * for. If a higher one was forgotten since, the job was removed while it was on its way here: then it throws
 * NO_SUCH_JOB.
 */
export function bringJob(context: Context, record: JobRecord, code: JobCode, forgotten: number): Promise<void> {
  return context.store.coming.run(record.id, () => bring(context, record, code, forgotten))
}

async function bring(context: Context, record: JobRecord, code: JobCode, forgotten: number): Promise<void> {
  const { removal, state, store } = context
  const { id } = record
  const isForgotten = (): boolean => forgottenRound(context, id) > forgotten && !state.jobs.has(id)
  const removed = (): ShoalError => new ShoalError('NO_SUCH_JOB', 'the job was removed while it was on its way here')
  if (isForgotten()) throw removed()
  const { turn, isNew } = await store.records.put(record, code)
  if (isForgotten()) {
    await removal.takeBack(id, turn)
    throw removed()
  }
  context.dispatch({ type: 'job', record, ...(isNew ? NOTHING : await recall(context, id)) })
}
