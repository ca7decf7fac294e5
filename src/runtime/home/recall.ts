import type { Event } from '../../core/events.ts'
import type { JobId, JobRecord } from '../../core/types.ts'
import { WireError } from '../../wire/codec.ts'
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
  const deaths = await store.deaths(job)
  // An output that is here says by itself that its attempt has ended.
  return { kept, holding, deaths: deaths.filter(({ task }) => !held.has(task)) }
}

/**
 * A job that a peer or a submitter brings: onto this disk, then into the control plane. One whose record was damaged
 * here goes on with what else its folder has.
 */
export async function bringJob(context: Context, record: JobRecord, code: JobCode): Promise<void> {
  await context.store.putJob(record, code)
  context.dispatch({ type: 'job', record, ...(await recall(context, record.id)) })
}
