/** Builders of Parquet schemas, for tests. */
import type { Meaning, Physical } from '../../../src/data/formats/parquet/metadata/meaning.ts'
import type { SchemaNode } from '../../../src/data/formats/parquet/metadata/schema.ts'

const NONE: Meaning = { kind: 'none' }

export const leaf = (name: string, physical: Physical, meaning: Meaning = NONE): SchemaNode => ({
  ...{ name, physical, meaning, repetition: 'optional', children: [] },
  length: physical === 'FIXED_LEN_BYTE_ARRAY' ? 16 : 0,
})
export const group = (name: string, children: readonly SchemaNode[], meaning: Meaning = NONE): SchemaNode => ({
  ...{ name, physical: null, meaning, repetition: 'optional', length: 0, children },
})
export const repeated = (node: SchemaNode): SchemaNode => ({ ...node, repetition: 'repeated' })
export const int = (name: string, bits: number, signed = true): SchemaNode =>
  leaf(name, bits === 64 ? 'INT64' : 'INT32', { kind: 'integer', bits, signed })
export const decimal = (name: string, precision: number, scale: number, physical: Physical = 'INT64'): SchemaNode =>
  leaf(name, physical, { kind: 'decimal', precision, scale })
export const instant = (name: string, unit: 'ms' | 'us' | 'ns', utc = true): SchemaNode =>
  leaf(name, 'INT64', { kind: 'timestamp', unit, utc })
export const text = (name: string): SchemaNode => leaf(name, 'BYTE_ARRAY', { kind: 'string' })
export const list = (name: string, element: SchemaNode, middle = 'list'): SchemaNode =>
  group(name, [repeated(group(middle, [element]))], { kind: 'list' })
export const map = (name: string, key: SchemaNode, value?: SchemaNode): SchemaNode =>
  group(name, [repeated(group('key_value', value === undefined ? [key] : [key, value]))], { kind: 'map' })
