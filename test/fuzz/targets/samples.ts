/** Sound values of everything that nodes say to each other, of every form. */
import { hashText } from '../../../src/core/hash.ts'
import { jobId } from '../../../src/core/plan/job-id.ts'
import type { Failure, Output, Report, TaskState } from '../../../src/core/ledger/ledger.ts'
import type { TaskManifest } from '../../../src/core/ledger/manifest.ts'
import type { NodeRecord } from '../../../src/core/members/membership.ts'
import { rootOfRows } from '../../../src/core/plan/rows.ts'
import type { Digest, JobRecord, NodeId, RunRow, Shard } from '../../../src/core/types.ts'
import { toBytes } from '../../../src/wire/codec.ts'
import type { Signer } from '../../../src/wire/signed.ts'
import { failureOf, outputOf as plainOutput, recordOf } from '../../core/one-node.ts'
import { hash, makeJob, RUNTIME } from '../../core/fake-work.ts'

const nodeNamed = (digit: string): NodeId => `12D3KooWFuzz${digit.repeat(40)}` as NodeId
export const SELF: NodeId = nodeNamed('1')
export const PEER: NodeId = nodeNamed('2')
export const OTHER: NodeId = nodeNamed('3')
const NODES: readonly NodeId[] = [SELF, PEER, OTHER]
export const BUNDLE = 'export default 1'
export const DIGEST: Digest = hash('digest')

/** Takes every signature that does not begin with 0: what lies behind it is what is fuzzed. */
export const SIGNER: Signer = {
  sign: async () => new Uint8Array(64).fill(1),
  verify: async (_signer, _bytes, signature) => signature.length > 0 && signature[0] !== 0,
}
export const SIGNATURE: Uint8Array = new Uint8Array(64).fill(1)

const OUTPUT: Output = plainOutput('output', { input: hash('input') })
const OTHER_OUTPUT: Output = plainOutput('other', { input: hash('input'), consumed: hash('c'), part: hash('part') })
const FAILURE: Failure = failureOf(1)
const CLAIM: TaskState['claim'] = { term: 2, rank: 1, owner: PEER, incarnation: 1 }
const STATES: readonly TaskState[] = [
  { claim: CLAIM, output: null },
  { claim: null, output: OUTPUT },
  { claim: CLAIM, output: { conflict: [OUTPUT, OTHER_OUTPUT] } },
]

export const JOB: JobRecord = namedBy(makeJob({ maps: 3, reduces: 2, members: NODES, holders: 2 }))
const SORTED: JobRecord = namedBy(makeJob({ name: 'sorted', maps: 3, reduces: 3, members: NODES, sort: true }))

/** The record with the code that is at hand and the id that follows. */
export function namedBy(record: JobRecord): JobRecord {
  const spec = { ...record.spec, code: hashText(BUNDLE) }
  return { ...record, spec, id: jobId(spec, record.snapshot, record.key, record.source) }
}

const CUTS: readonly Shard['cuts'][] = [
  { kind: 'lines' },
  { kind: 'whole' },
  { kind: 'offsets', header: 12, at: [20_000_000, 40_000_000] },
  { kind: 'row-groups', groups: [{ rows: 10, bytes: 1_000_000 }, { rows: 5, bytes: 500 }] }, // prettier-ignore
]

export const JOBS: readonly JobRecord[] = [
  JOB,
  SORTED,
  namedBy({ ...JOB, key: 'k', source: hash('source') }),
  ...CUTS.map((cuts) => ({
    ...JOB,
    key: 'k',
    spec: {
      ...JOB.spec,
      params: { day: '2026-01-01' },
      inputs: [{ ...JOB.spec.inputs[0]!, glob: '*.csv', options: { format: 'csv' as const, columns: ['a', 'b'] } }],
    },
    snapshot: {
      inputs: [
        {
          ...JOB.snapshot.inputs[0]!,
          shards: JOB.snapshot.inputs[0]!.shards.map((shard) => ({ ...shard, cuts })),
          omitted: [{ dataset: 'logs', path: 'x', node: OTHER, why: 'away' as const }],
        },
      ],
    },
  })),
]

export const RECORD: NodeRecord = plainRecord(PEER)

function plainRecord(node: NodeId): NodeRecord {
  const {
    bytes: _bytes,
    signature: _signature,
    ...record
  } = recordOf(node, {
    addresses: ['/ip4/10.0.0.1/tcp/4001'],
    runtimes: { js: RUNTIME },
    incarnation: { count: 3, nonce: 'abcdef0123456789' },
  })
  return record
}

const REPORT: Report = { node: PEER, incarnation: 1, seq: 4, has: [0, 1, 2], failures: [FAILURE] }
const REPORT_BODY = { ...REPORT, has: [[0, 1], [3, 3]], job: JOB.id, round: 1 } // prettier-ignore

const seal = (value: unknown): { bytes: Uint8Array; signature: Uint8Array } => ({
  bytes: toBytes(value),
  signature: SIGNATURE,
})

const BEAT = {
  node: PEER,
  incarnation: { count: 3, nonce: 'abcdef0123456789' },
  seq: 7,
  record: 1,
  busy: 1,
  running: [{ job: JOB.id, task: 1, units: 5, bytes: 1000 }],
}
const OUTCOMES = [
  { kind: 'open' },
  { kind: 'cancelled' },
  { kind: 'failed', error: FAILURE.error },
  { kind: 'sealed', result: DIGEST },
  { kind: 'disputed', results: [DIGEST, hash('another')] },
]

/** Messages of every type, as they are on the wire. */
export const MESSAGES: readonly unknown[] = [
  { type: 'beat', beat: BEAT },
  { type: 'hello', beat: BEAT, jobs: 'abc.def', nodes: 'x1' },
  { type: 'stamps', jobs: [[JOB.id, 1, 'h'], [SORTED.id, 2, '']], nodes: [[PEER, 3, 1], [OTHER, 1, 1]] }, // prettier-ignore
  { type: 'ranges', job: JOB.id, round: 1, steps: [[7, 8], [9]], reports: [[PEER, 1, 4]], reply: false },
  { type: 'ranges', job: JOB.id, round: 1, steps: [], reports: [], reply: true },
  { type: 'records', records: [seal(RECORD), seal(plainRecord(OTHER))] },
  { type: 'want-records', nodes: [SELF, OTHER] },
  { type: 'dropped', job: JOB.id, round: 1 },
  ...OUTCOMES.map((outcome, i) => ({
    type: 'delta',
    job: JOB.id,
    delta: {
      round: 1 + (i % 2),
      outcome,
      tasks: STATES.map((state, task) => [task, state]),
      reports: [seal({ ...REPORT_BODY, round: 1 + (i % 2) })],
    },
  })),
]

const SKIPS = { count: 1, samples: [{ place: 'd/p:3', reason: 'not valid JSON', record: '{' }] }
const SPLITS = [{ input: DIGEST, bytes: 100, records: 10, emitted: 9, skips: SKIPS }]
const COUNTERS = { seen: 3, missed: 0 }

/** Of the map's output. */
export const ROWS: readonly RunRow[] = [
  { partition: 0, records: 4, weight: 5, bytes: 60, digest: DIGEST },
  { partition: 1, records: 0, weight: 0, bytes: 0, digest: '' },
]

export const MANIFESTS: readonly TaskManifest[] = [
  {
    consumed: '',
    manifest: {
      kind: 'map',
      splits: SPLITS,
      rows: rootOfRows(ROWS),
      took: [0],
      counters: COUNTERS,
      upstream: [],
    },
  },
  { consumed: '', manifest: { kind: 'sample', splits: SPLITS, took: [0], keys: 3, bytes: 30, digest: DIGEST } },
  { consumed: DIGEST, manifest: { kind: 'bounds', consumed: DIGEST, bounds: ['10', '20ff'] } },
  {
    consumed: DIGEST,
    manifest: {
      kind: 'reduce',
      partition: 1,
      consumed: DIGEST,
      took: [9],
      groups: 2,
      records: 2,
      bytes: 44,
      part: DIGEST,
      counters: COUNTERS,
      upstream: [{ step: 0, whole: true, bytes: 300, records: 30, gave: 27, counters: COUNTERS, skips: SKIPS }],
    },
  },
]
