import { describe, expect, test } from 'vitest'
import { jobId, pinnedUnder, snapshotId } from '../../src/core/plan/job-id.ts'
import { SPEC } from '../../src/core/spec/spec.ts'
import type { JobSpec, NodeId, Snapshot } from '../../src/core/types.ts'
import { hash, makeJob } from './fake-work.ts'

const { spec, snapshot } = makeJob({ maps: 3, reduces: 2, members: ['n1', 'n2'] as NodeId[] })
const [input] = snapshot.inputs
const smaller: Snapshot = { inputs: [{ ...input!, shards: input!.shards.slice(1) }] }

/** Everything of the spec that is in the id, each changed. */
const changes: Record<Exclude<keyof JobSpec, 'name'>, Partial<JobSpec>> = {
  code: { code: hash('other') },
  params: { params: { since: '2026-01-01' } },
  inputs: { inputs: [{ ...spec.inputs[0]!, options: { format: 'csv' } }] },
  partitions: { partitions: 3 },
  combine: { combine: true },
  aggregate: { aggregate: 'sum' },
  n: { n: 3 },
  by: { by: true },
  sortValues: { sortValues: true },
  reduce: { reduce: false },
  sort: { sort: true },
  onBadRecord: { onBadRecord: 'skip' },
  stages: { stages: [] },
  outputs: { outputs: [] },
  runtime: { runtime: 'other' },
  runtimes: { runtimes: { sql: 'some' } },
}

describe('the id of a job', () => {
  test('is of all fields that are said to enter it', () => {
    const fields = Object.entries(SPEC).filter(([, { inId }]) => inId !== false)
    expect(Object.keys(changes).toSorted()).toEqual(fields.map(([name]) => name).toSorted())
  })

  test.each(Object.entries(changes))('changes with %s', (_, change) => {
    expect(jobId({ ...spec, ...change }, snapshot, null)).not.toBe(jobId(spec, snapshot, null))
  })

  test('is that of the first job with equal spec and snapshot, whatever it is called', () => {
    const again = structuredClone({ ...spec, name: 'renamed' })
    expect(jobId(again, structuredClone(snapshot), null)).toBe(jobId(spec, snapshot, null))
  })

  test('of a job that does not say what was added to specifications later is as it was before', () => {
    expect(jobId(spec, snapshot, null)).toBe('095b96859a5f2f6fd95d26b3cab844a2911683a4b1ed45722823debf90b4fb7a')
  })

  test('changes with the snapshot, and with what it leaves out', () => {
    const partial: Snapshot = {
      inputs: [{ ...input!, omitted: [{ dataset: 'logs', path: 'x', node: 'n3' as NodeId, why: 'away' }] }],
    }
    const ids = [snapshot, smaller, partial].map((s) => jobId(spec, s, null))
    expect(new Set(ids).size).toBe(3)
    expect(new Set([snapshot, smaller, partial].map(snapshotId)).size).toBe(3)
  })
})

describe('the id of a job with a key', () => {
  const keyed = (change: Partial<JobSpec>, key = '2026-11', source = hash('source')): string =>
    jobId({ ...spec, ...change }, snapshot, key, source)

  test('does not change with snapshot, name, bundle, runtime, or what follows from its sources', () => {
    const id = keyed({})
    expect(jobId(spec, smaller, '2026-11', hash('source'))).toBe(id)
    const { code, runtime, combine, reduce, stages, outputs } = changes
    for (const change of [code, runtime, combine, reduce, stages, outputs, { name: 'renamed' }])
      expect(keyed(change)).toBe(id)
  })

  test('changes with the key, the sources, and whatever else a person says', () => {
    const { params, inputs, partitions, sort, onBadRecord } = changes
    const ids = [
      keyed({}),
      keyed({}, '2026-12'),
      keyed({}, '2026-11', hash('other')),
      jobId(spec, snapshot, null),
      ...[params, inputs, partitions, sort, onBadRecord].map((change) => keyed(change)),
    ]
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('facts of two snapshots, or of two bundles, are facts of two jobs', () => {
    const made = { ...makeJob({ maps: 3, reduces: 2, members: ['n1', 'n2'] as NodeId[] }), key: 'k', source: hash('s') }
    const pins = [made, { ...made, snapshot: smaller }, { ...made, spec: { ...spec, ...changes.code } }].map(
      pinnedUnder,
    )
    expect(new Set(pins).size).toBe(3)
    expect(pinnedUnder({ ...made, key: null })).toBeNull()
  })
})
