import { NO_FACTS } from '../../src/catalog/body.ts'
import { describe, expect, it } from 'vitest'
import type { CatalogDataset } from '../../src/catalog/body.ts'
import type { SnapshotSource } from '../../src/catalog/candidates.ts'
import { AWAY, copy, dataset, entry, hash, input, listed, refusal, source, take, taken } from './offering.ts'

describe('own datasets', () => {
  it('make one shard of every (node, directory, path), in the order of path, node, directory', () => {
    const twoRoots = {
      roots: [
        { root: 'r1', state: 'ok', why: '', ...NO_FACTS },
        { root: 'r2', state: 'ok', why: '', ...NO_FACTS },
      ],
    } as const
    const sources = [
      source('n2', [dataset('logs', [entry('access.log'), entry('b')])]),
      source('n1', [
        dataset(
          'logs',
          [entry('access.log'), entry('access.log', { root: 'r2' }), entry('\u{1F600}'), entry('\uFFFD')],
          twoRoots,
        ),
        dataset('other', [entry('c')]),
      ]),
    ]
    const expected = [
      ['access.log n1/r1', 'access.log n1/r2', 'access.log n2/r1', 'b n2/r1', '\uFFFD n1/r1', '\u{1F600} n1/r1'],
    ]
    expect(listed(take([input()], sources))).toEqual(expected)
    expect(listed(take([input()], sources.toReversed()))).toEqual(expected)
  })

  it('carry all facts of a shard, and nothing of the rest', () => {
    const one = entry('a.csv', { cuts: { kind: 'offsets', header: 5, at: [7] } })
    expect(taken(take([input()], [source('n1', [dataset('logs', [one])])]))).toEqual({
      inputs: [
        {
          alias: '',
          dataset: 'logs',
          replicated: false,
          shards: [
            {
              dataset: 'logs',
              path: 'a.csv',
              size: 10,
              cuts: { kind: 'offsets', header: 5, at: [7] },
              copies: [{ node: 'n1', root: 'r1', witness: one.witness }],
            },
          ],
          omitted: [],
        },
      ],
    })
  })

  it('order inputs by alias, and keep two inputs over one dataset apart', () => {
    const sources = [source('n1', [dataset('logs', [entry('a.csv'), entry('b.txt')])])]
    const inputs = [input('*.txt', { alias: 'z' }), input('*.csv', { alias: 'a' })]
    expect(taken(take(inputs, sources)).inputs.map(({ alias, shards }) => [alias, shards[0]?.path])).toEqual([
      ['a', 'a.csv'],
      ['z', 'b.txt'],
    ])
  })
})

describe('globs', () => {
  const names = [
    'a.csv',
    'b.csv',
    'B.CSV',
    'x.txt',
    '2026-01/x',
    '2026-02/x',
    '2026-01/sub/x',
    'p[1].csv',
    'new\nline.csv',
    '{a,c}.tsv',
  ]
  it.each([
    ['', names],
    ['*.csv', ['a.csv', 'b.csv', 'p[1].csv', 'new\nline.csv']],
    ['**', names],
    ['**/*.csv', ['a.csv', 'b.csv', 'p[1].csv', 'new\nline.csv']],
    ['**/x', ['2026-01/x', '2026-02/x', '2026-01/sub/x']],
    ['2026-*/x', ['2026-01/x', '2026-02/x']],
    ['2026-01/**', ['2026-01/x', '2026-01/sub/x']],
    ['{a,b}.csv', ['a.csv', 'b.csv']],
    ['{a,c}.tsv', ['{a,c}.tsv']],
    ['p[1].csv', ['p[1].csv']],
    ['p\\[1\\].csv', ['p[1].csv']],
    ['[ab].csv', ['a.csv', 'b.csv']],
    ['?.csv', ['a.csv', 'b.csv']],
    ['!(*.csv)', ['x.txt', 'B.CSV', '{a,c}.tsv']],
    ['2026-01/x', ['2026-01/x']],
    ['x.txt', ['x.txt']],
  ])('%j', (glob, expected) => {
    const sources = [
      source('n1', [
        dataset(
          'logs',
          names.map((name) => entry(name)),
        ),
      ]),
    ]
    const paths = taken(take([input(glob)], sources)).inputs[0]!.shards.map(({ path }) => path)
    expect(new Set(paths)).toEqual(new Set(expected))
  })
})

describe('replicated datasets', () => {
  it('count a path once, with its copies that can be read', () => {
    const sources = [
      source('n2', [dataset('logs', [copy('a', 'a'), copy('b', 'b')])]),
      source('n1', [dataset('logs', [copy('a', 'a'), copy('c', 'c')])]),
      source('n3', [dataset('logs', [copy('a', 'a')])], { live: false }),
    ]
    const outcome = take([input()], sources)
    expect(listed(outcome)).toEqual([['a n1/r1 n2/r1', 'b n2/r1', 'c n1/r1']])
    expect(taken(outcome).inputs[0]).toMatchObject({
      replicated: true,
      omitted: [],
      shards: [{ hash: hash('a') }, {}, {}],
    })
    expect(outcome).toMatchObject({
      warnings: ['logs: 1 copies are away or unreadable; others of the same files are read'],
    })
  })

  it('refuse two hashes for one path, naming nodes and hashes, also of a node that is away', () => {
    const sources = [
      source('n1', [dataset('logs', [copy('a', 'a'), copy('b', 'b')])]),
      source('n2', [dataset('logs', [copy('a', 'f')])], { live: false }),
    ]
    expect(refusal(take([input()], sources))).toEqual({
      code: 'REPLICA_DIVERGED',
      message: 'copies of logs/a differ',
      why: `${'a'.repeat(16)}… on n1, ${'f'.repeat(16)}… on n2`,
    })
    expect(listed(take([input('b')], sources))).toEqual([['b n1/r1']])
  })

  it('miss a path whose only copies are away', () => {
    const sources = [
      source('n1', [dataset('logs', [copy('a', 'a')])]),
      source('n2', [dataset('logs', [copy('b', 'b')])], { live: false }),
      source('n3', [dataset('logs', [copy('b', 'b')])], { live: false }),
    ]
    expect(refusal(take([input()], sources))).toMatchObject({
      code: 'INCOMPLETE',
      message: 'not all shards can be had: 1 away',
      why: 'logs/b on n2: away, its node is away',
    })
  })

  it('wait for a copy that is being hashed, as it may differ; a partial job does not', () => {
    const pending = entry('a', { state: 'pending' })
    const sources = [
      source('n1', [dataset('logs', [copy('a', 'a')])]),
      source('n2', [dataset('logs', [pending], { replicated: true })]),
    ]
    expect(refusal(take([input()], sources))).toMatchObject({
      code: 'INCOMPLETE',
      why: 'logs/a on n2: pending, it is still being described',
    })
    const partial = take([input()], sources, true)
    expect(listed(partial)).toEqual([['a n1/r1']])
    expect(taken(partial).inputs[0]?.omitted).toEqual([])
  })

  it('do without a copy or folder that cannot be read, where another has all of it', () => {
    const bad = { state: 'unreadable', why: 'open failed with EIO' } as const
    const sources = [
      source('n1', [dataset('logs', [copy('sub/a', 'a')])]),
      source('n2', [dataset('logs', [entry('sub/', bad), entry('sub/a', bad)], { replicated: true })]),
    ]
    expect(listed(take([input()], sources))).toEqual([['sub/a n1/r1']])
    expect(refusal(take([input()], sources.slice(1)))).toMatchObject({
      message: 'not all shards can be had: 2 unreadable',
    })
  })

  it('warn of equal content under two paths', () => {
    const outcome = take([input()], [source('n1', [dataset('logs', [copy('a', 'a'), copy('b', 'a')])])])
    expect(outcome).toMatchObject({ ok: true, warnings: ['logs: a and b have the same content; both count'] })
  })
})

describe('refusals', () => {
  it('DATASET_MODE: own here and replicated there', () => {
    const sources = [
      source('n1', [dataset('logs', [entry('a')])]),
      source('n2', [dataset('logs', [], { replicated: true })], { live: false }),
    ]
    expect(refusal(take([input()], sources))).toEqual({
      code: 'DATASET_MODE',
      message: 'logs is replicated on some nodes and own on others',
      why: 'replicated on n2; own on n1',
    })
  })

  it.each([
    ['logz', 'no node offers a dataset "logz"; did you mean logs?', 'there is logs, payments'],
    ['paymnets', 'no node offers a dataset "paymnets"; did you mean payments?', 'there is logs, payments'],
    ['zebra', 'no node offers a dataset "zebra"', 'there is logs, payments'],
  ])('NO_DATA: the dataset %s', (name, message, why) => {
    const sources = [source('n1', [dataset('payments', [entry('a')]), dataset('logs', [entry('a')])])]
    expect(refusal(take([input('', { dataset: name })], sources))).toEqual({ code: 'NO_DATA', message, why })
  })

  it('NO_DATA: nobody offers anything', () => {
    expect(refusal(take([input()], []))).toMatchObject({ code: 'NO_DATA', why: 'no node offers any data' })
    expect(refusal(take([input()], [source('n1', [dataset('logs', [])])]))).toMatchObject({
      code: 'NO_DATA',
      message: 'the dataset "logs" has no files',
    })
  })

  it.each([
    ['*.cvs', 'nothing in logs matches "*.cvs"; did you mean *.csv?'],
    ['acess.log', 'nothing in logs matches "acess.log"; did you mean access.log?'],
    ['2026', 'nothing in logs matches "2026"; did you mean 2026/**?'],
    ['2026/', 'nothing in logs matches "2026/"; did you mean 2026/**?'],
    ['2026/*.csb', 'nothing in logs matches "2026/*.csb"; did you mean 2026/*.csv or 2026/b.csv?'],
    ['quite-another', 'nothing in logs matches "quite-another"'],
  ])('NO_DATA: the glob %j', (glob, message) => {
    const sources = [
      source('n1', [
        dataset(
          'logs',
          ['a.csv', 'access.log', '2026/b.csv'].map((path) => entry(path)),
        ),
      ]),
    ]
    expect(refusal(take([input(glob)], sources))).toEqual({
      code: 'NO_DATA',
      message,
      why: 'there is 2026/b.csv, a.csv, access.log',
    })
  })

  it.each<[string, string, CatalogDataset, Partial<SnapshotSource>]>([
    ['a node that is away', 'away, its node is away', dataset('logs', [entry('a')]), { live: false }],
    ['a directory that is away', 'away, /data is missing', dataset('logs', [entry('a')], { roots: [AWAY] }), {}],
    [
      'a pending entry',
      'pending, it is still being described',
      dataset('logs', [entry('a', { state: 'pending' })]),
      {},
    ],
    [
      'a node that still scans',
      'pending, its directory is still being looked at',
      dataset('logs', [entry('a')]),
      { fresh: false },
    ],
    [
      'an unreadable entry',
      'unreadable, EACCES',
      dataset('logs', [entry('a', { state: 'unreadable', why: 'EACCES' })]),
      {},
    ],
  ])('INCOMPLETE: %s, or it is omitted in so many words', (_, why, offered, facts) => {
    const sources = [source('n1', [dataset('logs', [entry('b')])]), source('n2', [offered], facts)]
    const outcome = take([input()], sources)
    expect(refusal(outcome)).toMatchObject({
      code: 'INCOMPLETE',
      why: expect.stringMatching(`^logs/a on n2: ${why}`) as unknown,
    })
    expect(outcome).toMatchObject({
      lacking: [
        { dataset: 'logs', path: 'a', node: 'n2', why: why.split(',')[0] },
        ...(facts.fresh === false ? [{}] : []),
      ],
    })
    const partial = take([input()], sources, true)
    expect(listed(partial)).toEqual([['b n1/r1']])
    expect(taken(partial).inputs[0]?.omitted).toEqual([
      { dataset: 'logs', path: 'a', node: 'n2', why: why.split(',')[0] },
    ])
  })

  it('INCOMPLETE names the first ten and counts the rest', () => {
    const many = Array.from({ length: 25 }, (_, i) => entry(`f${String(i).padStart(2, '0')}`))
    const outcome = take([input()], [source('n1', [dataset('logs', many)], { live: false })])
    const { why } = refusal(outcome) as { why: string }
    expect(why.split('\n')).toHaveLength(11)
    expect(why).toMatch(/logs\/f09 on n1: away, its node is away\nand 15 more \(25 in all\)$/)
    expect(outcome).toMatchObject({ lacking: { length: 25 } })
  })

  it('INCOMPLETE even with --allow-partial where nothing is left', () => {
    const sources = [source('n1', [dataset('logs', [entry('a')])], { live: false })]
    expect(refusal(take([input()], sources, true))).toMatchObject({
      code: 'INCOMPLETE',
      message: 'not all shards can be had: 1 away, and no other shards are left',
    })
  })

  it('INCOMPLETE for a directory that is away and never told its files, or is being looked at for the first time', () => {
    const empty = dataset('logs', [], { roots: [AWAY] })
    const sources = [source('n1', [dataset('logs', [entry('b')])]), source('n2', [empty])]
    expect(refusal(take([input()], sources))).toMatchObject({
      why: 'logs (its files are not known) on n2: away, /data is missing',
    })
    const scanning = [
      source('n1', [dataset('logs', [entry('b')])]),
      source('n2', [dataset('logs', [])], { fresh: false }),
    ]
    expect(refusal(take([input()], scanning))).toMatchObject({
      why: 'logs (its files are not known) on n2: pending, its directory is still being looked at',
    })
    const partial = take([input()], sources, true)
    expect(listed(partial)).toEqual([['b n1/r1']])
    expect(partial).toMatchObject({ warnings: ['logs on n2: /data is missing'] })
  })

  it('leaves out of account what the glob does not take', () => {
    const sources = [
      source('n1', [dataset('logs', [entry('a.csv')])]),
      source('n2', [dataset('logs', [entry('b.txt'), entry('shut/', { state: 'unreadable' })])], { live: false }),
    ]
    expect(listed(take([input('*.csv')], sources))).toEqual([['a.csv n1/r1']])
  })

  it.each([
    ['', true],
    ['**/*.csv', true],
    ['shut/*.csv', true],
    ['shut/deep/*.csv', true],
    ['*/x', true],
    ['*.csv', false],
    ['shut', false],
    ['open/*.csv', false],
    ['open/x.csv', false],
    ['shut/x.csv', true],
  ])('counts a folder that cannot be read for the glob %j: %j', (glob, counts) => {
    const entries = ['x.csv', 'open/x.csv', 'open/x', 'shut', 'other/shut/x.csv'].map((path) => entry(path))
    const shut = entry('shut/', { state: 'unreadable', why: 'EACCES' })
    const outcome = take([input(glob)], [source('n1', [dataset('logs', [...entries, shut])])])
    expect(outcome.ok).toBe(!counts)
  })

  it('LIMIT and USAGE', () => {
    expect(refusal(take([input('x'.repeat(5000))], [source('n1', [dataset('logs', [entry('a')])])]))).toMatchObject({
      code: 'USAGE',
    })
    const meaningless = take(
      [input('', { options: { delimiter: ';' } })],
      [source('n1', [dataset('logs', [entry('a.txt')])])],
    )
    expect(refusal(meaningless)).toMatchObject({ code: 'USAGE', message: expect.stringContaining('a.txt') as unknown })
  })
})
