import { expect, it } from 'vitest'
import { plan } from '../../src/core/plan/plan.ts'
import type { SPEC } from '../../src/core/spec/spec.ts'
import type { JobState } from '../../src/core/state.ts'
import type { JobSpec, NodeId } from '../../src/core/types.ts'
import { diffJobs } from '../../src/runtime/api/diff.ts'
import type { Context } from '../../src/runtime/context.ts'
import { hash, makeJob } from '../core/fake-work.ts'

const context = { state: { members: new Map() } } as unknown as Context
const { spec, ...rest } = makeJob({ maps: 2, reduces: 2, members: ['n1'] as NodeId[] })

function jobOf(change: Partial<JobSpec>): JobState {
  const record = { ...rest, spec: { ...spec, ...change } }
  const ledger = { outcome: { kind: 'open' } }
  return { record, plan: plan(record.spec, record.snapshot), ledger } as unknown as JobState
}

type OfOneStage = Exclude<keyof typeof SPEC, 'stages' | 'outputs'>
const changes: { [Name in OfOneStage]-?: Exclude<JobSpec[Name], undefined> } = {
  code: hash('other'),
  inputs: [{ ...spec.inputs[0]!, options: { header: false } }],
  combine: true,
  aggregate: 'top',
  n: 3,
  by: true,
  sortValues: true,
  reduce: false,
  name: 'renamed',
  params: { since: '2026-01-01' },
  sort: true,
  partitions: 3,
  onBadRecord: 'skip',
  runtime: 'other',
  runtimes: { sql: 'other' },
}

it('what makes one job another is told field by field, in the order of the specification; its name does not', () => {
  const differing = (change: Partial<JobSpec>): string[] =>
    diffJobs(context, jobOf({}), jobOf(change)).fields.map(({ field }) => field)
  for (const [name, value] of Object.entries(changes))
    expect(differing({ [name]: value }), name).toEqual(name === 'name' ? [] : [name])
  expect(differing(changes)).toEqual(Object.keys(changes).filter((name) => name !== 'name'))
  expect(diffJobs(context, jobOf({}), jobOf({ partitions: 3 })).fields).toEqual([
    { field: 'partitions', a: '2', b: '3' },
  ])
})

it('partitions are those of the plan, whoever decided on them', () => {
  const [decided] = plan({ ...spec, partitions: null }, rest.snapshot).steps.slice(-1)
  expect(diffJobs(context, jobOf({ partitions: null }), jobOf({ partitions: decided!.count })).fields).toEqual([])
})
