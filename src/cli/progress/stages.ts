import type { PhaseProgress } from '../../control/api.ts'
import { fractionOf } from './phases.ts'

/** How far a stage is, over all its steps. */
export interface StageProgress {
  readonly stage: string
  /** Its place among the job's stages, from 1. */
  readonly place: number
  readonly done: number
  readonly total: number
  /** 0 … 1; 1 only when all tasks are done. */
  readonly fraction: number
  /** The first step that is not done, and what comes over to it, where that is told; null: all are done. */
  readonly active: PhaseProgress | null
  readonly shuffle: PhaseProgress | null
}

/** Stage by stage; empty of a job that is one stage. */
export function stagesIn(phases: readonly PhaseProgress[]): StageProgress[] {
  const byStage = new Map<string, PhaseProgress[]>()
  for (const phase of phases)
    if (phase.stage !== undefined) byStage.set(phase.stage, [...(byStage.get(phase.stage) ?? []), phase])
  return [...byStage].map(([stage, own], i) => stageOf(stage, i + 1, own))
}

function stageOf(stage: string, place: number, phases: readonly PhaseProgress[]): StageProgress {
  const steps = phases.filter((phase) => !isShuffle(phase))
  const sum = (of: (phase: PhaseProgress) => number): number => steps.reduce((n, phase) => n + of(phase), 0)
  const total = sum((step) => step.total)
  const done = sum((step) => step.done)
  const active = steps.find((step) => step.done < step.total) ?? null
  const before = active === null ? undefined : phases[phases.indexOf(active) - 1]
  const shuffle = before !== undefined && isShuffle(before) && before.done < before.total ? before : null
  const fraction = active === null ? 1 : Math.min(0.999, sum((step) => fractionOf(step) * step.total) / total)
  return { stage, place, done, total, fraction, active, shuffle }
}

/** What comes over to a step's tasks is no task. */
function isShuffle({ phase }: PhaseProgress): boolean {
  return phase === 'shuffle' || phase === 'table shuffle'
}

/** The first stage that is under way, else the first that is not done. */
export function activeStage(stages: readonly StageProgress[]): StageProgress | null {
  const open = stages.filter(({ active }) => active !== null)
  return open.find(({ done, active }) => done > 0 || active!.bytes > 0) ?? open[0] ?? null
}

/** Those of many that fit into `most` lines, around the active one. */
export function shownStages(
  stages: readonly StageProgress[],
  most: number,
): { readonly before: number; readonly shown: readonly StageProgress[]; readonly after: number } {
  if (stages.length <= most) return { before: 0, shown: stages, after: 0 }
  const at = activeStage(stages)?.place ?? stages.length
  const first = Math.max(0, Math.min(at - 2, stages.length - most))
  return { before: first, shown: stages.slice(first, first + most), after: stages.length - first - most }
}
