import type { Intrinsics } from './intrinsics.ts'

type Fields = Readonly<Record<string, unknown>>

export type UserFunction = (...args: unknown[]) => unknown

/** The functions of one stage; null where it has none of the kind. */
export interface JobFunctions {
  readonly map: UserFunction | null
  readonly combine: UserFunction | null
  readonly by: UserFunction | null
  readonly sortValues: UserFunction | null
  readonly reduce: UserFunction | null
}

/** Reads what a bundle exports as a job. What it reads of user objects may run their getters, and so may throw. */
export interface JobGraph {
  /** The default export; a function is called with the parameters for it. */
  jobOf(exported: unknown, params: unknown): unknown
  /** The stages that a job's outputs lead to, each once, in the order in which they are met. */
  stagesOf(job: unknown): readonly Fields[]
  /**
   * The functions of a stage ('' where the job has one), and of its maps that of `alias`, if not null; null if the module
   * has no such job.
   */
  functionsOf(exported: unknown, stage: string, alias: string | null, params: unknown): JobFunctions | null
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
    meetAll(job['output'])
    meetAll(job['outputs'])
    for (let i = 0; i < found.length; i++) {
      meetAll((found[i] as Fields)['input'])
      meetAll((found[i] as Fields)['side'])
    }
    return found
  }
  const jobOf = (exported: unknown, params: unknown): unknown => {
    if (exported === undefined || exported === null) return undefined
    const job = (exported as { default?: unknown }).default
    return typeof job === 'function' ? own.apply(job, undefined, [params]) : job
  }
  const takes = (fn: unknown, self: unknown): UserFunction | null =>
    typeof fn === 'function' ? (own.bind(fn, self) as UserFunction) : null
  const taken = (fields: Fields, map: UserFunction | null): JobFunctions => ({
    map,
    combine: takes(fields['combine'], fields),
    by: takes(fields['by'], fields),
    sortValues: takes(fields['sortValues'], fields),
    reduce: takes(fields['reduce'], fields),
  })
  /** Records of another stage come as pairs. */
  const ofPairs = (map: UserFunction): UserFunction => {
    return (pair, ctx) => map((pair as unknown[])[0], (pair as unknown[])[1], ctx)
  }
  const functionsOf = (job: unknown, name: string, alias: string | null): JobFunctions | null => {
    if (typeof job !== 'object' || job === null) return null
    const stages = name === '' ? [] : stagesOf(job)
    for (let i = 0; i < stages.length; i++) {
      const stage = stages[i] as Fields
      if (stage['name'] !== name) continue
      const map = takes(stage['map'], stage)
      return taken(stage, map !== null && isStage(stage['input']) ? ofPairs(map) : map)
    }
    if (name !== '') return null
    const maps = (job as Fields)['map']
    const map = alias === null || alias === '' ? takes(maps, job) : takes((maps as Fields | undefined)?.[alias], maps)
    return alias !== null && map === null ? null : taken(job as Fields, map)
  }
  return {
    jobOf,
    stagesOf,
    functionsOf: (exported, stage, alias, params) => functionsOf(jobOf(exported, params), stage, alias),
  }
}
