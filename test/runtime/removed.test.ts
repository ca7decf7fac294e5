/** A job that was removed while its record was on its way here a second time stays removed. */
import { expect, it } from 'vitest'
import { hashText } from '../../src/core/hash.ts'
import { jobId } from '../../src/core/plan/job-id.ts'
import type { JobRecord } from '../../src/core/types.ts'
import { performer, type Parts } from '../../src/runtime/effects.ts'
import { bringJob, forgottenRound } from '../../src/runtime/home/recall.ts'
import { answererOf } from '../../src/runtime/peers/answer.ts'
import { serveCalls } from '../../src/runtime/peers/rpc.ts'
import { toBytes } from '../../src/wire/codec.ts'
import { makeJob } from '../core/fake-work.ts'
import { bench, settled, type Bench } from './peer.ts'

const CODE = { bundle: 'export default 1', sourceMap: '' }

function jobOf(node: Bench): JobRecord {
  const plain = makeJob({ maps: 2, reduces: 1, members: [node.self] })
  const spec = { ...plain.spec, code: hashText(CODE.bundle) }
  return { ...plain, spec, id: jobId(spec, plain.snapshot, null) }
}

it('a job that is fetched, comes by another way, ends and is removed meanwhile, is not begun anew', async () => {
  const node = await bench()
  const job = jobOf(node)
  const body = toBytes({ record: JSON.stringify(job), ...CODE })
  const gate = Promise.withResolvers<void>()
  node.peerServes = (stream) =>
    void serveCalls(stream, node.context.clock, async (_from, request) => {
      if (request.call !== 'job') throw new Error('not here')
      await gate.promise
      return body
    })
  const effects = performer({ context: node.context, times: { adopt: () => {}, forget: () => {} } } as unknown as Parts)
  effects['fetch-job']({ type: 'fetch-job', job: job.id, from: node.peer })
  await settled()
  // The submitter's own `put-job` is here first; the job ends, and a person removes it.
  await answererOf(node.context)(node.peer, { call: 'put-job' }, body)
  node.context.dispatch({ type: 'cancel', job: job.id })
  node.context.dispatch({ type: 'forget', job: job.id })
  expect([node.context.state.jobs.has(job.id), node.context.state.forgottenJobs.get(job.id)]).toEqual([false, 1])
  gate.resolve()
  await settled()
  expect(node.context.state.jobs.get(job.id)?.ledger.round).toBeUndefined()
})

it('a fetch that comes too late takes nothing of what was put since', async () => {
  const node = await bench()
  const job = jobOf(node)
  const remembered = forgottenRound(node.context, job.id)
  await bringJob(node.context, job, CODE, remembered)
  node.context.dispatch({ type: 'cancel', job: job.id })
  node.context.dispatch({ type: 'forget', job: job.id })
  // Submitted again: its record is on disk, and not yet known to the control plane.
  await node.store.records.put(job, CODE)
  await expect(bringJob(node.context, job, CODE, remembered)).rejects.toMatchObject({ code: 'NO_SUCH_JOB' })
  expect(await node.store.records.body(job.id)).not.toBeNull()
})
