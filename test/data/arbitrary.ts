/** Values and keys for fast-check, and an order of keys written without looking at their byte forms. */
import {
  type Arbitrary,
  array,
  bigInt,
  boolean,
  constant,
  date,
  dictionary,
  double,
  integer,
  letrec,
  oneof,
  string,
  uint8Array,
} from 'fast-check'

const numbers = oneof(
  integer(),
  integer({ min: -3, max: 3 }),
  double(),
  double({ min: -2, max: 2 }),
  constant(2 ** 53),
  constant(-(2 ** 53)),
  constant(5e-324),
  constant(-2.5e-310),
  constant(Number.MAX_VALUE),
)
const bigints = oneof(
  bigInt({ min: -3n, max: 3n }),
  bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  bigInt({ min: 2n ** 53n - 2n, max: 2n ** 53n + 2n }),
  constant(2n ** 1023n),
  constant(-(2n ** 3000n) - 1n),
  constant(10n ** 23n),
)
const texts = oneof(
  string({ maxLength: 8 }),
  string({ unit: 'binary', maxLength: 8 }),
  string({ unit: 'grapheme', maxLength: 60 }),
  string({ unit: constant('\u0000'), maxLength: 4 }),
  string({ unit: oneof(constant('\u0000'), constant('\u0001'), constant('\u0002'), constant('a')), maxLength: 5 }),
  string({
    unit: oneof(constant('\uFFFF'), constant('\u{1F600}'), constant('\uD7FF'), constant('\uE000')),
    maxLength: 4,
  }),
).filter((text) => text.isWellFormed())

export const scalars: Arbitrary<unknown> = oneof(
  constant(null),
  boolean(),
  numbers,
  bigints,
  texts,
  uint8Array({ maxLength: 12 }),
  date({ noInvalidDate: true }),
)

/** Any value that a record can hold. */
export const values: Arbitrary<unknown> = letrec((tie) => ({
  value: oneof(
    { maxDepth: 3, depthSize: 'small' },
    scalars,
    array(tie('value'), { maxLength: 4 }),
    dictionary(oneof(texts, constant('__proto__'), constant('toString')), tie('value'), {
      maxKeys: 4,
      noNullPrototype: false,
    }),
  ),
})).value

const rank = (key: unknown): number => {
  if (key === null) return 0
  if (typeof key === 'boolean') return 1
  if (typeof key === 'number' || typeof key === 'bigint') return 2
  if (typeof key === 'string') return 3
  if (key instanceof Uint8Array) return 4
  if (key instanceof Date) return 5
  return Array.isArray(key) ? 6 : 7
}

/** The order of keys as docs/record.md says it: negative, 0 or positive. */
export function compareKeys(a: unknown, b: unknown): number {
  if (rank(a) !== rank(b)) return rank(a) - rank(b)
  switch (rank(a)) {
    case 0:
      return 0
    case 1:
      return Number(a) - Number(b)
    case 2: {
      const [x, y] = [a as number, b as number]
      if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
      return x < y ? -1 : x > y ? 1 : 0
    }
    case 3:
      return Buffer.compare(Buffer.from(a as string), Buffer.from(b as string))
    case 4:
      return Buffer.compare(a as Uint8Array, b as Uint8Array)
    case 5:
      return (a as Date).getTime() - (b as Date).getTime()
    case 6:
      return compareLists(a as unknown[], b as unknown[], compareKeys)
    default:
      return compareLists(fields(a as object), fields(b as object), (x, y) => {
        const [m, n] = [x as [string, unknown], y as [string, unknown]]
        return compareKeys(m[0], n[0]) || compareKeys(m[1], n[1])
      })
  }
}

const fields = (object: object): [string, unknown][] =>
  Object.entries(object).toSorted((x, y) => compareKeys(x[0], y[0]))

function compareLists(a: unknown[], b: unknown[], compare: (x: unknown, y: unknown) => number): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = compare(a[i], b[i])
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
