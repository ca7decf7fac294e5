/** A file damaged on disk: found by its hash, struck out so that it is had again, and never handed on. */
import { tasksOfKind } from '../core/steps.ts'
import { describe, expect, it } from 'vitest'
import { hashText } from '../../src/core/hash.ts'
import { outputOf, type TaskManifest } from '../../src/core/ledger/manifest.ts'
import { rootOfRows } from '../../src/core/plan/rows.ts'
import type { JobRecord, RunRow } from '../../src/core/types.ts'
import { BlockWriter } from '../../src/data/blocks.ts'
import { PART_MAGIC } from '../../src/data/part.ts'
import { RUN_MAGIC } from '../../src/data/run.ts'
import { Damage } from '../../src/runtime/home/damage.ts'
import { JobStore } from '../../src/runtime/home/store.ts'
import { memoryOf } from '../../src/runtime/home/recall.ts'
import { isPart, loseOutput } from '../../src/runtime/home/check-files.ts'
import { putRows } from '../../src/runtime/home/rows.ts'
import { answererOf } from '../../src/runtime/peers/answer.ts'
import { sendBatch } from '../../src/runtime/peers/batch.ts'
import { Headers } from '../../src/runtime/peers/headers.ts'
import { Receiver } from '../../src/runtime/peers/receiver.ts'
import { resultOf } from '../../src/runtime/api/results.ts'
import { Sender } from '../../src/runtime/peers/sender.ts'
import { loseDamaged } from '../../src/runtime/work.ts'
import { pullAnswer } from '../../src/wire/batch.ts'
import { hash, makeJob } from '../core/fake-work.ts'
import { bench, settled, type Bench } from './peer.ts'
import { outputFile } from '../../src/runtime/home/folder.ts'

function fileOf(magic: string, text: string): { bytes: Buffer; digest: ReturnType<BlockWriter['finish']>['digest'] } {
  const pieces: Buffer[] = []
  const out = { write: (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)), close: () => {} }
  const writer = new BlockWriter(out as never, { magic, compress: true, digest: true })
  const raw = Buffer.from(text)
  writer.append(raw, 0, raw.length, 1)
  const { digest } = writer.finish()
  return { bytes: Buffer.concat(pieces), digest }
}

const run = fileOf(RUN_MAGIC, 'records of a run')
const part = fileOf(PART_MAGIC, 'records of a part')
const none = { count: 0, samples: [] }

const rows: readonly RunRow[] = [{ partition: 0, records: 1, weight: 1, bytes: 16, digest: run.digest }]
const mapManifest: TaskManifest = {
  consumed: '',
  manifest: {
    kind: 'map',
    splits: [{ input: hash('input'), bytes: 1, records: 1, emitted: 1, skips: none }],
    rows: rootOfRows(rows),
    took: [],
    counters: {},
    upstream: [],
  },
}
const upstream = [{ step: 0, whole: true, bytes: 1, records: 1, gave: 1, counters: {}, skips: none }]
const partManifest: TaskManifest = {
  consumed: hash('maps'),
  manifest: {
    ...{ kind: 'reduce', partition: 0, consumed: hash('maps'), took: [1], groups: 1, records: 1, bytes: 17 },
    ...{ part: part.digest, counters: {}, upstream },
  },
}

/** A node that has both outputs of a job of one map and one reduce. */
async function holder(): Promise<{ node: Bench; job: JobRecord }> {
  const node = await bench()
  const job = makeJob({ maps: 1, reduces: 1, members: [node.self, node.peer] })
  const { store, disk } = node
  await store.outputs.putManifest(outputFile(job.id, 0, 'manifest.json'), mapManifest)
  await putRows(disk, outputFile(job.id, 0, 'rows'), rows)
  await disk.put(outputFile(job.id, 0, 'run-0'), run.bytes)
  await store.outputs.putManifest(outputFile(job.id, 1, 'manifest.json'), partManifest)
  await disk.put(outputFile(job.id, 1, 'part'), part.bytes)
  const holding = await store.outputs.holding(job.id)
  node.context.dispatch({ type: 'job', record: job, kept: [], holding, deaths: [] })
  return { node, job }
}

/** One bit in the middle of the file. */
const flip = (bytes: Uint8Array): Uint8Array => bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 1)

describe('a damaged output', () => {
  it.each([
    ['whole', (bytes: Uint8Array) => bytes, 'ready'],
    ['changed', flip, 'gone'],
    ['cut', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 3), 'gone'],
  ])('that is %s, when it is pulled: %s', async (_how, damage, expected) => {
    const { node, job } = await holder()
    node.disk.damage(`jobs/${job.id}/out/0/run-0`, damage)
    const sender = new Sender(node.context)
    node.onStream = (_protocol, stream) => void sender.servePull(stream)
    const stream = await node.open('pull')
    const digest = outputOf(mapManifest).digest
    await stream.sendValue({ job: job.id, task: 0, digest, consumers: [1], copy: false })
    expect((await stream.receiveValue(pullAnswer)).answer).toBe(expected)
    const lost = expected === 'gone' ? [{ type: 'lost', job: job.id, task: 0, what: 'output' }] : []
    expect(node.events.filter((event) => event.type === 'lost')).toEqual(lost)
  })

  it('is struck out after the attempt that found it, and nothing else is', async () => {
    const { node, job } = await holder()
    const state = node.context.state.jobs.get(job.id)!
    const [reduce] = tasksOfKind(state.plan, 'reduce')
    const consumes = [outputOf(mapManifest).digest]
    await loseDamaged(node.context, state, reduce!, consumes)
    expect(state.has.has(0)).toBe(true)
    node.disk.damage(`jobs/${job.id}/out/0/run-0`, flip)
    await loseDamaged(node.context, state, reduce!, consumes)
    expect([...state.has]).toEqual([1])
  })

  it('that is a part is not given to a peer that asks for it', async () => {
    const { node, job } = await holder()
    const output = outputOf(partManifest)
    const tasks = [[1, { claim: null, output }]] as const
    const delta = { round: 1, outcome: { kind: 'open' }, tasks, reports: [] } as const
    node.context.dispatch({ type: 'message', from: node.peer, message: { type: 'delta', job: job.id, delta } })
    const ask = () =>
      answererOf(node.context)(
        node.peer,
        { call: 'part', job: job.id, task: 1, start: 0, end: 1_000 },
        new Uint8Array(),
      )
    expect(await ask()).toMatchObject({ total: part.bytes.length })
    node.disk.damage(`jobs/${job.id}/out/1/part`, flip)
    await expect(ask()).rejects.toThrow('this part')
    expect(node.context.state.jobs.get(job.id)!.has.has(1)).toBe(false)
  })

  it('is none where the job is forgotten meanwhile', async () => {
    const { node, job } = await holder()
    const state = node.context.state.jobs.get(job.id)!
    node.context.dispatch({ type: 'cancel', job: job.id })
    node.context.dispatch({ type: 'forget', job: job.id })
    await loseOutput(node.context, state, 0, 'run-0')
    expect(node.context.damage.list()).toEqual([])
  })

  it('of a result is said, and others are asked for it from then on', async () => {
    const { node, job } = await holder()
    const state = node.context.state.jobs.get(job.id)!
    const read = async (): Promise<number> => {
      let bytes = 0
      for await (const chunk of resultOf(node.context, state, new AbortController().signal)) bytes += chunk.bytes.length
      return bytes
    }
    expect(await read()).toBe('records of a part'.length)
    node.disk.damage(`jobs/${job.id}/out/1/part`, flip)
    await expect(read()).rejects.toMatchObject({ code: 'RESULT_LOST', why: expect.stringContaining('damaged') })
    expect(node.context.damage.list()).toMatchObject([{ file: `jobs/${job.id}/out/1/part`, job: job.id }])
  })
})

describe('a copy of a part', () => {
  it('counts only if it is the part that its manifest names', async () => {
    for (const [bytes, end] of [
      [flip(part.bytes), 'failed'],
      [part.bytes, 'done'],
    ] as const) {
      const source = await holder()
      source.node.disk.damage(`jobs/${source.job.id}/out/1/part`, () => bytes)
      const node = await bench()
      const job = source.job
      const record = { ...job, members: [node.self] }
      node.context.dispatch({ type: 'job', record, kept: [], holding: [], deaths: [] })
      const { digest } = outputOf(partManifest)
      new Receiver(node.context).pull({
        ...{ type: 'pull', job: job.id, task: 1, digest, from: node.peer, consumers: [], copy: true },
      })
      // A peer that does not look at what it gives.
      const stream = await node.nextStream()
      await stream.receive()
      await stream.sendValue({ answer: 'ready' })
      const { disk, store, context } = source.node
      const plan = context.state.jobs.get(job.id)!.plan
      const headers = new Headers(disk, store.outputs)
      const header = await headers.headerOf({ job: job.id, task: 1, digest, consumers: [] }, plan)
      await sendBatch(stream, disk, header!)
      for (let i = 0; i < 5; i++) await settled()
      expect(node.events.at(-1)).toMatchObject({ type: 'pull-ended', end })
      expect(node.events.some((event) => event.type === 'copied')).toBe(end === 'done')
      expect((await node.store.outputs.holding(job.id)).length).toBe(end === 'done' ? 1 : 0)
    }
  })

  it('is known by its hash', async () => {
    const node = await bench()
    await node.disk.put('part', part.bytes)
    expect(await isPart(node.context, 'part', part.digest)).toBe(true)
    expect(await isPart(node.context, 'part', run.digest)).toBe(false)
    expect(await isPart(node.context, 'none', part.digest)).toBe(false)
  })
})

describe('what is found when a node starts', () => {
  const next = (node: Bench): { store: JobStore; damage: Damage } => {
    const damage = new Damage()
    return { store: new JobStore(node.disk, damage), damage }
  }

  it('code whose source map is damaged is given without it, and the map is asked for', async () => {
    const { node, job } = await holder()
    const code = { bundle: 'export default 1', sourceMap: '{"mappings":""}' }
    const named = { ...job, spec: { ...job.spec, code: hashText(code.bundle) } }
    await node.store.records.put(named, code)
    node.disk.damage(`jobs/${job.id}/bundle.map`, flip)
    const { store, damage } = next(node)
    expect(await store.records.body(job.id)).toMatchObject({ bundle: code.bundle, sourceMap: '' })
    expect([damage.list().length, store.codes.missing()]).toEqual([1, [job.id]])
    await store.codes.put(job.id, code)
    expect(await store.records.body(job.id)).toMatchObject(code)
    expect([damage.list().length, store.codes.missing()]).toEqual([0, []])
  })
})

it('the code of a job that is forgotten while it is read is not missed', async () => {
  const { node, job } = await holder()
  await node.store.records.put(job, { bundle: 'export default 1', sourceMap: '' })
  const get = node.disk.get.bind(node.disk)
  node.disk.get = async (name) => {
    const bytes = await get(name)
    if (name.endsWith('record.json')) await node.store.remove(job.id)
    return bytes
  }
  expect(await node.store.records.body(job.id)).toBeNull()
  expect([node.context.damage.list(), node.store.codes.missing()]).toEqual([[], []])
})

it('of a job with a key whose code is damaged a node says what it is over', async () => {
  const { node, job } = await holder()
  const record = node.context.state.jobs.get(job.id)!.record
  expect(await memoryOf(node.context, job.id)).toEqual({ record: JSON.stringify(record), round: 0, result: null })
})
