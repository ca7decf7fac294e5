/** Who runs what kind of program: a node that has not all of what a job needs runs the rest of it. */
import { JAVASCRIPT, programOf, stagesOf } from '../plan/stages.ts'
import type { JobSpec, ProgramKind, Runtimes } from '../types.ts'

/** What a node must offer to run the job's programs of this kind; undefined where the job has none. */
export function runtimeFor(spec: JobSpec, program: ProgramKind): string | undefined {
  return program === JAVASCRIPT ? spec.runtime : spec.runtimes?.[program]
}

export function runs(offered: Runtimes, spec: JobSpec, program: ProgramKind): boolean {
  const needed = runtimeFor(spec, program)
  return needed !== undefined && offered[program] === needed
}

/** The kinds of programs that tasks of a job are. */
export function programsOf(spec: JobSpec): ReadonlySet<ProgramKind> {
  return new Set(stagesOf(spec).stages.map(programOf))
}

/** Whether some of a job's tasks can run there. */
export function runsSome(offered: Runtimes, spec: JobSpec): boolean {
  for (const program of programsOf(spec)) if (runs(offered, spec, program)) return true
  return false
}
