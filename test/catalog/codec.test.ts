import { decode, encode } from 'cborg'
import {
  array,
  assert,
  constant,
  constantFrom,
  integer,
  nat,
  oneof,
  property,
  record,
  string,
  uint8Array,
  type Arbitrary,
} from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  NO_FACTS,
  type CatalogBody,
  type CatalogDataset,
  type CatalogEntry,
  type DescribedShard,
} from '../../src/catalog/body.ts'
import {
  decodeCatalog,
  decodeKept,
  decodeScanAnswer,
  encodeCatalog,
  encodeScanAnswer,
} from '../../src/catalog/codec.ts'
import { CONTENTS } from '../../src/core/look.ts'
import type { Cuts, Digest, Witness } from '../../src/core/types.ts'

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
const decimal = nat().map(String)
const witnesses: Arbitrary<Witness> = record({
  dev: decimal,
  ino: decimal,
  mtimeNs: integer().map(String),
  ctimeNs: decimal,
})
const segments = string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).map((text) => text.replaceAll(/[/\0.]/g, 'x'))
const paths = array(segments, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'))
const roots = constantFrom('0123456789ab', 'ba9876543210')

const cutsWithin = (size: number): Arbitrary<Cuts> =>
  oneof(
    constant<Cuts>({ kind: 'lines' }),
    integer({ min: Math.min(1, size), max: size }).map((header): Cuts =>
      header === 0 ? { kind: 'lines' } : { kind: 'lines', header },
    ),
    constant<Cuts>({ kind: 'whole' }),
    record({
      kind: constant('offsets' as const),
      header: nat(size),
      at: array(integer({ min: Math.min(1, size), max: size })).map((all) =>
        [...new Set(all)].filter((n) => n > 0).toSorted((a, b) => a - b),
      ),
    }),
    record({ kind: constant('row-groups' as const), groups: array(record({ rows: nat(), bytes: nat() })) }),
  )

const texts = constantFrom('a int32', 'a int64\nb list\nb[] string', `#${'0f'.repeat(32)}`)
const columnsOr = (none: null): Arbitrary<string | null> => oneof(constant(none), texts)

const entries = (replicated: boolean): Arbitrary<CatalogEntry> =>
  record({
    path: paths,
    root: roots,
    size: nat(),
    witness: witnesses,
    state: constantFrom('offered' as const, 'pending' as const, 'unreadable' as const),
    why: string({ maxLength: 20 }),
    look: record({
      compression: constantFrom('none' as const, 'gzip' as const, 'zstd' as const),
      encoding: constantFrom('utf-8' as const, 'utf-16le' as const, 'utf-16be' as const),
      lineEnd: constantFrom('lf' as const, 'any' as const),
      content: constantFrom(...CONTENTS),
    }),
    doubt: oneof(
      constant(null),
      constant({ of: 'header' as const, looks: 'a title', why: 'line 1', try: ['skipLines: 1'] }),
      constant({
        ...{ of: 'skipLines' as const, looks: 'a line', why: 'line 1', try: ['skipLines: 1'] },
        then: { of: 'quote' as const, looks: 'quotes', why: 'line 1', try: [] },
      }),
    ),
    columns: columnsOr(null),
  }).chain((facts) =>
    cutsWithin(facts.size).map((cuts): CatalogEntry => {
      const { why, look, doubt, columns, ...rest } = facts
      const mtime = new Date(facts.size).toISOString()
      const hash = replicated && facts.state === 'offered' ? { hash: 'a0'.repeat(32) as Digest } : {}
      const offered =
        facts.state === 'offered'
          ? { look, ...(doubt === null ? {} : { doubt }), ...(columns === null ? {} : { columns }) }
          : {}
      return { ...rest, ...hash, ...(facts.state === 'unreadable' ? { why } : {}), cuts, mtime, ...offered }
    }),
  )

const datasets = (name: string): Arbitrary<CatalogDataset> =>
  constantFrom(true, false).chain((replicated) =>
    record({
      name: constant(name),
      replicated: constant(replicated),
      roots: constant([
        {
          ...{ root: '0123456789ab', state: 'ok' as const, why: '' },
          leftOut: [{ kind: 'hidden' as const, count: 7, samples: ['_a', 'b/.c'] }],
          tables: [
            { path: '', format: 'Delta Lake' as const },
            { path: 't/ü', format: 'Apache Iceberg' as const },
          ],
          ...{ machine: 'a'.repeat(12), networks: ['22', '9'] },
        },
        { root: 'ba9876543210', state: 'away' as const, why: 'gone', ...NO_FACTS },
      ]),
      entries: array(entries(replicated)).map((all) => {
        const unique = [...new Map(all.map((entry) => [JSON.stringify([entry.path, entry.root]), entry])).values()]
        return unique.toSorted((a, b) => byBytes(a.path, b.path) || byBytes(a.root, b.root))
      }),
    }),
  )

const bodies: Arbitrary<CatalogBody> = record({
  version: nat(),
  a: datasets('a'),
  b: datasets('b.1'),
  names: nat(2),
}).map(({ version, a, b, names }) => ({ version, datasets: [a, b].slice(0, names) }))

describe('the codec of catalogs', () => {
  it('gives back what went in', () => {
    assert(
      property(bodies, (body) => {
        expect(decodeCatalog(encodeCatalog(body))).toEqual(body)
      }),
    )
  })

  it('gives back scan answers', () => {
    const described: Arbitrary<DescribedShard> = record({
      root: roots,
      path: paths,
      witness: witnesses,
      cuts: cutsWithin(1000),
      columns: columnsOr(null),
    }).map(({ columns, ...shard }) => (columns === null ? shard : { ...shard, columns }))
    const answers = record({
      body: bodies,
      fresh: constantFrom(true, false),
      settled: constantFrom(true, false),
      walk: nat(),
      progress: nat(),
      described: array(array(described)),
    })
    assert(
      property(answers, (answer) => {
        expect(decodeScanAnswer(encodeScanAnswer(answer))).toEqual(answer)
      }),
    )
  })

  it('throws for rubbish, and what it accepts in spite of damage is in proper form', () => {
    assert(
      property(uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeCatalog(bytes)).toThrow()
      }),
    )
    assert(
      property(bodies, nat(), nat(255), (body, at, byte) => {
        const bytes = encodeCatalog(body)
        bytes[at % bytes.length] = byte
        let changed: CatalogBody
        try {
          changed = decodeCatalog(bytes)
        } catch {
          return
        }
        expect(decodeCatalog(encodeCatalog(changed))).toEqual(changed)
      }),
      { numRuns: 300 },
    )
  })

  const ROOT = ['0123456789ab', 0, '', [], [], '', []] as const
  const entry: readonly unknown[] = [
    'a/b',
    '0123456789ab',
    10,
    ['1', '2', '3', '4'],
    null,
    ['lines', 0],
    0,
    null,
    '2026-01-01T00:00:00.000Z',
    [0, 0, 0, 2],
    null,
    null,
  ]
  const withEntry = (changed: readonly unknown[], replicated = false, columns: unknown = []): Uint8Array =>
    encode([3, [7, [['logs', replicated, [ROOT], [changed], columns]]]])
  const put = (index: number, value: unknown): unknown[] => entry.with(index, value)

  it('accepts the entry that the next test spoils', () => {
    expect(decodeCatalog(withEntry(entry)).datasets[0]?.entries).toHaveLength(1)
  })

  it.each([
    ['a path that climbs', put(0, '../x')],
    ['a path that climbs inside', put(0, 'a/../../x')],
    ['an absolute path', put(0, '/etc/passwd')],
    ['an empty path', put(0, '')],
    ['a path with NUL', put(0, 'a\0')],
    ['a path with a dot segment', put(0, './a')],
    ['a folder that is offered', put(0, 'a/')],
    ['an overlong path', put(0, 'x'.repeat(4097))],
    ['a root that is not its own', put(1, 'ffffffffffff')],
    ['a negative size', put(2, -1)],
    ['a size with a fraction', put(2, 1.5)],
    ['a witness that is no number', put(3, ['1', '2', '3', 'x'])],
    ['a witness of another length', put(3, ['1', '2', '3'])],
    ['a hash in an own dataset', put(4, 'a0'.repeat(32))],
    ['cuts of an unknown kind', put(5, ['eval'])],
    ['offsets that go back', put(5, ['offsets', 0, [5, 4]])],
    ['an offset of 0', put(5, ['offsets', 0, [0, 4]])],
    ['an offset behind the end', put(5, ['offsets', 0, [11]])],
    ['a header longer than the file', put(5, ['offsets', 11, []])],
    ['a row group of negative rows', put(5, ['row-groups', [[-1, 0]]])],
    ['an unknown state', put(6, 3)],
    ['a state by name', put(6, 'length')],
    ['a long why', put(7, 'x'.repeat(5000))],
    ['a time in another form', put(8, 'yesterday')],
    ['a header longer than the file, of lines', put(5, ['lines', 11])],
    ['an offered entry without a look', put(9, null)],
    ['a look of an unknown kind', put(9, [0, 0, 0, 99])],
    ['a doubt of no texts', put(10, [0, 'a', 'b', [1]])],
    ['a doubt of an unknown option', put(10, [4, 'a', 'b', []])],
    ['a doubt with none behind it', put(10, [0, 'a', 'b', [], null])],
    [
      'more doubts than options',
      put(
        10,
        [0, 1, 2, 3, 0].reduce<unknown>((then, of) => [of, 'a', 'b', [], ...(then === null ? [] : [then])], null),
      ),
    ],
    ['a field too many', [...entry, 1]],
  ])('refuses %s', (_, bad) => {
    expect(() => decodeCatalog(withEntry(bad))).toThrow()
  })

  it.each([
    ['a number without a text', 0, []],
    ['a number beyond the texts', 1, ['a int32']],
    ['a text by itself', 'a int32', ['a int32']],
    ['a text that no file has', null, ['a int32']],
    ['no columns', 0, ['rm -rf /']],
    ['one text twice', 0, ['a int32', 'a int32']],
    ['texts that are no list', 0, 'a int32'],
    ['a number by name', 'length', ['a int32']],
  ])('refuses %s', (_, number, columns) => {
    expect(() => decodeCatalog(withEntry(put(11, number), false, columns))).toThrow('columns')
    expect(decodeCatalog(withEntry(put(11, 0), false, ['a int32'])).datasets[0]?.entries[0]?.columns).toBe('a int32')
  })

  it('refuses texts in another order than that of the files, and columns of a file that is not described', () => {
    const all = (first: number, second: number): Uint8Array => {
      const entries = [put(11, first), put(11, second).with(0, 'b')]
      return encode([3, [7, [['logs', false, [ROOT], entries, ['a int32', 'b int32']]]]])
    }
    expect(decodeCatalog(all(0, 1)).datasets[0]?.entries.map(({ columns }) => columns)).toEqual(['a int32', 'b int32'])
    expect(() => decodeCatalog(all(1, 0))).toThrow('columns')
    const pending = put(11, 0).with(6, 1).with(9, null)
    expect(() => decodeCatalog(withEntry(pending, false, ['a int32']))).toThrow('columns')
  })

  it('has the columns of many files once', () => {
    const columns = Array.from({ length: 1_000 }, (_, i) => `column-${i} int32`)
      .toSorted()
      .join('\n')
    const [dataset] = decodeCatalog(withEntry(entry)).datasets
    const entries = Array.from({ length: 1_000 }, (_, i) => ({
      ...dataset!.entries[0]!,
      path: `${i}`.padStart(4, '0'),
      columns,
    }))
    const bytes = encodeCatalog({ version: 1, datasets: [{ ...dataset!, entries }] })
    expect(bytes.length).toBeLessThan(columns.length + 200_000)
    expect(decodeCatalog(bytes).datasets[0]?.entries).toEqual(entries)
  })

  it('refuses an offered entry of a replicated dataset without its hash', () => {
    expect(() => decodeCatalog(withEntry(entry, true))).toThrow('hash')
    expect(decodeCatalog(withEntry(put(4, 'a0'.repeat(32)), true)).datasets).toHaveLength(1)
  })

  it('refuses what comes twice or out of order', () => {
    const body = (all: readonly unknown[]): Uint8Array => encode([3, [7, [['logs', false, [ROOT], all, []]]]])
    expect(() => decodeCatalog(body([entry, entry]))).toThrow('out of order')
    expect(() => decodeCatalog(body([put(0, 'b'), put(0, 'a')]))).toThrow('out of order')
    const dataset = ['logs', false, [], [], []]
    expect(() => decodeCatalog(encode([3, [7, [dataset, dataset]]]))).toThrow('out of order')
    expect(() => decodeCatalog(encode([1, [7, []]]))).toThrow('another form')
    expect(decode(encodeCatalog({ version: 7, datasets: [] }))).toEqual([3, [7, []]])
  })

  it('takes what a home kept in form 1, whose entries say nothing of what files hold', () => {
    const before = [...entry.slice(0, 9)].with(5, ['lines'])
    const kept = encode([1, [7, [['logs', false, [['0123456789ab', 0, '']], [before]]]]])
    expect(() => decodeCatalog(kept)).toThrow('another form')
    const { form, datasets: found } = decodeKept(kept)
    expect(form).toBe(1)
    expect(found[0]?.entries).toMatchObject([{ path: 'a/b', size: 10, cuts: { kind: 'lines' }, state: 'offered' }])
  })

  it('takes what a home kept in form 2, which knows nothing of columns', () => {
    const kept = encode([2, [7, [['logs', false, [ROOT], [entry.slice(0, 11)]]]]])
    expect(() => decodeCatalog(kept)).toThrow('another form')
    const { form, datasets: found } = decodeKept(kept)
    expect([form, found]).toEqual([2, decodeCatalog(withEntry(entry)).datasets])
  })

  it('does not overflow on deep nesting', () => {
    expect(() => decodeCatalog(new Uint8Array(1_000_000).fill(0x81))).toThrow()
  })
})
