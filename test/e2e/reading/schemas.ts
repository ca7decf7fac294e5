/** Parquet files of one dataset whose columns differ: on two nodes, submitted from a third without data, and on one. */
import { parquetWriteBuffer } from 'hyparquet-writer'
import { beforeAll, expect, test } from 'vitest'
import type { Ended } from '../command.ts'
import { records, resultOf } from '../mesh.ts'
import type { Hand, Suite, Warm } from './warm.ts'

type Options = Parameters<typeof parquetWriteBuffer>[0]
const parquet = (schema: Options['schema'], columns: Record<string, unknown[]>): Uint8Array => {
  const columnData = Object.entries(columns).map(([name, data]) => ({ name, data }))
  return new Uint8Array(parquetWriteBuffer({ columnData, schema: [{ name: 'root', num_children: columnData.length }, ...schema!] })) // prettier-ignore
}

const instant = (unit: 'MILLIS' | 'MICROS') =>
  ({ name: 'at', type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit } }) as const
const nested = (type: 'INT32' | 'INT64') =>
  [
    { name: 'n', converted_type: 'LIST', num_children: 1, repetition_type: 'OPTIONAL' },
    { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
    { name: 'element', type, repetition_type: 'OPTIONAL' },
  ] as const
const note = { name: 'note', type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const
const DAY = new Date('2026-11-01T08:00:00.123Z')

const SALES = {
  'a.parquet': parquet([{ name: 'id', type: 'INT32' }, instant('MILLIS'), ...nested('INT32'), note], {
    id: [1, 2],
    at: [DAY, DAY],
    n: [[1, null], []],
    note: ['x', 'y'],
  }),
  'b.parquet': parquet([instant('MICROS'), { name: 'id', type: 'INT64' }, ...nested('INT64')], {
    at: [1_793_520_000_123_456n],
    id: [3n],
    n: [[2n ** 60n]],
  }),
}
const DIFFERING = {
  'a.parquet': parquet([{ name: 'id', type: 'INT32' }, note], { id: [1], note: ['x'] }),
  'b.parquet': parquet(
    [
      { name: 'id', type: 'INT32' },
      { name: 'note', type: 'INT32' },
    ],
    { id: [2], note: [5] },
  ),
}
const DATA = { sales: SALES, differing: DIFFERING }

const SHAPES = `const shape = (v) => Array.isArray(v) ? '[' + v.map(shape) + ']' : v instanceof Date ? 'date' : v === null ? 'null' : typeof v
      emit(Object.keys(record).sort().map((name) => name + ' ' + shape(record[name])).join(), 1)`
const jobOf = (data: string, input: string, map: string): string => `import { defineJob } from 'shoal/job'
export default defineJob({
  input: { data: '${data}', ${input} },
  map(record, { emit }) { ${map} },
  reduce(key, values, { emit }) { emit(key, [...values]) },
})
`

const handOf = (file: 'a.parquet' | 'b.parquet'): Hand => ({
  data: { sales: { [file]: SALES[file] }, differing: { [file]: DIFFERING[file] } },
})

export const schemas: Suite = {
  name: 'schemas that differ',
  hands: () => [handOf('a.parquet'), handOf('b.parquet')],
  tests,
}

function tests(warm: Warm): void {
  let alone: readonly string[]

  beforeAll(() => {
    const offers = Object.entries(DATA).flatMap(([data, files]) => {
      const folder = warm.mesh.folder(`all-${data}`, files)
      return ['--data', `${data}=${folder}`]
    })
    alone = ['--local', '--slots', '1', ...offers]
  })

  let jobs = 0
  const both = async (data: string, input: string, map: string): Promise<[Ended, Ended]> => {
    const job = warm.mesh.job(`job-${jobs++}`, jobOf(data, input, map))
    return [await warm.submitter.run('run', job), await warm.mesh.command(['run', job, ...alone])]
  }
  const answers = async (data: string, input: string, map: string): Promise<unknown> => {
    const [together, single] = await both(data, input, map)
    expect([together.code, single.code, together.stderr]).toEqual([0, 0, expect.any(String)])
    expect(records(single.stdout)).toEqual(records(together.stdout))
    expect(resultOf(single)).toBe(resultOf(together))
    return records(together.stdout)
  }
  const refusals = async (data: string, input: string, says: RegExp): Promise<void> => {
    for (const { code, stderr } of await both(data, input, SHAPES)) {
      expect([code, stderr]).toEqual([2, expect.stringMatching(says)])
    }
  }

  test('are read in the widest type of all files, whichever node has which', async () => {
    expect(await answers('sales', '', SHAPES)).toEqual([
      ['at bigint,id bigint,n [],note string', [1]],
      ['at bigint,id bigint,n [bigint,null],note string', [1]],
      ['at bigint,id bigint,n [bigint]', [1]],
    ])
    const values = 'emit(String(record.id), [String(record.at), record.n.map(String).join()])'
    expect(await answers('sales', '', values)).toEqual([
      ['1', [['1793520000123000', '1,null']]],
      ['2', [['1793520000123000', '']]],
      ['3', [['1793520000123456', `${2n ** 60n}`]]],
    ])
  })

  test('a column that a file lacks is absent in its records, also where it alone is read', async () => {
    const own = "emit(Object.hasOwn(record, 'note') ? record.note : 'none', Object.keys(record).length)"
    expect(await answers('sales', "columns: ['note', 'id']", own)).toEqual([
      ['none', [1]],
      ['x', [2]],
      ['y', [2]],
    ])
    expect(await answers('sales', "columns: ['note']", own)).toEqual([
      ['none', [0]],
      ['x', [1]],
      ['y', [1]],
    ])
  })

  test('are refused where they cannot meet, with both files and both types', async () => {
    const says = /error\[SCHEMA_DIFFERS\]: differing\/a\.parquet has note as string, differing\/b\.parquet as int32/
    await refusals('differing', '', says)
    expect(await answers('differing', "columns: ['id']", 'emit(record.id, typeof record.id)')).toEqual([
      [1, ['number']],
      [2, ['number']],
    ])
  })

  test('a column that no file has is refused, with the nearest name', async () => {
    await refusals('sales', "columns: ['id', 'notes']", /error\[USAGE\]: no Parquet file of sales has .* mean note\?/)
  })

  test('explain names what is widened', async () => {
    const { code, stdout } = await warm.submitter.run('explain', warm.mesh.job('explain', jobOf('sales', '', SHAPES)))
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining('columns  sales: at as us, id as int64, n[] as int64, the widest'),
    ])
  })
}
