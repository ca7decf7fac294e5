import type { JobEvent } from '../../control/api.ts'
import { bytesText, countText } from '../units.ts'
import { activePhase, fractionOf } from './phases.ts'

const LINE_EVERY_MS = 30_000

/** For pipes and logs: a line at every tenth of a phase, or every 30 s. */
export class PlainProgress {
  #phase = ''
  #tenth = 0
  #last: number
  #why: string | null = null

  constructor(now: number) {
    this.#last = now
  }

  /** The line to print for an event, or null. `clock` is the time of day that it begins with. */
  line(event: JobEvent, now: number, clock: string): string | null {
    if (event.type !== 'progress') return null
    if (event.why !== this.#why) {
      this.#why = event.why
      if (event.why !== null) return this.#printed(now, `${clock} ${event.why}`)
    }
    const phase = activePhase(event.phases)
    if (phase === null) return now - this.#last >= LINE_EVERY_MS ? this.#printed(now, `${clock} ${event.state}`) : null
    if (phase.phase !== this.#phase) {
      this.#phase = phase.phase
      this.#tenth = 0
    }
    const fraction = fractionOf(phase)
    const tenth = Math.floor(fraction * 10)
    if (tenth <= this.#tenth && now - this.#last < LINE_EVERY_MS) return null
    this.#tenth = Math.max(tenth, this.#tenth)
    const bytes = phase.bytesTotal > 0 ? `  ${bytesText(phase.bytes)} of ${bytesText(phase.bytesTotal)}` : ''
    const tasks = `${countText(phase.done)}/${countText(phase.total)} tasks`
    return this.#printed(now, `${clock} ${phase.phase} ${Math.floor(fraction * 100)}%  ${tasks}${bytes}`)
  }

  #printed(now: number, line: string): string {
    this.#last = now
    return line
  }
}
