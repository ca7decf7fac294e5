/** Reading a Parquet file whose columns other files of its input have as wider types, or which lacks some of theirs. */
import { parquetWriteBuffer } from 'hyparquet-writer'
import { expect, test } from 'vitest'
import type { Agreed, ReadOptions } from '../../../src/core/types.ts'
import { openRecords } from '../../../src/data/formats/open.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'
import { hostRows } from '../../../src/data/formats/rows.ts'
import { sourceOf } from '../../../src/data/formats/source.ts'

type Schema = NonNullable<Parameters<typeof parquetWriteBuffer>[0]['schema']>

const instants = (unit: 'MILLIS' | 'MICROS' | 'NANOS', isAdjustedToUTC = true) =>
  ({ type: 'TIMESTAMP', isAdjustedToUTC, unit }) as const
const SCHEMA: Schema = [
  { name: 'root', num_children: 9 },
  { name: 'i', type: 'INT32' },
  { name: 'u', type: 'INT32', converted_type: 'UINT_32' },
  { name: 'b', type: 'INT32', converted_type: 'INT_8' },
  { name: 'at', type: 'INT64', logical_type: instants('MILLIS') },
  { name: 'us', type: 'INT64', logical_type: instants('MICROS', false) },
  { name: 'time', type: 'INT32', logical_type: { type: 'TIME', isAdjustedToUTC: true, unit: 'MILLIS' } },
  { name: 'noon', type: 'INT64', logical_type: { type: 'TIME', isAdjustedToUTC: true, unit: 'MICROS' } },
  { name: 'l', converted_type: 'LIST', num_children: 1, repetition_type: 'OPTIONAL' },
  { name: 'bag', num_children: 1, repetition_type: 'REPEATED' },
  { name: 'item', type: 'INT32', repetition_type: 'OPTIONAL' },
  { name: 'g', num_children: 1, repetition_type: 'REQUIRED' },
  { name: 'n', type: 'INT32', repetition_type: 'OPTIONAL' },
]
const FILE = new Uint8Array(
  parquetWriteBuffer({
    schema: SCHEMA,
    columnData: [
      { name: 'i', data: [-1, 2] },
      { name: 'u', data: [4_294_967_295, 0] },
      { name: 'b', data: [-128, 127] },
      { name: 'at', data: [-1n, 5n] },
      { name: 'us', data: [-1n, 5n] },
      { name: 'time', data: [1, 2] },
      { name: 'noon', data: [1n, 2n] },
      { name: 'l', data: [[1, null], []] },
      { name: 'g', data: [{ n: 7 }, { n: null }] },
    ],
  }),
)

async function read(agreed: Agreed | null, options: ReadOptions = {}): Promise<unknown[]> {
  const source = sourceOf(FILE)
  const range = { start: 0, end: source.size, rowGroups: false, headerBytes: 0 }
  const resolved = resolveReadOptions('a.parquet', options)
  const input = { source, ...range, options: resolved, name: 'd/a.parquet', ...(agreed === null ? {} : { agreed }) }
  const reader = openRecords(input, hostRows)
  const records: unknown[] = []
  for (let batch = await reader.next(); batch !== null; batch = await reader.next())
    for (let i = 0; i < batch.length; i++) records.push(batch.record(i))
  return records
}

test('values have the form that its own types say where there are no others', async () => {
  expect(await read(null)).toEqual([
    { i: -1, u: 4_294_967_295, b: -128, at: new Date(-1), us: -1n, time: 1n, noon: 1n, l: [1, null], g: { n: 7 } },
    { i: 2, u: 0, b: 127, at: new Date(5), us: 5n, time: 2n, noon: 2n, l: [], g: { n: null } },
  ])
})

test('values are given as the wider types of others, at any depth', async () => {
  const wide = ['i', 'u', 'b', 'l[]', 'g.n'].map((path) => [path, 'int64'] as const)
  const fine = [
    ['at', 'ns'],
    ['us', 'ns'],
    ['time', 'us'],
    ['noon', 'ns'],
  ] as const
  expect(await read({ widened: [...wide, ...fine], lacking: [] })).toEqual([
    ...[{ i: -1n, u: 4_294_967_295n, b: -128n, at: -1_000_000n, us: -1_000n, time: 1_000n, noon: 1_000n, l: [1n, null], g: { n: 7n } }], // prettier-ignore
    { i: 2n, u: 0n, b: 127n, at: 5_000_000n, us: 5_000n, time: 2_000n, noon: 2_000n, l: [], g: { n: null } },
  ])
})

test('columns that it lacks are absent only where others have them', async () => {
  const columns = ['x', 'i']
  expect(await read({ widened: [], lacking: ['x'] }, { columns })).toEqual([{ i: -1 }, { i: 2 }])
  expect(await read({ widened: [], lacking: ['x'] }, { columns: ['x'] })).toEqual([{}, {}])
  await expect(read(null, { columns })).rejects.toMatchObject({ code: 'BAD_RECORD' })
})
