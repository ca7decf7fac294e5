/** Numbers that are texts, so that no digit of them is lost. Bundled into jobs: it uses the language alone. */

/**
 * A number that is written with a decimal comma, `1.234,50` or `10,5`, in JavaScript's form: `1234.50`, `10.5`. Groups of
 * three digits may be set apart by points, spaces (also narrow and unbreakable ones) or apostrophes. It stays text, so
 * that no digit is lost.
 * @throws RangeError where it is no such number: `1,234.50`, `1,5,0`, `12.34`
 */
export function decimalComma(text: string): string {
  const plain = text.trim()
  if (!/^[+-]?(?:\d+|\d{1,3}(?:([. \u00a0\u202f'\u2019])\d{3})(?:\1\d{3})*)(?:,\d+)?$/.test(plain))
    throw new RangeError(`not a number with a decimal comma: ${JSON.stringify(text)}`)
  return plain.replaceAll(/[. \u00a0\u202f'\u2019+]/g, '').replace(',', '.')
}

/**
 * An amount as hundredths: `toCents('12.34')` is 1234n. See `toFixedPoint`.
 * @throws RangeError where digits would be lost, or it is no number
 */
export function toCents(amount: string | bigint | number): bigint {
  return toFixedPoint(amount, 2)
}

/**
 * A number as a whole number of 10^−digits: `toFixedPoint('1.5', 3)` is 1500n. It takes what records hold: texts, as
 * DECIMAL of Parquet and `numbers: 'exact'` give them (`'12.30'`, `'1.5e3'`), bigints, and numbers that are integers.
 * Zeros beyond the last digit are no loss: `toFixedPoint('12.3400', 2)` is 1234n.
 * @param digits 0 … 1000
 * @throws RangeError where digits would be lost, it is no number, or a number with a fraction, which is a rounded double
 */
export function toFixedPoint(value: string | bigint | number, digits: number): bigint {
  if (!Number.isInteger(digits) || digits < 0 || digits > 1000) throw new RangeError('digits is from 0 to 1000')
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw new RangeError(`${value} may have lost digits as a double: read it as text, JSON with numbers: 'exact'`)
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/.exec(String(value).trim())
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts ?? []
  if (whole + fraction === '') throw new RangeError(`not a number: ${JSON.stringify(String(value))}`)
  const shift = Number(exponent) - fraction.length + digits
  const all = whole + fraction
  const kept = shift < 0 ? all.slice(0, shift) : all + '0'.repeat(shift)
  if (shift < 0 && !/^0*$/.test(all.slice(shift)))
    throw new RangeError(`${JSON.stringify(String(value))} has more than ${digits} digits after its point`)
  const size = BigInt(kept)
  return sign === '-' ? -size : size
}
