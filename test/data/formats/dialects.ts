/** Dialects and contents of CSV for properties, and a file's records as the naive reader has them. */
import { array, constantFrom, option, record, string, type Arbitrary } from 'fast-check'
import type { ReadOptions } from '../../../src/core/types.ts'
import { columnNames } from '../../../src/data/formats/csv/columns.ts'
import { headLength } from '../../../src/data/formats/csv/head.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'
import { sourceOf } from '../../../src/data/formats/source.ts'
import { naiveTable, type NaiveTable } from './naive-csv.ts'
import type { SplitToRead } from './read-all.ts'

/** Options that are refused together are left out. */
export const dialects: Arbitrary<ReadOptions> = record(
  {
    delimiter: constantFrom(',', ',', '\t', ' ', '→', '€'),
    quote: constantFrom('"', '"', '"', "'", ''),
    escape: constantFrom('\\', '\\', '"', '', ' '),
    escapeIn: constantFrom<'quoted' | 'all'>('quoted', 'all'),
    comment: constantFrom('#', '//', ' #', '\\a', '#a"'),
    skipLines: constantFrom(0, 1, 2),
    trim: constantFrom(true, false),
    null: constantFrom([], ['a'], ['', 'ü'], ['""', '"a"', '\\\\']),
    ragged: constantFrom<'fail' | 'fill'>('fail', 'fill'),
    lineEnd: constantFrom<'lf' | 'any'>('lf', 'lf', 'any'),
    header: constantFrom(true, false),
    columns: option(constantFrom(['x'], ['x', 'y'], ['x', 'y', 'z']), { nil: undefined, freq: 4 }),
  },
  { requiredKeys: [] },
)
  .map((options): ReadOptions => {
    const { columns, ...others } = options
    return columns === undefined || others.header !== false ? others : { ...others, columns }
  })
  .filter((options) => {
    try {
      return resolveReadOptions('a.csv', options) !== null
    } catch {
      return false
    }
  })

/** All that has a meaning in one of the dialects, often. */
const pieces = constantFrom(
  ...['a', 'a', 'ü', 'b', '"', '"', '""', "'", ',', ',', ',', '\t', ' ', ' ', '→', '€', '\\', '\\', '\\"', '#', '//'],
  ...['\n', '\n', '\n', '\n', '\r\n', '\r', '\n\n', '\n#', '\n "', '","', '"\n', '\uFEFF', '\u0086', '\u2192'],
)

export const contents: Arbitrary<string> = string({ unit: pieces, maxLength: 40 })

/** Longer ones with few marks: records that go well. */
export const tables: Arbitrary<string> = array(
  constantFrom(
    'a,b',
    '"a","b"',
    'a, "b\n" ',
    '',
    ' ',
    '# x"',
    'a',
    '"a\\"b",b',
    'a\\,b',
    'a,b,',
    '"x""y",',
    '\u00e9,b',
  ),
  { maxLength: 20 },
).chain((lines) => constantFrom('\n', '\r\n', '\n', '\r').map((end) => lines.join(end) + end))

export interface Expected {
  readonly records: unknown[]
  readonly places: string[]
  readonly bad: string[]
  readonly table: NaiveTable
}

/** What a reader must give; null where the header cannot be read. */
export function expectedOf(text: string, options: ReadOptions): Expected | null {
  const resolved = resolveReadOptions('a.csv', options)
  const table = naiveTable(text, resolved)
  if (table.header?.readable === false) return null
  const columns = table.header === null ? resolved.columns : columnNames(table.header.fields)
  const result: Expected = { records: [], places: [], bad: [], table }
  for (const { line, fields, cells, readable } of table.records) {
    const place = `d/a.csv:${line}`
    const width = columns?.length ?? fields.length
    if (!readable || fields.length > width || (fields.length < width && !resolved.fill)) {
      result.bad.push(place)
      continue
    }
    const values = Array.from({ length: width }, (_, i) => fields[i] ?? null)
    const cleared = values.map((value, i) => (resolved.nulls.includes(cells[i]!) ? null : value))
    result.records.push(columns === null ? cleared : Object.fromEntries(columns.map((name, i) => [name, cleared[i]])))
    result.places.push(place)
  }
  return result
}

export const withoutBom = (text: string): string => (text.startsWith('\uFEFF') ? text.slice(1) : text)

/**
 * Splits of a file in this dialect: cut after records, or anywhere where nothing can make a line end data, and never
 * in what stands before the rows. Which of the possible cuts is `wanted`.
 */
export async function splitsOf(file: Buffer, options: ReadOptions, wanted: readonly number[]): Promise<SplitToRead[]> {
  const resolved = resolveReadOptions('a.csv', options)
  const headerBytes = await headLength(sourceOf(file), resolved)
  if (headerBytes === null || resolved.lineEnd === 'any') return [{ start: 0, end: file.length }]
  const text = withoutBom(file.toString())
  const bom = file.length - Buffer.byteLength(text)
  const ends = naiveTable(text, resolved).ends.map((end) => bom + Buffer.byteLength(text.slice(0, end)))
  const anywhere = resolved.quote === '' && resolved.escape === ''
  const cuts = wanted
    .map((cut) => (anywhere ? cut : (ends[cut % Math.max(1, ends.length)] ?? 0)))
    .filter((cut) => cut > 0 && cut >= headerBytes && cut < file.length)
  const starts = [...new Set([0, ...cuts])].toSorted((a, b) => a - b)
  return starts.map((start, i) => ({ start, end: starts[i + 1] ?? file.length, headerBytes }))
}
