import { describe, expect, it } from 'vitest'
import { hashText } from '../../src/core/hash.ts'
import { jobId } from '../../src/core/plan/job-id.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { Agreed, JobRecord, Shard } from '../../src/core/types.ts'
import { WireError } from '../../src/wire/codec.ts'
import { openJob } from '../../src/wire/job.ts'
import { createMemoryIdentity } from '../../src/adapters/memory/mesh.ts'
import { makeJob } from '../core/fake-work.ts'

const BUNDLE = 'export default 1'
const node = createMemoryIdentity().id

/** A record whose id and code are right, whatever else it says. */
function bodyOf(change: (record: JobRecord) => JobRecord): Parameters<typeof openJob>[0] {
  const plain = makeJob({ maps: 2, reduces: 2, members: [node] })
  const made = change({ ...plain, spec: { ...plain.spec, code: hashText(BUNDLE) } })
  const record = { ...made, id: jobId(made.spec, made.snapshot, made.key) }
  return { record: JSON.stringify(record), bundle: BUNDLE, sourceMap: '' }
}

const withShards = (record: JobRecord, change: (shard: Shard) => Shard): JobRecord => ({
  ...record,
  snapshot: { inputs: record.snapshot.inputs.map((input) => ({ ...input, shards: input.shards.map(change) })) },
})

describe('a job record from a peer', () => {
  it('is taken as it is where it is well formed', () => {
    expect(openJob(bodyOf((record) => record)).spec.name).toBe('job')
  })

  it('may say how its Parquet files are read together, within bounds', () => {
    const withAgreed = (agreed: unknown): Parameters<typeof openJob>[0] =>
      bodyOf((record) => {
        const inputs = record.snapshot.inputs.map((input) => ({ ...input, agreed: agreed as Agreed }))
        return { ...record, snapshot: { inputs } }
      })
    const agreed: Agreed = { widened: [['a[].b', 'us']], lacking: ['c'] }
    expect(openJob(withAgreed(agreed)).snapshot.inputs[0]?.agreed).toEqual(agreed)
    for (const bad of [
      { widened: [['a', 'text']], lacking: [] },
      { widened: [['a']], lacking: [] },
      { widened: Array.from({ length: 3 }, () => ['x'.repeat(LIMITS.columnsTextMax / 2), 'us']), lacking: [] },
      { widened: [], lacking: [1] },
      { widened: [] },
      'all',
    ])
      expect(() => openJob(withAgreed(bad))).toThrow(WireError)
  })

  it('says of an output in folders that it is one, and of others nothing: else one job would have two ids', () => {
    const said = (folders: unknown): Parameters<typeof openJob>[0] => {
      const reads = [{ alias: '', input: 0 }]
      const outputs = [{ name: '', stage: 0, ...(folders === undefined ? {} : { folders: folders as true }) }]
      const graph = { stages: [{ name: 'a', reads }], outputs }
      const { spec, snapshot } = makeJob({ maps: 2, reduces: 2, members: [node], graph })
      return bodyOf((record) => ({ ...record, spec: { ...spec, code: record.spec.code }, snapshot }))
    }
    expect(openJob(said(true)).spec.outputs).toEqual([{ name: '', stage: 0, folders: true }])
    expect(openJob(said(undefined)).spec.outputs).toEqual([{ name: '', stage: 0 }])
    expect(() => openJob(said(false))).toThrow('an output says that it has no folders')
    expect(() => openJob(said('day'))).toThrow(WireError)
  })

  it('is refused with code that it does not name, and under an id that is not its own', () => {
    const body = bodyOf((record) => record)
    expect(() => openJob({ ...body, bundle: 'export default 2' })).toThrow('a bundle that the job does not name')
    const record = JSON.parse(body.record) as JobRecord
    for (const other of [
      { ...record, spec: { ...record.spec, params: { more: '1' } } },
      { ...record, snapshot: withShards(record, (shard) => ({ ...shard, size: shard.size + 1 })).snapshot },
      { ...record, key: 'november' },
    ])
      expect(() => openJob({ ...body, record: JSON.stringify(other) })).toThrow('a job record of another id')
  })

  it('is refused where its plan has too many tasks: in the core that would end the node', () => {
    const body = bodyOf((record) => {
      const [first] = record.snapshot.inputs[0]!.shards
      const shards = Array.from({ length: 3_000 }, (_, i) => ({ ...first!, path: `p${String(i).padStart(5, '0')}` }))
      return {
        ...record,
        spec: { ...record.spec, partitions: LIMITS.partitionsMax },
        snapshot: { inputs: [{ ...record.snapshot.inputs[0]!, shards }] },
      }
    })
    expect(() => openJob(body)).toThrow(WireError)
  })

  it('is refused where a shard is larger than all tasks together could read, before anything is cut', () => {
    const body = bodyOf((record) =>
      withShards(record, (shard) => ({ ...shard, size: Number.MAX_SAFE_INTEGER, cuts: { kind: 'lines' } })),
    )
    expect(() => openJob(body)).toThrow(/cannot be planned/)
  })

  it('is refused where its snapshot has other inputs than its spec', () => {
    expect(() => openJob(bodyOf((record) => ({ ...record, snapshot: { inputs: [] } })))).toThrow(WireError)
    expect(() =>
      openJob(
        bodyOf((record) => ({
          ...record,
          snapshot: { inputs: record.snapshot.inputs.map((input) => ({ ...input, alias: 'other' })) },
        })),
      ),
    ).toThrow(WireError)
  })
})
