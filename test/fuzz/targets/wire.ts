/** The gateway: whatever a member sends becomes a sound value or a WireError, and a sound value never throws in the core. */
import { isDeepStrictEqual } from 'node:util'
import { decode } from 'cborg'
import { hashText } from '../../../src/core/hash.ts'
import { jobId } from '../../../src/core/plan/job-id.ts'
import { LIMITS } from '../../../src/core/limits.ts'
import { manifestText, outputOf } from '../../../src/core/ledger/manifest.ts'
import type { Message } from '../../../src/core/messages.ts'
import { areRowsOf, rootOfRows, RowTree } from '../../../src/core/plan/rows.ts'
import type { JobRecord } from '../../../src/core/types.ts'
import {
  batchAck,
  batchAnswer,
  batchEnd,
  batchHeader,
  checkRows,
  listingOf,
  pullAnswer,
  pullRequest,
} from '../../../src/wire/batch.ts'
import { fromBytes, toBytes, WireError } from '../../../src/wire/codec.ts'
import { jobBody, keyedJobs, openJob } from '../../../src/wire/job.ts'
import { openManifest } from '../../../src/wire/manifest.ts'
import { decodeMessage, encodeMessage } from '../../../src/wire/messages.ts'
import { answer, call } from '../../../src/wire/rpc.ts'
import { findRow, openProof, openRows, packProof, packRows } from '../../../src/wire/rows.ts'
import { openRecord } from '../../../src/wire/signed.ts'
import { OneNode } from '../../core/one-node.ts'
import { mutate } from '../mutate.ts'
import { mutateValue } from '../mutate-value.ts'
import type { Random } from '../random.ts'
import { holds, orWireError, target, type Target } from '../target.ts'
import { cborInput, encoded, jsonInput, jsonOf } from './cbor.ts'
import { BUNDLE, DIGEST, JOB, JOBS, MANIFESTS, MESSAGES, namedBy, OTHER, PEER, RECORD, ROWS, SELF, SIGNATURE, SIGNER } from './samples.ts' // prettier-ignore

type Schema = Parameters<typeof fromBytes>[0]

/** Sealed bodies of a message, changed behind their signatures. */
function resealed(random: Random, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random.chance(0.3)) return value
  if (Array.isArray(value)) return value.map((one) => resealed(random, one))
  if ('bytes' in value && value.bytes instanceof Uint8Array && Object.keys(value).length === 2)
    return { bytes: changedBytes(random, value.bytes), signature: SIGNATURE }
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, resealed(random, field)]))
}

function changedBytes(random: Random, bytes: Uint8Array): Uint8Array {
  try {
    return encoded(mutateValue(random, decode(bytes)))
  } catch {
    return bytes
  }
}

async function messageOf(bytes: Uint8Array): Promise<Message | null> {
  try {
    return await decodeMessage(SIGNER, PEER, bytes)
  } catch (error) {
    if (error instanceof WireError) return null
    throw error
  }
}

/** A value of this shape is the same after it was sent and taken again. */
function checkShape(schema: Schema): (bytes: Uint8Array) => void {
  return (bytes) => {
    const value = orWireError(() => fromBytes(schema, bytes))
    if (value === null) return
    const again = fromBytes(schema, toBytes(value))
    holds(isDeepStrictEqual(plain(again), plain(value)), 'a value is another one after it was sent')
  }
}

/** CBOR knows one zero where JSON and Maps know one too; `undefined` is a field that is not there. */
function plain(value: unknown): unknown {
  if (value === 0) return 0
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
}

const RUNNING = [
  { call: 'job', job: JOB.id },
  { call: 'keyed', key: 'k', meaning: DIGEST },
  { call: 'put-job' },
  { call: 'catalog', node: PEER, hash: DIGEST },
  { call: 'scan', inputs: [{ dataset: 'logs', glob: '*.csv', options: { header: false, columns: ['a'] } }], walk: 3 },
  { call: 'manifest', job: JOB.id, task: 2 },
  { call: 'round', job: JOB.id, round: 2 },
  { call: 'story', job: JOB.id },
  { call: 'logs', job: JOB.id },
  { call: 'part', job: JOB.id, task: 4, start: 0, end: 1000 },
].map((request) => ({ bodyBytes: 10, request }))

const KEYED = [
  [],
  [
    { id: JOB.id, code: DIGEST, source: DIGEST, files: null, result: null },
    { id: JOB.id, code: DIGEST, source: null, files: [DIGEST, JOB.id], result: DIGEST },
  ],
]

const ERROR = { schema: 'shoal.error/1', code: 'NO_SUCH_JOB', message: 'm', why: 'w', try: ['t'], retryable: true, exit: 4 } // prettier-ignore

/** Of the map both rows, one with what proves it, and the other one; the rest have none. */
const PROVED = [ROWS, ROWS.slice(0, 1), ROWS.slice(1)].map((rows) => ({
  rows: packRows(rows),
  proof: packProof(new RowTree(ROWS).proof(rows.map((row) => row.partition))),
}))

const HEADERS = [0, 0, 0, 1, 2, 3].map((which, i) => ({
  job: JOB.id,
  task: 1,
  digest: outputOf(MANIFESTS[which]!).digest,
  consumers: [3, 4],
  manifest: JSON.stringify(MANIFESTS[which]),
  ...(PROVED[i] ?? { rows: new Uint8Array(), proof: new Uint8Array() }),
  files: [{ name: 'run-0', size: 100 }, { name: 'keys', size: 3 }, { name: 'part', size: 0 }], // prettier-ignore
}))

/** The header with a changed manifest, under the digest of that: the check behind the hash is reached. */
function namedHeader(random: Random, value: unknown): unknown {
  const header = value as { manifest?: unknown; digest?: unknown } | null
  if (typeof header?.manifest !== 'string' || random.chance(0.3)) return value
  try {
    const manifest = mutateValue(random, JSON.parse(header.manifest))
    const opened = openManifest(manifest)
    return { ...header, manifest: JSON.stringify(manifest), ...(opened && { digest: outputOf(opened).digest }) }
  } catch {
    return value
  }
}

/** A job body whose record is changed, mostly under the id and with the code that it then has. */
function jobInput(random: Random): Uint8Array {
  const others: readonly unknown[] = JOBS
  let record: unknown = random.pick(JOBS)
  for (let left = 1 + random.below(3); left > 0; left--) record = mutateValue(random, record, others)
  const bundle = random.chance(0.05) ? 'export default 2' : BUNDLE
  if (random.chance(0.8)) record = renamed(record)
  const text = JSON.stringify(record) ?? ''
  return encoded({ record: random.chance(0.05) ? text.slice(1) : text, bundle, sourceMap: '{}' })
}

function renamed(record: unknown): unknown {
  try {
    // As it will be read: what JSON drops is not hashed.
    return namedBy(JSON.parse(JSON.stringify(record)) as JobRecord)
  } catch {
    return record
  }
}

function checkJob(bytes: Uint8Array): void {
  const record = orWireError(() => openJob(fromBytes(jobBody, bytes)))
  if (record === null) return
  holds(
    jobId(record.spec, record.snapshot, record.key, record.source) === record.id,
    'a record is named by what it says',
  )
  const again = openJob({ record: JSON.stringify(record), bundle: BUNDLE, sourceMap: '' })
  holds(isDeepStrictEqual(plain(again), plain(record)), 'a record is another one after it was sent')
  const node = new OneNode(SELF, [PEER])
  node.give({ type: 'job', record, kept: [], holding: [], deaths: [] })
  node.give({ type: 'tick', stalled: 0 })
}

/** What the gateway lets in never throws in the core: there it would end the node. */
async function checkInCore(bytes: Uint8Array): Promise<void> {
  const message = await messageOf(bytes)
  if (message === null) return
  const node = new OneNode(SELF, [PEER, OTHER])
  node.give({ type: 'job', record: JOB, kept: [], holding: [], deaths: [] })
  for (let i = 0; i < 2; i++) {
    node.give({ type: 'message', from: PEER, message })
    node.give({ type: 'tick', stalled: 0 })
  }
}

export const WIRE: readonly Target[] = [
  target('message', {
    what: 'wire/messages: gossip and control streams',
    input: cborInput(MESSAGES, resealed),
    check: async (bytes) => {
      const message = await messageOf(bytes)
      if (message === null) return
      const again = await decodeMessage(SIGNER, PEER, encodeMessage(message))
      holds(isDeepStrictEqual(plain(again), plain(message)), 'a message is another one after it was sent')
    },
  }),
  target('message-in-core', {
    what: 'core: messages that the gateway has let in',
    input: cborInput(MESSAGES, resealed),
    check: checkInCore,
  }),
  target('record', {
    what: 'wire/signed: records of nodes, from peers and from disk',
    input: cborInput([RECORD]),
    check: async (bytes) => {
      const record = await openRecord(SIGNER, { bytes, signature: SIGNATURE }).catch((error: unknown) => {
        if (error instanceof WireError) return null
        throw error
      })
      if (record !== null) holds(record.bytes === bytes, 'what was signed is kept as it came')
    },
  }),
  target('job', { what: 'wire/job: job records with their code', input: jobInput, check: checkJob }),
  target('call', { what: 'wire/rpc: calls', input: cborInput(RUNNING), check: checkShape(call) }),
  target('keyed', { what: 'wire/job: jobs under a key', input: cborInput(KEYED), check: checkShape(keyedJobs) }),
  target('answer', {
    what: 'wire/rpc: answers',
    input: cborInput([{ ok: true, total: 5, bodyBytes: 5 }, { ok: false, error: ERROR, total: 0, bodyBytes: 0 }]), // prettier-ignore
    check: checkShape(answer),
  }),
  target('batch', {
    what: 'wire/batch: headers with manifests',
    input: cborInput(HEADERS, namedHeader),
    check: (bytes) => {
      const header = orWireError(() => fromBytes(batchHeader, bytes))
      if (header === null) return
      const listing = orWireError(() => listingOf(header))
      if (listing === null) return
      const { consumed, manifest, rows } = listing
      holds(outputOf({ consumed, manifest }).digest === header.digest, 'a manifest is named by its digest')
      const proved = orWireError(() => (checkRows(header, listing, hashText), true))
      if (proved === null || !isDeepStrictEqual(manifest, MANIFESTS[0]!.manifest)) return
      for (const row of rows) holds(isDeepStrictEqual(row, ROWS[row.partition]), 'a row that is none is proved')
    },
  }),
  target('rows', {
    what: 'wire/rows: rows of runs and what proves them, of peers and of this disk',
    input: (random) => mutate(random, PROVED.flatMap(({ rows, proof }) => [rows, proof])), // prettier-ignore
    check: (bytes) => {
      const rows = openRows(bytes)
      if (rows !== null) holds(Buffer.from(packRows(rows)).equals(bytes), 'rows are others after they were packed')
      for (const row of rows ?? []) holds(isDeepStrictEqual(findRow(bytes, row.partition), row), 'a row is not found')
      const proof = openProof(bytes)
      if (proof !== null) holds(Buffer.from(packProof(proof)).equals(bytes), 'a proof is another after it was packed')
      const root = rootOfRows(ROWS)
      for (const [some, hashes] of [
        [rows ?? [], []],
        [ROWS, proof ?? []],
        [ROWS.slice(0, 1), proof ?? []],
      ] as const)
        // prettier-ignore
        if (areRowsOf(root, some, hashes))
          for (const row of some) holds(isDeepStrictEqual(row, ROWS[row.partition]), 'a row that is none is proved')
    },
  }),
  target('batch-replies', {
    what: 'wire/batch: answers, END, ACK, requests to pull',
    input: cborInput([
      { answer: 'ready' },
      { end: true, files: [{ name: 'run-12', size: 5, crc: 77 }] },
      { ack: false, why: 'no' },
      { job: JOB.id, task: 1, digest: DIGEST, consumers: [2], copy: false },
    ]),
    check: (bytes) => {
      for (const schema of [batchAnswer, batchEnd, batchAck, pullRequest, pullAnswer])
        checkShape(schema as Schema)(bytes)
    },
  }),
  target('manifest', {
    what: 'wire/manifest: manifests of peers and of this disk',
    // JSON of nothing but brackets takes 28 times its length; more than a frame of it does not arrive.
    bytesMax: 32 * LIMITS.rpcFrameBytesMax,
    input: jsonInput(MANIFESTS),
    check: (bytes) => {
      const json = jsonOf(bytes)
      const manifest = json && openManifest(json.value)
      if (manifest === null) return
      const { digest } = outputOf(manifest)
      const again = openManifest(JSON.parse(manifestText(manifest)))
      holds(again !== null && outputOf(again).digest === digest, 'a manifest has one digest')
      hashText(digest)
    },
  }),
]
