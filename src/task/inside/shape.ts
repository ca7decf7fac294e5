import type { Intrinsics } from './intrinsics.ts'
import type { JobGraph } from './job-graph.ts'

/**
 * What a job module exports, as the JSON of `{ job, stages, called }` in plain data: a function shows as FUNCTION, a stage
 * as `\0stage` and its place among the stages, what else has no JSON form as another `\0` text. `called`: the job is what a
 * function of the parameters gave. `params` is JSON.
 */
export type Shape = (exported: unknown, params: string) => string

/** Runs no more of a job than that function, and getters of what it reads. Self-contained, see `intrinsics`. */
export function shape(own: Intrinsics, graph: JobGraph): Shape {
  const plain = (value: unknown, depth: number, stages: readonly unknown[], all = false): unknown => {
    if (value === null || typeof value === 'boolean') return value
    // Not as it is: it might look like one of the texts that stand for something else.
    if (typeof value === 'string')
      return value !== '\0' && own.startsWith(value, '\0') ? '\0a text that begins with NUL' : value
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
    return fieldsOf(value, depth, stages, all)
  }
  /** Where a name stands for a thing, one that is undefined is an error: of an import that is not there yet, as a rule. */
  const namesThings = (name: string, value: unknown): boolean =>
    name === 'outputs' ||
    name === 'side' ||
    (name === 'input' &&
      typeof value === 'object' &&
      value !== null &&
      (value as { shoal?: unknown }).shoal === undefined &&
      (value as { data?: unknown }).data === undefined)
  const fieldsOf = (value: object, depth: number, stages: readonly unknown[], all = false): unknown => {
    const object = own.create(null)
    const names = own.ownKeys(value)
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string
      const field = (value as Record<string, unknown>)[name]
      if (typeof name !== 'string') continue
      if (field === undefined && all) object[name] = '\0undefined'
      else if (field !== undefined) object[name] = plain(field, depth - 1, stages, namesThings(name, field))
    }
    return object
  }
  return (exported, params) => {
    const called = typeof (exported as { default?: unknown } | null | undefined)?.default === 'function'
    const found = graph.jobOf(exported, own.freeze(own.parse(params)))
    const stages = graph.stagesOf(found)
    const plainStages: unknown[] = []
    for (let i = 0; i < stages.length; i++) own.define(plainStages, i, fieldsOf(stages[i] as object, 4, stages))
    const job = found === undefined ? null : plain(found, 4, stages)
    return own.stringify({ job, stages: plainStages, called }) ?? 'null'
  }
}
