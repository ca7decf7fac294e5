import { describe, expect, test } from 'vitest'
import { variantOf } from '../../../src/data/formats/parquet/variant.ts'

const bytes = (...all: number[]): Uint8Array => Uint8Array.from(all)
/** One name, `a`. */
const METADATA = bytes(1, 1, 0, 1, 0x61)
/** An array of one-byte offsets whose elements all begin at the same place, the last of `inner`. */
const arrayOf = (count: number, inner: Uint8Array): Uint8Array =>
  new Uint8Array(Buffer.concat([bytes(3, count, ...new Array<number>(count + 1).fill(0)), inner]))

describe('a variant', () => {
  test('is what its bytes say', () => {
    expect(variantOf({ metadata: METADATA, value: bytes(3, 2, 0, 1, 2, 0, 4) }, {})).toEqual([null, true])
    expect(variantOf({ metadata: METADATA, value: bytes(2, 1, 0, 0, 1, 4) }, {})).toEqual({ a: true })
    expect(variantOf(null, {})).toBeNull()
  })

  test('whose elements are one another over and over is refused: it would stand for 200^8 values', () => {
    let value = bytes(0)
    for (let i = 0; i < 8; i++) value = arrayOf(200, value)
    expect(() => variantOf({ metadata: METADATA, value }, {})).toThrow('more than it has room for')
  })

  test.each([
    ['an array of 2^31 elements', METADATA, bytes(0x13, 0xff, 0xff, 0xff, 0x7f, 0)],
    ['an element beyond the end', METADATA, bytes(3, 1, 99, 0, 0)],
    ['2^31 names', bytes(0xc1, 0xff, 0xff, 0xff, 0x7f), bytes(0)],
    ['names that lie on each other', bytes(1, 2, 0, 1, 0, 0x61), bytes(0)],
  ])('with %s is refused', (_what, metadata, value) => {
    expect(() => variantOf({ metadata, value }, {})).toThrow(/variant/)
  })
})
