/**
 * The language's own functions of a realm, taken before user code can replace them. What Shoal runs inside a realm
 * (`tame`, `web`, `drive`) uses these alone, so that a replaced `Array.prototype.push` changes the user's world only.
 */
export interface Intrinsics {
  readonly global: Record<PropertyKey, unknown>
  readonly hide: (object: object, name: PropertyKey) => void
  /** A writable, configurable, not enumerable property, as the language's own globals are. */
  readonly define: (object: object, name: PropertyKey, value: unknown) => void
  /** As an assignment to a new field, but it asks no setter. */
  readonly field: (object: object, name: PropertyKey, value: unknown) => void
  readonly getter: (object: object, name: PropertyKey, get: () => unknown) => void
  readonly ownKeys: (object: object) => PropertyKey[]
  readonly descriptor: (object: object, name: PropertyKey) => PropertyDescriptor | undefined
  readonly prototypeOf: (object: object) => object | null
  readonly create: (prototype: object | null) => Record<PropertyKey, unknown>
  readonly freeze: <T>(value: T) => T
  readonly apply: (fn: unknown, self: unknown, args: readonly unknown[]) => unknown
  readonly construct: (fn: unknown, args: readonly unknown[], target: unknown) => object
  readonly bind: (fn: unknown, self: unknown) => (...args: unknown[]) => unknown
  readonly isArray: (value: unknown) => boolean
  readonly parse: (text: string) => unknown
  readonly stringify: (value: unknown) => string | undefined
  readonly text: (value: unknown) => string
  readonly slice: (text: string, start: number, end: number) => string
  readonly startsWith: (text: string, prefix: string) => boolean
  readonly toHex: (value: number) => string
  readonly fromHex: (digits: string) => number
  readonly tag: (value: unknown) => string
  readonly iso: (date: Date) => string
  readonly time: (date: Date) => number
  readonly isSafeInteger: (value: unknown) => boolean
  readonly setBytes: (target: Uint8Array, source: ArrayLike<number>) => void
  readonly viewLength: (view: unknown) => number | undefined
  readonly viewOf: (source: unknown) => Uint8Array
  readonly iteratorPrototype: object
  readonly iteratorSymbol: symbol
  readonly Bytes: Uint8ArrayConstructor
  readonly Plain: ObjectConstructor
  readonly Failure: ErrorConstructor
  readonly TypeFailure: ErrorConstructor
  readonly RangeFailure: ErrorConstructor
  readonly Dates: DateConstructor
  readonly Pledge: PromiseConstructor
}

/** Self-contained: it is evaluated as text inside a new realm, and names nothing but the language's globals. */
export function intrinsics(): Intrinsics {
  const { bind, call } = Function.prototype
  const uncurry = bind.bind(call) as (fn: unknown) => (self: unknown, ...args: unknown[]) => unknown
  const { defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect
  const { apply, construct } = Reflect
  const { create, freeze } = Object
  const { parse, stringify } = JSON
  const convert = String
  const toInt = parseInt
  const sliceText = uncurry(String.prototype.slice)
  const startsWith = uncurry(String.prototype.startsWith)
  const numberText = uncurry(Number.prototype.toString)
  const tagText = uncurry(Object.prototype.toString)
  const iso = uncurry(Date.prototype.toISOString)
  const time = uncurry(Date.prototype.getTime)
  const views = Object.getPrototypeOf(Uint8Array.prototype) as object
  const setBytes = uncurry(Uint8Array.prototype.set)
  const accessor = (prototype: object, name: string): ((self: unknown) => unknown) =>
    uncurry(getOwnPropertyDescriptor(prototype, name)?.get)
  const viewLength = accessor(views, 'byteLength')
  const viewOffset = accessor(views, 'byteOffset')
  const viewBuffer = accessor(views, 'buffer')
  const dataLength = accessor(DataView.prototype, 'byteLength')
  const dataOffset = accessor(DataView.prototype, 'byteOffset')
  const dataBuffer = accessor(DataView.prototype, 'buffer')
  const bufferLength = accessor(ArrayBuffer.prototype, 'byteLength')
  const { isView } = ArrayBuffer
  const Bytes = Uint8Array
  const TypeFailure = TypeError
  const attempt = (read: () => unknown): unknown => {
    try {
      return read()
    } catch {
      return undefined
    }
  }
  return {
    global: globalThis as unknown as Record<PropertyKey, unknown>,
    hide: (object, name) => void deleteProperty(object, name),
    define: (object, name, value) =>
      void defineProperty(object, name, { value, writable: true, enumerable: false, configurable: true }),
    field: (object, name, value) =>
      void defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true }),
    getter: (object, name, get) => void defineProperty(object, name, { get, enumerable: false, configurable: true }),
    ownKeys,
    descriptor: getOwnPropertyDescriptor,
    prototypeOf: getPrototypeOf,
    create,
    freeze,
    apply: apply as Intrinsics['apply'],
    construct: construct as Intrinsics['construct'],
    bind: uncurry(bind) as Intrinsics['bind'],
    isArray: Array.isArray,
    parse: (text) => parse(text) as unknown,
    stringify: (value) => stringify(value) as string | undefined,
    text: (value) => convert(value),
    slice: sliceText as Intrinsics['slice'],
    startsWith: startsWith as Intrinsics['startsWith'],
    toHex: (value) => numberText(value, 16) as string,
    fromHex: (digits) => toInt(digits, 16),
    tag: tagText as Intrinsics['tag'],
    iso: iso as Intrinsics['iso'],
    time: time as Intrinsics['time'],
    isSafeInteger: Number.isSafeInteger,
    setBytes: setBytes as Intrinsics['setBytes'],
    viewLength: (view) => attempt(() => viewLength(view)) as number | undefined,
    // The bytes of a typed array, DataView or ArrayBuffer, as a view of this realm; throws for anything else.
    viewOf: (source) => {
      if (!isView(source)) {
        if (attempt(() => bufferLength(source)) === undefined) throw new TypeFailure('not a buffer or a view of one')
        return new Bytes(source as ArrayBuffer)
      }
      const typed = attempt(() => viewBuffer(source)) !== undefined
      return typed
        ? new Bytes(viewBuffer(source) as ArrayBuffer, viewOffset(source) as number, viewLength(source) as number)
        : new Bytes(dataBuffer(source) as ArrayBuffer, dataOffset(source) as number, dataLength(source) as number)
    },
    iteratorPrototype: Iterator.prototype,
    iteratorSymbol: Symbol.iterator,
    Bytes,
    Plain: Object,
    Failure: Error,
    TypeFailure,
    RangeFailure: RangeError,
    Dates: Date,
    Pledge: Promise,
  }
}
