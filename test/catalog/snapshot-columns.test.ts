/** Parquet files of one input whose columns differ, at the scan. */
import { describe, expect, it } from 'vitest'
import type { CatalogEntry } from '../../src/catalog/body.ts'
import type { SnapshotSource } from '../../src/catalog/candidates.ts'
import { ColumnTexts } from '../../src/catalog/column-texts.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { PLAIN_TEXT } from '../../src/core/look.ts'
import type { Cuts, ReadOptions, Shard, SnapshotInput } from '../../src/core/types.ts'
import { copy, dataset, entry, input, refusal, source, take, taken } from './offering.ts'

const CUTS: Cuts = { kind: 'row-groups', groups: [{ rows: 1, bytes: 1 }] }
const LOOK = { ...PLAIN_TEXT, content: 'parquet' } as const
const parquet = (path: string, columns: string, facts: Partial<CatalogEntry> = {}): CatalogEntry =>
  entry(path, { cuts: CUTS, look: LOOK, columns, ...facts })

const INTS = 'at timestamp(us)\nn int32\nt string'
const LONGS = 'at timestamp(ms)\nn int64\nt string'
const TEXTS = 'at timestamp(us)\nn string\nt string'
const SHORT = 'n int32'

const one = (node: string, columns: string, path = 'a.parquet'): SnapshotSource =>
  source(node, [dataset('logs', [parquet(path, columns)])])
const over = (sources: SnapshotSource[], options: ReadOptions = {}): SnapshotInput =>
  taken(take([input('', { options })], sources)).inputs[0]!
const refused = (sources: SnapshotSource[], options: ReadOptions = {}): object =>
  refusal(take([input('', { options })], sources))

describe('files whose columns differ', () => {
  it('of one schema leave no trace in a snapshot', () => {
    const pinned = over([one('n1', INTS), one('n2', INTS)])
    expect(Object.keys(pinned)).not.toContain('agreed')
    expect(pinned.shards.map((shard) => Object.keys(shard))).toEqual(
      [0, 1].map(() => ['dataset', 'path', 'size', 'cuts', 'copies']),
    )
    expect(over([one('n1', INTS)], { columns: ['t'] }).agreed).toBeUndefined()
  })

  it('are widened, in whatever order they come', () => {
    const agreed = { widened: [['at', 'us'], ['n', 'int64']], lacking: [] } // prettier-ignore
    const sources = [one('n1', INTS), one('n2', LONGS), one('n3', SHORT)]
    expect(over(sources).agreed).toEqual(agreed)
    expect(over(sources.toReversed()).agreed).toEqual(agreed)
    expect(over(sources, { columns: ['t', 'n'] }).agreed).toEqual({ widened: [['n', 'int64']], lacking: ['t'] })
  })

  it('are refused where they cannot meet, by the names of both', () => {
    expect(refused([one('n1', INTS, 'a.parquet'), one('n2', TEXTS, 'b.parquet')])).toMatchObject({
      code: 'SCHEMA_DIFFERS',
      message: 'logs/a.parquet has n as int32, logs/b.parquet as string',
    })
    expect(refused([one('n1', INTS), one('n2', TEXTS)])).toMatchObject({
      message: 'logs/a.parquet on n1 has n as int32, logs/a.parquet on n2 as string',
    })
    expect(over([one('n1', INTS), one('n2', TEXTS)], { columns: ['at'] }).agreed).toBeUndefined()
  })

  it('name the remedies', () => {
    const outcome = take([input('')], [one('n1', 'a bytes\nb date'), one('n2', 'a string\nb int32')])
    expect(outcome).toMatchObject({ ok: false })
    if (outcome.ok) return
    expect(outcome.refusal.try.join('\n')).toMatch(/encoding: 'utf-8'.*\n.*without 'a'.*\n.*glob.*\n.*write one/)
    expect(outcome.refusal.why).toContain('b: date in logs/a.parquet on n1, int32 in logs/a.parquet on n2')
    expect(refused([one('n1', 'a bytes'), one('n2', 'a int32')], { encoding: 'UTF8' })).toMatchObject({
      message: 'logs/a.parquet on n1 has a as string, logs/a.parquet on n2 as int32',
    })
  })

  it('are refused though others are still to come, which may only be in the way', () => {
    const pending = entry('c.parquet', { state: 'pending', cuts: { kind: 'whole' } })
    const sources = [
      source('n1', [dataset('logs', [parquet('a.parquet', INTS), parquet('b.parquet', TEXTS), pending])]),
    ]
    expect(refused(sources)).toMatchObject({ code: 'SCHEMA_DIFFERS' })
  })

  it('have no such column only when all are known', () => {
    const pending = entry('c.parquet', { state: 'pending', cuts: { kind: 'whole' } })
    const here = [parquet('a.parquet', INTS)]
    expect(refused([source('n1', [dataset('logs', here)])], { columns: ['n', 'att'] })).toEqual({
      code: 'USAGE',
      message: 'no Parquet file of logs has a column "att"; did you mean at?',
      why: 'its columns are at, n, t',
    })
    expect(refused([source('n1', [dataset('logs', [here[0]!, pending])])], { columns: ['att'] })).toMatchObject({
      code: 'INCOMPLETE',
    })
    const partial = take([input('', { options: { columns: ['att'] } })], [source('n1', [dataset('logs', [here[0]!, pending])])], true) // prettier-ignore
    expect(refusal(partial)).toMatchObject({ code: 'USAGE' })
  })

  it('that are damaged are left to the job, which says so', () => {
    const damaged = entry('b.parquet', { look: LOOK, cuts: { kind: 'whole' } })
    expect(over([source('n1', [dataset('logs', [parquet('a.parquet', INTS), damaged])])]).shards).toHaveLength(2)
  })

  it('count once where they are replicated', () => {
    const copies = (columns: string): CatalogEntry[] => [
      copy('a.parquet', 'a', { cuts: CUTS, look: LOOK, columns }),
      copy('b.parquet', 'b', { cuts: CUTS, look: LOOK, columns: LONGS }),
    ]
    const sources = ['n1', 'n2'].map((node) => source(node, [dataset('logs', copies(INTS))]))
    expect(over(sources).agreed?.widened).toHaveLength(2)
    const different = ['n1', 'n2'].map((node) => source(node, [dataset('logs', copies(TEXTS))]))
    expect(refused(different)).toMatchObject({ message: 'logs/a.parquet has n as string, logs/b.parquet as int64' })
  })

  it('are described by their holder where only the input says that they are Parquet', () => {
    const file = entry('data.csv', { look: LOOK, cuts: { kind: 'whole' } })
    const told = { root: 'r1', path: 'data.csv', witness: file.witness, cuts: CUTS, columns: LONGS }
    const sources = [one('n1', INTS), source('n2', [dataset('logs', [file])], { described: [[told]] })]
    expect(over(sources, { format: 'parquet' }).agreed?.widened).toHaveLength(2)
  })

  it('that can only be told apart as a whole are refused unless they are equal', () => {
    const digest = `#${'0'.repeat(64)}`
    expect(over([one('n1', digest), one('n2', digest)]).agreed).toBeUndefined()
    expect(refused([one('n1', digest), one('n2', INTS)])).toMatchObject({
      code: 'SCHEMA_DIFFERS',
      message: 'logs/a.parquet on n1 and logs/a.parquet on n2 have not the same columns',
    })
  })
})

describe('frozen snapshots', () => {
  const freeze = (sources: SnapshotSource[]): SnapshotInput =>
    taken(take([input('', { freezing: true })], sources)).inputs[0]!
  const sources = [
    one('n1', INTS),
    one('n2', TEXTS),
    one('n3', INTS),
    source('n4', [dataset('logs', [entry('b.txt')])]),
  ]
  const frozen = freeze(sources)
  const job = (options: ReadOptions, glob = '*.parquet', of = frozen): SnapshotInput =>
    taken(take([input(glob, { frozen: of, options })], [])).inputs[0]!

  it('keep the columns of all, whatever they are', () => {
    expect(frozen.columns).toEqual([INTS, TEXTS])
    expect(frozen.shards.map(({ columns }) => columns)).toEqual([0, 1, 0, undefined])
    expect(frozen.agreed).toBeUndefined()
  })

  it('are judged by the options of each job over them', () => {
    expect(refusal(take([input('*.parquet', { frozen })], []))).toMatchObject({ code: 'SCHEMA_DIFFERS' })
    const pinned = job({ columns: ['at'] })
    expect(Object.keys(pinned)).toEqual(['alias', 'dataset', 'replicated', 'shards', 'omitted'])
    expect(pinned.shards.every((shard) => !('columns' in shard))).toBe(true)
    expect(refusal(take([input('*.parquet', { frozen, options: { columns: ['x'] } })], []))).toMatchObject({
      code: 'USAGE',
    })
    expect(job({}, '', freeze([one('n1', INTS), one('n2', LONGS)])).agreed?.widened).toHaveLength(2)
  })

  it('of before know nothing of columns: what holders say now of the same files counts', () => {
    const before = freeze([one('n1', INTS), one('n2', INTS, 'b.parquet')])
    const { columns: _, ...rest } = before
    const old = { ...rest, shards: before.shards.map(({ columns: __, ...shard }): Shard => shard) }
    expect(job({}, '', old).agreed).toBeUndefined()
    const now = old.shards.map((shard, i) =>
      source(shard.copies[0]!.node, [
        dataset('logs', [parquet(shard.path, [INTS, TEXTS][i]!, { witness: shard.copies[0]!.witness })]),
      ]),
    )
    expect(refusal(take([input('', { frozen: old })], now))).toMatchObject({ code: 'SCHEMA_DIFFERS' })
  })
})

describe('the columns of many files', () => {
  it('are kept once, and as digests where there is no more room', () => {
    const texts = new ColumnTexts()
    const long = (i: number): string => `${`${i}`.padStart(LIMITS.columnsTextMax - 6, 'x')} int32`
    const fit = LIMITS.columnsTextsMax / LIMITS.columnsTextMax
    const all = Array.from({ length: fit + 2 }, (_, i) => texts.of(long(i)).columns!)
    expect(all.map((text) => text.startsWith('#'))).toEqual(all.map((_, i) => i >= fit))
    expect(new Set(all).size).toBe(all.length)
    texts.keepOnly(all.slice(1).map((columns) => ({ columns })))
    expect(texts.of(long(1)).columns).toBe(all[1])
    texts.keepOnly([])
    expect(texts.of(long(fit)).columns).toBe(long(fit))
    expect(texts.of(undefined)).toEqual({})
  })
})
