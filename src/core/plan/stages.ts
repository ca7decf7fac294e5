import type { InputSpec, JobSpec, OutputSpec, ProgramKind, StageSpec } from '../types.ts'

export const JAVASCRIPT: ProgramKind = 'js'

export interface PlannedStage extends StageSpec {
  /** The stage under whose name its code is: a table has none of its own. */
  readonly code: string
}

/**
 * The stages of a job in the order of the plan, and those of which its result is made. Behind each that others have as a
 * side stands one that gathers its records, by key, into the one part of a table.
 */
export interface Stages {
  readonly stages: readonly PlannedStage[]
  readonly outputs: readonly OutputSpec[]
}

/** A job that says map and reduce is one stage without a name. */
export function stagesOf(spec: JobSpec): Stages {
  if (spec.stages !== undefined) {
    const known = drawn.get(spec.stages) ?? withTables(spec.stages, spec.outputs ?? [])
    drawn.set(spec.stages, known)
    return known
  }
  const { combine, aggregate, n, by, sortValues, reduce, sort, partitions, onBadRecord } = spec
  const folds = aggregate === undefined ? {} : { aggregate, ...(n === undefined ? {} : { n }), by: by === true }
  const reads = spec.inputs.map(({ alias }: InputSpec, input) => ({ alias, input }))
  const stage = {
    name: '',
    code: '',
    reads,
    sides: [],
    map: true,
    combine,
    ...folds,
    ...(sortValues && { sortValues }),
    reduce,
    keepsKey: false,
    sort,
    partitions,
    onBadRecord,
  }
  return { stages: [stage], outputs: [{ name: '', stage: 0 }] }
}

export function programOf({ program }: StageSpec): ProgramKind {
  return program ?? JAVASCRIPT
}

/** They are asked for with every split of every task. */
const drawn = new WeakMap<readonly StageSpec[], Stages>()

function withTables(said: readonly StageSpec[], outputs: readonly OutputSpec[]): Stages {
  const looked = new Set(said.flatMap(({ sides }) => sides.map(({ stage }) => stage)))
  const stages: PlannedStage[] = []
  const places: number[] = []
  for (const [index, stage] of said.entries()) {
    const reads = stage.reads.map((read) => ('stage' in read ? { ...read, stage: places[read.stage]! } : read))
    const sides = stage.sides.map((side) => ({ ...side, stage: places[side.stage]! + 1 }))
    places.push(stages.push({ ...stage, code: stage.name, reads, sides }) - 1)
    if (looked.has(index)) stages.push(tableOf(stage.name, places[index]!))
  }
  return { stages, outputs: outputs.map(({ name, stage }) => ({ name, stage: places[stage]! })) }
}

function tableOf(name: string, stage: number): PlannedStage {
  const none = { map: false, combine: false, reduce: false, keepsKey: false, sort: false, onBadRecord: 'fail' } as const
  return { name: `${name} table`, code: name, reads: [{ alias: '', stage }], sides: [], ...none, partitions: 1 }
}

/** Under which alias a stage reads an input. */
export function aliasOf(spec: JobSpec, stage: number, input: number): string {
  const read = stagesOf(spec).stages[stage]?.reads.find((one) => 'input' in one && one.input === input)
  return read?.alias ?? ''
}
