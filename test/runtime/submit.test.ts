import { expect, it } from 'vitest'
import type { SubmitRequest } from '../../src/control/api.ts'
import type { NodeId } from '../../src/core/types.ts'
import { Submission } from '../../src/runtime/api/submit.ts'
import { PREPARED } from '../cli/fake.ts'
import { recordOf } from '../core/one-node.ts'
import { bench } from './peer.ts'

const away = 'away' as NodeId

/** A node without data beside a member that is away with all of them. Each pause passes at once, on its clock. */
async function waiting(onScan: (count: number) => void) {
  const node = await bench()
  let now = 0
  let scans = 0
  const body = { version: 1, datasets: [] }
  const answer = { body, fresh: true, settled: true, walk: 1, progress: 1, described: [] }
  const clock = {
    ...node.context.clock,
    now: () => now,
    after: (delay: number, work: () => void) => {
      const passing = setImmediate(() => {
        now += delay
        work()
      })
      return () => clearImmediate(passing)
    },
  }
  const answerScan = (): Promise<typeof answer> => {
    onScan(++scans)
    return Promise.resolve(answer)
  }
  const catalogs = { get: () => null, nodes: () => [], lost: () => [] }
  const context = { ...node.context, clock, catalog: { answerScan }, catalogs } as unknown as typeof node.context
  const catalog = { version: 1, hash: recordOf(away).catalog.hash, shards: 3, bytes: 3 }
  const message = { type: 'records', records: [recordOf(away, { catalog })] } as const
  context.dispatch({ type: 'message', from: node.peer, message })
  const limits = { copies: 1, taskMemory: null, taskTimeoutMs: null }
  const job = { ...PREPARED, inputs: [{ alias: '', data: 'logs' }] }
  const request: SubmitRequest = { job, key: null, allowPartial: false, waitForDataMs: 20_000, limits }
  return { submission: new Submission(context, {} as never), request, state: node.context.state }
}

it('data that do not come are waited for as long as was asked', async () => {
  let scans = 0
  const { submission, request } = await waiting((count) => (scans = count))
  await expect(submission.submit(request)).rejects.toMatchObject({ code: 'INCOMPLETE' })
  expect(scans).toBe(21)
})

it('who leaves while data are waited for gets no job', async () => {
  const asker = new AbortController()
  let scans = 0
  const { submission, request, state } = await waiting((count) => {
    scans = count
    if (count === 3) asker.abort(new Error('gone'))
  })
  await expect(submission.submit(request, asker.signal)).rejects.toThrow('gone')
  expect([scans, state.jobs.size]).toEqual([3, 0])
})
