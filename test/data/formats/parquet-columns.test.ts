import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/core/limits.ts'
import {
  agree,
  type Agreement,
  type AgreeOptions,
  type FileColumns,
} from '../../../src/data/formats/parquet/metadata/agree.ts'
import { columnsText, digestOfText, isColumnsText } from '../../../src/data/formats/parquet/metadata/columns.ts'
import type { SchemaNode } from '../../../src/data/formats/parquet/metadata/schema.ts'
import { decimal, group, instant, int, leaf, list, map, repeated, text } from './schema-nodes.ts'

const EVERY: readonly (readonly [SchemaNode, string])[] = [
  [leaf('a', 'BOOLEAN'), 'a boolean'],
  ...[8, 16, 32].flatMap((bits) => [true, false].map((signed) => [int('a', bits, signed), 'a int32'] as const)),
  [leaf('a', 'INT32'), 'a int32'],
  [leaf('a', 'INT64'), 'a int64'],
  [int('a', 64, false), 'a int64'],
  [leaf('a', 'FLOAT'), 'a float'],
  [leaf('a', 'DOUBLE'), 'a float'],
  [{ ...leaf('a', 'FIXED_LEN_BYTE_ARRAY', { kind: 'float16' }), length: 2 }, 'a float'],
  [decimal('a', 9, 2, 'INT32'), 'a decimal(2)'],
  [decimal('a', 38, 2, 'FIXED_LEN_BYTE_ARRAY'), 'a decimal(2)'],
  [text('a'), 'a string'],
  [leaf('a', 'BYTE_ARRAY', { kind: 'enum' }), 'a string'],
  [leaf('a', 'BYTE_ARRAY', { kind: 'json' }), 'a json'],
  [leaf('a', 'BYTE_ARRAY'), 'a bytes'],
  [leaf('a', 'FIXED_LEN_BYTE_ARRAY'), 'a binary'],
  [leaf('a', 'BYTE_ARRAY', { kind: 'bson' }), 'a binary'],
  [leaf('a', 'BYTE_ARRAY', { kind: 'geo' }), 'a binary'],
  [leaf('a', 'FIXED_LEN_BYTE_ARRAY', { kind: 'uuid' }), 'a uuid'],
  [leaf('a', 'INT32', { kind: 'date' }), 'a date'],
  [instant('a', 'ms'), 'a timestamp(ms)'],
  [instant('a', 'us', false), 'a timestamp(us,local)'],
  [leaf('a', 'INT96'), 'a timestamp(ns)'],
  [leaf('a', 'INT64', { kind: 'time', unit: 'us', utc: true }), 'a time(us)'],
  [leaf('a', 'INT64', { kind: 'time', unit: 'us', utc: false }), 'a time(us)'],
  [leaf('a', 'FIXED_LEN_BYTE_ARRAY', { kind: 'interval' }), 'a interval'],
  [leaf('a', 'INT32', { kind: 'unknown' }), 'a null'],
  [group('a', [leaf('b', 'INT32')]), 'a group\na.b int32'],
  [group('a', [leaf('metadata', 'BYTE_ARRAY')], { kind: 'variant' }), 'a variant'],
  [repeated(leaf('a', 'INT32')), 'a list\na[] int32'],
  [map('a', text('k'), int('v', 64)), 'a map\na{key} string\na{value} int64'],
  [map('a', text('k')), 'a list\na[] string'],
  [leaf('a.b "c"\n', 'INT32'), '"a.b \\"c\\"\\n" int32'],
  [leaf('größe', 'INT32'), 'größe int32'],
  [leaf('', 'INT32'), '"" int32'],
]

describe('the text of columns', () => {
  test.each(EVERY)('%#', (node, expected) => {
    expect(columnsText([node])).toBe(expected)
    expect(isColumnsText(expected)).toBe(true)
  })

  test('does not depend on who wrote the file, nor on the order of its columns', () => {
    const element = group('x', [int('n', 64)])
    const lists = [
      list('a', element),
      list('a', { ...element, name: 'item' }, 'bag'),
      group('a', [repeated({ ...element, name: 'array' })], { kind: 'list' }),
      group('a', [repeated({ ...element, name: 'a_tuple' })], { kind: 'list' }),
      repeated({ ...element, name: 'a' }),
    ]
    expect(new Set(lists.map((one) => columnsText([one, text('b')])))).toEqual(
      new Set(['a list\na[] group\na[].n int64\nb string']),
    )
    expect(columnsText([text('b'), lists[0]!])).toBe(columnsText([lists[0]!, text('b')]))
    expect(columnsText([map('a', text('key'), int('value', 8))])).toBe(columnsText([map('a', text('k'), int('v', 8))]))
  })

  test('of columns of one name has the first', () => {
    expect(columnsText([text('a'), int('a', 32)])).toBe('a string')
  })

  test('of more columns than there is room for is a digest, which tells schemas apart', () => {
    const many = Array.from({ length: 40_000 }, (_, i) => int(`a column with the number ${i}`, 32))
    const digest = columnsText(many)
    expect(digest).toMatch(/^#[0-9a-f]{64}$/)
    expect(columnsText(many.toReversed())).toBe(digest)
    expect(columnsText([...many.slice(1), text('a column with the number 0')])).not.toBe(digest)
    expect(isColumnsText(digest)).toBe(true)
  })

  test('of columns that nest deep under long names takes neither much time nor memory', () => {
    let node = group(
      'x'.repeat(10_000),
      Array.from({ length: 10_000 }, (_, i) => int(`${i}`, 32)),
    )
    for (let i = 0; i < 90; i++) node = group('x'.repeat(10_000), [node])
    const start = performance.now()
    expect(columnsText([node])).toMatch(/^#/)
    expect(performance.now() - start).toBeLessThan(1_000)
  })

  test.each([
    '',
    'a',
    'a int33',
    'a  int32',
    'a int32\n',
    'b int32\na int32',
    'a int32\na int32',
    'a int32\na string',
    'a.b.',
    '"a int32',
    'a{other} int32',
    'a\u0085b int32',
    '#abc',
    `${'a'.repeat(LIMITS.columnsTextMax)} int32`,
  ])('%j is none', (bad) => {
    expect(isColumnsText(bad)).toBe(false)
  })
})

const ALL: AgreeOptions = { wanted: null, bytesAreText: false }
interface Named extends FileColumns {
  readonly name: string
}
const over = (texts: readonly string[], options: Partial<AgreeOptions> = {}): Agreement<Named> =>
  agree(
    texts.map((one, i): Named => ({ name: `f${i}`, text: one })),
    { ...ALL, ...options },
  )

describe('files together', () => {
  test.each([
    [['int32', 'int64'], 'int64'],
    [['int64', 'int32', 'null'], 'int64'],
    [['timestamp(ms)', 'timestamp(us)'], 'us'],
    [['timestamp(ns)', 'timestamp(ms)', 'timestamp(us)'], 'ns'],
    [['timestamp(us,local)', 'timestamp(ms,local)'], 'us'],
    [['time(ms)', 'time(ns)'], 'ns'],
  ])('%j are given as %s', (forms, as) => {
    for (const order of [forms, forms.toReversed()]) {
      const found = over(order.map((form) => `a ${form}`))
      expect(found).toMatchObject({ agreed: { widened: [['a', as]], lacking: [] }, conflicts: [], apart: null })
    }
  })

  test.each([
    ['null', 'int32'],
    ['null', 'list'],
    ['bytes', 'binary'],
  ])('%s and %s are given as they are', (one, other) => {
    expect(over([`a ${one}`, `a ${other}`])).toMatchObject({ agreed: null, conflicts: [] })
    expect(over([`a ${other}`, `a ${one}`])).toMatchObject({ agreed: null, conflicts: [] })
  })

  test.each([
    ['int32', 'float'],
    ['int64', 'decimal(0)'],
    ['decimal(2)', 'decimal(3)'],
    ['string', 'bytes'],
    ['string', 'json'],
    ['timestamp(us)', 'timestamp(us,local)'],
    ['timestamp(ms)', 'date'],
    ['timestamp(ms)', 'time(ms)'],
    ['timestamp(ms)', 'int64'],
    ['int32', 'list'],
    ['list', 'map'],
    ['group', 'variant'],
    ['boolean', 'int32'],
    ['uuid', 'string'],
  ])('%s and %s do not meet', (one, other) => {
    expect(over([`a ${one}`, `a ${other}`]).conflicts).toEqual([
      {
        path: 'a',
        one: { file: { name: 'f0', text: `a ${one}` }, form: one },
        other: { file: { name: 'f1', text: `a ${other}` }, form: other },
      },
    ])
  })

  test('a conflict names the file whose type it was', () => {
    const { conflicts } = over(['a int32\nb int32', 'a int64\nb string', 'a string\nb int32'])
    expect(conflicts.map(({ path, one, other }) => [path, one.file.name, one.form, other.file.name])).toEqual([
      ['b', 'f0', 'int32', 'f1'],
      ['a', 'f1', 'int64', 'f2'],
    ])
  })

  test('what is within columns meets by its path', () => {
    const found = over([
      'a list\na[] group\na[].n int32\nm map\nm{key} string\nm{value} timestamp(ms)',
      'a list\na[] group\na[].n int64\nm map\nm{key} string\nm{value} timestamp(us)',
    ])
    expect(found.agreed?.widened).toEqual([
      ['a[].n', 'int64'],
      ['m{value}', 'us'],
    ])
    expect(over(['m map\nm{key} null', 'm map\nm{key} string']).conflicts).toHaveLength(1)
  })

  test('only wanted columns count', () => {
    const texts = ['"a b" int32\nc int32\nd int32', '"a b" int64\nc string\nd int64']
    expect(over(texts, { wanted: ['a b'] })).toMatchObject({ agreed: { widened: [['"a b"', 'int64']] }, conflicts: [] })
    expect(over(texts, { wanted: ['a b', 'c'] }).conflicts).toHaveLength(1)
  })

  test('bytes are text where the input says so', () => {
    expect(over(['a bytes', 'a string'], { bytesAreText: true })).toMatchObject({ agreed: null, conflicts: [] })
    expect(over(['a bytes', 'a binary'], { bytesAreText: true }).conflicts).toHaveLength(1)
  })

  test('wanted columns that some files lack are told from those that all do', () => {
    const found = over(['a int32\nb int32', 'a int32\nc int32'], { wanted: ['c', 'a', 'd'] })
    expect(found.agreed).toEqual({ widened: [], lacking: ['c', 'd'] })
    expect([found.missing, [...found.names]]).toEqual([['d'], ['a', 'b', 'c']])
    expect(over(['a int32', 'b int32']).agreed).toBeNull()
    expect(over(['a int32'], { wanted: ['b'] }).missing).toEqual(['b'])
    expect(over(['a int32', 'a int32'], { wanted: ['a'] })).toMatchObject({ agreed: null, missing: [] })
  })

  test('what is only known as a whole is equal to itself, and apart from all else', () => {
    const digest = digestOfText('a int32')
    const other = `#${'0'.repeat(64)}`
    expect(over([digest, 'a int32'])).toMatchObject({ apart: null, agreed: null })
    expect(over([digest, digest], { wanted: ['x'] })).toMatchObject({ apart: null, missing: [] })
    expect(over(['', ''])).toMatchObject({ apart: null })
    expect(over(['a int32', digest, other]).apart?.map(({ name }) => name)).toEqual(['f0', 'f2'])
    expect(over([other, 'a int32']).apart?.map(({ name }) => name)).toEqual(['f0', 'f1'])
    expect(over(['a int32', '']).apart).not.toBeNull()
  })

  test('ten thousand files of eight thousand columns take the time of their different schemas', () => {
    const wide = (form: string): string =>
      columnsText(Array.from({ length: 8_000 }, (_, i) => (form === 'int32' ? int(`c${i}`, 32) : int(`c${i}`, 64))))
    const texts = [wide('int32'), wide('int64')]
    const start = performance.now()
    const found = over(Array.from({ length: 10_000 }, (_, i) => texts[i % 2]!))
    expect(performance.now() - start).toBeLessThan(1_000)
    expect(found.agreed?.widened).toHaveLength(8_000)
  })
})
