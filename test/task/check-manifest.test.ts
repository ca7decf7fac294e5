/** What a task process says that it has left: believed where it is what its work leaves, and all of it fits together. */
import { expect, it } from 'vitest'
import type { Listing } from '../../src/core/plan/files.ts'
import { rootOfRows, rowsOf } from '../../src/core/plan/rows.ts'
import type { Work } from '../../src/core/plan/work.ts'
import type { MapManifest, RunRow } from '../../src/core/types.ts'
import { isListingOf } from '../../src/task/check-manifest.ts'
import { hash } from '../core/fake-work.ts'

const work: Work = {
  ...{ kind: 'map', splits: [], partitions: 3, bounds: null, combine: false, onBadRecord: 'fail' },
  ...{ stage: '', part: null, map: true, edges: 0, sides: [], sortValues: false, upstream: [] },
}
const rows = rowsOf([{ partition: 1, records: 2, weight: 2, bytes: 9, digest: hash('run') }], 3)

/** The listing with these rows, whose root the manifest names. */
function listing(of: readonly RunRow[]): Listing {
  const manifest = { kind: 'map', splits: [], rows: rootOfRows(of), took: [], counters: {}, upstream: [] } as const
  return { manifest, rows: of }
}

const changed = (changes: object): readonly RunRow[] => rows.with(1, { ...rows[1]!, ...changes })

it('is taken with a row of each partition', () => {
  expect(isListingOf(work, listing(rows))).toBe(true)
  expect(isListingOf(work, listing(rowsOf([], 3)))).toBe(true)
})

it.each<[string, Listing]>([
  ['a row too few', listing(rows.slice(0, 2))],
  ['a row too many', listing(rowsOf([], 4))],
  ['rows out of order', listing(rows.toReversed())],
  ['a partition twice', listing(changed({ partition: 0 }))],
  ['a run without records', listing(changed({ records: 0 }))],
  ['records without a run', listing(changed({ digest: '' }))],
  ['a hash that is none', listing(changed({ digest: 'x' }))],
  ['a count that is none', listing(changed({ weight: 0.5 }))],
  ['a field more', listing(changed({ more: 1 }))],
  ['rows of another root', { ...listing(rows), rows: changed({ bytes: 10 }) }],
  ['a root with a field more', { rows, manifest: { ...(listing(rows).manifest as MapManifest), rows: { ...rootOfRows(rows), more: 1 } as never } }], // prettier-ignore
  ['no rows', { ...listing(rows), rows: [] }],
])('is not believed with %s', (_what, given) => {
  expect(isListingOf(work, given)).toBe(false)
})

it('has no rows where the output is no runs', () => {
  const manifest = { kind: 'bounds', consumed: hash('samples'), bounds: ['10'] } as const
  const bounds: Work = { kind: 'bounds', partitions: 3, samples: [], consumed: manifest.consumed }
  expect(isListingOf(bounds, { manifest, rows: [] })).toBe(true)
  expect(isListingOf(bounds, { manifest, rows })).toBe(false)
})
