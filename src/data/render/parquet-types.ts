import type { SchemaElement } from 'hyparquet'
import { jsonText } from './json-text.ts'

/** What kinds of values a column has; bits, to be joined over all its records. */
const BOOLEAN = 1
const INTEGER = 2
const FLOAT = 4
/** An integer that a double would round. */
const BIG = 8
/** An integer that 64 bits cannot hold. */
const HUGE = 16
const TEXT = 32
const DATE = 64
const BYTES = 128
const NESTED = 256

const INT64_MAX = 2n ** 63n - 1n
const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER)

export function kindOf(value: unknown): number {
  switch (typeof value) {
    case 'boolean':
      return BOOLEAN
    case 'number':
      return Number.isSafeInteger(value) ? INTEGER : FLOAT
    case 'bigint':
      if (value > INT64_MAX || value < -INT64_MAX - 1n) return HUGE
      return value > SAFE_MAX || value < -SAFE_MAX ? BIG : INTEGER
    case 'string':
      return TEXT
    default:
      if (value === null || value === undefined) return 0
      if (value instanceof Date) return DATE
      return value instanceof Uint8Array ? BYTES : NESTED
  }
}

/** A column's type in the file, and how its values become that. All columns may hold nulls. */
export interface ParquetType {
  readonly element: SchemaElement
  readonly of: (value: unknown) => unknown
}

/**
 * The narrowest type that holds all values of a column exactly. What has none (mixed kinds, arrays and objects, bigints
 * beside fractions) is text: JSON, or plain digits where all are integers too large for 64 bits.
 */
export function typeOf(name: string, kinds: number): ParquetType {
  const optional = { name, repetition_type: 'OPTIONAL' } as const
  const within = (allowed: number): boolean => kinds !== 0 && (kinds & ~allowed) === 0
  const text: SchemaElement = { ...optional, type: 'BYTE_ARRAY', converted_type: 'UTF8' }
  if (within(BOOLEAN)) return { element: { ...optional, type: 'BOOLEAN' }, of: same }
  if (within(INTEGER | BIG)) return { element: { ...optional, type: 'INT64' }, of: (value) => BigInt(value as number) }
  if (within(INTEGER | FLOAT)) return { element: { ...optional, type: 'DOUBLE' }, of: (value) => Number(value) }
  if (within(DATE)) return { element: { ...optional, type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' }, of: same }
  if (within(BYTES)) return { element: { ...optional, type: 'BYTE_ARRAY' }, of: same }
  if (kinds === 0 || within(TEXT)) return { element: text, of: same }
  return { element: text, of: within(INTEGER | BIG | HUGE) ? String : jsonText }
}

function same(value: unknown): unknown {
  return value
}
