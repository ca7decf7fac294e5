/** Values of the types that SQL has and JavaScript has not, as trees: how they are written, seen and compared. */
import {
  type Arbitrary,
  array,
  bigInt,
  constant,
  constantFrom,
  integer,
  letrec,
  oneof,
  record,
  tuple,
  uint8Array,
} from 'fast-check'
import { ByteWriter } from '../../src/data/bytes.ts'
import type { KeyForm } from '../../src/data/order.ts'
import { TypedKeyWriter } from '../../src/data/typed-keys.ts'
import {
  beginArray,
  beginMap,
  encodeDecimal,
  encodeHugeint,
  encodeInterval,
  encodeTime,
  encodeUuid,
} from '../../src/data/value-typed.ts'
import { encodeValue } from '../../src/data/value.ts'
import { compareKeys, scalars } from './arbitrary.ts'

export type Typed =
  | { readonly kind: 'plain'; readonly value: unknown }
  | { readonly kind: 'decimal'; readonly unscaled: bigint; readonly scale: number }
  | { readonly kind: 'interval'; readonly months: number; readonly days: number; readonly micros: bigint }
  | { readonly kind: 'time'; readonly unit: 'ms' | 'us' | 'ns'; readonly value: bigint }
  | { readonly kind: 'uuid'; readonly bytes: Uint8Array }
  | { readonly kind: 'hugeint'; readonly value: bigint }
  | { readonly kind: 'array'; readonly elements: readonly Typed[] }
  | { readonly kind: 'map'; readonly pairs: readonly (readonly [Typed, Typed])[] }

const DAY_NANOS = 86_400_000_000_000n
const NANOS = { ms: 1_000_000n, us: 1_000n, ns: 1n }

export function writeTyped(w: ByteWriter, v: Typed): void {
  switch (v.kind) {
    case 'plain':
      return encodeValue(w, v.value)
    case 'decimal':
      return encodeDecimal(w, v.unscaled, v.scale)
    case 'interval':
      return encodeInterval(w, v.months, v.days, v.micros)
    case 'time':
      return encodeTime(w, v.value, v.unit)
    case 'uuid':
      return encodeUuid(w, v.bytes)
    case 'hugeint':
      return encodeHugeint(w, v.value)
    case 'array':
      beginArray(w, v.elements.length)
      for (const element of v.elements) writeTyped(w, element)
      return
    case 'map':
      beginMap(w, v.pairs.length)
      for (const part of v.pairs.flat()) writeTyped(w, part)
  }
}

export function typedBytes(v: Typed): Uint8Array {
  const w = new ByteWriter(16)
  writeTyped(w, v)
  return w.copy()
}

function writeKeyPart(keys: TypedKeyWriter, v: Typed): void {
  switch (v.kind) {
    case 'plain':
      return keys.plain(v.value)
    case 'decimal':
      return keys.decimal(v.unscaled, v.scale)
    case 'interval':
      return keys.interval(v.months, v.days, v.micros)
    case 'time':
      return keys.time(v.value, v.unit)
    case 'uuid':
      return keys.uuid(v.bytes)
    case 'hugeint':
      return keys.hugeint(v.value)
    case 'array':
      keys.beginArray()
      for (const element of v.elements) writeKeyPart(keys, element)
      return keys.end()
    case 'map':
      keys.beginMap()
      for (const part of v.pairs.flat()) writeKeyPart(keys, part)
      return keys.end()
  }
}

export function typedKey(v: Typed): KeyForm {
  const w = new ByteWriter(16)
  const keys = new TypedKeyWriter().begin(w)
  writeKeyPart(keys, v)
  const shape = keys.finish()
  return { order: w.copy(), shape }
}

/** What JavaScript is to see. */
export function seen(v: Typed): unknown {
  switch (v.kind) {
    case 'plain':
      return v.value === 0 ? 0 : v.value
    case 'decimal': {
      const digits = String(v.unscaled < 0n ? -v.unscaled : v.unscaled).padStart(v.scale + 1, '0')
      const [whole, rest] = [digits.slice(0, digits.length - v.scale), digits.slice(digits.length - v.scale)]
      return `${v.unscaled < 0n ? '-' : ''}${whole}${v.scale === 0 ? '' : `.${rest}`}`
    }
    case 'interval': {
      const size = v.micros < 0n ? -v.micros : v.micros
      const rest = String(size % 1_000_000n).padStart(6, '0')
      const seconds = `${v.micros < 0n ? '-' : ''}${size / 1_000_000n}.${rest.endsWith('000') ? rest.slice(0, 3) : rest}`
      return `P${v.months}M${v.days}DT${seconds}S`
    }
    case 'time':
    case 'hugeint':
      return v.value
    case 'uuid': {
      const hex = [...v.bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    }
    case 'array':
      return v.elements.map(seen)
    case 'map':
      return v.pairs.map((pair) => pair.map(seen))
  }
}

const plainRank = (value: unknown): number => (value instanceof Date ? 6 : value instanceof Uint8Array ? 5 : 0)
const rank = (v: Typed): number => {
  if (v.kind !== 'plain') return { hugeint: 3, array: 7, decimal: 9, interval: 10, time: 11, uuid: 12, map: 13 }[v.kind]
  const { value } = v
  const ranks = { boolean: 2, number: 3, bigint: 3, string: 4 } as Record<string, number>
  return value === null ? 1 : (ranks[typeof value] ?? plainRank(value))
}

const compareBigints = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

/** The order of keys as docs/record.md says it. */
export function compareTyped(a: Typed, b: Typed): number {
  if (rank(a) !== rank(b)) return rank(a) - rank(b)
  const numberOf = (v: Typed): unknown => (v.kind === 'plain' || v.kind === 'hugeint' ? v.value : null)
  if (a.kind === 'decimal' && b.kind === 'decimal')
    return compareBigints(a.unscaled * 10n ** BigInt(b.scale), b.unscaled * 10n ** BigInt(a.scale))
  if (a.kind === 'interval' && b.kind === 'interval') {
    const total = (v: typeof a): bigint => (BigInt(v.months) * 30n + BigInt(v.days)) * 86_400_000_000n + v.micros
    return compareBigints(total(a), total(b))
  }
  if (a.kind === 'time' && b.kind === 'time') return compareBigints(a.value * NANOS[a.unit], b.value * NANOS[b.unit])
  if (a.kind === 'uuid' && b.kind === 'uuid') return Buffer.compare(a.bytes, b.bytes)
  if (a.kind === 'array' && b.kind === 'array') return compareLists(a.elements, b.elements)
  if (a.kind === 'map' && b.kind === 'map') return compareLists(a.pairs.flat(), b.pairs.flat())
  return compareKeys(numberOf(a), numberOf(b))
}

function compareLists(a: readonly Typed[], b: readonly Typed[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = compareTyped(a[i]!, b[i]!)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

const int32 = oneof(integer({ min: -2, max: 2 }), integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }))
const int64 = oneof(
  bigInt({ min: -2_000n, max: 2_000n }),
  bigInt({ min: -60n, max: 60n }).map((days) => days * 86_400_000_000n),
  bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
)

const decimals: Arbitrary<Typed> = record({
  kind: constant('decimal' as const),
  unscaled: oneof(
    bigInt({ min: -200n, max: 200n }),
    bigInt({ min: -(10n ** 38n), max: 10n ** 38n }),
    tuple(bigInt({ min: -99n, max: 99n }), integer({ min: 0, max: 60 })).map(([n, zeros]) => n * 10n ** BigInt(zeros)),
    constant(2n ** 2039n - 1n),
    constant(-(2n ** 2039n)),
  ),
  scale: oneof(integer({ min: 0, max: 4 }), integer({ min: 0, max: 255 })),
})
const times: Arbitrary<Typed> = tuple(
  constantFrom('ms' as const, 'us' as const, 'ns' as const),
  bigInt({ min: 0n, max: DAY_NANOS }),
).map(([unit, nanos]) => ({ kind: 'time', unit, value: nanos / NANOS[unit] }))
const typedScalars: Arbitrary<Typed> = oneof(
  decimals,
  record({ kind: constant('interval' as const), months: int32, days: int32, micros: int64 }),
  times,
  record({
    kind: constant('uuid' as const),
    bytes: oneof(uint8Array({ minLength: 16, maxLength: 16 }), constant(new Uint8Array(16))),
  }),
  record({
    kind: constant('hugeint' as const),
    value: oneof(
      bigInt({ min: -300n, max: 300n }),
      bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n }),
      constantFrom(-(2n ** 127n), 2n ** 127n - 1n, 2n ** 53n, -(2n ** 63n)),
    ),
  }),
  record({ kind: constant('plain' as const), value: scalars }),
)

export const typedValues: Arbitrary<Typed> = letrec<{ value: Typed }>((tie) => ({
  value: oneof(
    { maxDepth: 3, depthSize: 'small' },
    typedScalars,
    record({ kind: constant('array' as const), elements: array(tie('value'), { maxLength: 4 }) }),
    record({ kind: constant('map' as const), pairs: array(tuple(tie('value'), tie('value')), { maxLength: 3 }) }),
  ),
})).value
/** Two decimals, two times …, so that they meet often. */
export const typedPairs: Arbitrary<[Typed, Typed]> = oneof(
  tuple(decimals, decimals),
  tuple(times, times),
  tuple(typedScalars, typedScalars),
  tuple(typedValues, typedValues),
)
