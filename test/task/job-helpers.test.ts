import { assert, bigInt, constantFrom, integer, property, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decimalComma, toCents, toDate, toFixedPoint, toISO } from '../../src/job.ts'

test.each([
  ['10,50', '10.50'],
  ['1.234.567,89', '1234567.89'],
  ["12'345,6", '12345.6'],
  ['1\u202f234,5', '1234.5'],
  [' -3,25 ', '-3.25'],
  ['+7', '7'],
  ['1.234', '1234'],
])('%j is %s', (text, number) => {
  expect(decimalComma(text)).toBe(number)
})

test.each(['', ',5', '5,', '1,234.50', '1,5,0', '12.34', '1.23,4', "1.234'567,8", '0x10', '1e5', 'NaN'])(
  '%j is no number with a decimal comma',
  (text) => {
    expect(() => decimalComma(text)).toThrow(RangeError)
  },
)

describe('toFixedPoint', () => {
  test.each<[string | bigint | number, number, bigint]>([
    ['12.34', 2, 1234n],
    ['-0.05', 2, -5n],
    ['0.00', 2, 0n],
    ['-0', 2, 0n],
    ['7', 2, 700n],
    ['12.3400', 2, 1234n],
    [' +1. ', 1, 10n],
    ['.5', 1, 5n],
    ['1.5e3', 0, 1500n],
    ['1500E-3', 1, 15n],
    ['1e400', 0, 10n ** 400n],
    ['0e-9999', 3, 0n],
    ['123456789012345678901234567890.12', 2, 12345678901234567890123456789012n],
    [7, 2, 700n],
    [-5n, 3, -5000n],
  ])('%s with %i digits is %s', (value, digits, fixed) => {
    expect(toFixedPoint(value, digits)).toBe(fixed)
    if (digits === 2) expect(toCents(value)).toBe(fixed)
  })

  test.each(['12.345', '1e-3', '0.001', '', '.', '-', '1,5', '0x10', 'NaN', '1e99999', '1 000', '12.3.4'])(
    '%j is not to be had in cents',
    (text) => {
      expect(() => toCents(text)).toThrow(RangeError)
    },
  )

  test('a double with a fraction, or beyond its integers, is refused: it may be rounded', () => {
    for (const value of [12.34, 2 ** 53, NaN, Infinity]) expect(() => toCents(value)).toThrow(/numbers: 'exact'/)
    for (const digits of [-1, 0.5, 1001]) expect(() => toFixedPoint('1', digits)).toThrow(RangeError)
  })

  test('any decimal, as its digits say', () => {
    assert(
      property(bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), integer({ min: 0, max: 20 }), (unscaled, scale) => {
        const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
        const point = digits.length - scale
        const text = `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`
        return toFixedPoint(text, scale) === unscaled && toFixedPoint(text, scale + 3) === unscaled * 1000n
      }),
    )
  })
})

describe('counts since 1970', () => {
  test.each<[bigint, 'ms' | 'us' | 'ns', string]>([
    [0n, 'ms', '1970-01-01T00:00:00.000Z'],
    [-1n, 'ns', '1969-12-31T23:59:59.999999999Z'],
    [1793520000123456n, 'us', '2026-11-01T08:00:00.123456Z'],
    [253402300800000n, 'ms', '+010000-01-01T00:00:00.000Z'],
    [-62167219200000n, 'ms', '0000-01-01T00:00:00.000Z'],
    [-62167219200001n, 'ms', '-000001-12-31T23:59:59.999Z'],
    [2n ** 63n - 1n, 'us', '+294247-01-10T04:00:54.775807Z'],
    [-(2n ** 63n), 'ns', '1677-09-21T00:12:43.145224192Z'],
  ])('%s %s is %s', (value, unit, text) => {
    expect(toISO(value, unit)).toBe(text)
  })

  test('are what Date has, and come back', () => {
    const per = { ms: 1n, us: 1_000n, ns: 1_000_000n }
    const units = constantFrom('ms' as const, 'us' as const, 'ns' as const)
    const ms = bigInt({ min: -8_640_000_000_000_000n, max: 8_640_000_000_000_000n })
    assert(
      property(tuple(ms, units), ([count, unit]) => {
        const date = toDate(count * per[unit], unit)
        const zeros = { ms: '', us: '000', ns: '000000' }[unit]
        return date.getTime() === Number(count) && toISO(count * per[unit], unit) === date.toISOString().replace('Z', `${zeros}Z`) // prettier-ignore
      }),
    )
  })

  test('what would be cut, or is too far, or of no unit is refused', () => {
    expect(() => toDate(1n, 'us')).toThrow('a Date would cut 1 us to milliseconds')
    expect(() => toDate(-999_999n, 'ns')).toThrow(RangeError)
    expect(() => toDate(8_640_000_000_000_001n, 'ms')).toThrow('beyond what a Date holds')
    expect(() => toISO(10n ** 18n, 'ms')).toThrow(RangeError)
    expect(() => toISO(1n, 's' as 'ms')).toThrow(RangeError)
    expect(() => toDate(1 as unknown as bigint, 'ms')).toThrow(TypeError)
  })
})
