import { visible } from '../words/visible.ts'
import type { Paint, Tint } from './io.ts'

/** A piece of a line in a colour. */
export interface Tinted {
  readonly tint: Tint
  readonly text: string
}

/**
 * One line for a person. Its pieces are text as it came, whosever it is: what they hold of control characters is shown
 * where the line is written, and only the colours named here reach the terminal.
 */
export type Line = string | readonly (string | Tinted)[]

export function tinted(tint: Tint, text: string): Tinted {
  return { tint, text }
}

export function lineText(line: Line, paint: Paint): string {
  const pieces = typeof line === 'string' ? [line] : line
  return pieces
    .map((piece) => (typeof piece === 'string' ? visible(piece) : paint(piece.tint, visible(piece.text))))
    .join('')
}

/** A text that has lines of its own: those behind the first are set in, so that none passes for a line of Shoal's. */
export function linesIn(text: string): string[] {
  return text.split('\n').map((line, i) => (i === 0 ? line : `  ${line}`))
}
