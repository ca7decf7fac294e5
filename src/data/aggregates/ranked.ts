/** Values that are compared, in the order of keys: all values have a place in it, and 1 and 1n have the same. */
import { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { ByteWriter, compareBytes } from '../bytes.ts'
import { encodeKey } from '../order.ts'
import { compareText, encodeValue } from '../value.ts'

/** What stands for a value where it is compared: a number or a text as it is, else the order form. */
export type Rank = number | string | Uint8Array

/** An order form has at most three bytes for a code unit above the two lowest, and two for these. */
const SHORT_TEXT = 16_384

/** `what` names the value in errors. @throws ShoalError USER_VALUE, RECORD_LIMIT (an order form above LIMITS.keyBytesMax) */
export function rankOf(value: unknown, what: string): Rank {
  if (typeof value === 'number') return value === 0 ? 0 : value
  if (typeof value === 'string' && value.length <= SHORT_TEXT && value.isWellFormed()) return value
  try {
    return encodeKey(value).order
  } catch (error) {
    if (!(error instanceof ShoalError)) throw error
    // It was refused as a key, and is to be named as what it is.
    encodeValue(new ByteWriter(64), value, what)
    throw new ShoalError('RECORD_LIMIT', `a ${what} that is compared is larger than ${LIMITS.keyBytesMax / 1024} KiB`, {
      why: 'it is compared as a key is, and has no more room than one',
      try: ["aggregate: 'top' with a `by` that gives what to compare", 'emit a shorter value'],
    })
  }
}

/** The order form. */
export function formOf(rank: Rank): Uint8Array {
  return typeof rank === 'object' ? rank : encodeKey(rank).order
}

/** Negative, 0 or positive. */
export function compareRanks(a: Rank, b: Rank): number {
  if (typeof a === 'number' && typeof b === 'number') {
    if (a < b) return -1
    if (a > b) return 1
    // NaN comes last, and is equal to itself.
    return a === b ? 0 : (Number.isNaN(a) ? 1 : 0) - (Number.isNaN(b) ? 1 : 0)
  }
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  const x = formOf(a)
  const y = formOf(b)
  return compareBytes(x, 0, x.byteLength, y, 0, y.byteLength)
}
