import { LIMITS } from '../../core/limits.ts'
import { visible } from '../../words/visible.ts'
import { cell, Columns, type Column } from './columns.ts'
import { plainText } from './json-text.ts'
import type { RenderedFile, Renderer, RenderOptions } from './renderer.ts'
import { cutText, textWidth } from './text-width.ts'

/** A column is not cut below this while others can give. */
const COLUMN_MIN = 8
/** Text beyond it is never shown, so it is not even measured. */
const CELL_MAX = 400

/**
 * A box for people: the first records, as wide as the terminal at most, numbers to the right. Says how many records
 * there are where it does not show all, and names the columns that it has no room for.
 */
export function table(options: RenderOptions): Renderer {
  const width = Math.max(20, options.width ?? 80)
  const rowsMax = Math.max(1, options.rows ?? LIMITS.tableRows)
  return {
    format: 'table',
    suffix: '.txt',
    needsScan: false,
    scan: () => {},
    open: (): RenderedFile => {
      const columns = new Columns()
      const shown: (readonly [key: unknown, value: unknown])[] = []
      let total = 0
      return {
        begin: () => '',
        record: (key, value) => {
          total++
          if (shown.length === rowsMax) return ''
          columns.observe(key, value)
          shown.push([key, value])
          return ''
        },
        end: () => box(columns.list(), shown, total, width),
      }
    },
  }
}

interface Drawn {
  readonly name: string
  readonly cells: readonly string[]
  readonly right: boolean
}

function box(
  columns: readonly Column[],
  records: readonly (readonly [key: unknown, value: unknown])[],
  total: number,
  width: number,
): string {
  const drawn = columns.map((column) => draw(column, records))
  const { widths, shown } = fit(drawn, width)
  const given = drawn.slice(0, shown)
  const rule = (left: string, middle: string, right: string): string =>
    `${left}${widths.map((w) => '─'.repeat(w + 2)).join(middle)}${right}\n`
  const line = (cells: readonly string[], rights: readonly boolean[]): string =>
    `│${cells.map((text, i) => ` ${pad(cutText(text, widths[i]!), widths[i]!, rights[i]!)} `).join('│')}│\n`

  let text = rule('┌', '┬', '┐')
  const rights = given.map(({ right }) => right)
  text += line(
    given.map(({ name }) => name),
    rights,
  )
  text += rule('├', '┼', '┤')
  for (let row = 0; row < records.length; row++)
    text += line(
      given.map(({ cells }) => cells[row]!),
      rights,
    )
  text += rule('└', '┴', '┘')
  return text + notes(records.length, total, drawn.slice(shown))
}

function draw(column: Column, records: readonly (readonly [key: unknown, value: unknown])[]): Drawn {
  const values = records.map(([key, value]) => cell(column, key, value))
  const given = values.filter((value) => value !== null && value !== undefined)
  return {
    name: shownText(column.name),
    cells: values.map((value) => shownText(plainText(value))),
    right: given.length > 0 && given.every((value) => typeof value === 'number' || typeof value === 'bigint'),
  }
}

function shownText(text: string): string {
  return visible(text.length > CELL_MAX ? text.slice(0, CELL_MAX) : text)
}

/** Widths of as many columns as fit: the widest gives first, then the last columns go. */
function fit(columns: readonly Drawn[], width: number): { widths: number[]; shown: number } {
  const widths = columns.map(({ name, cells }) =>
    cells.reduce((most, text) => Math.max(most, textWidth(text)), textWidth(name)),
  )
  const needed = (): number => widths.reduce((sum, w) => sum + w + 3, 1)
  while (needed() > width) {
    const widest = Math.max(...widths)
    if (widest > COLUMN_MIN) widths[widths.indexOf(widest)] = Math.max(COLUMN_MIN, widest - (needed() - width))
    else if (widths.length > 1) widths.pop()
    else break
  }
  return { widths, shown: widths.length }
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - textWidth(text)))
  return right ? space + text : text + space
}

function notes(shown: number, total: number, hidden: readonly Drawn[]): string {
  const rows = total > shown ? `… ${shown} shown of ${total}; -o FILE writes all\n` : ''
  if (hidden.length === 0) return rows
  const names = hidden.slice(0, 10).map(({ name }) => name)
  return `${rows}… ${hidden.length} more columns: ${names.join(', ')}${hidden.length > names.length ? ', …' : ''}\n`
}
