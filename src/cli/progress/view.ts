import type { JobEvent } from '../../control/api.ts'
import type { Context } from '../context.ts'
import { PROGRESS, type ProgressMode } from '../flags.ts'
import { widthOf, type Io } from '../io.ts'
import { ProgressBlock } from './block.ts'
import { PlainProgress } from './plain.ts'

/** Shows a job's events on stderr. */
export interface ProgressView {
  event(event: JobEvent): void | Promise<void>
  /** Takes a live block away; what is written next stays. */
  end(): void
}

const REDRAW_MS = 250
const STILL_LOOK_MS = 1_000
export const SILENT: ProgressView = { event: () => {}, end: () => {} }

/** The mode asked for; `auto` is a live block on a terminal, lines elsewhere, nothing with -q or --json. */
export function progressMode(context: Context): Exclude<ProgressMode, 'auto'> {
  const asked = context.settings.get(PROGRESS) ?? 'auto'
  if (asked !== 'auto') return asked
  if (context.quiet || context.json) return 'none'
  const { stderr, environment } = context.io
  // A terminal of no columns (a bare pty) has no room for a block.
  return stderr.isTTY === true && stderr.columns !== 0 && environment['TERM'] !== 'dumb' ? 'tty' : 'plain'
}

export async function makeProgressView(context: Context): Promise<ProgressView> {
  const mode = progressMode(context)
  if (mode === 'json') return { event: (event) => context.noteJson(event), end: () => {} }
  if (mode === 'plain') return plainView(context)
  if (mode === 'tty') return liveView(context)
  return SILENT
}

/** A node tells of changes only: that nothing moves is said from here. */
function plainView(context: Context): ProgressView {
  const plain = new PlainProgress(context.io.now())
  let latest: JobEvent | null = null
  const say = (): void => {
    if (latest === null) return
    for (const line of plain.lines(latest, context.io.now(), new Date().toTimeString().slice(0, 8))) context.note(line)
  }
  const timer = setInterval(say, STILL_LOOK_MS)
  return {
    event(event) {
      latest = event
      say()
    },
    end: () => clearInterval(timer),
  }
}

async function liveView(context: Context): Promise<ProgressView> {
  const { createLogUpdate } = await import('log-update')
  const { io, notePaint } = context
  const draw = createLogUpdate(io.stderr as NodeJS.WriteStream, { showCursor: true })
  const block = new ProgressBlock(io.now())
  let latest: JobEvent | null = null
  let drawn = Number.NEGATIVE_INFINITY
  const redraw = (): void => {
    if (latest === null) return
    drawn = io.now()
    draw(block.lines(latest, drawn, drawableWidth(io), notePaint).join('\n'))
  }
  const timer = setInterval(redraw, REDRAW_MS)
  return {
    event(event) {
      latest = event
      if (io.now() - drawn >= REDRAW_MS / 2) redraw()
    },
    end() {
      clearInterval(timer)
      latest = null
      draw.clear()
    },
  }
}

/** One column less than the terminal has: a line that fills it may wrap. */
function drawableWidth(io: Io): number {
  return Math.min(160, widthOf(io.stderr, io.environment) - 1)
}
