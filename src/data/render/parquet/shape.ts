import { LIMITS } from '../../../core/limits.ts'

/** What kinds of values were seen in one place; bits, to be joined over all records. */
export const BOOLEAN = 1
export const INTEGER = 2
export const FLOAT = 4
/** An integer that a double would round. */
export const BIG = 8
/** An integer that 64 bits cannot hold … */
export const HUGE = 16
/** … nor 38 decimal digits. */
export const VAST = 32
export const TEXT = 64
export const DATE = 128
export const BYTES = 256
export const LIST = 512
export const OBJECT = 1024
/** Something that is to have no type, whatever else is seen here. */
export const UNTYPED = 2048

const INT64_MAX = 2n ** 63n - 1n
const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER)
const DIGITS_38 = 10n ** 38n

/**
 * What was seen in one place of all records: in a column, in a field, in the elements of an array. It depends on the
 * values alone, not on the order in which they come.
 */
export interface Shape {
  kinds: number
  /** Of arrays: the elements of all of them. */
  element: Shape | null
  /** Of objects: the fields of all of them, by name … */
  fields: Map<string, Shape> | null
  /** … or the values of all fields as one, where there are more than `outputFieldsMax` names. */
  values: Shape | null
}

export function emptyShape(): Shape {
  return { kinds: 0, element: null, fields: null, values: null }
}

/** Kinds that no one type holds, so that what arrays and objects have in them does not matter. */
export function isMixed(kinds: number): boolean {
  return (kinds & UNTYPED) !== 0 || ((kinds & (LIST | OBJECT)) !== 0 && kinds !== LIST && kinds !== OBJECT)
}

function kindOf(value: unknown): number {
  switch (typeof value) {
    case 'boolean':
      return BOOLEAN
    case 'number':
      return Number.isSafeInteger(value) ? INTEGER : FLOAT
    case 'bigint':
      if (value >= DIGITS_38 || value <= -DIGITS_38) return VAST
      if (value > INT64_MAX || value < -INT64_MAX - 1n) return HUGE
      return value > SAFE_MAX || value < -SAFE_MAX ? BIG : INTEGER
    case 'string':
      return TEXT
    default:
      if (value === null || value === undefined) return 0
      if (value instanceof Date) return DATE
      if (value instanceof Uint8Array) return BYTES
      return Array.isArray(value) ? LIST : OBJECT
  }
}

/** Adds a value, `depth` arrays and objects within its column; `made` is told of each place that is new. */
export function observe(shape: Shape, value: unknown, depth: number, made: () => void): void {
  const kind = kindOf(value)
  if ((shape.kinds & kind) !== kind) {
    shape.kinds |= kind
    if (isMixed(shape.kinds)) dropType(shape)
  }
  if ((kind !== LIST && kind !== OBJECT) || isMixed(shape.kinds)) return
  if (depth >= LIMITS.outputNestingMax) {
    dropType(shape)
  } else if (kind === LIST) {
    if (shape.element === null) made()
    shape.element ??= emptyShape()
    for (const part of value as unknown[]) observe(shape.element, part, depth + 1, made)
  } else {
    observeFields(shape, value as Record<string, unknown>, depth, made)
  }
}

function observeFields(shape: Shape, value: Record<string, unknown>, depth: number, made: () => void): void {
  if (shape.values === null) shape.fields ??= new Map()
  for (const name of Object.keys(value)) {
    let field = shape.values ?? shape.fields!.get(name)
    if (field === undefined) {
      made()
      shape.fields!.set(name, (field = emptyShape()))
      // It becomes part of all values at once.
      if (widen(shape)) field = shape.values!
    }
    observe(field, value[name], depth + 1, made)
  }
}

/** From fields to values of any name, where there are too many names. */
function widen(shape: Shape): boolean {
  if (shape.fields === null || shape.fields.size <= LIMITS.outputFieldsMax) return false
  shape.values = [...shape.fields.values()].reduce(join, emptyShape())
  shape.fields = null
  return true
}

/** Both at once, in place of the first. */
function join(a: Shape, b: Shape): Shape {
  a.kinds |= b.kinds
  if (isMixed(a.kinds)) {
    dropType(a)
    return a
  }
  a.element = a.element === null ? b.element : b.element === null ? a.element : join(a.element, b.element)
  if (a.values !== null || b.values !== null) {
    const parts = [a, b].flatMap(({ values, fields }) => (values === null ? [...(fields?.values() ?? [])] : [values]))
    a.values = parts.reduce(join, emptyShape())
    a.fields = null
  } else if (b.fields !== null) {
    a.fields ??= new Map()
    for (const [name, field] of b.fields) {
      const own = a.fields.get(name)
      a.fields.set(name, own === undefined ? field : join(own, field))
    }
    widen(a)
  }
  return a
}

/** What is seen here is text from now on. */
export function dropType(shape: Shape): void {
  shape.kinds |= UNTYPED
  shape.element = null
  shape.fields = null
  shape.values = null
}

/** How many places there are in it. */
export function placesOf({ element, fields, values }: Shape): number {
  let places = 1
  if (element !== null) places += placesOf(element)
  if (values !== null) places += placesOf(values)
  if (fields !== null) for (const field of fields.values()) places += placesOf(field)
  return places
}
