/** Steps of a plan by what they do, for tests that know what a job's graph looks like. */
import type { Plan, PlannedTask, Step, StepKind } from '../../src/core/plan/steps.ts'

/** The first step of that kind. Throws where there is none. */
export function stepOf({ steps }: Plan, kind: StepKind): Step {
  const found = steps.find((step) => step.kind === kind)
  if (found === undefined) throw new Error(`the plan has no ${kind}`)
  return found
}

/** Tasks of the kind, in the order of the plan. */
export function tasksOfKind({ tasks }: Plan, kind: StepKind): PlannedTask[] {
  return tasks.filter((task) => task.step.kind === kind)
}

/** How many tasks there are of each kind of step. */
export function countsOf({ steps }: Plan): Partial<Record<StepKind, number>> {
  const counts: Partial<Record<StepKind, number>> = {}
  for (const { kind, count } of steps) counts[kind] = (counts[kind] ?? 0) + count
  return counts
}
