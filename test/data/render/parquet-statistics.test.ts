import {
  array,
  assert as check,
  bigInt,
  boolean,
  constantFrom,
  date,
  double,
  oneof,
  option,
  property,
  string,
  uint8Array,
  type Arbitrary,
} from 'fast-check'
import { parquetMetadata, type FileMetaData, type SchemaElement } from 'hyparquet'
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js'
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/core/limits.ts'
import { settleStatistics } from '../../../src/data/render/parquet/statistics.ts'
import { renderFiles, type Rec } from './render.ts'

interface Bounds {
  readonly min: unknown
  readonly max: unknown
  readonly nulls: number
  readonly exact: readonly [min: boolean, max: boolean]
}

const RAW = { ...DEFAULT_PARSERS, stringFromBytes: (bytes: Uint8Array) => bytes as unknown as string }

/** The footer, bounds of texts and bytes as bytes. */
function footerOf(file: Uint8Array): FileMetaData {
  return parquetMetadata(Uint8Array.from(file).buffer, { parsers: RAW })
}

function boundsOf(values: readonly unknown[]): Bounds {
  const file = renderFiles('parquet', [values.map((value): Rec => ['k', value])])[0]!
  const found = footerOf(file).row_groups[0]!.columns[1]!.meta_data!.statistics!
  return {
    ...{ min: found.min_value, max: found.max_value, nulls: Number(found.null_count) },
    exact: [found.is_min_value_exact !== false, found.is_max_value_exact !== false],
  }
}

const asBytes = (value: unknown): Uint8Array => (typeof value === 'string' ? Buffer.from(value) : (value as Uint8Array))

describe('statistics of a row group', () => {
  const long = oneof(
    string({ unit: 'grapheme', maxLength: 90, size: 'max' }),
    string({
      unit: constantFrom('a', '\u007f', '\uD7FF', '\uE000', '\uFFFF', '\u{1F600}', '\u{10FFFF}'),
      maxLength: 90,
    }),
  )
  test.each<[string, Arbitrary<unknown>]>([
    ['texts', long],
    [
      'bytes',
      oneof(
        uint8Array({ maxLength: 90, size: 'max' }),
        array(constantFrom(0, 1, 255), { maxLength: 90, size: 'max' }).map((list) => Uint8Array.from(list)),
      ),
    ],
  ])('%s are within, by their bytes', (_name, one) => {
    check(
      property(array(option(one), { minLength: 1, maxLength: 20 }), (values) => {
        const { min, max, nulls, exact } = boundsOf(values)
        const bytes = values
          .filter((value) => value !== null)
          .map(asBytes)
          .toSorted(Buffer.compare)
        expect(nulls).toBe(values.length - bytes.length)
        if (bytes.length === 0) expect([min, max]).toEqual([undefined, undefined])
        if (min === undefined || max === undefined) return
        const [least, most] = [bytes[0]!, bytes.at(-1)!]
        expect(Buffer.compare(min as Uint8Array, least)).toBeLessThanOrEqual(0)
        expect(Buffer.compare(max as Uint8Array, most)).toBeGreaterThanOrEqual(0)
        expect((max as Uint8Array).length).toBeLessThanOrEqual(LIMITS.outputBoundBytes)
        const shorts = [least, most].map((value) => value.length <= LIMITS.outputBoundBytes)
        expect(exact).toEqual(shorts)
        for (const [is, bound, value] of [
          [shorts[0], min, least],
          [shorts[1], max, most],
        ] as const)
          if (is) expect(Buffer.from(bound as Uint8Array)).toEqual(Buffer.from(value))
      }),
      { numRuns: 300 },
    )
  })

  test('what begins with the largest of all characters has no bounds', () => {
    expect(boundsOf(['\u{10FFFF}'.repeat(20)])).toEqual({
      min: undefined,
      max: undefined,
      nulls: 0,
      exact: [true, true],
    })
    expect(boundsOf([new Uint8Array(65).fill(255), null])).toEqual({
      min: undefined,
      max: undefined,
      nulls: 1,
      exact: [true, true],
    })
  })

  test.each<[string, Arbitrary<unknown>]>([
    ['integers', bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
    ['numbers', double({ noNaN: true })],
    ['booleans', boolean()],
    ['dates', date({ noInvalidDate: true })],
  ])('%s: the least and the greatest', (_name, one) => {
    check(
      property(array(option(one), { minLength: 1 }), (values) => {
        const present = values.filter((value) => value !== null) as number[]
        const sorted = present.toSorted((a, b) => (a < b ? -1 : Number(a > b)))
        const { min, max, nulls } = boundsOf(values)
        const whole = present.every((value) => typeof value === 'number' && Number.isSafeInteger(value))
        const stored = (value: unknown): unknown => (whole && present.length > 0 ? BigInt(value as number) : value)
        // Zeros of both signs are one number.
        expect([min, max].map((value) => (value === 0 ? 0 : value))).toEqual(
          [sorted[0], sorted.at(-1)].map((value) => (value === 0 ? stored(0) : stored(value))),
        )
        expect(nulls).toBe(values.length - present.length)
      }),
    )
  })

  test('zeros are −0 as the least and +0 as the greatest', () => {
    expect(boundsOf([0, 0.5])).toMatchObject({ min: -0, max: 0.5 })
    expect(boundsOf([0, -0.5])).toMatchObject({ min: -0.5, max: 0 })
  })

  test('decimals', () => {
    const file = renderFiles('parquet', [[2n ** 64n, -(2n ** 65n), 3n].map((value): Rec => ['k', value])])[0]!
    const { min_value: min, max_value: max } = footerOf(file).row_groups[0]!.columns[1]!.meta_data!.statistics!
    expect([min, max]).toEqual([-(2 ** 65), 2 ** 64])
  })

  test('none where NaN is: readers do not agree on its place', () => {
    expect(boundsOf([0.5, NaN, null])).toEqual({ min: undefined, max: undefined, nulls: 1, exact: [true, true] })
  })

  test('none of JSON but the nulls', () => {
    expect(boundsOf(['a', 1, null])).toEqual({ min: undefined, max: undefined, nulls: 1, exact: [true, true] })
  })

  test('those of large texts do not stay in memory, whole, until the file ends', () => {
    const schema: SchemaElement[] = [
      { name: 'schema', num_children: 2 },
      { name: 'text', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
    ]
    const writer = new ParquetWriter({ writer: new ByteWriter(), schema })
    const page = Buffer.from('some of a large page')
    const columnData = [
      { name: 'text', data: ['x'.repeat(1_000)] },
      { name: 'bytes', data: [page.subarray(0, 4)] },
    ]
    void writer.write({ columnData })
    settleStatistics(writer.row_groups[0]!, schema.slice(1))
    const kept = writer.row_groups[0]!.columns.flatMap(({ meta_data: chunk }) => {
      const { min_value: min, max_value: max } = chunk!.statistics!
      return [min, max].map((value) => (value as Uint8Array).buffer.byteLength)
    })
    expect(kept).toEqual([LIMITS.outputBoundBytes, LIMITS.outputBoundBytes, 4, 4])
  })
})

test('row groups are of so many rows, or so much memory; their columns have an order', () => {
  const rows = LIMITS.outputRowGroupRows + 1
  const footer = footerOf(renderFiles('parquet', [Array.from({ length: rows }, (_, i): Rec => [i, i])])[0]!)
  expect(footer.row_groups.map((group) => Number(group.num_rows))).toEqual([LIMITS.outputRowGroupRows, 1])
  const text = 'x'.repeat(LIMITS.outputRowGroupBytes / 4)
  const large = footerOf(renderFiles('parquet', [Array.from({ length: 9 }, (): Rec => [1, text])])[0]!)
  expect(large.row_groups.map((group) => Number(group.num_rows))).toEqual([4, 4, 1])
})

test('the columns are ordered as their types are', () => {
  const file = renderFiles('parquet', [[['k', { list: [1], group: { a: 1, b: 'x' } }]]])[0]!
  const view = new DataView(Uint8Array.from(file).buffer)
  const reader = { view, offset: file.length - 8 - view.getUint32(file.length - 8, true) }
  // field_7 has one TYPE_ORDER for each leaf.
  expect(deserializeTCompactProtocol(reader)['field_7']).toEqual(Array.from({ length: 4 }, () => ({ field_1: {} })))
})
