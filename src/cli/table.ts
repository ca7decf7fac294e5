import { visible } from '../words/visible.ts'
import type { Paint } from './io.ts'

export interface Column<Row> {
  readonly title: string
  readonly right?: boolean
  /** May be cut, with `…`, where the terminal is too narrow; the first such columns are cut first. */
  readonly flexible?: boolean
  cell(row: Row): string
}

const GAP = 2
const NARROWEST = 8

/** Columns aligned, within `width` where something may be cut. Each line ends in LF; control characters are shown. */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width: number,
  paint: Paint,
): string {
  const cells = rows.map((row) => columns.map((column) => visible(column.cell(row))))
  const widths = columns.map((column, i) =>
    Math.max(column.title.length, ...cells.map((line) => cellWidth(line[i] ?? ''))),
  )
  let over = widths.reduce((sum, one) => sum + one + GAP, -GAP) - width
  for (const [i, column] of columns.entries()) {
    if (over <= 0) break
    if (column.flexible !== true) continue
    const cut = Math.min(over, Math.max(0, (widths[i] ?? 0) - Math.max(NARROWEST, column.title.length)))
    widths[i] = (widths[i] ?? 0) - cut
    over -= cut
  }
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => fit(text, widths[i] ?? 0, columns[i]?.right === true))
      .join(' '.repeat(GAP))
      .trimEnd()
  const head = paint('dim', line(columns.map((column) => column.title)))
  return `${[head, ...cells.map(line)].join('\n')}\n`
}

function cellWidth(text: string): number {
  return Array.from(text).length
}

function fit(text: string, width: number, right: boolean): string {
  const characters = Array.from(text)
  if (characters.length > width) return `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
  const space = ' '.repeat(width - characters.length)
  return right ? space + text : text + space
}
