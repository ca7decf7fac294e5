/** Rows on a node's disk: what a task reads of an output, what is found damaged, and what is kept in memory. */
import { describe, expect, it } from 'vitest'
import type { MemoryDiskOptions } from '../../src/adapters/memory/disk.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { outputOf, type TaskListing, type TaskManifest } from '../../src/core/ledger/manifest.ts'
import { rootOfRows, rowsOf } from '../../src/core/plan/rows.ts'
import type { JobState } from '../../src/core/state.ts'
import type { Digest, JobId, JobRecord, MapManifest, RunRow } from '../../src/core/types.ts'
import { BlockWriter } from '../../src/data/blocks.ts'
import { RUN_MAGIC } from '../../src/data/run.ts'
import { arrivalFile, outputFile } from '../../src/runtime/home/folder.ts'
import { KeptInputs } from '../../src/runtime/home/kept-inputs.ts'
import { addRows, arrivedRows, putRows } from '../../src/runtime/home/rows.ts'
import { sendBatch } from '../../src/runtime/peers/batch.ts'
import { Headers } from '../../src/runtime/peers/headers.ts'
import { Receiver } from '../../src/runtime/peers/receiver.ts'
import { loseDamaged, workFor } from '../../src/runtime/work.ts'
import { openRows, packRows } from '../../src/wire/rows.ts'
import { hash, makeJob } from '../core/fake-work.ts'
import { bench, settled, type Bench } from './peer.ts'

const facts = { input: hash('input'), bytes: 1, records: 1, emitted: 1, skips: { count: 0, samples: [] } }
const rows = rowsOf([{ partition: 0, records: 1, weight: 1, bytes: 4, digest: hash('run') }], 3)
const output: TaskListing = {
  consumed: '',
  manifest: { kind: 'map', splits: [facts], rows: rootOfRows(rows), took: [], counters: {}, upstream: [] },
  rows,
}
const { digest } = outputOf(output)
const { rows: _rows, ...manifest } = output
const consumes = [digest, digest]
const spooling = { attempt: '1-1', moved: () => undefined }

/** A run file of one record. */
function runOf(text: string): { bytes: Buffer; raw: number; digest: Digest } {
  const pieces: Buffer[] = []
  const out = { write: (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)), close: () => {} }
  const writer = new BlockWriter(out as never, { magic: RUN_MAGIC, compress: true, digest: true })
  writer.append(Buffer.from(text), 0, text.length, 1)
  const { digest: hashed } = writer.finish()
  return { bytes: Buffer.concat(pieces), raw: text.length, digest: hashed }
}

const flip = (bytes: Uint8Array): Uint8Array => bytes.with(bytes.length - 1, bytes[bytes.length - 1]! ^ 1)

/** A node that made the first of two maps; of the other has come what the first two of three reduces read. */
async function reducing(fault?: MemoryDiskOptions['fault']): Promise<{ node: Bench; job: JobRecord; state: JobState }> {
  const node = await bench(fault === undefined ? {} : { fault })
  const job = makeJob({ maps: 2, reduces: 3, members: [node.self, node.peer] })
  const { store, disk } = node
  await store.outputs.putManifest(outputFile(job.id, 0, 'manifest.json'), manifest)
  await putRows(disk, outputFile(job.id, 0, 'rows'), rows)
  await disk.put(outputFile(job.id, 0, 'run-0'), Buffer.from('run'))
  await store.outputs.putManifest(arrivalFile(job.id, 1, digest, 'manifest.json'), manifest)
  for (const row of [rows[1]!, rows[0]!]) await addRows(disk, arrivalFile(job.id, 1, digest, 'rows.log'), [row])
  await disk.put(arrivalFile(job.id, 1, digest, 'run-0'), Buffer.from('run'))
  node.context.dispatch({
    type: 'job',
    record: job,
    kept: [],
    holding: await store.outputs.holding(job.id),
    deaths: [],
  })
  return { node, job, state: node.context.state.jobs.get(job.id)! }
}

async function runsOf({ context }: Bench, state: JobState, task: number): Promise<unknown> {
  const { work, files } = await workFor(context, state, state.plan.tasks[task]!, consumes, spooling)
  if (work.kind !== 'reduce') throw new Error('it is a reduce')
  return [work.runs.map((run) => [run.file, run.digest, run.bytes]), files.map((file) => file.name)]
}

describe('what a reduce reads', () => {
  it('are the runs that its rows name, of own outputs and of what arrived', async () => {
    const { node, state } = await reducing()
    const named = ['run-0-of-0', 'run-0-of-1']
    expect(await runsOf(node, state, 2)).toEqual([named.map((name) => [name, hash('run'), 4]), named])
    expect(await runsOf(node, state, 3)).toEqual([[], []])
  })

  it('is read from the disk once for all of them', async () => {
    let read: string[] = []
    const { node, job, state } = await reducing((operation, name) => void (operation === 'get' && read.push(name)))
    read = []
    await runsOf(node, state, 2)
    const files = ['out/0/manifest.json', 'out/0/rows', `in/1.${digest}/manifest.json`, `in/1.${digest}/rows.log`]
    expect(read).toEqual(files.map((file) => `jobs/${job.id}/${file}`))
    await runsOf(node, state, 3)
    expect(read.length).toBe(files.length)
    // Nor is it where it was released.
    await node.store.outputs.release(job.id, () => true)
    expect(node.store.outputs.inputs.bytes).toBe(0)
  })

  it('is asked for again where its row has not arrived', async () => {
    const { node, job, state } = await reducing()
    await expect(runsOf(node, state, 4)).rejects.toMatchObject({ code: 'DAMAGED' })
    expect(node.events.filter((event) => event.type === 'lost')).toEqual([
      { type: 'lost', job: job.id, task: 1, what: 'arrived' },
    ])
    expect(node.context.damage.list()).toMatchObject([{ file: arrivalFile(job.id, 1, digest, 'rows.log') }])
  })

  it('is found where it arrived after others have read of the same output', async () => {
    const { node, job, state } = await reducing()
    expect(await runsOf(node, state, 3)).toEqual([[], []])
    await addRows(node.disk, arrivalFile(job.id, 1, digest, 'rows.log'), [rows[2]!])
    expect(await runsOf(node, state, 4)).toEqual([[], []])
  })

  it('is struck out where rows are damaged, of an own output', async () => {
    const { node, job, state } = await reducing()
    node.disk.damage(outputFile(job.id, 0, 'rows'), flip)
    await expect(runsOf(node, state, 2)).rejects.toMatchObject({ code: 'DAMAGED' })
    expect([...state.has]).toEqual([])
    expect(node.context.damage.list()).toMatchObject([{ file: outputFile(job.id, 0, 'rows') }])
    expect(await node.store.outputs.holding(job.id)).toEqual([])
  })

  it('is looked for on the disk after an attempt that found damage, whatever was read before', async () => {
    const { node, job, state } = await reducing()
    await runsOf(node, state, 3)
    node.disk.damage(arrivalFile(job.id, 1, digest, 'rows.log'), (bytes) => bytes.subarray(0, 4 + 8 + 60))
    await loseDamaged(node.context, state, state.plan.tasks[3]!, consumes)
    expect(node.events.filter((event) => event.type === 'lost').length).toBe(0)
    node.disk.damage(arrivalFile(job.id, 1, digest, 'rows.log'), flip)
    await loseDamaged(node.context, state, state.plan.tasks[3]!, consumes)
    expect(node.events.filter((event) => event.type === 'lost')).toMatchObject([{ task: 1, what: 'arrived' }])
  })

  it('is not held by a node that starts where rows are missing', async () => {
    const { node, job } = await reducing()
    expect((await node.store.outputs.holding(job.id)).map(({ task }) => task)).toEqual([0])
    await putRows(node.disk, outputFile(job.id, 0, 'rows'), rows.slice(1))
    expect(await node.store.outputs.holding(job.id)).toEqual([])
    await node.disk.remove(outputFile(job.id, 0, 'rows'))
    expect(await node.store.outputs.holding(job.id)).toEqual([])
  })
})

describe('a copy of runs', () => {
  /** What a node that has the output whole sends of it, with other rows than it has where these are given. */
  async function copied(given: readonly RunRow[] = rows): Promise<{ node: Bench; job: JobRecord }> {
    const run = runOf('records')
    const own = rowsOf([{ partition: 0, records: 1, weight: 1, bytes: run.raw, digest: run.digest }], 3)
    const made: TaskManifest = { ...manifest, manifest: { ...output.manifest, rows: rootOfRows(own) } as MapManifest }
    const [source, node] = [await bench(), await bench()]
    const job = makeJob({ maps: 1, reduces: 3, members: [node.self, node.peer] })
    const place = (file: string): string => outputFile(job.id, 0, file)
    await source.store.outputs.putManifest(place('manifest.json'), made)
    await putRows(source.disk, place('rows'), own)
    await source.disk.put(place('run-0'), run.bytes)
    node.context.dispatch({ type: 'job', record: job, kept: [], holding: [], deaths: [] })
    const asked = { job: job.id, task: 0, digest: outputOf(made).digest, consumers: [] }
    new Receiver(node.context).pull({ type: 'pull', ...asked, from: node.peer, copy: true })
    const stream = await node.nextStream()
    await stream.receive()
    await stream.sendValue({ answer: 'ready' })
    const { plan } = node.context.state.jobs.get(job.id)!
    const header = (await new Headers(source.disk, source.store.outputs).headerOf(asked, plan))!
    const changed = given === rows ? header : { ...header, rows: packRows(given) }
    await sendBatch(stream, source.disk, changed).catch(() => undefined)
    for (let i = 0; i < 5; i++) await settled()
    return { node, job }
  }

  it('has all rows, and is an output from then on', async () => {
    const { node, job } = await copied()
    expect(node.events.at(-1)).toMatchObject({ type: 'pull-ended', end: 'done' })
    expect(await node.disk.list(`jobs/${job.id}/out/0`)).toEqual(['manifest.json', 'rows', 'run-0'])
    expect((await node.store.outputs.holding(job.id)).map(({ task }) => task)).toEqual([0])
    expect((await node.store.outputs.listing(job.id, 0))!.rows.map((row) => row.records)).toEqual([1, 0, 0])
  })

  it.each<[string, readonly RunRow[]]>([
    ['fewer rows than there are partitions', rows.slice(0, 2)],
    ['another row', rowsOf([{ partition: 0, records: 1, weight: 1, bytes: 5, digest: hash('another') }], 3)],
  ])('with %s is none', async (_what, given) => {
    const { node, job } = await copied(given)
    expect(node.events.at(-1)).toMatchObject({ type: 'pull-ended', end: 'failed' })
    expect(await node.disk.list(`jobs/${job.id}/out`)).toEqual([])
  })

  it('is not given where the rows here are not those of the manifest', async () => {
    const { node, job, state } = await reducing()
    const asked = { job: job.id, task: 0, digest, consumers: [2] }
    const headers = (): Promise<unknown> => new Headers(node.disk, node.store.outputs).headerOf(asked, state.plan)
    expect(await headers()).toMatchObject({ files: [{ name: 'run-0', size: 3 }] })
    await putRows(node.disk, outputFile(job.id, 0, 'rows'), rows.with(2, { ...rows[0]!, partition: 2 }))
    expect(await headers()).toBeNull()
  })
})

it('a log of rows gives each once, whatever is damaged between them', async () => {
  const { disk } = await bench()
  for (const row of [rows[2]!, rows[0]!, rows[2]!]) await addRows(disk, 'log', [row])
  expect(openRows(await arrivedRows(disk, 'log'))).toEqual([rows[0], rows[2]])
  const entry = 4 + 8 + 60
  disk.damage('log', (bytes) => bytes.with(entry + 20, bytes[entry + 20]! ^ 1))
  expect(openRows(await arrivedRows(disk, 'log'))).toEqual([rows[2]])
  await addRows(disk, 'log', rows)
  expect(openRows(await arrivedRows(disk, 'log'))).toEqual(rows)
  expect(openRows(await arrivedRows(disk, 'none'))).toEqual([])
})

describe('what is kept in memory of inputs', () => {
  const input = (bytes: number, of: Digest = digest) => ({ digest: of, manifest, rows: new Uint8Array(), bytes })
  const [one, two] = [hash('1') as JobId, hash('2') as JobId]
  const third = Math.ceil(LIMITS.inputsKeptBytes / 3)

  it('is found under its digest alone', () => {
    const kept = new KeptInputs()
    kept.put(one, 'a', input(10))
    expect([kept.get(one, 'a', digest)?.bytes, kept.get(one, 'a', hash('x')), kept.get(two, 'a', digest)]).toEqual([
      10,
      null,
      null,
    ])
    kept.put(one, 'a', input(5, hash('x')))
    expect([kept.get(one, 'a', digest), kept.get(one, 'a', hash('x'))?.bytes, kept.bytes]).toEqual([null, 5, 5])
    kept.forget(one)
    expect([kept.get(one, 'a', hash('x')), kept.bytes]).toEqual([null, 0])
  })

  it('has a bound: other jobs make room, and within a job what was first stays', () => {
    const kept = new KeptInputs()
    kept.put(one, 'a', input(third))
    kept.put(one, 'b', input(third))
    kept.put(one, 'c', input(third))
    expect(['a', 'b', 'c'].map((name) => kept.get(one, name, digest) !== null)).toEqual([true, true, false])
    kept.put(two, 'a', input(third))
    expect([kept.get(one, 'a', digest), kept.get(two, 'a', digest)?.bytes, kept.bytes]).toEqual([null, third, third])
    kept.put(two, 'b', input(LIMITS.inputsKeptBytes + 1))
    expect([kept.get(two, 'b', digest), kept.bytes]).toEqual([null, third])
  })
})
