import { describe, expect, test } from 'vitest'
import type { ReadOptions } from '../../../src/core/types.ts'
import { openRecords } from '../../../src/data/formats/open.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'
import { BAD } from '../../../src/data/formats/reader.ts'
import { hostRows } from '../../../src/data/formats/rows.ts'
import { sourceOf } from '../../../src/data/formats/source.ts'
import { fixture } from './fixture.ts'
import { difference, valueOf, type Form } from './typed-form.ts'

/** A line of matrix.json; scripts/parquet-matrix/README.md says what the files are, and how they are made. */
interface Entry {
  readonly file: string
  /** The table of expected values, for a file that can be read. */
  readonly expected?: string
  /** Those of the table's columns that the file has; else all. */
  readonly columns?: readonly string[]
  /** Rows in each row group. */
  readonly groups?: readonly number[]
  readonly options?: ReadOptions
  /** The file must be refused, in words of which one is here; where `expected` is given too, it may be. */
  readonly says?: readonly string[]
  /** A table of columns of a refused file that can be read, each alone. */
  readonly others?: string
}

/** Of each column the values, or those that come over and over. */
type Table = readonly (readonly [name: string, forms: readonly Form[] | { readonly $cycle: readonly Form[] }])[]

/** A row that is a bad record, and what may read it. */
class BadRow {
  readonly why: string
  constructor(why: string) {
    this.why = why
  }
}

const FOLDERS = ['parquet-matrix', 'parquet-testing']

const parse = (path: string): unknown => JSON.parse(fixture(path).toString())

/** The expected rows, or what the reason of a bad row must have in it. */
function expectedRows(folder: string, { expected, columns, groups }: Entry): (unknown[] | BadRow)[] {
  const table = columnsOf(parse(`${folder}/expected/${expected}.json`) as Table, columns)
  const forms = table.map(([, column]) => ('$cycle' in column ? column.$cycle : column))
  const values = forms.map((column) => column.map(valueOf))
  const bad = forms.map((column) => column.map(badIn))
  const rows = groups!.reduce((sum, n) => sum + n, 0)
  return Array.from({ length: rows }, (_, i) => {
    const word = bad.map((column) => column[i % column.length]).find((found) => found !== undefined)
    return word === undefined ? values.map((column) => column[i % column.length]) : new BadRow(word)
  })
}

function columnsOf(table: Table, columns: readonly string[] | undefined): Table {
  if (columns === undefined) return table
  return columns.map((name) => table.find(([given]) => given === name)!)
}

function namesOf(folder: string, { expected, columns }: Entry): readonly string[] {
  return columns ?? (parse(`${folder}/expected/${expected}.json`) as Table).map(([name]) => name)
}

function badIn(form: Form): string | undefined {
  if (typeof form !== 'object' || form === null) return undefined
  if ('$bad' in form) return form.$bad as string
  return Object.values(form)
    .map(badIn)
    .find((word) => word !== undefined)
}

async function readRows(
  folder: string,
  { file, options }: Entry,
  split?: { readonly start: number; readonly end: number },
  columns?: readonly string[],
): Promise<unknown[]> {
  const source = sourceOf(fixture(`${folder}/${file}`))
  const asked = { ...options, ...(columns === undefined ? {} : { columns }) }
  const reader = openRecords(
    {
      ...{ source, start: 0, end: source.size, ...split, rowGroups: split !== undefined, headerBytes: 0 },
      ...{ options: resolveReadOptions(`${file}.parquet`, asked), name: `d/${file}` },
    },
    hostRows,
  )
  const rows: unknown[] = []
  for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
    for (let i = 0; i < batch.length; i++) {
      const record = batch.record(i)
      rows.push(record === BAD ? new BadRow([batch.bad(i), ...(batch.remedies?.(i) ?? [])].join('; ')) : record)
    }
  }
  return rows
}

/** What is wrong with rows: of each column the first. */
function wrong(rows: unknown[], expected: readonly (unknown[] | BadRow)[], names: readonly string[]): string[] {
  if (rows.length !== expected.length) return [`${rows.length} rows in place of ${expected.length}`]
  const found = new Map<string, string>()
  const note = (column: string, what: string): void => void (found.has(column) || found.set(column, what))
  for (const [i, want] of expected.entries()) {
    const row = rows[i]
    const at = `row ${i + 1}`
    if (want instanceof BadRow) {
      if (!(row instanceof BadRow)) note('', `${at} is not bad because of ${want.why}`)
      else if (!row.why.includes(want.why)) note('', `${at} is bad, but not because of ${want.why}: ${row.why}`)
    } else if (row instanceof BadRow) note('', `${at} is bad: ${row.why}`)
    else {
      const given = Object.keys(row as object)
      // Names that are numbers come first in any object.
      const order = Object.keys(Object.fromEntries(names.map((name) => [name, 0])))
      if (difference(given, order) !== null) note('', `${at} has other columns: ${given.join(', ').slice(0, 200)}`)
      for (const [c, name] of names.entries()) {
        const what = difference((row as Record<string, unknown>)[name], want[c], `${at}.${name}`)
        if (what !== null) note(name, what)
      }
    }
  }
  return [...found.values()]
}

/** Up to three columns, and all of few. */
function someOf(count: number): number[] {
  if (count <= 12) return Array.from({ length: count }, (_, i) => i)
  return [0, count >> 1, count - 1]
}

/** Reads a file in all ways; what is wrong, else nothing. */
async function readInAllWays(folder: string, entry: Entry): Promise<void> {
  const names = namesOf(folder, entry)
  const expected = expectedRows(folder, entry)
  expect(wrong(await readRows(folder, entry), expected, names)).toEqual([])
  let at = 0
  for (const [index, rows] of entry.groups!.entries()) {
    const part = await readRows(folder, entry, { start: index, end: index + 1 })
    expect(wrong(part, expected.slice(at, (at += rows)), names), `row group ${index}`).toEqual([])
  }
  for (const column of someOf(names.length)) {
    const name = names[column]!
    // No option can ask for it.
    if (name === '') continue
    const one = await readRows(folder, entry, undefined, [name])
    const only = expectedRows(folder, { ...entry, columns: [name] })
    expect(wrong(one, only, [name]), `column ${name} alone`).toEqual([])
  }
}

/** It must be a refusal that names the file, and says why in one of the words. */
function checkRefusal(error: unknown, { file, says }: Entry): void {
  expect(error).toMatchObject({ name: 'ShoalError', code: expect.stringMatching(/^(DAMAGED|BAD_RECORD)$/) as unknown })
  const { message, why = '' } = error as { message: string; why?: string }
  expect(message).toContain(file)
  const words = `${message} ${why}`.toLowerCase()
  expect(
    says!.filter((word) => words.includes(word.toLowerCase())),
    `${words}: none of ${says!.join()}`,
  ).not.toEqual([])
}

const failureOf = (reading: Promise<unknown>): Promise<unknown> =>
  reading.then(
    () => null,
    (reason: unknown) => reason,
  )

describe.each(FOLDERS)('%s', (folder) => {
  const entries = parse(`${folder}/matrix.json`) as readonly Entry[]
  const named = (chosen: readonly Entry[]): [string, Entry][] =>
    chosen.map((entry) => [`${entry.file} ${JSON.stringify(entry.options ?? {})}`.replace(' {}', ''), entry])
  const readable = entries.filter(({ expected }) => expected !== undefined)

  test.each(named(readable.filter(({ says }) => says === undefined)))('%s', async (_file, entry) => {
    await readInAllWays(folder, entry)
  })

  test.each(named(readable.filter(({ says }) => says !== undefined)))('%s is read or refused', async (_file, entry) => {
    const error = await failureOf(readRows(folder, entry))
    if (error === null) await readInAllWays(folder, entry)
    else checkRefusal(error, entry)
  })

  test.each(named(entries.filter(({ expected }) => expected === undefined)))('%s is refused', async (_file, entry) => {
    const error = await failureOf(readRows(folder, entry))
    expect(error, 'it was read').not.toBeNull()
    checkRefusal(error, entry)
    if (entry.others === undefined) return
    for (const [name, column] of parse(`${folder}/expected/${entry.others}.json`) as Table) {
      const rows = (column as readonly Form[]).map((form) => [valueOf(form)])
      expect(wrong(await readRows(folder, entry, undefined, [name]), rows, [name]), `column ${name}`).toEqual([])
    }
  })
})
