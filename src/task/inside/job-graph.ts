import type { Intrinsics } from './intrinsics.ts'

type Fields = Readonly<Record<string, unknown>>

/** Reads what a bundle exports as a job. What it reads of user objects may run their getters, and so may throw. */
export interface JobGraph {
  /** The default export; a function is called with the parameters for it. */
  jobOf(exported: unknown, params: unknown): unknown
  /** The stages that a job's outputs lead to, each once, in the order in which they are met. */
  stagesOf(job: unknown): readonly Fields[]
  isStage(value: unknown): value is Fields
}

/** Self-contained, see `intrinsics`. */
export function jobGraph(own: Intrinsics): JobGraph {
  // What a job may have is bounded where it is checked; a walk over objects that are made as they are looked at is not.
  const most = 10_000
  const isObject = (value: unknown): value is Fields =>
    typeof value === 'object' && value !== null && !own.isArray(value)
  const isStage = (value: unknown): value is Fields => isObject(value) && value['shoal'] === 'stage'
  const has = (list: readonly unknown[], value: unknown): boolean => {
    for (let i = 0; i < list.length; i++) if (list[i] === value) return true
    return false
  }
  const stagesOf = (job: unknown): readonly Fields[] => {
    const found: Fields[] = []
    if (!isObject(job)) return found
    const meet = (value: unknown): void => {
      if (isStage(value) && found.length < most && !has(found, value)) own.field(found, found.length, value)
    }
    const meetAll = (value: unknown): void => {
      meet(value)
      if (!isObject(value) || isStage(value)) return
      const names = own.ownKeys(value)
      for (let i = 0; i < names.length; i++) {
        const one = value[names[i] as string]
        meet(one)
        if (isObject(one) && !isStage(one)) meet(one['stage'])
      }
    }
    meet(job['output'])
    meetAll(job['outputs'])
    for (let i = 0; i < found.length; i++) {
      meetAll((found[i] as Fields)['input'])
      meetAll((found[i] as Fields)['side'])
    }
    return found
  }
  return {
    jobOf: (exported, params) => {
      if (exported === undefined || exported === null) return undefined
      const job = (exported as { default?: unknown }).default
      return typeof job === 'function' ? own.apply(job, undefined, [params]) : job
    },
    stagesOf,
    isStage,
  }
}
