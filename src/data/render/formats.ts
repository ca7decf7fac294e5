import { ShoalError } from '../../core/errors.ts'
import { OUTPUT_FORMATS, type OutputFormat } from '../../core/spec/settings.ts'
import { csv } from './csv.ts'
import { json, ndjson } from './ndjson.ts'
import { parquet } from './parquet/renderer.ts'
import type { Renderer, RenderOptions } from './renderer.ts'
import { table } from './table.ts'
import { text } from './text.ts'

const BY_SUFFIX: readonly (readonly [suffix: string, format: OutputFormat])[] = [
  ['.ndjson', 'ndjson'],
  ['.jsonl', 'ndjson'],
  ['.csv', 'csv'],
  ['.parquet', 'parquet'],
  ['.json', 'json'],
  ['.txt', 'text'],
]

/** The format that an output file's name asks for; null if it asks for none. */
export function outputFormatOf(path: string): OutputFormat | null {
  const name = path.toLowerCase()
  return BY_SUFFIX.find(([suffix]) => name.endsWith(suffix))?.[1] ?? null
}

/** Throws USAGE for any other name. */
export function asOutputFormat(name: string): OutputFormat {
  const format = OUTPUT_FORMATS.find((known) => known === name)
  if (format !== undefined) return format
  throw new ShoalError('USAGE', `there is no output format '${name}'`, {
    try: [`--format ${OUTPUT_FORMATS.join('|')}`],
  })
}

/** A renderer for one result: all its files have the same columns. */
export function createRenderer(format: OutputFormat, options: RenderOptions = {}): Renderer {
  switch (format) {
    case 'ndjson':
      return ndjson
    case 'json':
      return json
    case 'text':
      return text
    case 'csv':
      return csv()
    case 'table':
      return table(options)
    case 'parquet':
      return parquet()
  }
}
