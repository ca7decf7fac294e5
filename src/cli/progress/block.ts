import type { JobEvent, LaneProgress, PhaseProgress } from '../../control/api.ts'
import { visible } from '../../words/visible.ts'
import type { Paint } from '../io.ts'
import { bytesText, countText, elapsedText, guessText, plural, shortId } from '../units.ts'
import { Pace, activePhase, fractionOf } from './phases.ts'
import { activeStage, shownStages, stagesIn, type StageProgress } from './stages.ts'

const BAR_CELLS = 20
const LANES_MAX = 12
const STAGES_MAX = 10
const PHASE_CELLS = 7

/** The live block of a terminal: one line a phase, or of a job of several stages one a stage; and one a node. */
export class ProgressBlock {
  readonly #pace = new Pace()
  readonly #began: number

  constructor(began: number) {
    this.#began = began
  }

  lines(event: JobEvent, now: number, width: number, paint: Paint): string[] {
    if (event.type !== 'progress') return []
    const stages = stagesIn(event.phases)
    const done = stages.filter(({ active }) => active === null).length
    const count = stages.length === 0 ? '' : `  ${countText(done)} of ${plural(stages.length, 'stage')} done`
    const head = `job ${shortId(event.job)}  ${event.state}  ${elapsedText(now - this.#began)}${count}`
    const phases = stages.length === 0 ? this.#phases(event.phases, now) : this.#stages(stages, event.phases, now)
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

  #phases(phases: readonly PhaseProgress[], now: number): string[] {
    const active = activePhase(phases)
    return phases.filter((phase) => phase.total > 0).map((phase) => this.#phase(phase, now, phase === active))
  }

  #stages(stages: readonly StageProgress[], phases: readonly PhaseProgress[], now: number): string[] {
    const { before, shown, after } = shownStages(stages, STAGES_MAX)
    const cells = Math.min(20, Math.max('copy'.length, ...shown.map(({ stage }) => visible(stage).length)))
    const first = activeStage(stages)
    const lines = shown.map((stage) => {
      const name = cut(stage.stage, cells).padEnd(cells)
      const percent = String(Math.floor(stage.fraction * 100)).padStart(3)
      return `${name} ${bar(stage.fraction)} ${percent}%  ${this.#doing(stage, now, stage === first)}`
    })
    const copies = phases.filter(({ stage, total }) => stage === undefined && total > 0)
    return [
      ...(before > 0 ? [`… ${plural(before, 'stage')} before`] : []),
      ...lines,
      ...(after > 0 ? [`… and ${plural(after, 'stage')} more`] : []),
      ...copies.map((phase) => this.#phase(phase, now, first === null, cells)),
    ]
  }

  /** What a stage is at; of one that is done, or not begun, how much that is. */
  #doing({ active, shuffle, done, total }: StageProgress, now: number, isFirst: boolean): string {
    if (active === null || (done === 0 && active.bytes === 0 && !isFirst))
      return `${countText(done)}/${countText(total)} tasks`
    const parts = [`${active.phase} ${this.#amounts(active, now, isFirst)}`]
    if (shuffle !== null) parts.push(`shuffle ${Math.floor(fractionOf(shuffle) * 100)}%`)
    return parts.join('  ')
  }

  /** A phase that feeds on the active one goes as fast as that one lets it: its own pace would be no honest guess. */
  #phase(phase: PhaseProgress, now: number, active: boolean, cells: number = PHASE_CELLS): string {
    const fraction = fractionOf(phase)
    const percent = String(Math.floor(fraction * 100)).padStart(3)
    return `${phase.phase.padEnd(cells)} ${bar(fraction)} ${percent}%  ${this.#amounts(phase, now, active)}`
  }

  #amounts(phase: PhaseProgress, now: number, active: boolean): string {
    const seen = this.#pace.see(phase, now)
    const pace = active ? seen : null
    const parts = [`${countText(phase.done)}/${countText(phase.total)} tasks`]
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
