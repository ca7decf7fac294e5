import type { TimeUnit } from '../../../../words/iso.ts'
import { isCount, ThriftStruct, type Thrift } from './thrift.ts'

/** How values lie in pages (parquet-format/src/main/thrift/parquet.thrift, `Type`), by number. */
export const PHYSICAL = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'INT96',
  'FLOAT',
  'DOUBLE',
  'BYTE_ARRAY',
  'FIXED_LEN_BYTE_ARRAY',
] as const
export type Physical = (typeof PHYSICAL)[number]

/** What stored values stand for (parquet-format/LogicalTypes.md). */
export type Meaning =
  | { readonly kind: Plain }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'integer'; readonly bits: number; readonly signed: boolean }
  /** Instants where `utc`, else local times. */
  | { readonly kind: 'timestamp' | 'time'; readonly unit: TimeUnit; readonly utc: boolean }

/** `none`: the stored values themselves. `map-entry`: the old name of the group that repeats within a map. */
type Plain =
  | 'none'
  | 'string'
  | 'enum'
  | 'json'
  | 'bson'
  | 'uuid'
  | 'float16'
  | 'date'
  | 'interval'
  | 'unknown'
  | 'geo'
  | 'variant'
  | 'list'
  | 'map'
  | 'map-entry'

/** Fields of SchemaElement. */
const CONVERTED = 6
const SCALE = 7
const PRECISION = 8
const LOGICAL = 10

const NONE: Meaning = { kind: 'none' }
const UNITS: readonly TimeUnit[] = ['ms', 'us', 'ns']
const integer = (bits: number, signed: boolean): Meaning => ({ kind: 'integer', bits, signed })

/** By the number of ConvertedType; DECIMAL has fields of the element beside it. */
const BY_CONVERTED: readonly (Meaning | 'decimal')[] = [
  { kind: 'string' },
  { kind: 'map' },
  { kind: 'map-entry' },
  { kind: 'list' },
  { kind: 'enum' },
  'decimal',
  { kind: 'date' },
  { kind: 'time', unit: 'ms', utc: true },
  { kind: 'time', unit: 'us', utc: true },
  { kind: 'timestamp', unit: 'ms', utc: true },
  { kind: 'timestamp', unit: 'us', utc: true },
  integer(8, false),
  integer(16, false),
  integer(32, false),
  integer(64, false),
  integer(8, true),
  integer(16, true),
  integer(32, true),
  integer(64, true),
  { kind: 'json' },
  { kind: 'bson' },
  { kind: 'interval' },
]

type Logical = Meaning | ((type: ThriftStruct) => Meaning | null)

/** By the number of the field that is set in the union LogicalType. */
const BY_LOGICAL: ReadonlyMap<number, Logical> = new Map<number, Logical>([
  [1, { kind: 'string' }],
  [2, { kind: 'map' }],
  [3, { kind: 'list' }],
  [4, { kind: 'enum' }],
  [5, (type) => decimalOf(type.get(2), type.get(1) ?? 0)],
  [6, { kind: 'date' }],
  [7, (type) => inUnits('time', type)],
  [8, (type) => inUnits('timestamp', type)],
  [10, integerOf],
  [11, { kind: 'unknown' }],
  [12, { kind: 'json' }],
  [13, { kind: 'bson' }],
  [14, { kind: 'uuid' }],
  [15, { kind: 'float16' }],
  [16, { kind: 'variant' }],
  [17, { kind: 'geo' }],
  [18, { kind: 'geo' }],
])

/**
 * What the values of this element mean. A logical type that is newer than this reader leaves the older annotation, or
 * the stored values. Throws an Error where the annotation does not fit the way the values are stored.
 */
export function meaningOf(element: ThriftStruct, name: string, physical: Physical | null, length: number): Meaning {
  const meaning = logicalOf(element, name) ?? convertedOf(element, name) ?? NONE
  if (!fits(meaning, physical, length))
    throw new Error(`the column ${name} is stored as ${physical ?? 'a group'}, which cannot be ${meaning.kind}`)
  return meaning
}

function logicalOf(element: ThriftStruct, name: string): Meaning | null {
  const union = element.get(LOGICAL)
  if (!(union instanceof ThriftStruct)) return null
  for (const [field, type] of union) {
    const known = BY_LOGICAL.get(field)
    if (known === undefined) continue
    if (typeof known !== 'function') return known
    const meaning = type instanceof ThriftStruct ? known(type) : null
    if (meaning === null) throw new Error(`the type of column ${name} is incomplete`)
    return meaning
  }
  return null
}

function convertedOf(element: ThriftStruct, name: string): Meaning | null {
  const converted = element.get(CONVERTED)
  if (converted === undefined) return null
  const meaning = BY_CONVERTED[converted as number]
  if (meaning !== 'decimal') return meaning ?? null
  const decimal = decimalOf(element.get(PRECISION), element.get(SCALE) ?? 0)
  if (decimal === null) throw new Error(`the type of column ${name} is incomplete`)
  return decimal
}

/** As long as a decimal of so many digits may be; the longest that anybody writes have 76. */
const DIGITS_MAX = 10_000

function decimalOf(precision: Thrift | undefined, scale: Thrift | undefined): Meaning | null {
  if (!isCount(precision) || !isCount(scale) || precision > DIGITS_MAX || scale > precision) return null
  return { kind: 'decimal', precision, scale }
}

function inUnits(kind: 'time' | 'timestamp', type: ThriftStruct): Meaning | null {
  const unit = type.get(2)
  const at = unit instanceof ThriftStruct ? [1, 2, 3].findIndex((field) => unit.has(field)) : -1
  return at < 0 ? null : { kind, unit: UNITS[at]!, utc: type.get(1) === true }
}

function integerOf(type: ThriftStruct): Meaning | null {
  const bits = type.get(1)
  if (bits !== 8 && bits !== 16 && bits !== 32 && bits !== 64) return null
  return integer(bits, type.get(2) === true)
}

function fits(meaning: Meaning, physical: Physical | null, length: number): boolean {
  const bytes = physical === 'BYTE_ARRAY' || physical === 'FIXED_LEN_BYTE_ARRAY'
  switch (meaning.kind) {
    case 'none':
    case 'unknown':
      return true
    case 'variant':
    case 'list':
    case 'map':
    case 'map-entry':
      return physical === null
    case 'string':
    case 'enum':
    case 'json':
    case 'bson':
    case 'geo':
      return bytes
    case 'uuid':
      return physical === 'FIXED_LEN_BYTE_ARRAY' && length === 16
    case 'float16':
      return physical === 'FIXED_LEN_BYTE_ARRAY' && length === 2
    case 'interval':
      return physical === 'FIXED_LEN_BYTE_ARRAY' && length === 12
    case 'date':
      return physical === 'INT32'
    case 'integer':
      return physical === (meaning.bits === 64 ? 'INT64' : 'INT32')
    case 'time':
      return physical === (meaning.unit === 'ms' ? 'INT32' : 'INT64')
    case 'timestamp':
      return physical === 'INT64'
    case 'decimal':
      return bytes || physical === 'INT32' || physical === 'INT64'
  }
}
