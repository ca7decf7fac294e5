/** A job that ended under format 2, in the home of a node of today: its result is proved, and its runs are let go. */
import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import type { JobRecord } from '../../src/core/types.ts'
import { BlockWriter } from '../../src/data/blocks.ts'
import { PART_MAGIC } from '../../src/data/part.ts'
import { receiptOf } from '../../src/runtime/api/receipts.ts'
import { verify } from '../../src/runtime/api/proof.ts'
import { loadJobs } from '../../src/runtime/boot.ts'
import { outputFile } from '../../src/runtime/home/folder.ts'
import { putKept } from '../../src/runtime/home/kept.ts'
import { Times } from '../../src/runtime/home/times.ts'
import { toBytes } from '../../src/wire/codec.ts'
import { hash, makeJob } from '../core/fake-work.ts'
import { bench, type Bench } from './peer.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const SKIPS = { count: 0, samples: [] }

/** Fields are written down in the order of their names, as digests are over. */
const MAP = {
  consumed: '',
  manifest: {
    counters: { seen: 4 },
    kind: 'map',
    runs: [{ bytes: 3, digest: hash('run'), partition: 0, records: 5, weight: 7 }],
    splits: [{ bytes: 20, emitted: 7, input: hash('input'), records: 4, skips: SKIPS }],
  },
}

function partOf(text: string): { bytes: Buffer; digest: string } {
  const pieces: Buffer[] = []
  const out = { write: (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)), close: () => {} }
  const writer = new BlockWriter(out as never, { magic: PART_MAGIC, compress: true, digest: true })
  writer.append(Buffer.from(text), 0, text.length, 1)
  return { digest: writer.finish().digest, bytes: Buffer.concat(pieces) }
}

/** What a node of format 2 left of a sealed job of one map and one reduce. */
async function left(): Promise<{ node: Bench; job: JobRecord; part: string }> {
  const node = await bench()
  const { store, disk } = node
  const job = makeJob({ maps: 1, reduces: 1, members: [node.self], copies: 1 })
  const part = partOf('the records of the part')
  const mapDigest = sha256(`shoal:manifest:${JSON.stringify(MAP)}`)
  const consumed = sha256(`shoal:root:${mapDigest}`)
  const upstream = { bytes: 20, counters: { seen: 4 }, emitted: 7, records: 4, shards: 1, skips: SKIPS }
  const counts = { bytes: 23, consumed, counters: {}, groups: 2, kind: 'reduce', part: part.digest, partition: 0 }
  const reduce = { consumed, manifest: { ...counts, records: 2, upstream, weight: 7 } }
  const reduceDigest = sha256(`shoal:manifest:${JSON.stringify(reduce)}`)

  await store.records.put(job, { bundle: '', sourceMap: '' })
  const map = { digest: mapDigest, input: sha256(`shoal:root:${hash('input')}`), consumed: '', part: '', bytes: 20 }
  const reduced = { digest: reduceDigest, input: sha256('shoal:root:'), consumed, part: part.digest, bytes: 23 }
  const tasks = [
    [0, { claim: null, output: { ...map, records: 4, weight: 7 } }],
    [1, { claim: null, output: { ...reduced, records: 2, weight: 7 } }],
  ]
  const result = sha256(`shoal:result:${JSON.stringify([1, part.digest])}`)
  const delta = { round: 1, outcome: { kind: 'sealed', result }, tasks, reports: [] }
  await store.ledgers.append(job.id, [toBytes({ type: 'delta', job: job.id, delta })])
  await putKept(disk, outputFile(job.id, 0, 'manifest.json'), Buffer.from(JSON.stringify(MAP)))
  await disk.put(outputFile(job.id, 0, 'run-0'), Buffer.from('run'))
  await putKept(disk, outputFile(job.id, 1, 'manifest.json'), Buffer.from(JSON.stringify(reduce)))
  await disk.put(outputFile(job.id, 1, 'part'), part.bytes)
  await loadJobs(node.context, new Times(node.context.clock, disk))
  return { node, job, part: part.digest }
}

it('has its receipt and its proof', async () => {
  const { node, job, part } = await left()
  const state = node.context.state.jobs.get(job.id)!
  expect(state.ledger.outcome.kind).toBe('sealed')
  expect(await receiptOf(node.context, state)).toMatchObject({
    counters: { seen: 4 },
    records: { read: 4, emitted: 7, reduced: 7, out: 2 },
    partitions: [{ partition: 0, records: 2, bytes: 23, part: `sha256:${part}` }],
  })
  const { ok, checks } = await verify(node.context, state, new AbortController().signal)
  expect([ok, checks.filter((check) => !check.ok)]).toEqual([true, []])
})

it('is said to be here without its runs, and these go when they are released', async () => {
  const { node, job } = await left()
  expect([...node.context.state.jobs.get(job.id)!.has]).toEqual([1])
  expect(node.context.damage.list().filter(({ file }) => file.includes('/out/'))).toEqual([])
  await node.store.outputs.release(job.id, (task) => task === 0)
  expect(await node.disk.list(`jobs/${job.id}/out/0`)).toEqual(['manifest.json'])
  expect(await node.disk.list(`jobs/${job.id}/out/1`)).toEqual(['manifest.json', 'part'])
})
