/** What people call the stages of a job, their steps and their outputs. */
import type { OutputInfo } from '../control/api.ts'
import { stagesOf } from '../core/plan/stages.ts'
import type { PlannedTask, Step } from '../core/plan/steps.ts'
import type { JobState } from '../core/state.ts'
import type { JobSpec } from '../core/types.ts'

/** A job in which a step alone does not say what is meant. */
export function hasStages({ record }: Pick<JobState, 'record'>): boolean {
  return record.spec.stages !== undefined
}

/** The stage that a person named, also of the steps that make its table; '' where the job is one stage. */
export function stageName(spec: JobSpec, step: Pick<Step, 'stage'>): string {
  return stagesOf(spec).stages[step.stage]?.code ?? ''
}

/** What a step does, in its stage: `map`, `reduce`, `table reduce`; its name without the stage's. */
export function stepWord(spec: JobSpec, step: Pick<Step, 'stage' | 'name'>): string {
  const stage = stageName(spec, step)
  return stage === '' ? step.name : step.name.slice(stage.length + 1)
}

/** The outputs of a job that has several, in the order of its result. */
export function outputsOf({ record, plan }: Pick<JobState, 'record' | 'plan'>): OutputInfo[] | null {
  if (plan.outputs.length === 1) return null
  return plan.outputs.map(({ name, step: index }, i) => {
    const step = plan.steps[index]!
    const stage = stageName(record.spec, step)
    return { output: name, stage, partitions: step.count, ...(inFolders(record.spec, i) && { folders: true }) }
  })
}

/** Whether the records of an output lie in folders. */
export function inFolders({ outputs = [] }: JobSpec, output: number): boolean {
  return outputs[output]?.folders === true
}

/** Under which name a step gives part of the result: '' where that has one; null: it gives none. */
export function outputName({ plan }: Pick<JobState, 'plan'>, step: Step): string | null {
  return plan.outputs.find((output) => output.step === step.index)?.name ?? null
}

/** A part of the result: `part 3 of the result`, `part 3 of output daily`. */
export function partText(job: Pick<JobState, 'plan'>, { step, at }: PlannedTask): string {
  const output = outputName(job, step) ?? ''
  return `part ${at} of ${output === '' ? 'the result' : `output ${output}`}`
}
