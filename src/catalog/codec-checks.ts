/** What decoded CBOR must be; what is wrong throws a plain Error. */
import { LIMITS } from '../core/limits.ts'

export function need(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}

export function tuple(value: unknown, length: number, what: string): readonly unknown[] {
  need(Array.isArray(value) && value.length === length, `${what} of a wrong shape`)
  return value
}

export function list(value: unknown, max: number, what: string): readonly unknown[] {
  need(Array.isArray(value) && value.length <= max, `${what}: no list, or too long`)
  return value
}

export function count(value: unknown, what: string): number {
  need(typeof value === 'number' && Number.isSafeInteger(value) && value >= 0, `${what} is no count`)
  return value
}

export function textOf(value: unknown, what: string): string {
  need(typeof value === 'string' && value.length <= LIMITS.errorTextBytesMax, `${what} is no text, or too long`)
  return value
}

export function oneOf<T>(values: readonly T[], index: unknown, what: string): T {
  need(typeof index === 'number' && index in values, `${what} of an unknown state`)
  return values[index]!
}

export function ascending<T>(items: readonly T[], compare: (a: T, b: T) => number, what: string): void {
  for (let i = 1; i < items.length; i++) need(compare(items[i - 1]!, items[i]!) < 0, `${what} out of order`)
}
