/** Faults that follow a stage of a job, until any node knows of the first part that the stage has given. */
import type { JobState } from '../../src/core/state.ts'
import type { Fault } from './scenario.ts'

export class StageFaults {
  #waiting: readonly Fault[] = []

  get size(): number {
    return this.#waiting.length
  }

  add(faults: readonly Fault[]): void {
    this.#waiting = [...this.#waiting, ...faults]
  }

  clear(): void {
    this.#waiting = []
  }

  /** Those that come now, as a node knows the jobs; what follows a stage that will not come is left out. */
  reached(jobOf: (name: string) => JobState | undefined): Fault[] {
    const due: Fault[] = []
    const waiting: Fault[] = []
    for (const fault of this.#waiting) {
      const job = jobOf(fault.after!)
      if (job !== undefined && hasBegun(job, fault.stage!)) due.push(fault)
      else if (job === undefined || job.ledger.outcome.kind === 'open') waiting.push(fault)
    }
    this.#waiting = waiting
    return due
  }
}

function hasBegun({ plan, ledger }: JobState, stage: number): boolean {
  return plan.steps.some(
    (step) => step.stage === stage && step.gives === 'part' && ledger.blank[step.index]!.size < step.count,
  )
}
