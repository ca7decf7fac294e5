import type { JobEvent, LaneProgress, PhaseProgress } from '../../control/api.ts'
import { visible } from '../../words/visible.ts'
import type { Paint } from '../io.ts'
import { bytesText, countText, elapsedText, guessText, plural, shortId } from '../units.ts'
import { Pace, activePhase, fractionOf } from './phases.ts'

const BAR_CELLS = 20
const LANES_MAX = 12

/** The live block of a terminal: one line a phase, one a node. */
export class ProgressBlock {
  readonly #pace = new Pace()
  readonly #began: number

  constructor(began: number) {
    this.#began = began
  }

  lines(event: JobEvent, now: number, width: number, paint: Paint): string[] {
    if (event.type !== 'progress') return []
    const head = `job ${shortId(event.job)}  ${event.state}  ${elapsedText(now - this.#began)}`
    const active = activePhase(event.phases)
    const phases = event.phases
      .filter((phase) => phase.total > 0)
      .map((phase) => this.#phase(phase, now, phase === active))
    const nameCells = Math.min(20, Math.max(0, ...event.lanes.map((lane) => visible(lane.name).length)))
    const most = Math.max(1, ...event.lanes.map((lane) => lane.done + lane.running))
    const lanes = event.lanes.slice(0, LANES_MAX).map((lane) => laneLine(lane, most, nameCells))
    const more = event.lanes.length - lanes.length
    return [
      paint('bold', cut(head, width)),
      ...phases.map((line) => cut(line, width)),
      ...lanes.map((line) => paint('dim', cut(line, width))),
      ...(more > 0 ? [paint('dim', `  … and ${plural(more, 'node')} more`)] : []),
      ...(event.why === null ? [] : [paint('yellow', cut(`  ${event.why}`, width))]),
    ]
  }

  /** A phase that feeds on the active one goes as fast as that one lets it: its own pace would be no honest guess. */
  #phase(phase: PhaseProgress, now: number, active: boolean): string {
    const fraction = fractionOf(phase)
    const seen = this.#pace.see(phase, now)
    const pace = active ? seen : null
    const parts = [
      `${phase.phase.padEnd(7)} ${bar(fraction)} ${String(Math.floor(fraction * 100)).padStart(3)}%`,
      `${countText(phase.done)}/${countText(phase.total)} tasks`,
    ]
    if (phase.bytesTotal > 0) parts.push(`${bytesText(phase.bytes)}/${bytesText(phase.bytesTotal)}`)
    if (pace !== null && pace.bytesPerSecond > 0) parts.push(`${bytesText(pace.bytesPerSecond)}/s`)
    if (pace !== null) parts.push(guessText(pace.remainingMs))
    return parts.join('  ')
  }
}

function laneLine(lane: LaneProgress, most: number, nameCells: number): string {
  const name = cut(lane.name, nameCells).padEnd(nameCells)
  const running = lane.running > 0 ? `, ${lane.running} running` : ''
  return `  ${name} ${bar(lane.done / most)} ${lane.done} done${running}`
}

function bar(fraction: number): string {
  const full = Math.round(fraction * BAR_CELLS)
  return '█'.repeat(full) + '░'.repeat(BAR_CELLS - full)
}

/** Every line of the block comes through here, before it is painted. */
function cut(text: string, width: number): string {
  const line = visible(text)
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`
}
