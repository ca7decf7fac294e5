import { expect, test } from 'vitest'
import { fixture } from './fixture.ts'
import { readAll } from './read-all.ts'

const ROWS = 24_000

/** As `scripts/parquet-matrix/windows.py` has it. */
const length = (i: number): number => (i % 11 === 0 ? 0 : i % 5_000 === 4_999 ? 9_000 : 10 + (i % 7))

function row(i: number): unknown {
  const group = (_: unknown, j: number): unknown => ({ a: (i + j) % 5, b: j % 3 === 0 ? null : BigInt(i) })
  return {
    n: i,
    l: Array.from({ length: length(i) }, (_, j) => BigInt((31 * i + j) % 97)),
    g: i % 13 === 0 ? null : Array.from({ length: length(i + 1) % 4_000 }, group),
  }
}

test('rows that pages cut, over many windows, are whole', async () => {
  const { records, bad } = await readAll(fixture('parquet-windows/cut-rows.parquet'), 'cut-rows.parquet')
  expect(bad).toEqual([])
  expect(records).toHaveLength(ROWS)
  for (const [i, record] of records.entries()) expect(record).toEqual(row(i))
})

test.each(['l', 'g', 'n'])('the same of column %s alone', async (column) => {
  const { records } = await readAll(fixture('parquet-windows/cut-rows.parquet'), 'cut-rows.parquet', {
    columns: [column],
  })
  for (const [i, record] of records.entries())
    expect(record).toEqual({ [column]: (row(i) as Record<string, unknown>)[column] })
})
