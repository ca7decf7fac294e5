import type { JobEvent, PhaseProgress } from '../../control/api.ts'
import { bytesText, countText, plural } from '../units.ts'
import { activePhase, fractionOf } from './phases.ts'
import { activeStage, stagesIn, type StageProgress } from './stages.ts'

type Progress = Extract<JobEvent, { type: 'progress' }>

const LINE_EVERY_MS = 30_000

/** For pipes and logs: a line at every tenth of a phase, or of a stage where there are several, or every 30 s. */
export class PlainProgress {
  readonly #over = new Set<string>()
  #phase = ''
  #tenth = 0
  #last: number
  #why: string | null = null

  constructor(now: number) {
    this.#last = now
  }

  /** The lines to print for an event. `clock` is the time of day that each begins with. */
  lines(event: JobEvent, now: number, clock: string): string[] {
    if (event.type !== 'progress') return []
    const stages = stagesIn(event.phases)
    const over = stages.filter(({ stage, active }) => active === null && !this.#over.has(stage))
    for (const { stage } of over) this.#over.add(stage)
    const ended = over.map(
      ({ place, stage, total }) => `${clock} stage ${place}/${stages.length} ${stage} done  ${plural(total, 'task')}`,
    )
    if (ended.length > 0) this.#last = now
    const next = this.#next(event, stages, now, clock)
    return next === null ? ended : [...ended, next]
  }

  #next(event: Progress, stages: readonly StageProgress[], now: number, clock: string): string | null {
    if (event.why !== this.#why) {
      this.#why = event.why
      if (event.why !== null) return this.#printed(now, `${clock} ${event.why}`)
    }
    const stage = activeStage(stages)
    if (stage !== null) return this.#stage(stage, stages.length, now, clock)
    const phase = activePhase(
      stages.length === 0 ? event.phases : event.phases.filter((one) => one.stage === undefined),
    )
    if (phase === null) return now - this.#last >= LINE_EVERY_MS ? this.#printed(now, `${clock} ${event.state}`) : null
    const fraction = fractionOf(phase)
    if (!this.#isDue(phase.phase, fraction, now)) return null
    return this.#printed(now, `${clock} ${phase.phase} ${Math.floor(fraction * 100)}%  ${amounts(phase)}`)
  }

  #stage({ stage, place, fraction, active }: StageProgress, count: number, now: number, clock: string): string | null {
    if (active === null || !this.#isDue(`stage ${stage}`, fraction, now)) return null
    const percent = Math.floor(fraction * 100)
    const doing = `${active.phase} ${amounts(active)}`
    return this.#printed(now, `${clock} stage ${place}/${count} ${stage} ${percent}%  ${doing}`)
  }

  /** At each tenth of what is under way, and where nothing was said for long. */
  #isDue(what: string, fraction: number, now: number): boolean {
    if (what !== this.#phase) {
      this.#phase = what
      this.#tenth = 0
    }
    const tenth = Math.floor(fraction * 10)
    if (tenth <= this.#tenth && now - this.#last < LINE_EVERY_MS) return false
    this.#tenth = Math.max(tenth, this.#tenth)
    return true
  }

  #printed(now: number, line: string): string {
    this.#last = now
    return line
  }
}

function amounts(phase: PhaseProgress): string {
  const bytes = phase.bytesTotal > 0 ? `  ${bytesText(phase.bytes)} of ${bytesText(phase.bytesTotal)}` : ''
  return `${countText(phase.done)}/${countText(phase.total)} tasks${bytes}`
}
