import type { Problem } from './driver.ts'
import type { Intrinsics } from './intrinsics.ts'

/** JSON of a Problem: whatever was thrown, as texts. */
export type Describe = (error: unknown, kind: Problem['kind']) => string

/** Self-contained, see `intrinsics`. */
export function describer(own: Intrinsics): Describe {
  const longest = 4000
  const field = (error: unknown, name: string): string => {
    try {
      const value = (error as Record<string, unknown>)[name]
      return value === undefined ? '' : own.slice(own.text(value), 0, longest)
    } catch {
      return ''
    }
  }
  const text = (value: unknown): string => {
    try {
      return own.slice(own.text(value), 0, longest)
    } catch {
      return 'a value without a text'
    }
  }
  return (error, kind) => {
    const plain = typeof error !== 'object' || error === null
    const message = plain ? text(error) : field(error, 'message')
    const problem = plain
      ? { kind, name: '', message, stack: '' }
      : {
          kind,
          name: field(error, 'name'),
          message: message === '' ? text(error) : message,
          stack: field(error, 'stack'),
        }
    return own.stringify(problem) as string
  }
}
