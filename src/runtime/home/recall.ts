import { ShoalError } from '../../core/errors.ts'
import type { Event } from '../../core/events.ts'
import type { JobId, JobRecord } from '../../core/types.ts'
import { WireError } from '../../wire/codec.ts'
import type { KeyedMemory } from '../../wire/job.ts'
import { decodeMessage } from '../../wire/messages.ts'
import type { Context } from '../context.ts'
import type { JobCode } from './store.ts'

type Remembered = Pick<Extract<Event, { type: 'job' }>, 'kept' | 'holding' | 'deaths'>

/** What a job's folder has beside its record: facts joined, outputs whole, attempts that were open at the last death. */
export async function recall({ store, mesh, state }: Context, job: JobId): Promise<Remembered> {
  const kept = await store.readDeltas(job, async (bytes) => {
    const message = await decodeMessage(mesh, state.self.node, bytes)
    if (message.type !== 'delta') throw new WireError('no delta')
    return message.delta
  })
  const holding = await store.holding(job)
  const held = new Set(holding.map(({ task }) => task))
  const deaths = await store.attempts.open(job)
  // An output that is here says by itself that its attempt has ended.
  return { kept, holding, deaths: deaths.filter(({ task }) => !held.has(task)) }
}

/** The highest round of a job that was forgotten here. */
export function forgottenRound({ state }: Context, job: JobId): number {
  return state.dropped.get(job) ?? 0
}

/** What this node remembers of a key, whose job it has not. That there was one also shows in what it keeps of others. */
export async function memoryOf({ keys, state, store }: Context, job: JobId): Promise<KeyedMemory | 'lost' | null> {
  const memory = await keys.get(job)
  if (memory !== null) return memory
  return state.dropped.has(job) || state.overBefore.has(job) || store.isRecordDamaged(job) ? 'lost' : null
}

/**
 * A job that a peer or a submitter brings: onto this disk, then into the control plane. One whose record was damaged
 * here goes on with what else its folder has. `forgotten`: the highest round of it that was forgotten here when it was
 * asked for. What was forgotten since is not begun anew (only a submission after that does so): it throws NO_SUCH_JOB.
 */
export async function bringJob(context: Context, record: JobRecord, code: JobCode, forgotten: number): Promise<void> {
  const { state, store } = context
  const isForgotten = (): boolean => forgottenRound(context, record.id) > forgotten && !state.jobs.has(record.id)
  if (!isForgotten()) await store.putJob(record, code)
  if (isForgotten()) {
    await store.leave(record.id, () => store.drop(record.id))
    throw new ShoalError('NO_SUCH_JOB', 'the job was removed while it was on its way here')
  }
  context.dispatch({ type: 'job', record, ...(await recall(context, record.id)) })
}
