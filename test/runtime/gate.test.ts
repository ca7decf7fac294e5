/** What peers push: taken where a task of the job could have given it, else answered GONE or counted; never believed. */
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { contentId } from '../../src/core/hash.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { outputOf, type TaskListing } from '../../src/core/ledger/manifest.ts'
import { plan } from '../../src/core/plan/plan.ts'
import { rootOfRows, rowsOf, RowTree } from '../../src/core/plan/rows.ts'
import type { Digest, JobRecord, RunRow } from '../../src/core/types.ts'
import { loadJobs } from '../../src/runtime/boot.ts'
import type { FramedStream } from '../../src/runtime/peers/framed.ts'
import { Receiver } from '../../src/runtime/peers/receiver.ts'
import { Times } from '../../src/runtime/home/times.ts'
import { putRows } from '../../src/runtime/home/rows.ts'
import { workFor } from '../../src/runtime/work.ts'
import { batchAck, batchAnswer } from '../../src/wire/batch.ts'
import { packProof, packRows } from '../../src/wire/rows.ts'
import { hash, makeJob } from '../core/fake-work.ts'
import { bench, settled, type Bench } from './peer.ts'
import { outputFile } from '../../src/runtime/home/folder.ts'

/** A map's output with runs of these bytes, by partition. */
function mapOutput(input: string, runs: Readonly<Record<number, string>>, count: number = 2): TaskListing {
  const facts = { input: hash(input), bytes: 1, records: 1, emitted: 1, skips: { count: 0, samples: [] } }
  const full = Object.entries(runs).map(([partition, bytes]) => ({
    partition: Number(partition),
    records: 1,
    weight: 1,
    bytes: bytes.length,
    digest: hash(bytes),
  }))
  const rows = rowsOf(full, count)
  const manifest = {
    kind: 'map',
    splits: [facts],
    rows: rootOfRows(rows),
    took: [],
    counters: {},
    upstream: [],
  } as const
  return { consumed: '', manifest, rows }
}

interface Batch {
  readonly task?: number
  readonly consumers: readonly number[]
  /** All of its rows: those of the consumers are sent, with what proves them, but for what is said here. */
  readonly output: TaskListing
  readonly rows?: readonly RunRow[]
  readonly proof?: readonly Digest[]
  readonly files: Readonly<Record<string, string>>
  /** In the place of its own. */
  readonly manifest?: unknown
  readonly digest?: Digest
}

const sizesOf = ({ files }: Batch): { name: string; size: number }[] =>
  Object.entries(files).map(([name, text]) => ({ name, size: text.length }))

/** The partitions of reduces of a job, by their tasks. */
function partitionsOf(job: JobRecord, consumers: readonly number[]): number[] {
  const planned = plan(job.spec, job.snapshot)
  return consumers.flatMap((consumer) => planned.tasks[consumer]?.at ?? [])
}

/** Sends the header; the other side's answer. */
async function begin(stream: FramedStream, job: JobRecord, batch: Batch): Promise<string> {
  const { task = 0, consumers, output } = batch
  const { rows: all, ...own } = output
  const digest = batch.digest ?? outputOf(own).digest
  const wanted = partitionsOf(job, consumers)
  const rows = packRows(batch.rows ?? all.filter(({ partition }) => wanted.includes(partition)))
  const proof = packProof(batch.proof ?? (all.length === 0 ? [] : new RowTree(all).proof(wanted)))
  const manifest = JSON.stringify('manifest' in batch ? batch.manifest : own)
  await stream.sendValue({ job: job.id, task, digest, consumers, manifest, rows, proof, files: sizesOf(batch) })
  return (await stream.receiveValue(batchAnswer)).answer
}

async function push(stream: FramedStream, job: JobRecord, batch: Batch): Promise<string> {
  const { files } = batch
  const sizes = sizesOf(batch)
  const answer = await begin(stream, job, batch)
  if (answer !== 'ready') return answer
  for (const text of Object.values(files)) await stream.send(Buffer.from(text))
  await stream.sendValue({ end: true, files: sizes.map((file) => ({ ...file, crc: crc32(files[file.name]!) })) })
  return (await stream.receiveValue(batchAck)).ack ? 'acked' : 'refused'
}

async function receiving(): Promise<{ node: Bench; job: JobRecord; stream: FramedStream }> {
  const node = await bench()
  const job = makeJob({ maps: 2, reduces: 2, members: [node.self, node.peer] })
  node.context.dispatch({ type: 'job', record: job, kept: [], holding: [], deaths: [] })
  const receiver = new Receiver(node.context)
  node.onStream = (_protocol, stream) => void receiver.servePush(stream)
  return { node, job, stream: await node.open('push') }
}

const books = (node: Bench, job: JobRecord): unknown => node.context.state.jobs.get(job.id)!.round.books

describe('a pushed batch', () => {
  it('counts for its consumers once it is on disk', async () => {
    const { node, job, stream } = await receiving()
    const output = mapOutput('a', { 0: 'run zero', 1: 'run one' })
    expect(await push(stream, job, { consumers: [2], output, files: { 'run-0': 'run zero' } })).toBe('acked')
    await settled()
    expect(books(node, job)).toEqual(new Map([[2, new Map([[0, outputOf(output).digest]])]]))
  })

  it.each([
    ['another checksum', [{ name: 'run-0', size: 8, crc: 1 }]],
    ['fewer files', []],
    ['more files', ['run-0', 'run-1'].map((name) => ({ name, size: 8, crc: crc32('run zero') }))],
  ])('whose END says %s does not count', async (_what, files) => {
    const { node, job, stream } = await receiving()
    const output = mapOutput('a', { 0: 'run zero' })
    expect(await begin(stream, job, { consumers: [2], output, files: { 'run-0': 'run zero' } })).toBe('ready')
    await stream.send(Buffer.from('run zero'))
    await stream.sendValue({ end: true, files })
    expect((await stream.receiveValue(batchAck)).ack).toBe(false)
    await settled()
    expect([books(node, job), await node.disk.list(`jobs/${job.id}/in`)]).toEqual([new Map(), []])
  })

  it('with more files than are open at once has none of them in place before its END', async () => {
    const node = await bench()
    const count = LIMITS.groupFilesMax * 2 + 3
    const job = makeJob({ maps: 1, reduces: count, members: [node.self, node.peer] })
    node.context.dispatch({ type: 'job', record: job, kept: [], holding: [], deaths: [] })
    const receiver = new Receiver(node.context)
    node.onStream = (_protocol, stream) => void receiver.servePush(stream)
    const texts = Object.fromEntries(Array.from({ length: count }, (_, i) => [i, `run ${i}`]))
    const output = mapOutput('a', texts, count)
    const names = Object.fromEntries(Object.entries(texts).map(([i, text]) => [`run-${i}`, text]))
    const batch = { consumers: Array.from({ length: count }, (_, i) => i + 1), output, files: names }
    const folder = `jobs/${job.id}/in/0.${outputOf(output).digest}`

    const stopped = await node.open('push')
    expect(await begin(stopped, job, batch)).toBe('ready')
    for (const text of Object.values(names)) await stopped.send(Buffer.from(text))
    await settled()
    expect([await node.disk.list(folder), await node.disk.list('receiving')]).toEqual([[], [expect.any(String)]])
    stopped.abort('the sender dies')
    await settled()
    expect([await node.disk.list(folder), await node.disk.list('receiving')]).toEqual([[], []])

    expect(await push(await node.open('push'), job, batch)).toBe('acked')
    expect(await node.disk.list(folder)).toEqual([...Object.keys(names), 'manifest.json', 'rows.log'].sort())
    for (const [name, text] of Object.entries(names))
      expect(Buffer.from((await node.disk.get(`${folder}/${name}`))!).toString()).toBe(text)
    expect(await node.disk.list('receiving')).toEqual([])
  })

  const output = mapOutput('a', { 0: 'run zero' })
  const files = { 'run-0': 'run zero' }
  it.each<[string, Batch]>([
    ['of a task that the job has not', { task: 99, consumers: [2], output, files }],
    ['for consumers that the job has not', { consumers: [2, 77], output, files }],
    ['for consumers that do not consume it', { consumers: [1], output, rows: [], files }],
    ['without the files that it names', { consumers: [2], output, files: {} }],
    ['without the row of a consumer', { consumers: [2, 3], output, rows: output.rows.slice(0, 1), files }],
    ['with a row that nobody asked for', { consumers: [2], output, rows: output.rows, proof: [], files }],
    [
      'with a file that is far larger than its records',
      { consumers: [2], output, files: { 'run-0': 'x'.repeat(1e5) } },
    ],
    ['with more rows than partitions', { consumers: [2], output: mapOutput('a', { 0: 'run zero' }, 3), files }],
    [
      'of another kind than the task',
      {
        consumers: [2],
        output: { consumed: '', manifest: { kind: 'bounds', consumed: hash('x'), bounds: [] }, rows: [] },
        files,
      },
    ],
  ])('%s is GONE, and leaves nothing', async (_what, batch) => {
    const { node, job, stream } = await receiving()
    expect(await push(stream, job, batch)).toBe('gone')
    expect(books(node, job)).toEqual(new Map())
    expect(await node.disk.list(`jobs/${job.id}/in`)).toEqual([])
  })

  const [first, second] = output.rows as [RunRow, RunRow]
  it.each<[string, Partial<Batch>]>([
    ['names another run', { rows: [{ ...first, digest: hash('run one') }] }],
    ['says more bytes', { rows: [{ ...first, bytes: 9 }] }],
    ['says that a partition is empty, and it is not', { rows: [{ ...second, partition: 0 }], files: {} }],
    ['is of another partition', { consumers: [3], rows: [{ ...first, partition: 1 }], files: { 'run-1': 'run zero' } }],
    ['has a proof of something else', { proof: [hash('x') as Digest] }],
    ['has no proof', { proof: [] }],
    ['has more of a proof than it takes', { proof: [...new RowTree(output.rows).proof([0]), hash('x') as Digest] }],
    ['says records of an empty partition', { consumers: [3], rows: [{ ...second, records: 1 }], files: {} }],
  ])('with a row that %s is counted, and leaves nothing', async (_what, changes) => {
    const { node, job, stream } = await receiving()
    await push(stream, job, { consumers: [2], output, files, ...changes }).catch(() => {})
    await settled()
    expect(node.dropped).toEqual(['push-stream'])
    expect([books(node, job), await node.disk.list(`jobs/${job.id}/in`)]).toEqual([new Map(), []])
    // What it was refused for takes no place of another's.
    expect(await push(await node.open('push'), job, { consumers: [2], output, files })).toBe('acked')
  })

  it.each([
    ['no lists', { consumed: '', manifest: { kind: 'map', splits: [] } }],
    ['a kind of its own', { consumed: '', manifest: { kind: 'other' } }],
    ['null', null],
    ['no rows', { consumed: '', manifest: { ...output.manifest, rows: { root: hash('x'), count: 0 } } }],
  ])('whose manifest has %s is counted, and what the disk keeps lets the node start again', async (_what, bad) => {
    const { node, job, stream } = await receiving()
    const digest = contentId('manifest', bad)
    await push(stream, job, { consumers: [2], output, manifest: bad, files, digest }).catch(() => {})
    await settled()
    expect(node.dropped).toEqual(['push-stream'])
    // A kept file may be damaged in the same way.
    await node.disk.put(`jobs/${job.id}/in/0.${digest}/manifest.json`, Buffer.from(JSON.stringify(bad)))
    await node.disk.put(`jobs/${job.id}/out/0/manifest.json`, Buffer.from(JSON.stringify(bad)))
    await loadJobs(node.context, new Times(node.context.clock, node.disk))
  })

  it('for one consumer after the other counts for both in the next life: their rows are on disk', async () => {
    const { node, job, stream } = await receiving()
    const { digest } = outputOf(output)
    const folder = `jobs/${job.id}/in/0.${digest}`
    // The second of them has nothing to read, which its row proves.
    const [one, two] = [{ consumers: [2], output, files }, { consumers: [3], output, files: {} }] // prettier-ignore
    expect([await push(stream, job, one), await push(stream, job, two)]).toEqual(['acked', 'acked'])
    expect(await node.disk.list(folder)).toEqual(['manifest.json', 'rows.log', 'run-0'])
    const found = async (): Promise<unknown> => {
      node.context.state.jobs.get(job.id)!.round.books.clear()
      await node.store.records.put(job, { bundle: '', sourceMap: '' })
      await loadJobs(node.context, new Times(node.context.clock, node.disk))
      return books(node, job)
    }
    const from0 = new Map([[0, digest]])
    expect(await found()).toEqual(new Map([[2, from0], [3, from0]])) // prettier-ignore
    // Its last append is torn: what it said is pulled again, and what is appended then is read.
    node.disk.damage(`${folder}/rows.log`, (bytes) => bytes.subarray(0, bytes.length - 1))
    expect(await found()).toEqual(new Map([[2, from0]]))
    expect(await push(stream, job, two)).toBe('acked')
    expect(await found()).toEqual(new Map([[2, from0], [3, from0]])) // prettier-ignore
    await node.disk.remove(`${folder}/run-0`)
    expect(await found()).toEqual(new Map([[3, from0]]))
  })

  it('is read under its own digest: of two outputs of a task, the one that the ledger agrees on', async () => {
    const { node, job, stream } = await receiving()
    const [first, second] = [mapOutput('a', { 0: 'first' }), mapOutput('b', { 0: 'second' })]
    for (const task of [0, 1])
      for (const [one, text] of [
        [first, 'first'],
        [second, 'second'],
      ] as const)
        expect(await push(stream, job, { task, consumers: [2], output: one, files: { 'run-0': text } })).toBe('acked')
    const state = node.context.state.jobs.get(job.id)!
    // Left from an earlier round: it is not what this node has now.
    await node.disk.put(`jobs/${job.id}/out/0/run-0`, Buffer.from('second'))
    const consumes = [outputOf(first).digest, outputOf(first).digest]
    const { files: read, work } = await workFor(node.context, state, state.plan.tasks[2]!, consumes, {
      attempt: '1-1',
      moved: () => undefined,
    })
    for (const file of read) {
      const bytes = await node.disk.get(file.path.replace('/memory/', ''))
      expect(Buffer.from(bytes!).toString()).toBe('first')
    }
    expect(work).toMatchObject({ runs: [{ digest: hash('first') }, { digest: hash('first') }] })
  })

  it('is not read where this node holds another output of the task than the one that is consumed', async () => {
    const { node, job } = await receiving()
    const [agreed, { rows, ...other }] = [mapOutput('a', { 0: 'first' }), mapOutput('b', { 0: 'second' })]
    const state = node.context.state.jobs.get(job.id)!
    for (const task of [0, 1]) {
      // As a late attempt of an earlier round leaves it.
      await node.store.outputs.putManifest(outputFile(job.id, task, 'manifest.json'), other)
      await putRows(node.disk, outputFile(job.id, task, 'rows'), rows)
      await node.disk.put(outputFile(job.id, task, 'run-0'), Buffer.from('second'))
      state.has.add(task)
    }
    const consumes = [outputOf(agreed).digest, outputOf(agreed).digest]
    const spooling = { attempt: '1-1', moved: () => undefined }
    await expect(workFor(node.context, state, state.plan.tasks[2]!, consumes, spooling)).rejects.toMatchObject({
      code: 'DAMAGED',
    })
    expect(state.has.has(0)).toBe(false)
  })
})
