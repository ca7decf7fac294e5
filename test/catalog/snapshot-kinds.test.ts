import { describe, expect, it } from 'vitest'
import { NO_FACTS, type CatalogEntry, type CatalogRoot } from '../../src/catalog/body.ts'
import type { SnapshotRequest } from '../../src/catalog/candidates.ts'
import { snapshotId } from '../../src/core/plan/job-id.ts'
import { PLAIN_TEXT, type Look } from '../../src/core/look.ts'
import type { ReadOptions } from '../../src/core/types.ts'
import { dataset, entry, input, listed, refusal, source, take, taken } from './offering.ts'

const looking = (path: string, look: Partial<Look>, facts: Partial<CatalogEntry> = {}): CatalogEntry =>
  entry(path, { look: { ...PLAIN_TEXT, ...look }, ...facts })
const root = (facts: Partial<CatalogRoot>): CatalogRoot => ({
  root: 'r1',
  state: 'ok',
  why: '',
  ...NO_FACTS,
  ...facts,
})
const asked = (options: ReadOptions, glob = ''): SnapshotRequest => input(glob, { options })
/** One node with these files; it has described them by whatever options are asked for. */
const of = (entries: CatalogEntry[], roots: CatalogRoot[] = [root({})]) => [
  source('n1', [dataset('logs', entries, { roots })], { described: [entries] }),
]

describe('a file that is not what can be read', () => {
  it.each<[string, Partial<Look>, ReadOptions, string]>([
    ['a.csv.bz2', { content: 'bzip2' }, {}, 'logs/a.csv.bz2 looks like bzip2'],
    ['a', { content: 'xz' }, {}, 'logs/a looks like xz'],
    ['a.csv', { content: 'zip' }, {}, 'logs/a.csv looks like a zip archive'],
    ['a.tar.gz', { compression: 'gzip', content: 'tar' }, {}, 'logs/a.tar.gz looks like a tar archive within gzip'],
    ['a.gz', { compression: 'gzip', content: 'gzip' }, {}, 'logs/a.gz looks like gzip within gzip'],
    [
      'a.zst',
      { compression: 'zstd', content: 'zstd-dictionary' },
      {},
      'looks like zstd that was made with a dictionary',
    ],
    ['a.csv', { content: 'parquet' }, {}, 'logs/a.csv looks like Parquet'],
    ['a.csv.gz', {}, {}, 'logs/a.csv.gz looks like text, not gzip'],
    ['a.zst', { content: 'markup' }, {}, 'logs/a.zst looks like HTML, XML or RTF, not zstd'],
    ['a.parquet', { content: 'zip' }, {}, 'logs/a.parquet looks like a zip archive'],
    ['a.parquet', { content: 'text' }, {}, 'logs/a.parquet looks like text, not Parquet'],
    ['a.txt', { content: 'text' }, { format: 'parquet' }, 'logs/a.txt looks like text, not Parquet'],
    ['a.parquet.gz', { compression: 'gzip', content: 'parquet' }, {}, 'looks like Parquet within gzip'],
    ['a.csv', { content: 'ndjson' }, {}, 'logs/a.csv looks like JSON'],
    ['a.csv', { content: 'ndjson' }, { delimiter: ',' }, 'logs/a.csv looks like JSON'],
    ['a.csv', { content: 'json' }, { header: false }, 'logs/a.csv looks like JSON'],
    ['a.tsv', { content: 'ndjson' }, { header: false }, 'logs/a.tsv looks like JSON'],
    ['a.csv', { content: 'array-line' }, {}, 'logs/a.csv looks like JSON'],
    ['a.csv', { content: 'markup' }, {}, 'logs/a.csv looks like HTML, XML or RTF'],
    ['a.ndjson', { content: 'json-line' }, {}, 'looks like one JSON array of objects or arrays, on one line'],
    ['a.bin', { content: 'binary' }, {}, 'logs/a.bin looks like binary data'],
    ['a.csv', { content: 'lfs-pointer' }, {}, 'looks like a pointer of Git LFS'],
    ['a.csv', { encoding: 'utf-16le' }, { encoding: 'utf-8' }, 'logs/a.csv looks like UTF-16LE'],
    ['a.csv', { content: 'text' }, { encoding: 'utf-16le' }, 'logs/a.csv looks like text of single bytes'],
  ])('%s of %j with %j is refused', (path, look, options, message) => {
    const outcome = take([asked(options)], of([looking(path, look)]))
    expect(refusal(outcome)).toMatchObject({ code: 'FILE_KIND', message: expect.stringContaining(message) as unknown })
    if (!outcome.ok) expect(outcome.refusal.try.length).toBeGreaterThan(1)
    expect(outcome).toMatchObject({ lacking: [] })
  })

  it.each<[string, Partial<Look>, ReadOptions]>([
    ['a.json', { content: 'json-line' }, {}],
    ['a.json', { content: 'json' }, {}],
    ['a.ndjson', { content: 'array-line' }, {}],
    ['a.ndjson', { content: 'json-line' }, { format: 'ndjson' }],
    ['a.log', { content: 'ndjson' }, {}],
    ['a.html', { content: 'markup' }, {}],
    ['a.bin', { content: 'binary' }, { format: 'text', encoding: 'bytes' }],
    ['a.csv', { content: 'binary' }, { encoding: 'utf-16be' }],
    ['a.csv', { content: 'ndjson' }, { header: false, delimiter: ',' }],
    ['a.tsv', { content: 'json' }, { header: false }],
    ['a.csv', { content: 'binary' }, { delimiter: '\u0005' }],
    ['a.dat', { content: 'parquet' }, {}],
    ['a.csv.gz', { content: 'binary' }, {}],
    ['a.parquet', { content: 'binary' }, {}],
    ['a.csv', { content: 'empty' }, {}],
    ['a', { compression: 'gzip', content: 'unknown' }, {}],
  ])('%s of %j with %j is read', (path, look, options) => {
    expect(listed(take([asked(options)], of([looking(path, look)])))).toEqual([[`${path} n1/r1`]])
  })

  it('names all of them, and counts only where the input takes it', () => {
    const entries = ['a', 'b', 'c'].map((path) => looking(path, { content: 'xz' }))
    expect(refusal(take([input()], of(entries)))).toMatchObject({
      why: expect.stringMatching(/logs\/b looks like xz\nlogs\/c looks like xz$/) as unknown,
    })
    expect(listed(take([input('d')], of([...entries, entry('d')])))).toEqual([['d n1/r1']])
  })

  it('is one whose first rows speak against the header that it would have', () => {
    const doubt = { of: 'header', looks: 'a title', why: 'line 1', try: ['skipLines: 2'] } as const
    expect(refusal(take([input()], of([entry('a.csv', { doubt })])))).toEqual({
      ...{ code: 'FILE_KIND', message: 'logs/a.csv looks like a title', why: 'line 1' },
    })
    // Who says that this is the header has seen to it; who says which delimiter it is has not.
    expect(
      listed(take([asked({ header: true })], [source('n1', [dataset('logs', [entry('a.csv', { doubt })])])])),
    ).toEqual([['a.csv n1/r1']])
    const commas = take([asked({ delimiter: ',' })], [source('n1', [dataset('logs', [entry('a.csv', { doubt })])])])
    expect(refusal(commas)).toMatchObject({ code: 'FILE_KIND' })
  })

  it('is doubted for what else speaks against it where the first is said', () => {
    const header = { of: 'header', looks: 'a title', why: 'line 1', try: ['skipLines: 2'] } as const
    const doubt = { of: 'delimiter', looks: 'semicolons', why: 'line 1', try: [], then: header } as const
    const sources = [source('n1', [dataset('logs', [entry('a.csv', { doubt })])])]
    const message = (options: ReadOptions): unknown => refusal(take([asked(options)], sources))
    expect(message({})).toMatchObject({ message: 'logs/a.csv looks like semicolons' })
    expect(message({ delimiter: ',' })).toMatchObject({ message: 'logs/a.csv looks like a title' })
    expect(listed(take([asked({ delimiter: ',', header: true })], sources))).toEqual([['a.csv n1/r1']])
  })

  it('is judged by what it holds, and not by its name alone', () => {
    const columns = asked({ columns: ['x'] })
    const parquet = of([looking('a.dat', { content: 'parquet' })])
    expect(taken(take([columns], parquet)).inputs[0]?.shards).toMatchObject([{ look: { content: 'parquet' } }])
    const { look: _, ...rest } = entry('a.dat')
    expect(refusal(take([columns], of([{ ...rest, state: 'pending' }])))).toMatchObject({ code: 'INCOMPLETE' })
    expect(refusal(take([columns], of([looking('a.dat', {})])))).toMatchObject({ code: 'USAGE' })
  })

  it('can be frozen, and is judged by the options of the job that takes it then', () => {
    const doubt = { of: 'header', looks: 'a title', why: 'line 1', try: ['skipLines: 2'] } as const
    const files = [looking('a.csv.bz2', { content: 'bzip2' }), entry('b.csv', { doubt }), entry('c.csv')]
    const frozen = taken(take([input('', { freezing: true })], of(files))).inputs[0]!
    expect(frozen.shards.map(({ look }) => look?.content)).toEqual(['bzip2', undefined, undefined])
    const reading = (glob: string, options: ReadOptions) => take([input(glob, { frozen, options })], of(files))
    expect(refusal(reading('*.bz2', {}))).toMatchObject({ code: 'FILE_KIND' })
    expect(refusal(reading('b.csv', {}))).toMatchObject({ code: 'FILE_KIND', message: 'logs/b.csv looks like a title' })
    expect(listed(reading('b.csv', { header: true }))).toEqual([['b.csv n1/r1']])
    expect(listed(reading('c.csv', {}))).toEqual([['c.csv n1/r1']])
  })

  it('keeps its look in the snapshot only where that makes a difference', () => {
    const entries = [
      looking('a.csv', {}),
      looking('b.csv', { encoding: 'utf-16le' }),
      looking('c.csv.gz', { compression: 'gzip' }),
      looking('d.csv', { compression: 'gzip' }),
      looking('e.json', { content: 'json' }),
      looking('f.log', { content: 'ndjson' }),
    ]
    const { shards } = taken(take([input()], of(entries))).inputs[0]!
    expect(shards.filter(({ look }) => look !== undefined).map(({ path }) => path)).toEqual([
      'b.csv',
      'd.csv',
      'e.json',
    ])
  })
})

describe('what people are told', () => {
  const warnings = (entries: CatalogEntry[], roots?: CatalogRoot[], options: ReadOptions = {}): readonly string[] => {
    const outcome = take([asked(options)], of(entries, roots))
    return outcome.ok ? outcome.warnings : [outcome.refusal.message]
  }

  it('formats that are mixed, unless the input says one', () => {
    const mixed = [entry('a.csv'), entry('b.csv'), entry('notes.txt')]
    expect(warnings(mixed)).toEqual([
      'logs: its files are read in different formats: 2 as csv (a.csv …), 1 as text (notes.txt); a glob or format: … says what is meant',
    ])
    expect(warnings(mixed, undefined, { format: 'text' })).toEqual([])
    expect(warnings([entry('d.csv'), entry('d.csv.1')])).toEqual([])
  })

  it('names that do not say what a file is', () => {
    const entries = [
      looking('a', { compression: 'gzip' }),
      looking('b', { compression: 'zstd' }),
      looking('c', { compression: 'gzip' }),
      looking('d', { content: 'json' }),
    ]
    expect(warnings(entries)).toEqual([
      'logs: a is gzip, and read as such (2 such files)',
      'logs: b is zstd, and read as such',
      "logs: d holds JSON that spans or shares lines, and is read as lines of text; format: 'json' reads its values",
    ])
  })

  it('names that others take for one', () => {
    expect(warnings([entry('caf\u00e9'), entry('cafe\u0301'), entry('A.log'), entry('a.log')])).toEqual([
      'logs: cafe\u0301 and caf\u00e9 differ only in their Unicode form (NFD, NFC); both count',
      'logs: A.log and a.log differ only in case; both count',
    ])
  })

  it('what is left out, on every node, outside of the snapshot’s id', () => {
    const leftOut = [
      { kind: 'hidden', count: 2, samples: ['_SUCCESS', '_x'] },
      { kind: 'special', count: 1, samples: ['pipe'] },
    ] as const
    const entries = [entry('a')]
    const outcome = take([input()], of(entries, [root({ leftOut })]))
    expect(outcome).toMatchObject({
      warnings: [
        'logs: 2 names that begin with _ or . are not read: _SUCCESS, _x',
        'logs: 1 socket, pipe or device is not read: pipe',
      ],
    })
    const snapshot = taken(outcome)
    expect(snapshot.inputs[0]?.leftOut).toEqual(leftOut.map((one) => ({ node: 'n1', ...one })))
    expect(snapshotId(snapshot)).toBe(snapshotId(taken(take([input()], of(entries)))))
  })
})

describe('a folder that is a table', () => {
  const roots = [root({ tables: [{ path: 'sales', format: 'Delta Lake' }] })]
  const entries = [entry('other.csv'), entry('sales/a.parquet', { look: { ...PLAIN_TEXT, content: 'parquet' } })]

  it('is refused by name, where the input takes files of it', () => {
    expect(refusal(take([input()], of(entries, roots)))).toMatchObject({
      code: 'TABLE_FORMAT',
      message: 'logs/sales on n1 is a table of Delta Lake',
    })
    expect(listed(take([input('*.csv')], of(entries, roots)))).toEqual([['other.csv n1/r1']])
    const whole = [root({ tables: [{ path: '', format: 'Apache Iceberg' }] })]
    expect(refusal(take([input()], of([entry('a')], whole)))).toMatchObject({
      message: 'logs on n1 is a table of Apache Iceberg',
    })
  })
})

describe('one mount, two nodes', () => {
  const seen = { witness: { dev: '7', ino: '99', mtimeNs: '5', ctimeNs: '6' }, size: 3 }
  const at = (node: string, path: string, facts: Partial<CatalogEntry>, where: Partial<CatalogRoot>) =>
    source(node, [dataset('logs', [entry(path, { ...seen, ...facts })], { roots: [root(where)] })])
  const other = { witness: { ...seen.witness, dev: '8' } }

  it.each([
    ['one directory of one machine', at('n2', 'a', {}, { machine: 'm1' })],
    ['a folder of it, and all of it', at('n2', 'sub/a', {}, { machine: 'm1' })],
    ['a network mount', at('n2', 'a', other, { machine: 'm2', networks: ['8'] })],
  ])('are refused: %s', (_, second) => {
    const first = at('n1', 'a', {}, { machine: 'm1', networks: ['7'] })
    expect(refusal(take([input()], [first, second]))).toMatchObject({
      code: 'SAME_MOUNT',
      message: 'n1 and n2 offer the same files as logs',
    })
  })

  it.each([
    ['another disk of that machine', at('n2', 'a', other, { machine: 'm1' })],
    ['another machine', at('n2', 'a', {}, { machine: 'm2' })],
    ['another machine, whose disk is in the network', at('n2', 'a', other, { machine: 'm2' })],
    ['another path there', at('n2', 'b', other, { machine: 'm2', networks: ['8'] })],
    ['another size', at('n2', 'a', { ...other, size: 4 }, { machine: 'm2', networks: ['8'] })],
    ['nobody knows', at('n2', 'a', {}, {})],
  ])('both count: %s', (_, second) => {
    const first = at('n1', 'a', {}, { machine: 'm1', networks: ['7'] })
    expect(listed(take([input()], [first, second]))[0]).toHaveLength(2)
  })

  it('a file with two names on one node counts twice, and that is a warning', () => {
    const names = (...paths: string[]) => paths.map((path) => entry(path, seen))
    const over = (...entries: CatalogEntry[]) => [source('n1', [dataset('logs', entries, { roots: [root({})] })])]
    const outcome = take([input()], over(...names('a', 'b')))
    expect(listed(outcome)[0]).toHaveLength(2)
    expect(outcome).toMatchObject({
      warnings: ['logs: a and b are one file by its inode; both count'],
    })
    expect(take([input()], over(...names('a', 'b', 'c')))).toMatchObject({
      warnings: ['logs: a and b are one file by its inode; both count (2 such names)'],
    })
    expect(take([input('a')], over(...names('a', 'b')))).toMatchObject({ warnings: [] })
    expect(take([input()], over(...names('a'), entry('b', { ...seen, size: 4 })))).toMatchObject({ warnings: [] })
  })
})

describe('a glob that is a file’s name', () => {
  it('is refused where it takes others as well, and says how to mean either', () => {
    const entries = [entry('[x].csv'), entry('x.csv')]
    const outcome = take([input('[x].csv')], of(entries))
    expect(refusal(outcome)).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('takes x.csv') as unknown,
    })
    const globs = outcome.ok ? [] : outcome.refusal.try.map((line) => /'logs\/(.*)'/.exec(line)![1]!)
    expect(globs.map((glob) => listed(take([input(glob)], of(entries))))).toEqual([
      [['[x].csv n1/r1']],
      [['x.csv n1/r1']],
    ])
    expect(listed(take([input('[x].csv')], of([entry('[x].csv')])))).toEqual([['[x].csv n1/r1']])
    expect(listed(take([input('[x].csv')], of([entry('x.csv')])))).toEqual([['x.csv n1/r1']])
  })

  it('in another Unicode form says that', () => {
    expect(refusal(take([input('caf\u00e9')], of([entry('cafe\u0301')])))).toMatchObject({
      code: 'NO_DATA',
      why: expect.stringContaining('another Unicode form') as unknown,
    })
  })
})
