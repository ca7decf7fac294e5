/** What a person was told to be so is on the node's disk. */
import { expect, it } from 'vitest'
import { hashText } from '../../src/core/hash.ts'
import { jobId } from '../../src/core/plan/job-id.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { NodeId } from '../../src/core/types.ts'
import type { JobState } from '../../src/core/state.ts'
import type { Context } from '../../src/runtime/context.ts'
import { cancelJob, removeJob, retryJob } from '../../src/runtime/api/decisions.ts'
import { watchJob } from '../../src/runtime/api/watch.ts'
import { Times } from '../../src/runtime/home/times.ts'
import type { Loop } from '../../src/runtime/loop.ts'
import { makeJob } from '../core/fake-work.ts'
import { bench, settled } from './peer.ts'

const CODE = { bundle: 'export default 1', sourceMap: '' }

/** A job on one node, whose disk takes what it is given when the test says so, and whose clock goes when it says so. */
async function started(): Promise<{ context: Context; job: JobState; written(): void; pass(): void }> {
  const node = await bench()
  const plain = makeJob({ maps: 2, reduces: 1, members: [node.self] })
  const spec = { ...plain.spec, code: hashText(CODE.bundle) }
  const record = { ...plain, spec, id: jobId(spec, plain.snapshot, null) }
  await node.store.records.put(record, CODE)
  node.context.dispatch({ type: 'job', record, kept: [], holding: [], deaths: [] })
  const disk = Promise.withResolvers<void>()
  const due = new Map<number, () => void>()
  const after = (delay: number, run: () => void): (() => void) => {
    due.set(delay, run)
    return () => due.delete(delay)
  }
  const context = { ...node.context, clock: { ...node.context.clock, after }, durable: () => disk.promise }
  return {
    context,
    job: node.context.state.jobs.get(record.id)!,
    written: () => disk.resolve(),
    pass: () => due.get(LIMITS.rpcTimeoutMs)!(),
  }
}

it('a job is cancelled, and opened again, once that is on disk', async () => {
  const { context, job, written } = await started()
  let said = ''
  const both = cancelJob(context, job)
    .then(() => (said += 'cancelled '))
    .then(() => retryJob(context, job))
    .then(() => (said += job.ledger.outcome.kind))
  await settled()
  expect([job.ledger.outcome.kind, said]).toEqual(['cancelled', ''])
  written()
  await both
  expect(said).toBe('cancelled open')
})

it('where the disk does not take it in time, that is said; the job is cancelled all the same', async () => {
  const { context, job, pass } = await started()
  const cancelling = cancelJob(context, job)
  pass()
  await expect(cancelling).rejects.toMatchObject({
    code: 'NODE_SETUP',
    message: 'it is cancelled, but the disk of this node does not take that',
  })
  expect(job.ledger.outcome.kind).toBe('cancelled')
  await expect(cancelJob(context, job)).resolves.toBeUndefined()
})

it('a removal that the disk does not take is said, too', async () => {
  const { context, job, written } = await started()
  written()
  await cancelJob(context, job)
  const refused = new Error('the disk is full')
  const dispatch: Context['dispatch'] = (event) => {
    context.dispatch(event)
    context.store.removals.run(job.record.id, () => Promise.reject(refused)).catch(() => undefined)
  }
  await expect(removeJob({ ...context, dispatch }, job)).rejects.toMatchObject({ code: 'NODE_SETUP', cause: refused })
})

it('who waits for a job that is removed is told so', async () => {
  const { context, job } = await started()
  const listeners: (() => void)[] = []
  const loop = { listen: (listener: () => void) => (listeners.push(listener), () => true) } as unknown as Loop
  // Its pauses pass as soon as something was heard.
  const clock = { ...context.clock, after: (_delay: number, run: () => void) => (setImmediate(run), () => {}) }
  const events = watchJob(
    { ...context, clock },
    loop,
    new Times(clock, context.disk),
    job,
    new AbortController().signal,
  )
  expect((await events.next()).value).toMatchObject({ type: 'progress' })
  const { id } = job.record
  context.dispatch({
    type: 'message',
    from: 'n2' as NodeId,
    message: { type: 'dropped', job: id, round: 1, expired: false },
  })
  await expect(events.next()).rejects.toMatchObject({ code: 'NO_SUCH_JOB', job: id })
})
