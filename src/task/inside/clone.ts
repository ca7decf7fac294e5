import type { Intrinsics } from './intrinsics.ts'

/** structuredClone inside the realm, for what plain jobs hold; functions, symbols and class state are refused. Self-contained. */
export function clone(own: Intrinsics): void {
  const { define, global, Failure, Bytes } = own
  const refuse = (what: string): never => {
    const error = new Failure(`${what} could not be cloned.`)
    define(error, 'name', 'DataCloneError')
    throw error
  }
  const { Map, Set, RegExp, Array, Date, Object } = global as unknown as typeof globalThis
  const copyView = (value: ArrayBufferView): unknown => {
    const bytes = new Bytes(own.viewOf(value))
    const kind = (global as Record<string, unknown>)[own.slice(own.tag(value), 8, -1)]
    return own.construct(kind, [bytes.buffer], kind)
  }
  const copy = (value: unknown, seen: Map<unknown, unknown>): unknown => {
    if (typeof value === 'function' || typeof value === 'symbol') return refuse(own.text(value))
    if (typeof value !== 'object' || value === null) return value
    const known = seen.get(value)
    if (known !== undefined) return known
    const keep = <T>(made: T): T => {
      seen.set(value, made)
      return made
    }
    if (own.isArray(value)) {
      const source = value as unknown[]
      const array = keep(new Array(source.length))
      for (let i = 0; i < source.length; i++) if (i in source) array[i] = copy(source[i], seen)
      return array
    }
    const tag = own.tag(value)
    if (own.viewLength(value) !== undefined || tag === '[object DataView]')
      return keep(copyView(value as ArrayBufferView))
    switch (tag) {
      case '[object Date]':
        return keep(new Date(own.time(value as Date)))
      case '[object RegExp]':
        return keep(new RegExp((value as RegExp).source, (value as RegExp).flags))
      case '[object ArrayBuffer]':
        return keep(new Bytes(own.viewOf(value)).buffer)
      case '[object Boolean]':
      case '[object Number]':
      case '[object String]':
        return keep(new Object((value as object).valueOf()))
      case '[object Map]': {
        const map = keep(new Map())
        for (const [k, v] of value as Map<unknown, unknown>) map.set(copy(k, seen), copy(v, seen))
        return map
      }
      case '[object Set]': {
        const set = keep(new Set())
        for (const v of value as Set<unknown>) set.add(copy(v, seen))
        return set
      }
      case '[object Error]': {
        const { name, message, stack } = value as Error
        const error = keep(new Failure(message))
        define(error, 'name', name)
        define(error, 'stack', stack)
        return error
      }
      case '[object Promise]':
      case '[object WeakMap]':
      case '[object WeakSet]':
        return refuse(tag)
      default:
    }
    const object = keep({} as Record<string, unknown>)
    for (const name of Object.keys(value)) {
      const copied = copy((value as Record<string, unknown>)[name], seen)
      Reflect.defineProperty(object, name, { value: copied, writable: true, enumerable: true, configurable: true })
    }
    return object
  }
  define(global, 'structuredClone', (value: unknown) => copy(value, new Map()))
}
