/** Which job of before a submission with a key is: by its id, by its bundle, by its files, or nobody can tell. */
import { expect, it } from 'vitest'
import type { PreparedJob, SubmitRequest } from '../../src/control/api.ts'
import { hashText } from '../../src/core/hash.ts'
import { jobId } from '../../src/core/plan/job-id.ts'
import type { Digest, JobId, JobRecord, JobSpec } from '../../src/core/types.ts'
import { sameUnderKey } from '../../src/runtime/api/same-key.ts'
import { Submission } from '../../src/runtime/api/submit.ts'
import { keyedHere } from '../../src/runtime/home/keyed.ts'
import { serveCalls } from '../../src/runtime/peers/rpc.ts'
import { toBytes } from '../../src/wire/codec.ts'
import type { KeyedJob } from '../../src/wire/job.ts'
import { makeJob, RUNTIME } from '../core/fake-work.ts'
import { recordOf } from '../core/one-node.ts'
import { bench, type Bench } from './peer.ts'

const KEY = 'november'
const TEXTS = ['import ./b', 'a file']
const NOW: PreparedJob = {
  name: 'job',
  bundle: 'bundled now',
  sourceMap: JSON.stringify({ sources: ['a.ts', 'shoal:shoal/job', 'b.ts'], sourcesContent: [TEXTS[0], '', TEXTS[1]] }),
  source: { digest: hashText('the sources'), files: TEXTS.map(hashText) },
  inputs: [{ alias: '', data: 'logs' }],
  params: {},
  partitions: 2,
  combine: false,
  reduce: true,
  sort: false,
  onBadRecord: 'fail',
  format: null,
}

function jobOf(node: Bench, bundle: string, source: string | null, more: Partial<JobSpec> = {}): JobRecord {
  const plain = makeJob({ maps: 2, reduces: 2, members: [node.self] })
  const spec = { ...plain.spec, code: hashText(bundle), ...more }
  const named = source === null ? {} : { source: hashText(source) }
  return { ...plain, spec, key: KEY, ...named, id: jobId(spec, plain.snapshot, KEY, named.source) }
}

const asked = async (node: Bench, job: PreparedJob = NOW): Promise<JobId | null> =>
  sameUnderKey(node.context, KEY, jobOf(node, job.bundle, 'the sources').spec, job)

/** Forgotten, with this result. */
async function forget(
  node: Bench,
  record: JobRecord,
  files?: readonly Digest[],
  result = 'a result',
): Promise<JobRecord> {
  await node.context.keys.put(record, { round: 1, result: hashText(result), ...(files === undefined ? {} : { files }) })
  return record
}

it('is the job with an equal bundle, whatever its sources were, and the job of the same sources', async () => {
  const node = await bench()
  expect(await asked(node)).toBeNull()
  const commented = await forget(node, jobOf(node, NOW.bundle, 'the sources, with a comment'))
  await forget(node, jobOf(node, 'another bundle', 'other sources'))
  await forget(node, jobOf(node, NOW.bundle, 'the sources, for EUR', { params: { currency: 'EUR' } }))
  expect(await asked(node)).toBe(commented.id)
  const made = await bench()
  const same = await forget(made, jobOf(made, 'bundled by another version', 'the sources'))
  expect(await asked(made)).toBe(same.id)
})

it('is the job of an earlier version that was made of the same files, and not one of others', async () => {
  const node = await bench()
  await forget(node, jobOf(node, 'bundled then, of others', null), [hashText(TEXTS[0]!), hashText('another file')])
  expect(await asked(node)).toBeNull()
  const then = await forget(node, jobOf(node, 'bundled then', null), TEXTS.map(hashText))
  expect(await asked(node)).toBe(then.id)
  expect(await keyedHere(node.context, KEY, hashText('another meaning'))).toEqual([])
})

it('is RESULT_LOST where too little is left of the code to tell', async () => {
  for (const files of [undefined, [hashText(TEXTS[0]!)]]) {
    const node = await bench()
    const then = await forget(node, jobOf(node, 'bundled then', null), files)
    await expect(asked(node)).rejects.toMatchObject({ code: 'RESULT_LOST', job: then.id })
  }
})

it('is KEY_CONFLICT where versions gave two results, and one of them where they gave the same', async () => {
  const node = await bench()
  const ids: JobId[] = []
  for (const bundle of ['bundled first', 'bundled second'])
    ids.push((await forget(node, jobOf(node, bundle, null), TEXTS.map(hashText))).id)
  expect(await asked(node)).toBe(ids.toSorted()[0])
  await forget(node, jobOf(node, 'bundled third', null), TEXTS.map(hashText), 'another result')
  await expect(asked(node)).rejects.toMatchObject({ code: 'KEY_CONFLICT' })
})

it('a job that gave its key nothing is none of these; of one that is here the source map is read', async () => {
  const node = await bench()
  await node.context.keys.put(jobOf(node, 'failed then', null), { round: 1, result: null })
  const record = jobOf(node, 'bundled then', null)
  await node.store.records.put(record, { bundle: 'bundled then', sourceMap: NOW.sourceMap })
  node.context.dispatch({ type: 'job', record, kept: [], holding: [], deaths: [] })
  expect(await asked(node)).toBe(record.id)
  node.context.dispatch({ type: 'cancel', job: record.id })
  expect(await asked(node)).toBeNull()
})

it('of one that is forgotten here the hashes of its files stay, and the job is known by them', async () => {
  const node = await bench()
  const record = jobOf(node, 'bundled then', null)
  await node.store.records.put(record, { bundle: 'bundled then', sourceMap: NOW.sourceMap })
  const keyed = { record, result: hashText('a result') }
  await node.context.removal.forget({ type: 'forget', job: record.id, round: 1, expired: false, keyed })
  expect(await node.store.records.ids()).toEqual([])
  expect(await asked(node)).toBe(record.id)
})

it('a peer knows it', async () => {
  const node = await bench()
  const message = { type: 'records', records: [recordOf(node.peer)] } as const
  node.context.dispatch({ type: 'message', from: node.peer, message })
  const files = TEXTS.map(hashText)
  const told: KeyedJob = { id: hashText('id'), code: hashText('then'), source: null, files, result: null }
  node.peerServes = (stream) =>
    void serveCalls(stream, node.context.clock, async () => toBytes([told])).catch(() => undefined)
  expect(await asked(node)).toBe(told.id)
})

it('a job that another bundler has bundled is attached to, and keeps its code', async () => {
  const node = await bench()
  const record = jobOf(node, 'bundled by another version', 'the sources')
  await node.store.records.put(record, { bundle: 'bundled by another version', sourceMap: '' })
  node.context.dispatch({ type: 'job', record, kept: [], holding: [], deaths: [] })
  await node.disk.remove(`jobs/${record.id}/bundle.js`)
  await node.store.codes.get(record.id, record.spec.code)
  const limits = { copies: 1, taskMemory: null, taskTimeoutMs: null }
  const request: SubmitRequest = { job: NOW, key: KEY, allowPartial: false, waitForDataMs: 0, limits }
  const submission = new Submission(node.context, {} as never)
  expect(await submission.submit(request)).toMatchObject({ id: record.id, attached: true })
  expect(node.store.codes.missing()).toEqual([record.id])
  // Its own code is taken.
  await submission.submit({ ...request, job: { ...NOW, bundle: 'bundled by another version' } })
  expect(node.store.codes.missing()).toEqual([])
})

it('without a result, and with no node left that runs it, its next round is refused; removed, it is begun as now', async () => {
  const node = await bench()
  const old = jobOf(node, NOW.bundle, 'the sources', { runtime: 'a version that is gone' })
  await node.store.records.put(old, NOW)
  node.context.dispatch({ type: 'job', record: old, kept: [], holding: [], deaths: [] })
  node.context.dispatch({ type: 'cancel', job: old.id })
  const limits = { copies: 1, taskMemory: null, taskTimeoutMs: null }
  const request: SubmitRequest = { job: NOW, key: KEY, allowPartial: false, waitForDataMs: 0, limits }
  const submission = new Submission(node.context, {} as never)
  await expect(submission.submit(request)).rejects.toMatchObject({ code: 'NO_NODE', job: old.id })
  await node.context.keys.put(old, { round: 1, result: null })
  node.context.state.jobs.delete(old.id)
  expect(await submission.submit(request)).toMatchObject({ id: old.id, attached: false })
  expect(node.context.state.jobs.get(old.id)!.record.spec.runtime).toBe(RUNTIME)
  expect(node.context.state.jobs.get(old.id)!.record.snapshot).toEqual(old.snapshot)
})
