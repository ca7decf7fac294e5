import { describe, expect, it } from 'vitest'
import type { CatalogEntry, DescribedShard } from '../../src/catalog/body.ts'
import type { SnapshotOutcome } from '../../src/catalog/snapshot.ts'
import type { Cuts, SnapshotInput } from '../../src/core/types.ts'
import { dataset, entry, input, listed, LINES, NOW, refusal, source, take, taken, witness } from './offering.ts'

describe('options that read shards otherwise than their names say', () => {
  const one = entry('a.csv')
  const cuts: Cuts = { kind: 'offsets', header: 3, at: [6] }
  const told = (facts: Partial<DescribedShard> = {}): DescribedShard => ({
    root: 'r1',
    path: 'a.csv',
    witness: one.witness,
    cuts,
    ...facts,
  })
  const options = { quote: "'" }
  const ask = (described: readonly (readonly DescribedShard[])[]): SnapshotOutcome =>
    take(
      [input('', { alias: 'z', options }), input('', { alias: 'a' })],
      [source('n1', [dataset('logs', [one])], { described })],
    )

  it('are cut as the holder described them for that very input', () => {
    expect(taken(ask([[told()], []])).inputs.map(({ alias, shards }) => [alias, shards[0]?.cuts])).toEqual([
      ['a', LINES],
      ['z', cuts],
    ])
  })

  it.each([
    ['nothing', []],
    ['another input', [[], [told()]]],
    ['another file', [[told({ path: 'b.csv' })], []]],
    ['what the file was before', [[told({ witness: witness(999) })], []]],
  ])('are pending while the holder has described %s', (_, described) => {
    expect(refusal(ask(described))).toMatchObject({
      code: 'INCOMPLETE',
      message: 'not all shards can be had: 1 pending',
    })
  })

  it('need no description where the cuts are the same', () => {
    for (const same of [
      { format: 'csv' as const },
      { header: true },
      { delimiter: ',' },
      { encoding: 'utf-8' as const },
    ]) {
      const outcome = take([input('', { options: same })], [source('n1', [dataset('logs', [one])])])
      expect(taken(outcome).inputs[0]?.shards[0]?.cuts).toEqual(LINES)
    }
  })
})

describe('frozen snapshots', () => {
  const gone = entry('a.csv')
  const frozen: SnapshotInput = taken(take([input()], [source('n1', [dataset('logs', [gone, entry('b.txt')])])]))
    .inputs[0]!

  it('give what was pinned, whatever is offered now', () => {
    expect(listed(take([input('', { frozen })], []))).toEqual([['a.csv n1/r1', 'b.txt n1/r1']])
    expect(listed(take([input('*.csv', { frozen, alias: 'x' })], []))).toEqual([['a.csv n1/r1']])
    expect(refusal(take([input('*.cs', { frozen })], []))).toMatchObject({ code: 'NO_DATA' })
  })

  it('take from the catalogs only how other options cut them', () => {
    const request = input('*.csv', { frozen, options: { quote: "'" } })
    const cuts: Cuts = { kind: 'whole' }
    const described = [[{ root: 'r1', path: 'a.csv', witness: gone.witness, cuts }]]
    const outcome = take([request], [source('n1', [], { described })])
    expect(taken(outcome).inputs[0]?.shards[0]?.cuts).toEqual(cuts)
    expect(refusal(take([request], [source('n1', [])]))).toMatchObject({
      message: 'not all shards can be had: 1 pending',
    })
    expect(refusal(take([request], []))).toMatchObject({ message: 'not all shards can be had: 1 away' })
  })
})

describe('warnings', () => {
  it('name files modified within the last minute', () => {
    const fresh = (path: string, ago: number): CatalogEntry => entry(path, { witness: witness(1, NOW - ago) })
    const of = (...entries: CatalogEntry[]): readonly string[] => {
      const outcome = take([input()], [source('n1', [dataset('logs', entries)])])
      return outcome.ok ? outcome.warnings : []
    }
    expect(of(fresh('a', 60_000), fresh('b', 3_600_000))).toEqual([])
    expect(of(fresh('a', 59_000), fresh('b', 61_000))).toEqual([
      'logs: a was modified within the last minute; if it happens again, the job fails (SHARD_CHANGED)',
    ])
    expect(of(fresh('a', 0), fresh('b', -5_000))).toEqual([
      'logs: 2 files (a …) were modified within the last minute; if it happens again, the job fails (SHARD_CHANGED)',
    ])
  })
})
