import type { Intrinsics } from './intrinsics.ts'

/** A job module's default export as plain data: a function shows as FUNCTION, what has no JSON form as a `\0` text. */
export type Shape = (exported: unknown) => string

/** Reads a job object without running more of it than its getters. Self-contained, see `intrinsics`. */
export function shape(own: Intrinsics): Shape {
  const plain = (value: unknown, depth: number): unknown => {
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
    if (typeof value === 'number') return value === value && value - value === 0 ? value : `\0${value}`
    if (typeof value !== 'object') return `\0${typeof value}`
    if (depth === 0) return '\0object'
    if (own.isArray(value)) {
      const source = value as unknown[]
      const list: unknown[] = []
      for (let i = 0; i < source.length && i < 10_000; i++) own.define(list, i, plain(source[i], depth - 1))
      return list
    }
    const object = own.create(null)
    const names = own.ownKeys(value)
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string
      const field = (value as Record<string, unknown>)[name]
      if (typeof name === 'string' && field !== undefined) object[name] = plain(field, depth - 1)
    }
    return object
  }
  return (exported) => {
    const module = exported as { default?: unknown } | undefined | null
    const found = module === undefined || module === null ? undefined : module.default
    return own.stringify(found === undefined ? null : plain(found, 4)) ?? 'null'
  }
}
