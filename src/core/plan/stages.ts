import type { InputSpec, JobSpec, OutputSpec, ProgramKind, StageSpec } from '../types.ts'

export const JAVASCRIPT: ProgramKind = 'js'

/** The stages of a job in the order of the plan, and those of which its result is made. */
export interface Stages {
  readonly stages: readonly StageSpec[]
  readonly outputs: readonly OutputSpec[]
}

/** A job that says map and reduce is one stage without a name. */
export function stagesOf(spec: JobSpec): Stages {
  if (spec.stages !== undefined) return { stages: spec.stages, outputs: spec.outputs ?? [] }
  const { combine, reduce, sort, partitions, onBadRecord } = spec
  const reads = spec.inputs.map(({ alias }: InputSpec, input) => ({ alias, input }))
  const stage = { name: '', reads, map: true, combine, reduce, keepsKey: false, sort, partitions, onBadRecord }
  return { stages: [stage], outputs: [{ name: '', stage: 0 }] }
}

export function programOf({ program }: StageSpec): ProgramKind {
  return program ?? JAVASCRIPT
}

/** Under which alias a stage reads an input. */
export function aliasOf(spec: JobSpec, stage: number, input: number): string {
  const read = stagesOf(spec).stages[stage]?.reads.find((one) => 'input' in one && one.input === input)
  return read?.alias ?? ''
}
