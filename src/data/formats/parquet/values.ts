import { isUtf8 } from 'node:buffer'
import { parquetSchema, type FileMetaData, type ParquetParsers, type SchemaElement, type SchemaTree } from 'hyparquet'
import { isListLike, isMapLike } from 'hyparquet/src/schema.js'
import { variantOf } from './variant.ts'
import type { RowFactory } from '../rows.ts'

/** From a value as the Parquet library gives it to one of the user's realm. Throws UnreadableValue. */
export type Convert = (value: unknown) => unknown

/** A value that is sound Parquet but has no form in a record: its row is a bad record. */
export class UnreadableValue extends Error {}

/**
 * What the library makes of raw values on its way. Text that is not UTF-8 stays bytes, and JSON stays text, so that
 * `converterOf` can refuse the one and parse the other in the right realm.
 * Timestamps round down to whole milliseconds, as Date has no finer ones.
 */
export const PARSERS: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (ms: bigint) => dateOf(ms, 1n),
  timestampFromMicroseconds: (micros: bigint) => dateOf(micros, 1_000n),
  timestampFromNanoseconds: (nanos: bigint) => dateOf(nanos, 1_000_000n),
  dateFromDays: daysOrBytes,
  stringFromBytes: textOrBytes,
  jsonFromBytes: textOrBytes,
}

function dateOf(value: bigint | null, perMillisecond: bigint): Date | null {
  if (typeof value !== 'bigint') return null
  const whole = value / perMillisecond
  return new Date(Number(value < whole * perMillisecond ? whole - 1n : whole))
}

/** See `exactSchema` for the bytes. */
function daysOrBytes(days: number | Uint8Array | null): Date {
  if (days instanceof Uint8Array) return days as unknown as Date
  return (typeof days === 'number' ? new Date(days * 86_400_000) : null) as Date
}

function textOrBytes(bytes: Uint8Array | null): string | Uint8Array | null {
  if (!(bytes instanceof Uint8Array)) return null
  return isUtf8(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8') : bytes
}

/**
 * Changes the schema's leaves so that the library leaves alone what it would round: a DECIMAL stays the unscaled
 * number, and BSON and INTERVAL, which it refuses, stay bytes. ENUM, and binary map keys, are read as text. A VARIANT is
 * a group as others are, and `variantOf` decodes it; that its parts stay bytes, also where binary columns are text, only
 * a name for them can bring about that makes the library ask `PARSERS`.
 * `converterOf` must be given the schema as it was.
 */
export function exactSchema(metadata: FileMetaData): FileMetaData {
  const mapKeys = new Set<SchemaElement>()
  const variants = new Set<SchemaElement>()
  const tree = parquetSchema(metadata)
  collectMapKeys(tree, mapKeys)
  collectVariants(tree, false, variants)
  const schema = metadata.schema.map((element): SchemaElement => {
    const { converted_type: converted, logical_type: logical, ...rest } = element
    if (element.type === undefined) return logical?.type === 'VARIANT' ? rest : element
    const meaning = logical?.type ?? converted
    if (isDecimal(element) || meaning === 'BSON' || meaning === 'INTERVAL') return rest
    if (variants.has(element) && element.type === 'BYTE_ARRAY' && meaning === undefined)
      return { ...rest, converted_type: 'DATE' }
    const binaryKey = mapKeys.has(element) && element.type === 'BYTE_ARRAY' && meaning === undefined
    return meaning === 'ENUM' || binaryKey ? { ...rest, converted_type: 'UTF8' } : element
  })
  return { ...metadata, schema }
}

function collectMapKeys(node: SchemaTree, found: Set<SchemaElement>): void {
  if (isMapLike(node)) found.add(node.children[0]!.children[0]!.element)
  for (const child of node.children) collectMapKeys(child, found)
}

/** VARIANT groups, and all that is in them. */
function collectVariants(node: SchemaTree, within: boolean, found: Set<SchemaElement>): void {
  const isVariant = within || node.element.logical_type?.type === 'VARIANT'
  if (isVariant) found.add(node.element)
  for (const child of node.children) collectVariants(child, isVariant, found)
}

function isDecimal(element: SchemaElement): boolean {
  return element.converted_type === 'DECIMAL' || element.logical_type?.type === 'DECIMAL'
}

/** Numbers as they are, INT64 as bigint, DECIMAL as a string, timestamps and dates as Date, binary as bytes. */
export function converterOf(node: SchemaTree, factory: RowFactory): Convert {
  if (isListLike(node)) return listConverter(node, factory)
  if (isMapLike(node)) return mapConverter(node, factory)
  const { element, children } = node
  if (element.logical_type?.type === 'VARIANT') {
    const convert = anyConverter(factory)
    return (value) => convert(variantOf(value, PARSERS))
  }
  const convert = children.length > 0 ? structConverter(node, factory) : leafConverter(element, factory)
  return element.repetition_type === 'REPEATED' ? eachOf(convert, factory) : convert
}

function listConverter(node: SchemaTree, factory: RowFactory): Convert {
  const repeated = node.children[0]!
  const element = repeated.children.length === 1 ? repeated.children[0]! : { ...repeated, element: once(repeated) }
  return eachOf(converterOf(element, factory), factory)
}

/** A two-level list's repeated node is its element. */
function once(node: SchemaTree): SchemaElement {
  return { ...node.element, repetition_type: 'REQUIRED' }
}

function eachOf(convert: Convert, factory: RowFactory): Convert {
  return (value) => (Array.isArray(value) ? factory.array(value.map(convert)) : null)
}

function mapConverter(node: SchemaTree, factory: RowFactory): Convert {
  const [key, value] = node.children[0]!.children
  if (isDecimal(key!.element)) {
    return () => {
      throw new UnreadableValue('a map with decimal keys cannot be read exactly')
    }
  }
  const convert = converterOf(value!, factory)
  return (entry) => objectOf(entry, () => convert, factory)
}

function structConverter(node: SchemaTree, factory: RowFactory): Convert {
  const byName = new Map(node.children.map((child) => [child.element.name, converterOf(child, factory)]))
  return (value) => objectOf(value, (name) => byName.get(name)!, factory)
}

function objectOf(value: unknown, converter: (name: string) => Convert, factory: RowFactory): unknown {
  if (typeof value !== 'object' || value === null) return null
  const object = factory.object()
  for (const [name, field] of Object.entries(value)) factory.set(object, name, converter(name)(field))
  return object
}

function leafConverter(element: SchemaElement, factory: RowFactory): Convert {
  if (isDecimal(element)) {
    const scale = element.scale ?? (element.logical_type?.type === 'DECIMAL' ? element.logical_type.scale : 0)
    return (value) => (value === null || value === undefined ? null : decimalText(unscaled(value), scale))
  }
  const logical = element.logical_type?.type
  if (element.converted_type === 'JSON' || logical === 'JSON') return (value) => parseJson(value, factory)
  if (
    element.converted_type === 'UTF8' ||
    element.converted_type === 'ENUM' ||
    logical === 'STRING' ||
    logical === 'ENUM'
  ) {
    return textOnly
  }
  return anyConverter(factory)
}

function textOnly(value: unknown): unknown {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return null
  throw new UnreadableValue('a text column holds bytes that are not valid UTF-8')
}

function parseJson(value: unknown, factory: RowFactory): unknown {
  const text = textOnly(value)
  if (typeof text !== 'string') return null
  try {
    return factory.jsonExact(text)
  } catch {
    throw new UnreadableValue('a JSON column holds text that is not JSON')
  }
}

/** By what the value is: for leaves without further meaning, and for what has no schema (variant, geometry). */
function anyConverter(factory: RowFactory): Convert {
  const convert = (value: unknown): unknown => {
    if (typeof value !== 'object') return value === undefined ? null : value
    if (value === null) return null
    if (value instanceof Date) return dateIn(factory, value)
    if (value instanceof Uint8Array) return factory.bytes(value)
    if (Array.isArray(value)) return factory.array(value.map(convert))
    return objectOf(value, () => convert, factory)
  }
  return convert
}

function dateIn(factory: RowFactory, value: Date): Date {
  const ms = value.getTime()
  if (Number.isNaN(ms)) throw new UnreadableValue('a timestamp is outside what a Date can hold')
  return factory.date(ms)
}

function unscaled(value: unknown): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return BigInt(value)
  const bytes = value as Uint8Array
  if (bytes.length === 0) return 0n
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`))
}

/** All digits of unscaled × 10^−scale, with `scale` digits after the point. */
export function decimalText(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0')
  const sign = value < 0n ? '-' : ''
  if (scale === 0) return sign + digits
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}
