import type { Intrinsics } from './intrinsics.ts'
import type { JobGraph } from './job-graph.ts'

/**
 * What a job module exports, as the JSON of `{ job, stages }` in plain data: a function shows as FUNCTION, a stage as
 * `\0stage` and its place among the stages, what else has no JSON form as another `\0` text. `params` is JSON.
 */
export type Shape = (exported: unknown, params: string) => string

/** Reads a job object without running more of it than its getters. Self-contained, see `intrinsics`. */
export function shape(own: Intrinsics, graph: JobGraph): Shape {
  const plain = (value: unknown, depth: number, stages: readonly unknown[]): unknown => {
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
    if (typeof value === 'number') return value === value && value - value === 0 ? value : `\0${value}`
    if (typeof value !== 'object') return `\0${typeof value}`
    for (let i = 0; i < stages.length; i++) if (stages[i] === value) return `\0stage ${i}`
    if (depth === 0) return '\0object'
    if (own.isArray(value)) {
      const source = value as unknown[]
      const list: unknown[] = []
      for (let i = 0; i < source.length && i < 10_000; i++) own.define(list, i, plain(source[i], depth - 1, stages))
      return list
    }
    return fieldsOf(value, depth, stages)
  }
  const fieldsOf = (value: object, depth: number, stages: readonly unknown[]): unknown => {
    const object = own.create(null)
    const names = own.ownKeys(value)
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string
      const field = (value as Record<string, unknown>)[name]
      if (typeof name === 'string' && field !== undefined) object[name] = plain(field, depth - 1, stages)
    }
    return object
  }
  return (exported, params) => {
    const found = graph.jobOf(exported, own.freeze(own.parse(params)))
    const stages = graph.stagesOf(found)
    const plainStages: unknown[] = []
    for (let i = 0; i < stages.length; i++) own.define(plainStages, i, fieldsOf(stages[i] as object, 4, stages))
    const job = found === undefined ? null : plain(found, 4, stages)
    return own.stringify({ job, stages: plainStages }) ?? 'null'
  }
}
