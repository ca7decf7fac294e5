import type { PhaseProgress } from '../../control/api.ts'

/** What is done of a phase, 0 … 1: by bytes where their total is known, else by tasks. */
export function fractionOf(phase: PhaseProgress): number {
  const byTasks = phase.total > 0 ? phase.done / phase.total : 0
  const byBytes = phase.bytesTotal > 0 ? phase.bytes / phase.bytesTotal : byTasks
  if (phase.total > 0 && phase.done >= phase.total) return 1
  return Math.min(0.999, Math.max(0, byBytes))
}

/** The first phase that is not done; the last one when all are. */
export function activePhase(phases: readonly PhaseProgress[]): PhaseProgress | null {
  return (
    phases.find((phase) => phase.total > 0 && phase.done < phase.total) ??
    phases.findLast((phase) => phase.total > 0) ??
    null
  )
}

/** No guess before this much of a phase is done: it would be noise. */
const GUESS_FROM = 0.05

interface Sighting {
  readonly at: number
  readonly fraction: number
  readonly bytes: number
}

/** Speed and remaining time of each phase, from when its first progress was seen. */
export class Pace {
  readonly #first = new Map<string, Sighting>()

  /** `now` in monotonic milliseconds. null: too early to say. */
  see(phase: PhaseProgress, now: number): { readonly bytesPerSecond: number; readonly remainingMs: number } | null {
    const fraction = fractionOf(phase)
    const name = `${phase.stage ?? ''} ${phase.phase}`
    const first = this.#first.get(name)
    if (first === undefined) {
      this.#first.set(name, { at: now, fraction, bytes: phase.bytes })
      return null
    }
    const elapsed = now - first.at
    const gained = fraction - first.fraction
    if (fraction < GUESS_FROM || fraction >= 1 || gained <= 0 || elapsed < 1000) return null
    return {
      bytesPerSecond: ((phase.bytes - first.bytes) * 1000) / elapsed,
      remainingMs: (elapsed * (1 - fraction)) / gained,
    }
  }
}
