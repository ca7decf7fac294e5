/**
 * Makes what a map is given. User code lives in a realm of its own, so its objects, arrays, dates and bytes must be
 * made there; strings, numbers and bigints are the same in every realm.
 */
export interface RowFactory {
  /** JSON.parse. */
  json(text: string): unknown
  /** The same, but integers (no fraction, no exponent) outside ±(2^53 − 1) become bigints. Slower. */
  jsonExact(text: string): unknown
  /**
   * A function from the fields of one row to its record: an object with these own properties, or with null an array.
   * `fields` is as long as `columns`, and belongs to the caller.
   */
  row(columns: readonly string[] | null): (fields: readonly unknown[]) => unknown
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
  const integer = /^-?[0-9]+$/
  const isInteger = integer.test.bind(integer)

  const exact = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    if (typeof value !== 'number' || isSafeInteger(value)) return value
    const source = context?.source
    return source !== undefined && isInteger(source) ? big(source) : value
  }
  const set = (object: object, name: string, value: unknown): void => {
    defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
  }
  // A literal gives all rows one hidden class: several times faster than setting fields one by one. A computed name,
  // which is slower, makes even `__proto__` an own property.
  const literal = (columns: readonly string[]): ((fields: readonly unknown[]) => unknown) => {
    let body = ''
    for (let i = 0; i < columns.length; i++) {
      const name = stringify(columns[i])
      body += columns[i] === '__proto__' ? `[${name}]:f[${i}],` : `${name}:f[${i}],`
    }
    return compile('f', `return {${body}}`) as (fields: readonly unknown[]) => unknown
  }
  return {
    json: (text) => parse(text) as unknown,
    jsonExact: (text) => parse(text, exact) as unknown,
    row: (columns) => (columns === null ? (fields) => arrayFrom(fields) : literal(columns)),
    object: () => ({}),
    set,
    array: (elements) => arrayFrom(elements),
    date: (ms) => new date(ms),
    bytes: (view) => new bytes(view),
  }
}

/** The factory of this realm: for tests, `shoal/testing`, and whoever reads shards without user code. */
export const hostRows: RowFactory = makeRows()
