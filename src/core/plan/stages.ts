import type { InputSpec, JobSpec, OutputSpec, StageSpec } from '../types.ts'

/** The stages of a job in the order of the plan, and those of which its result is made. */
export interface Stages {
  readonly stages: readonly StageSpec[]
  readonly outputs: readonly OutputSpec[]
}

/** A job that says map and reduce is one stage without a name. */
export function stagesOf(spec: JobSpec): Stages {
  if (spec.stages !== undefined) return { stages: spec.stages, outputs: spec.outputs ?? [] }
  const { combine, aggregate, n, by, reduce, sort, partitions, onBadRecord } = spec
  const folds = aggregate === undefined ? {} : { aggregate, ...(n === undefined ? {} : { n }), by: by === true }
  const reads = spec.inputs.map(({ alias }: InputSpec, input) => ({ alias, input }))
  const stage = {
    name: '',
    reads,
    map: true,
    combine,
    ...folds,
    reduce,
    keepsKey: false,
    sort,
    partitions,
    onBadRecord,
  }
  return { stages: [stage], outputs: [{ name: '', stage: 0 }] }
}

/** Under which alias a stage reads an input. */
export function aliasOf(spec: JobSpec, stage: number, input: number): string {
  const read = stagesOf(spec).stages[stage]?.reads.find((one) => 'input' in one && one.input === input)
  return read?.alias ?? ''
}
