/** What two jobs of several stages differ in, stage by stage. */
import { stagesOf } from '../../core/plan/stages.ts'
import { STAGE_SETTINGS } from '../../core/spec/stage-settings.ts'
import type { JobState } from '../../core/state.ts'
import type { JobSpec, StageSpec } from '../../core/types.ts'

type Compare = (field: string, a: unknown, b: unknown) => void

/**
 * A stage is the same where its name is. Names stand for the places of stages, which move when another stage comes or
 * goes. A stage that one of the jobs has alone is told whole.
 */
export function compareStages(a: JobState, b: JobState, compare: Compare): void {
  const [ofA, ofB] = [stagesIn(a), stagesIn(b)]
  for (const name of new Set([...ofA.keys(), ...ofB.keys()])) {
    const [left, right] = [ofA.get(name), ofB.get(name)]
    if (left === undefined || right === undefined) compare(`stage ${name}`, left ?? null, right ?? null)
    else for (const field of Object.keys(left)) compare(`stage ${name}: ${field}`, left[field], right[field])
  }
  const [givenA, givenB] = [outputsIn(a.record.spec), outputsIn(b.record.spec)]
  for (const name of new Set([...givenA.keys(), ...givenB.keys()]))
    compare(name === '' ? 'output' : `output ${name}`, givenA.get(name) ?? null, givenB.get(name) ?? null)
}

function stagesIn({ record: { spec }, plan }: JobState): Map<string, Readonly<Record<string, unknown>>> {
  const stages = spec.stages ?? []
  const planned = stagesOf(spec).stages
  return new Map(
    stages.map((stage) => {
      const settings = Object.keys(STAGE_SETTINGS).map((field) => [field, stage[field as keyof StageSpec]])
      // Partitions that the plan has decided on are no less the stage's than those that somebody asked for.
      const { count } = plan.steps.find(({ gives, stage: at }) => gives === 'part' && planned[at]!.name === stage.name)!
      return [
        stage.name,
        {
          reads: readsIn(spec, stage),
          sides: sidesIn(spec, stage),
          map: stage.map,
          ...Object.fromEntries(settings),
          partitions: count,
        },
      ]
    }),
  )
}

/** By alias, a stage's name or an input's fields; the one thing where there is no alias. */
function readsIn({ inputs, stages = [] }: JobSpec, { reads }: StageSpec): unknown {
  const all = reads.map((read): [alias: string, of: unknown] => {
    if ('stage' in read) return [read.alias, `stage ${stages[read.stage]!.name}`]
    const { alias: _, ...input } = inputs[read.input]!
    return [read.alias, input]
  })
  return all.length === 1 && all[0]![0] === '' ? all[0]![1] : Object.fromEntries(all)
}

function sidesIn({ stages = [] }: JobSpec, { sides }: StageSpec): Readonly<Record<string, string>> {
  return Object.fromEntries(
    sides.map(({ alias, stage, unique }) => [alias, `stage ${stages[stage]!.name}${unique ? ', unique' : ''}`]),
  )
}

function outputsIn({ stages = [], outputs = [] }: JobSpec): Map<string, string> {
  return new Map(outputs.map(({ name, stage }) => [name, stages[stage]!.name]))
}
