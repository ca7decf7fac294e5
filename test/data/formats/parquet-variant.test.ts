import { describe, expect, test } from 'vitest'
import { decodeVariant, variantNames } from '../../../src/data/formats/parquet/values/variant.ts'
import { FORMS } from './forms.ts'

const bytes = (...all: number[]): Uint8Array => Uint8Array.from(all)
/** One name, `a`. */
const METADATA = bytes(1, 1, 0, 1, 0x61)
const variantOf = (metadata: Uint8Array, value: Uint8Array): unknown =>
  decodeVariant(value, variantNames(metadata), FORMS)
/** An array of one-byte offsets whose elements all begin at the same place, the last of `inner`. */
const arrayOf = (count: number, inner: Uint8Array): Uint8Array =>
  new Uint8Array(Buffer.concat([bytes(3, count, ...new Array<number>(count + 1).fill(0)), inner]))

describe('a variant', () => {
  test('is what its bytes say', () => {
    expect(variantOf(METADATA, bytes(3, 2, 0, 1, 2, 0, 4))).toEqual([null, true])
    expect(variantOf(METADATA, bytes(2, 1, 0, 0, 1, 4))).toEqual({ a: true })
  })

  test.each([
    ['a 4-byte decimal', [0x20, 2, 0x39, 0x30, 0, 0], '123.45'],
    ['a 16-byte decimal', [0x28, 1, 0xff, ...new Array<number>(15).fill(0xff)], '-0.1'],
    ['a 64-bit integer', [0x18, 5, 0, 0, 0, 0, 0, 0, 0], 5n],
    ['a date', [0x2c, 1, 0, 0, 0], new Date(86_400_000)],
    ['a timestamp in µs', [0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -1n],
    ['a timestamp in ns', [0x48, 7, 0, 0, 0, 0, 0, 0, 0], 7n],
    ['bytes', [0x3c, 2, 0, 0, 0, 1, 2], bytes(1, 2)],
    ['a long text', [0x40, 1, 0, 0, 0, 0x62], 'b'],
    ['a short text', [0x09, 0x68, 0x69], 'hi'],
    ['a UUID', [0x50, ...Array.from({ length: 16 }, (_, i) => i)], '00010203-0405-0607-0809-0a0b0c0d0e0f'],
  ])('of %s', (_what, value, expected) => {
    expect(variantOf(METADATA, bytes(...value))).toEqual(expected)
  })

  test('whose elements are one another over and over is refused: it would stand for 200^8 values', () => {
    let value = bytes(0)
    for (let i = 0; i < 8; i++) value = arrayOf(200, value)
    expect(() => variantOf(METADATA, value)).toThrow('more than it has room for')
  })

  test.each([
    ['an array of 2^31 elements', METADATA, bytes(0x13, 0xff, 0xff, 0xff, 0x7f, 0)],
    ['an element beyond the end', METADATA, bytes(3, 1, 99, 0, 0)],
    ['2^31 names', bytes(0xc1, 0xff, 0xff, 0xff, 0x7f), bytes(0)],
    ['names that lie on each other', bytes(1, 2, 0, 1, 0, 0x61), bytes(0)],
    ['a field without a name', METADATA, bytes(2, 1, 7, 0, 1, 4)],
    ['one name twice', METADATA, bytes(2, 2, 0, 0, 0, 1, 2, 4, 4)],
    ['an unknown version', bytes(2, 0, 0), bytes(0)],
  ])('with %s is refused', (_what, metadata, value) => {
    expect(() => variantOf(metadata, value)).toThrow(/variant/)
  })
})
