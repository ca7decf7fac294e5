import { expect, test } from 'vitest'
import { decimalComma } from '../../src/job.ts'

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
