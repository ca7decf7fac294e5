/**
 * The ids of jobs with keys, as they are for ever: what is written here is what every later version must give, else a
 * job that has run under a key runs again. A new setting does not change them; nothing may.
 */
import { expect, test } from 'vitest'
import { hashText } from '../../src/core/hash.ts'
import { keyedJobId, meaningOf } from '../../src/core/plan/keyed-id.ts'
import type { JobSpec } from '../../src/core/types.ts'

const source = hashText('a source')
const plain: JobSpec = {
  code: hashText('a bundle'),
  name: 'bills',
  params: {},
  inputs: [{ alias: '', dataset: 'logs', glob: '', options: {} }],
  combine: true,
  reduce: true,
  sort: false,
  partitions: null,
  onBadRecord: 'fail',
  runtime: 'a runtime',
}
const full: JobSpec = {
  ...plain,
  params: { month: '2026-11', currency: 'EUR' },
  inputs: [
    {
      alias: 'bank',
      dataset: 'bank',
      glob: '2026/*.csv',
      options: { format: 'csv', header: false, columns: ['a', 'ß'] },
    },
    { alias: 'db', dataset: 'payments', glob: '', frozen: hashText('a snapshot'), options: { null: ['', 'NULL'] } },
  ],
  sort: true,
  partitions: 7,
  onBadRecord: 'skip',
}

test.each<[string, JobSpec, key: string, id: string, meaning: string]>([
  [
    'a job that says nothing',
    plain,
    'november',
    '0b445f41b30290bc28f6d7a7810683bc8048e6a9778a7829138beac5b05bce50',
    '0ac0add4bb7ae0b0431edff37b18e893c9fe55d9abc30a87b7e59eb9e44c9e7a',
  ],
  [
    'a job that says all that it can',
    full,
    '2026-11 – “all”',
    'f3c3f9c4534787a9c8bb3bb025df77b8c01cf419629da80e23f814857501c0f5',
    'bdbae4f4d3b5e051ede4c42a1949f05a2663e77e334a8159593138822851b787',
  ],
])('%s', (_, spec, key, id, meaning) => {
  expect([keyedJobId(spec, key, source), meaningOf(spec)]).toEqual([id, meaning])
})

test('is that of no field that says its default', () => {
  const { sort: _sort, onBadRecord: _onBadRecord, partitions: _partitions, ...short } = plain
  expect(keyedJobId(short as JobSpec, 'november', source)).toBe(keyedJobId(plain, 'november', source))
})
