/** What the death of a node costs, as lines of a table: seconds, median and worst. */
import { median } from '../bench/report.ts'

/** Milliseconds since the death; null: what the dead had begun was done after all. */
export interface Cost {
  /** The first survivor holds it for away. */
  readonly detected: number
  /** All that it was running has been begun, and done, elsewhere. */
  readonly begun: number | null
  readonly done: number | null
  /** How much later the job ended than one in which nobody died. */
  readonly later: number
}

const COLUMNS = {
  detected: 'detected',
  begun: 'begun again',
  done: 'done again',
  later: 'the job ends later by',
} as const
const NAMES = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]
const WIDTH = 15

export function heading(what: string): string {
  return line(
    what,
    NAMES.map((name) => COLUMNS[name]),
  )
}

export function row(what: string, costs: readonly Cost[]): string {
  return line(
    what,
    NAMES.map((name) => medianAndWorst(costs.map((cost) => cost[name]))),
  )
}

export function medianAndWorst(times: readonly (number | null)[]): string {
  const known = times.filter((time) => time !== null)
  return `${inSeconds(median(known))} / ${inSeconds(Math.max(...known))}`
}

function inSeconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(1)
}

function line(first: string, rest: readonly string[]): string {
  return [first.padEnd(2 * WIDTH), ...rest.map((cell) => cell.padEnd(WIDTH))].join('').trimEnd()
}
