/** A field that has the same value in all rows. */
export type ConstantField = readonly [name: string, value: string | null]

/**
 * Makes what a map is given. User code lives in a realm of its own, so its objects, arrays, dates and bytes must be
 * made there; strings, numbers and bigints are the same in every realm.
 */
export interface RowFactory {
  /** JSON.parse. */
  json(text: string): unknown
  /**
   * The same, but integers (no fraction, no exponent) outside ±(2^53 − 1) become bigints. Slower. Throws also where a
   * number with a fraction or an exponent overflows a double.
   */
  jsonExact(text: string): unknown
  /** The same, but numbers with a fraction or an exponent become the text that they are written as. */
  jsonDigits(text: string): unknown
  /**
   * A function from the fields of one row to its record: an object with these own properties, or with null an array.
   * `fields` is as long as `columns`, and belongs to the caller. `more`: fields that all rows of columns have besides.
   */
  row(columns: readonly string[] | null, more?: readonly ConstantField[]): (fields: readonly unknown[]) => unknown
  /** A function from the fields of an object within a record to it. No `hive` adds to it: that is for records alone. */
  group(names: readonly string[]): (fields: readonly unknown[]) => unknown
  /** A function that makes a copy of an object, with these fields besides its own, of which none has such a name. */
  adding(more: readonly ConstantField[]): (object: object) => object
  object(): Record<string, unknown>
  /** An own property, whatever its name (`__proto__`) and whatever setters there are. */
  set(object: Record<string, unknown>, name: string, value: unknown): void
  /** An array of the same elements, in this realm. */
  array(elements: readonly unknown[]): unknown[]
  date(ms: number): Date
  /** A copy of the bytes. */
  bytes(view: Uint8Array): Uint8Array
}

/**
 * Makes the factory of the realm in which it is evaluated. It is self-contained on purpose: the task process evaluates
 * `(${makeRows})()` inside the user's realm, before any user code, so it must not name anything outside itself but
 * the language's own globals, and it holds on to those it needs.
 */
export function makeRows(): RowFactory {
  const { parse, stringify } = JSON
  const { isSafeInteger } = Number
  const { defineProperty } = Reflect
  const arrayFrom = Array.from
  const big = BigInt
  const date = Date
  const bytes = Uint8Array
  const compile = Function
  const failure = RangeError
  const integer = /^-?[0-9]+$/
  const isInteger = integer.test.bind(integer)

  const exact = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    if (typeof value !== 'number' || isSafeInteger(value)) return value
    const source = context?.source
    if (source !== undefined && isInteger(source)) return big(source)
    // Only an infinity is none when it is taken from itself.
    if (value - value !== 0) throw new failure(`${source ?? 'a number'} is beyond what a double holds`)
    return value
  }
  const digits = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    const source = context?.source
    if (typeof value !== 'number' || source === undefined) return value
    if (!isInteger(source)) return source
    return isSafeInteger(value) ? value : big(source)
  }
  const set = (object: object, name: string, value: unknown): void => {
    defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
  }
  const constants = (more: readonly ConstantField[]): string => {
    let body = ''
    for (let i = 0; i < more.length; i++) body += `${named(more[i]![0])}:${stringify(more[i]![1])},`
    return body
  }
  // A literal gives all rows one hidden class: several times faster than setting fields one by one. A computed name,
  // which is slower, makes even `__proto__` an own property.
  const named = (name: string): string => (name === '__proto__' ? `[${stringify(name)}]` : stringify(name))
  const literal = (
    columns: readonly string[],
    more: readonly ConstantField[],
  ): ((fields: readonly unknown[]) => unknown) => {
    let body = ''
    for (let i = 0; i < columns.length; i++) body += `${named(columns[i]!)}:f[${i}],`
    return compile('f', `return {${body}${constants(more)}}`) as (fields: readonly unknown[]) => unknown
  }
  return {
    json: (text) => parse(text) as unknown,
    jsonExact: (text) => parse(text, exact) as unknown,
    jsonDigits: (text) => parse(text, digits) as unknown,
    row: (columns, more) => (columns === null ? (fields) => arrayFrom(fields) : literal(columns, more ?? [])),
    group: (names) => literal(names, []),
    adding: (more) => compile('o', `return {...o,${constants(more)}}`) as (object: object) => object,
    object: () => ({}),
    set,
    array: (elements) => arrayFrom(elements),
    date: (ms) => new date(ms),
    bytes: (view) => new bytes(view),
  }
}

/** The factory of this realm: for tests, `shoal/testing`, and whoever reads shards without user code. */
export const hostRows: RowFactory = makeRows()
