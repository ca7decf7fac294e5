import { RecordCursor, skipLines } from './bounds.ts'
import { grammarOf } from './grammar.ts'
import { FieldParser } from './parse.ts'
import type { ResolvedReadOptions } from '../options.ts'

/** Why the first rows of a file are surely not what they would be read as, and which options would read it. */
export interface CsvDoubt {
  readonly why: string
  /** As of `ShoalError`. */
  readonly try: readonly string[]
}

export interface Row {
  /** From 1. */
  readonly line: number
  readonly raw: string
  readonly fields: readonly string[]
  /** A blank line stands before it, behind another row. */
  readonly apart: boolean
}

/** The records of a file's head that are whole and can be read; none where the first cannot. `whole`: there is no more. */
export function firstRows(head: string, whole: boolean, options: ResolvedReadOptions): Row[] {
  const grammar = grammarOf(options)
  const withoutBom = head.startsWith('\uFEFF') ? head.slice(1) : head
  const text = whole && !grammar.anyLineEnd && withoutBom.endsWith('\r') ? withoutBom.slice(0, -1) : withoutBom
  const { at, lines } = skipLines(text, options.skipLines, grammar)
  const cursor = new RecordCursor(text, grammar, at, lines)
  const parser = new FieldParser(grammar, true)
  const rows: Row[] = []
  let apart = false
  while (cursor.next()) {
    if (cursor.blank) {
      apart = rows.length > 0
      continue
    }
    if (!whole && cursor.at >= text.length) break
    const raw = cursor.record()
    const { fields, problem } = parser.parse(raw, cursor.ended())
    if (problem === null) rows.push({ line: cursor.line + 1, raw, fields, apart })
    else if (rows.length === 0) return []
    apart = false
  }
  return rows
}

export const isFull = (field: string): boolean => field.trim() !== ''

/** A number, an amount or a date: what stands below a name, and is rarely one. */
export function isValue(field: string): boolean {
  return /^[-+($€£]?\.?\d[\d.,:'/ TZeE+-]*[%)]?$/.test(field.trim())
}

/** As it stands in a job. */
export function inQuotes(text: string): string {
  if (text === '\t') return "'\\t'"
  return text < ' ' ? `'\\x${text.charCodeAt(0).toString(16).padStart(2, '0')}'` : `'${text}'`
}
