/**
 * `sum`. Numbers give a number, exact and rounded once; NaN, and infinities of both signs, give NaN. Bigints, also mixed
 * with numbers that are safe integers, give a bigint. Bigints and any other number do not go together, whatever meets what
 * first: an accumulator remembers the kinds of all that it is the sum of. −0 is 0 in every record, so no sum is −0.
 */
import { ShoalError } from '../../core/errors.ts'
import { valueBytes } from '../value.ts'
import { type Aggregate, TAGS } from './aggregate.ts'
import { ExactSum, roundUnits, UNIT_BITS } from './exact-sum.ts'
import { takeTag } from './misfit.ts'
import { readSum, type Scaled, scaledDouble, scaledInteger, writeSum } from './sum-form.ts'

/** Kinds of what was added, as bits. */
const SAFE = 1
/** Finite numbers with a fraction, or beyond ±(2^53 − 1). */
const OTHER = 2
const BIG = 4
const INFINITE = 8
const NEGATIVE_INFINITE = 16
const NOT_A_NUMBER = 32
const NOT_FINITE = INFINITE | NEGATIVE_INFINITE | NOT_A_NUMBER
/** What does not go with a bigint. */
const NO_INTEGER = OTHER | NOT_FINITE

/** Measured: the object and its sum. */
const HEAP = 120
const ZERO: Scaled = { negative: false, size: 0, exponent: 0 }

class Sum {
  kinds = 0
  readonly numbers: ExactSum = new ExactSum()
  bigints = 0n
}

/** Sums of numbers below this are read as doubles. */
const SMALL_EXPONENT_MAX = 900

export const sum: Aggregate<number | bigint, Sum> = {
  tag: TAGS.sum,
  take(value) {
    if (typeof value === 'number') return value
    if (typeof value !== 'bigint') throw noNumber(value)
    if (BigInt.asIntN(64, value) !== value) valueBytes(value)
    return value
  },
  itemHeap: () => 0,
  lift: (item) => add(new Sum(), item),
  add,
  merge(a, b) {
    a.bigints += b.bigints
    a.numbers.addAll(b.numbers)
    return withKinds(a, b.kinds)
  },
  joins: () => true,
  finish({ kinds, numbers, bigints }) {
    if ((kinds & NOT_FINITE) !== 0) {
      if ((kinds & NOT_FINITE) === INFINITE) return Infinity
      return (kinds & NOT_FINITE) === NEGATIVE_INFINITE ? -Infinity : NaN
    }
    if ((kinds & BIG) !== 0) return bigints + integerOf(numbers)
    return numbers.isOneDouble ? numbers.head : roundUnits(numbers.total())
  },
  heap: ({ numbers }) => (numbers.isOneDouble ? HEAP : HEAP + 200),
  write(w, { kinds, numbers, bigints }) {
    w.u8(TAGS.sum)
    if ((kinds & NOT_FINITE) !== 0) writeSum(w, kinds, ZERO)
    else if ((kinds & BIG) !== 0) writeSum(w, kinds, scaledInteger(bigints + integerOf(numbers), 0))
    else if (numbers.isOneDouble) writeSum(w, kinds, scaledDouble(numbers.head))
    else writeSum(w, kinds, scaledInteger(numbers.total(), -UNIT_BITS))
  },
  read(r) {
    takeTag(r, TAGS.sum)
    const { kinds, negative, size, exponent } = readSum(r, isIntegral)
    const read = new Sum()
    read.kinds = kinds
    if (isIntegral(kinds)) {
      read.bigints = signed(BigInt(size) << BigInt(exponent), negative)
    } else if (typeof size === 'number' && exponent <= SMALL_EXPONENT_MAX) {
      read.numbers.head = signed(size * 2 ** exponent, negative)
    } else {
      read.numbers.units = signed(BigInt(size) << BigInt(exponent + UNIT_BITS), negative)
    }
    return read
  },
}

function add(folded: Sum, item: number | bigint): Sum {
  if (typeof item === 'bigint') {
    folded.bigints += item
    return withKinds(folded, BIG)
  }
  if (Number.isSafeInteger(item)) {
    folded.numbers.add(item)
    return withKinds(folded, SAFE)
  }
  if (Number.isFinite(item)) {
    folded.numbers.add(item)
    return withKinds(folded, OTHER)
  }
  return withKinds(folded, item > 0 ? INFINITE : item < 0 ? NEGATIVE_INFINITE : NOT_A_NUMBER)
}

function withKinds(folded: Sum, kinds: number): Sum {
  folded.kinds |= kinds
  if ((folded.kinds & BIG) === 0 || (folded.kinds & NO_INTEGER) === 0) return folded
  throw new ShoalError('USER_VALUE', 'sum met a bigint and a number that is no safe integer', {
    why: 'a bigint has no fraction, and a number not all digits: no sum of both would be exact',
    try: ['emit numbers alone: Number(…)', 'emit bigints alone, of a smaller unit: cents, not 0.01'],
  })
}

const isIntegral = (kinds: number): boolean => (kinds & BIG) !== 0

/** The sum of safe integers. */
function integerOf(numbers: ExactSum): bigint {
  return numbers.isOneDouble && Number.isSafeInteger(numbers.head)
    ? BigInt(numbers.head)
    : numbers.total() >> BigInt(UNIT_BITS)
}

function signed<T extends number | bigint>(size: T, negative: boolean): T {
  return negative ? (-size as T) : size
}

function noNumber(value: unknown): ShoalError {
  const found = value === null ? 'null' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
  return new ShoalError('USER_VALUE', `value is ${found}, and sum takes numbers and bigints`, {
    try: ['emit Number(…): fields of CSV are texts', "leave the record out, or aggregate: 'count'"],
  })
}
