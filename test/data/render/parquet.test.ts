import {
  array,
  assert as check,
  asyncProperty,
  bigInt,
  boolean,
  constant,
  constantFrom,
  date,
  double,
  oneof,
  option,
  string,
  tuple,
  uint8Array,
  type Arbitrary,
} from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/core/limits.ts'
import { readAll } from '../formats/read-all.ts'
import { renderFiles, type Rec } from './render.ts'

async function roundTrip(records: readonly Rec[]): Promise<Record<string, unknown>[]> {
  const { records: rows, bad } = await readAll(renderFiles('parquet', [records])[0]!, 'a.parquet')
  expect(bad).toEqual([])
  return rows as Record<string, unknown>[]
}

const INT64 = bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })

describe('parquet', () => {
  test.each<[string, Arbitrary<unknown>]>([
    ['booleans', boolean()],
    ['64-bit integers', INT64],
    ['numbers', double()],
    ['strings', string({ unit: 'grapheme' })],
    ['dates', date({ noInvalidDate: true })],
    ['bytes', uint8Array()],
  ])('%s come back as they were', async (_name, values) => {
    await check(
      asyncProperty(array(tuple(string(), option(values)), { minLength: 1 }), async (records) => {
        // A column of numbers that are all integers is INT64.
        const integers = records.every(([, v]) => typeof v !== 'number' || Number.isSafeInteger(v))
        const expected = records.map(([key, v]) => ({ key, value: integers && typeof v === 'number' ? BigInt(v) : v }))
        expect(await roundTrip(records)).toEqual(expected)
      }),
      { numRuns: 50 },
    )
  })

  test.each<[string, unknown[], unknown[]]>([
    ['integers of both types', [1, 2n ** 60n, null], [1n, 2n ** 60n, null]],
    ['small bigints beside fractions', [1n, 0.5], [1, 0.5]],
    ['bigints that a double would round beside fractions', [2n ** 53n, 0.5], ['9007199254740992', 0.5]],
    ['beyond 64 bits', [2n ** 64n, 1n], ['18446744073709551616', '1']],
    ['beyond 38 digits', [10n ** 38n, -1n], [String(10n ** 38n), '-1']],
    ['mixed kinds', ['a', 1, true, new Date(0)], ['a', 1, true, '1970-01-01T00:00:00.000Z']],
    ['arrays of mixed kinds', [[1, 'a'], [2n]], [[1, 'a'], [2]]],
    ['arrays', [[1], [2n, null]], [[1n], [2n, null]]],
    ['nothing but nulls', [null, null], [null, null]],
  ])('%s', async (_name, values, expected) => {
    const rows = await roundTrip(values.map((value): Rec => ['k', value]))
    expect(rows.map((row) => row['value'])).toEqual(expected)
  })

  test('columns are those of csv', async () => {
    const rows = await roundTrip([
      [['a', 1], { x: 1.5, key: 'k' }],
      ['b', { y: Uint8Array.of(1) }],
    ])
    expect(rows).toEqual([
      { key: null, key_1: 'a', key_2: 1n, 'value.key': 'k', x: 1.5, y: null },
      { key: 'b', key_1: null, key_2: null, 'value.key': null, x: null, y: Uint8Array.of(1) },
    ])
  })

  test('a name with the mark that once parted names', async () => {
    const rows = await roundTrip([
      ['k', { a: 1, b: 2 }],
      ['k', { 'a\0b': 3 }],
    ])
    expect(rows[1]).toEqual({ key: 'k', a: null, b: null, 'a\0b': 3n })
  })

  test('several parts have one schema; one may be empty', async () => {
    const files = renderFiles('parquet', [[['a', 1]], [], [['b', 0.5]]])
    const read = []
    for (const file of files) read.push((await readAll(file, 'a.parquet')).records)
    expect(read).toEqual([[{ key: 'a', value: 1 }], [], [{ key: 'b', value: 0.5 }]])
    expect((await readAll(renderFiles('parquet', [[]])[0]!, 'a.parquet')).records).toEqual([])
  })

  test('large results are written in row groups as they come', async () => {
    const count = 2 * LIMITS.outputRowGroupRows + 5
    const records = Array.from({ length: count }, (_, i): Rec => [`key ${i}`, i])
    const rows = await roundTrip(records)
    expect(rows).toHaveLength(count)
    for (const [i, row] of rows.entries())
      if (row['key'] !== `key ${i}` || row['value'] !== BigInt(i)) expect(row).toBe(i)
  })

  test('any mixture is written and can be read', async () => {
    const any = oneof(string(), INT64, double(), boolean(), constant(null), constantFrom<unknown>([1], { a: 1 }, {}))
    await check(
      asyncProperty(array(tuple(any, any)), async (records) => {
        expect(await roundTrip(records)).toHaveLength(records.length)
      }),
    )
  })
})
