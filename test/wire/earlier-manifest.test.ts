/** What format 2 wrote is read as what it says now, under the digest that ledgers know it by. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { joinOutput, type Output } from '../../src/core/ledger/ledger.ts'
import { manifestText, outputOf } from '../../src/core/ledger/manifest.ts'
import type { Digest } from '../../src/core/types.ts'
import { fromBytes, toBytes } from '../../src/wire/codec.ts'
import { openManifest } from '../../src/wire/manifest.ts'
import { taskState } from '../../src/wire/shapes.ts'

const D = 'd'.repeat(64)
const SKIPS = { count: 0, samples: [] }
const SPLIT = { input: D, bytes: 20, records: 4, emitted: 7, skips: SKIPS }
const RUN = { partition: 1, records: 3, weight: 7, bytes: 60, digest: D }
const UPSTREAM = { shards: 1, bytes: 20, records: 4, emitted: 7, counters: { seen: 4 }, skips: SKIPS }

const MAP = { consumed: '', manifest: { kind: 'map', splits: [SPLIT], runs: [RUN], counters: { seen: 4 } } }
const SAMPLE = { consumed: '', manifest: { kind: 'sample', splits: [SPLIT], keys: 3, bytes: 30, digest: D } }
const REDUCE = {
  consumed: D,
  manifest: {
    ...{ kind: 'reduce', partition: 0, consumed: D, weight: 7, groups: 2, records: 2, bytes: 44, part: D },
    ...{ counters: {}, upstream: UPSTREAM },
  },
}

/** Fields in the order of their names, whatever they were written in. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => [name, sorted(field)]),
  )
}
const digestOf = (value: unknown): string =>
  createHash('sha256')
    .update(`shoal:manifest:${JSON.stringify(sorted(value))}`)
    .digest('hex')

describe('a manifest of format 2', () => {
  test.each([
    ['a sample', SAMPLE, { read: 4, took: [], gave: 7 }],
    ['a reduce', REDUCE, { read: 0, took: [7], gave: 2, part: D }],
  ])('of %s is what it was, and says what it says now', (_, given, output) => {
    const opened = openManifest(structuredClone(given))!
    expect(outputOf(opened)).toMatchObject({ ...output, digest: digestOf(given) })
    // It is kept and sent as it was.
    expect(JSON.parse(manifestText(opened))).toEqual(given)
  })

  test('of a map is not read: it lists runs in full, and nobody reads those', () => {
    expect(openManifest(structuredClone(MAP))).toBeNull()
  })

  test('with a field more, or a count that is none, is no manifest', () => {
    for (const manifest of [
      { ...REDUCE.manifest, took: [7] },
      { ...REDUCE.manifest, weight: -1 },
      { ...REDUCE.manifest, upstream: [] },
      { ...SAMPLE.manifest, weight: 7 },
    ])
      expect(openManifest({ consumed: D, manifest })).toBeNull()
  })
})

test.each([
  [
    'map',
    { part: '', consumed: '', records: 4, weight: 7 },
    { part: '', consumed: '', read: 4, took: [], gave: 7, earlier: true },
  ],
  [
    'bounds',
    { part: '', consumed: D, records: 0, weight: 0 },
    { part: '', consumed: D, read: 0, took: [0], gave: 0, earlier: true },
  ],
  [
    'reduce',
    { part: D, consumed: D, records: 2, weight: 7 },
    { part: D, consumed: D, read: 0, took: [7], gave: 2, earlier: true },
  ],
])('the output of a %s in a ledger of format 2 is read as it counts now', (_, was, is) => {
  const rest = { digest: D, input: D, bytes: 1 }
  const bytes = toBytes({ claim: null, output: { ...rest, ...was } })
  expect(fromBytes(taskState, bytes)).toEqual({ claim: null, output: { ...rest, ...is } })
})

test('an output that an earlier format counted gives way to the present one, in any order, and is no conflict', () => {
  const rest = { input: D, consumed: '', part: '', read: 4, took: [], gave: 7, bytes: 20 } as never as Output
  const of = (digest: string, earlier?: true): Output => ({
    ...rest,
    digest: digest as Digest,
    ...(earlier === undefined ? {} : { earlier }),
  })
  const [was, wasToo, is, isToo] = [of('a', true), of('b', true), of('c'), of('d')]
  expect([joinOutput(was, is), joinOutput(is, was)]).toEqual([is, is])
  expect(joinOutput(joinOutput(was, wasToo), is)).toEqual(is)
  expect(joinOutput(was, joinOutput(wasToo, is))).toEqual(is)
  expect(joinOutput(was, wasToo)).toEqual({ conflict: [was, wasToo] })
  expect(joinOutput(joinOutput(is, was), isToo)).toEqual({ conflict: [is, isToo] })
})
