import type { SchemaElement } from 'hyparquet'
import { compareUtf8 } from '../../../core/plan/ranks.ts'
import { jsonText } from '../json-text.ts'
import { BIG, BOOLEAN, BYTES, DATE, FLOAT, HUGE, INTEGER, LIST, OBJECT, TEXT, VAST, type Shape } from './shape.ts'

/** A type in the file, and how values become what the library takes for it. */
export interface ParquetType {
  /** It and what is within it, as a schema lists them. All may be null. */
  readonly elements: readonly SchemaElement[]
  readonly of: (value: unknown) => unknown
}

/** A type but for its name. */
type Named = (name: string) => ParquetType

/**
 * The narrowest type that holds all values of a column exactly. The smallest part with a name of its own (a column, a
 * field) that has none is JSON.
 */
export function typeOf(name: string, shape: Shape): ParquetType {
  return (typed(shape) ?? json)(name)
}

const STRING: Partial<SchemaElement> = {
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
}
const TIMESTAMP: Partial<SchemaElement> = {
  type: 'INT64',
  converted_type: 'TIMESTAMP_MILLIS',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
}
const DECIMAL_38: Partial<SchemaElement> = {
  type: 'FIXED_LEN_BYTE_ARRAY',
  type_length: 16,
  converted_type: 'DECIMAL',
  scale: 0,
  precision: 38,
  logical_type: { type: 'DECIMAL', scale: 0, precision: 38 },
}
const JSON_TEXT: Partial<SchemaElement> = {
  type: 'BYTE_ARRAY',
  converted_type: 'JSON',
  logical_type: { type: 'JSON' },
}

const json = leaf(JSON_TEXT, jsonText)

function typed(shape: Shape): Named | null {
  const { kinds, element, fields, values } = shape
  const within = (allowed: number): boolean => (kinds & ~allowed) === 0
  if (within(TEXT)) return leaf(STRING, same)
  if (within(BOOLEAN)) return leaf({ type: 'BOOLEAN' }, same)
  if (within(INTEGER | BIG)) return leaf({ type: 'INT64' }, integer)
  if (within(INTEGER | FLOAT)) return leaf({ type: 'DOUBLE' }, Number)
  if (within(INTEGER | BIG | HUGE)) return leaf(DECIMAL_38, integer)
  if (within(INTEGER | BIG | HUGE | VAST)) return leaf(STRING, String)
  if (within(DATE)) return leaf(TIMESTAMP, same)
  if (within(BYTES)) return leaf({ type: 'BYTE_ARRAY' }, same)
  if (kinds === LIST && element !== null) return list(typed(element))
  if (kinds === OBJECT && values !== null) return map(typed(values))
  if (kinds === OBJECT && fields !== null) return group(fields)
  return null
}

function leaf(element: Partial<SchemaElement>, of: (value: unknown) => unknown): Named {
  return (name) => ({ elements: [{ ...element, name, repetition_type: 'OPTIONAL' }], of })
}

function list(element: Named | null): Named | null {
  if (element === null) return null
  return (name) => {
    const { elements, of } = element('element')
    return {
      elements: [
        {
          ...{ name, repetition_type: 'OPTIONAL', num_children: 1 },
          ...{ converted_type: 'LIST', logical_type: { type: 'LIST' } },
        },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        ...elements,
      ],
      of: (value) => (value as unknown[]).map((part) => orNull(of, part)),
    }
  }
}

function map(value: Named | null): Named | null {
  if (value === null) return null
  return (name) => {
    const { elements, of } = value('value')
    return {
      elements: [
        {
          ...{ name, repetition_type: 'OPTIONAL', num_children: 1 },
          ...{ converted_type: 'MAP', logical_type: { type: 'MAP' } },
        },
        { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
        { ...STRING, name: 'key', repetition_type: 'REQUIRED' },
        ...elements,
      ],
      of: (entries) => Object.entries(entries as object).map(([key, part]) => ({ key, value: orNull(of, part) })),
    }
  }
}

/**
 * The library asks stored objects for each field by its name: they must not have what all objects inherit. Objects
 * without any prototype would take three times the memory.
 */
const NO_FIELDS: object = Object.freeze(Object.create(null) as object)

/** Parquet has no groups without fields. */
function group(fields: ReadonlyMap<string, Shape>): Named | null {
  if (fields.size === 0) return null
  return (name) => {
    const names = [...fields.keys()].toSorted(compareUtf8)
    const types = new Map(names.map((field) => [field, typeOf(field, fields.get(field)!)]))
    return {
      elements: [
        { name, repetition_type: 'OPTIONAL', num_children: types.size },
        ...[...types.values()].flatMap(({ elements }) => elements),
      ],
      of: (value) => {
        const stored = Object.create(NO_FIELDS) as Record<string, unknown>
        for (const [field, part] of Object.entries(value as object)) stored[field] = orNull(types.get(field)!.of, part)
        return stored
      },
    }
  }
}

function orNull(of: (value: unknown) => unknown, value: unknown): unknown {
  return value === null || value === undefined ? null : of(value)
}

function integer(value: unknown): bigint {
  return BigInt(value as number | bigint)
}

function same(value: unknown): unknown {
  return value
}
