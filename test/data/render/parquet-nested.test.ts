import {
  array,
  assert as check,
  asyncProperty,
  bigInt,
  boolean,
  constant,
  constantFrom,
  date,
  dictionary,
  double,
  integer,
  letrec,
  oneof,
  option,
  record,
  string,
  tuple,
  uint8Array,
  type Arbitrary,
} from 'fast-check'
import { parquetMetadata, type SchemaElement } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/core/limits.ts'
import { values as anyValues } from '../arbitrary.ts'
import { readAll } from '../formats/read-all.ts'
import { readAs } from './parquet-oracle.ts'
import { renderFiles, type Rec } from './render.ts'

/** A column of the values, as it comes back. */
async function column(values: readonly unknown[]): Promise<unknown[]> {
  const records = values.map((value): Rec => ['k', { x: value }])
  const { records: rows, bad } = await readAll(renderFiles('parquet', [records])[0]!, 'a.parquet')
  expect(bad).toEqual([])
  return (rows as { x: unknown }[]).map(({ x }) => x)
}

/** The types of its parts: `x` alone, or with what is in it. */
function typesOf(values: readonly unknown[]): string[] {
  const file = renderFiles('parquet', [values.map((value): Rec => ['k', { x: value }])])[0]!
  const { schema } = parquetMetadata(Uint8Array.from(file).buffer)
  return schema.slice(2).map((element: SchemaElement) => {
    const { name, logical_type: logical, type, num_children: children = 0 } = element
    return `${name} ${logical?.type ?? type ?? `GROUP ${children}`}`
  })
}

const wide = (count: number, value: (i: number) => unknown, start = 'n'): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${start}${i}`, value(i)]))
const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
const MAX = LIMITS.outputFieldsMax

describe('types of a column', () => {
  test.each<[string, unknown[], string[]]>([
    ['lists', [[1, null], null, []], ['x LIST', 'list GROUP 1', 'element INT64']],
    ['lists that are all empty', [[]], ['x LIST', 'list GROUP 1', 'element STRING']],
    ['pairs of one kind', [[['a', 'b']]], ['x LIST', 'list GROUP 1', 'element LIST', 'list GROUP 1', 'element STRING']],
    ['pairs of two kinds', [[['a', 1]]], ['x JSON']],
    ['groups have all fields', [{ b: 1 }, { a: 'x' }], ['x GROUP 2', 'a STRING', 'b INT64']],
    ['a field without a type', [{ a: 1, b: [1, 'a'] }], ['x GROUP 2', 'a INT64', 'b JSON']],
    ['groups without fields', [{}], ['x JSON']],
    ['groups without fields in a list', [[{}]], ['x JSON']],
    ['some groups without fields', [{}, { a: 1 }], ['x GROUP 1', 'a INT64']],
    ['objects beside arrays', [{ a: 1 }, [1]], ['x JSON']],
    ['objects beside texts', [{ a: 1 }, 'a'], ['x JSON']],
    [
      'as many fields as a group has',
      [wide(MAX, String)],
      [
        `x GROUP ${MAX}`,
        ...Object.keys(wide(MAX, String))
          .toSorted()
          .map((n) => `${n} STRING`),
      ],
    ],
    ['more, in one', [wide(MAX + 1, String)], ['x MAP', 'key_value GROUP 2', 'key STRING', 'value STRING']],
    ['more, in all', [wide(MAX, String), { more: 'x' }], ['x MAP', 'key_value GROUP 2', 'key STRING', 'value STRING']],
    [
      'more, of numbers of two kinds',
      [wide(MAX, () => 1), { more: 0.5 }],
      ['x MAP', 'key_value GROUP 2', 'key STRING', 'value DOUBLE'],
    ],
    [
      'more, of groups',
      [wide(MAX, () => ({ a: 1 })), { more: { b: 'x' } }],
      ['x MAP', 'key_value GROUP 2', 'key STRING', 'value GROUP 2', 'a INT64', 'b STRING'],
    ],
    [
      'more, of lists of numbers of two kinds',
      [wide(MAX + 1, (i) => [i % 2 === 0 ? 1 : 0.5])],
      ['x MAP', 'key_value GROUP 2', 'key STRING', 'value LIST', 'list GROUP 1', 'element DOUBLE'],
    ],
    [
      'more, of groups with one field of two kinds',
      [wide(MAX + 1, (i) => ({ a: i % 2 === 0 ? 1 : 0.5 }))],
      ['x MAP', 'key_value GROUP 2', 'key STRING', 'value GROUP 1', 'a DOUBLE'],
    ],
    [
      'more, of groups that together have more, too',
      [wide(MAX + 1, (i) => ({ [`f${i}`]: i / 2 }))],
      ['x MAP', 'key_value GROUP 2', 'key STRING', 'value MAP', 'key_value GROUP 2', 'key STRING', 'value DOUBLE'],
    ],
    [
      'more, of which one has more',
      [wide(MAX + 1, (i) => (i === 5 ? wide(MAX + 1, () => 1) : { a: i === 2 || i === 9 ? 0.5 : 1 }))],
      ['x MAP', 'key_value GROUP 2', 'key STRING', 'value MAP', 'key_value GROUP 2', 'key STRING', 'value DOUBLE'],
    ],
    [
      'more, of two groups that together have more, too',
      [wide(MAX + 1, (i) => (i > 1 ? {} : wide(MAX - i, (j) => j, `${i}`)))],
      ['x MAP', 'key_value GROUP 2', 'key STRING', 'value MAP', 'key_value GROUP 2', 'key STRING', 'value INT64'],
    ],
    ['more, of two kinds', [wide(MAX + 1, (i) => (i === 7 ? 1 : 'a'))], ['x JSON']],
    ['beyond 64 bits', [[2n ** 64n]], ['x LIST', 'list GROUP 1', 'element DECIMAL']],
    ['beyond 38 digits', [10n ** 38n], ['x STRING']],
    ['digits are text', ['1', '2'], ['x STRING']],
    [
      'as deep as may be',
      [nested(LIMITS.outputNestingMax)],
      [
        'x LIST',
        ...Array.from({ length: LIMITS.outputNestingMax - 1 }, () => ['list GROUP 1', 'element LIST']).flat(),
        'list GROUP 1',
        'element INT64',
      ],
    ],
    ['deeper', [nested(LIMITS.outputNestingMax + 1)], ['x JSON']],
  ])('%s', async (_name, values, types) => {
    expect(typesOf(values)).toEqual(types)
    expect(await column(values)).toEqual(readAs(values))
  })

  test('a result of too many places: the columns with most of them are JSON, the others keep their types', async () => {
    const many = wide(60, () => wide(MAX, () => 1))
    const records: Rec[] = [['k', { many, few: wide(MAX, () => 1), one: 1 }]]
    const { schema } = parquetMetadata(Uint8Array.from(renderFiles('parquet', [records])[0]!).buffer)
    expect(schema.find(({ name }) => name === 'many')!.converted_type).toBe('JSON')
    expect(schema.find(({ name }) => name === 'few')!.num_children).toBe(MAX)
  })

  test('names are kept as they are', async () => {
    const names = [
      '',
      'a.b',
      'list',
      'element',
      'key',
      'value',
      'key_value',
      'constructor',
      'toString',
      '__proto__',
      'ü\u0000',
      '1',
    ]
    const values = [Object.fromEntries(names.map((name) => [name, 1])), {}, { x: [Object.create(null)] }]
    expect(await column(values)).toEqual(readAs(values))
    const own = Object.fromEntries([['__proto__', 1]])
    expect(typesOf([own])).toEqual(['x GROUP 1', '__proto__ INT64'])
    const { records } = await readAll(renderFiles('parquet', [[['k', own]]])[0]!, 'a.parquet')
    expect(Object.entries(records[0] as object)).toEqual([
      ['key', 'k'],
      ['__proto__', 1n],
    ])
  })
})

const text = string({ unit: 'grapheme', maxLength: 20 })
const number = double().map((value) => value + 0)
const name = oneof(
  constantFrom('a', 'b', 'c', '', 'list', 'element', 'key', 'toString', 'a.b', '__proto__'),
  string({ maxLength: 3 }),
)

/** Values of one type, drawn as well; some types are none. */
const columns: Arbitrary<unknown[]> = letrec<{ type: Arbitrary<unknown> }>((tie) => ({
  type: oneof(
    { maxDepth: 4, depthSize: 'medium' },
    constantFrom<Arbitrary<unknown>>(
      ...[text, number, boolean(), integer(), bigInt(), uint8Array({ maxLength: 5 }), date({ noInvalidDate: true })],
      ...[constant(null), bigInt({ min: -(2n ** 126n), max: 2n ** 126n }), oneof(text, number), anyValues],
    ),
    tie('type').map((type) => array(option(type as Arbitrary<unknown>), { maxLength: 4 })),
    tie('type').map((type) =>
      dictionary(name, type as Arbitrary<unknown>, { maxKeys: 4 }).map((some) => ({
        ...wide(MAX + 1, () => null),
        ...some,
      })),
    ),
    dictionary(name, tie('type'), { maxKeys: 4 }).map((fields) =>
      record(fields as Record<string, Arbitrary<unknown>>, { requiredKeys: [] }),
    ),
  ),
})).type.chain((type) => array(option(type as Arbitrary<unknown>), { minLength: 1, maxLength: 12 }))

describe('what is written comes back', () => {
  test('columns of any type', async () => {
    await check(
      asyncProperty(columns, async (values) => {
        expect(await column(values)).toEqual(readAs(values))
      }),
      { numRuns: 500 },
    )
  })

  test('in any order with the same types', async () => {
    await check(
      asyncProperty(columns, async (values) => {
        expect(typesOf(values.toReversed())).toEqual(typesOf(values))
      }),
    )
  })

  test('in row groups, with rows of many elements', async () => {
    const values = Array.from({ length: 30_000 }, (_, i) => ({
      list: Array.from({ length: i % 40 }, (_x, j) =>
        j % 7 === 0 ? null : { id: i, tag: `t${j % 5}`, ...(j % 3 ? {} : { at: new Date(i) }) },
      ),
      pad: 'p'.repeat(i % 300),
    }))
    expect(await column(values)).toEqual(readAs(values))
  })

  test('keys of arrays and objects', async () => {
    await check(
      asyncProperty(array(tuple(columns, columns)), async (pairs) => {
        const records: Rec[] = pairs.map(([a, b]) => [[a[0], b[0]], 1])
        const { records: rows } = await readAll(renderFiles('parquet', [records])[0]!, 'a.parquet')
        if (pairs.length === 0) return
        const back = (rows as Record<string, unknown>[]).map((row) => [row['key_1'], row['key_2']])
        const [first, second] = [0, 1].map((i) => readAs(pairs.map((pair) => pair[i]![0])))
        expect(back).toEqual(pairs.map((_, i) => [first![i], second![i]]))
      }),
      { numRuns: 50 },
    )
  })
})
