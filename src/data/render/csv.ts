import { assert } from '../../core/errors.ts'
import { cell, Columns, type Column } from './columns.ts'
import { plainText } from './json-text.ts'
import type { RenderedFile, Renderer } from './renderer.ts'

const NEEDS_QUOTES = /[",\r\n]/

/**
 * CSV after RFC 4180 with a header, but LF at line ends, as tools on Unix write it. Null and absent fields are empty,
 * bigints all their digits, arrays and objects JSON. A record is never an empty line, which readers skip: it is `""`.
 */
export function csv(): Renderer {
  const columns = new Columns()
  let list: readonly Column[] | null = null
  return {
    format: 'csv',
    suffix: '.csv',
    needsScan: true,
    scan: (key, value) => {
      assert(list === null, 'all records are scanned before a file is opened')
      columns.observe(key, value)
    },
    open: (): RenderedFile => {
      const header = (list ??= columns.list())
      return {
        begin: () => csvLine(header.map(({ name }) => name)),
        record: (key, value) => csvLine(header.map((column) => plainText(cell(column, key, value)))),
        end: () => '',
      }
    },
  }
}

function csvLine(fields: readonly string[]): string {
  const line = fields.map((field) => (NEEDS_QUOTES.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')
  return line === '' ? '""\n' : `${line}\n`
}
