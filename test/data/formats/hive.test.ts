import { array, assert as check, constantFrom, oneof, property, string } from 'fast-check'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import type { ReadOptions } from '../../../src/core/types.ts'
import { hiveFields } from '../../../src/data/formats/hive.ts'
import { readAll } from './read-all.ts'

const read = (path: string, text: string, options: ReadOptions = {}): ReturnType<typeof readAll> =>
  readAll(Buffer.from(text), path, { hive: true, ...options })
const badRecord = expect.objectContaining({ code: 'BAD_RECORD' }) as Error

describe('fields of folders', () => {
  const fieldsOf = (place: string): [string, string | null][] =>
    hiveFields(place).map(({ name, value }) => [name, value])

  test.each<[string, [string, string | null][]]>([
    ['d/dt=2025-01-02/a.csv', [['dt', '2025-01-02']]],
    ['d/x/y=1/z/b=/a.csv', [['y', '1'], ['b', '']]], // prettier-ignore
    ['d/a=b=c/f', [['a', 'b=c']]],
    ['d/k=__HIVE_DEFAULT_PARTITION__/f', [['k', null]]],
    ['d/a%20b=c%2Fd%C3%A9/f', [['a b', 'c/dé']]],
    ['d/rate=100%/q=5%2/f', [['rate', '100%'], ['q', '5%2']]], // prettier-ignore
    ['d/_date=1/__proto__=2/f', [['_date', '1'], ['__proto__', '2']]], // prettier-ignore
    ['d/=x/f', []],
    ['d=1/f', []],
    ['d/a=1.csv', []],
  ])('%s', (place, fields) => {
    expect(fieldsOf(place)).toEqual(fields)
  })

  test('a folder that is no UTF-8, and two of one name, are refused', async () => {
    expect(() => hiveFields('d/a=%FF/f')).toThrow(badRecord)
    expect(() => hiveFields('d/a=1/b=2/a=1/f')).toThrow('its folders "a=1" and "a=1" give one field')
    await expect(read('a=%C3/f.csv', 'x\n1\n')).rejects.toThrow(badRecord)
  })
})

test('any path gives fields, each once, or is refused', () => {
  const part = oneof(constantFrom('=', '%', '%41', '%C3', '%A9', 'a=1', '/', 'é'), string({ maxLength: 3 }))
  check(
    property(array(part, { maxLength: 12 }), (parts) => {
      const place = `d/${parts.join('')}/f`
      try {
        const fields = hiveFields(place)
        const folders = place.split('/').slice(1, -1)
        expect(new Set(fields.map(({ name }) => name)).size).toBe(fields.length)
        expect(fields.map(({ folder }) => folder)).toEqual(folders.filter((folder) => folder.indexOf('=') > 0))
      } catch (error) {
        expect(error).toMatchObject({ code: 'BAD_RECORD' })
      }
    }),
    { numRuns: 2000 },
  )
})

describe('records', () => {
  const path = 'dt=2025-01-02/__proto__=x/n=__HIVE_DEFAULT_PARTITION__'
  const withFields = (record: object): unknown => Object.fromEntries([
    ...Object.entries(record), ['dt', '2025-01-02'], ['__proto__', 'x'], ['n', null],
  ]) // prettier-ignore

  test('have them, in every format, after their own', async () => {
    const parquet = parquetWriteBuffer({ columnData: [{ name: 'a', data: ['1', '2'], type: 'STRING' }] })
    const all = [
      await read(`${path}/f.csv`, 'a\n1\n2\n'),
      await read(`${path}/f.tsv`, '1\n2\n', { header: false, columns: ['a'] }),
      await read(`${path}/f.ndjson`, '{"a":"1"}\n{"a":"2"}\n'),
      await read(`${path}/f.json`, '[{"a":"1"},{"a":"2"}]', { format: 'json' }),
      await readAll(
        new Uint8Array(parquet),
        `${path}/f.parquet`,
        { hive: true },
        { start: 0, end: 1, rowGroups: true },
      ),
    ]
    for (const { records, bad } of all) {
      expect(records).toEqual([withFields({ a: '1' }), withFields({ a: '2' })])
      expect(Object.keys(records[0] as object)).toEqual(['a', 'dt', '__proto__', 'n'])
      expect(bad).toEqual([])
    }
  })

  test('without such folders, and without the option, are as they are', async () => {
    expect((await read('x/f.ndjson', '[1]\n{"a":1}')).records).toEqual([[1], { a: 1 }])
    expect((await read('x=1/f.ndjson', '[1]', { hive: false })).records).toEqual([[1]])
  })

  test('that have such a field themselves are bad, and both are named', async () => {
    const why = 'it has a field "dt" itself, and its folder "dt=2025" gives another one (hive)'
    const lines = await read('dt=2025/f.ndjson', '{"a":1}\n{"dt":null}\n[2]\n"x"\nnull\n{"a"\n')
    expect(lines.records).toEqual([{ a: 1, dt: '2025' }])
    expect(lines.bad.map((one) => one.why.replace(/(?<=JSON: ).*/, '…'))).toEqual([
      why,
      ...new Array<string>(3).fill('it is no object, and has no room for the fields of its folders (hive)'),
      'not valid JSON: …',
    ])
    const rows = await read('dt=2025/f.csv', 'a,dt\n1,2\n3\n')
    expect(rows.records).toEqual([])
    expect(rows.bad.map((one) => [one.place, one.why])).toEqual([
      ['d/dt=2025/f.csv:2', why],
      ['d/dt=2025/f.csv:3', '1 field where the header has 2'],
    ])
  })

  test('inherited names are no fields of their own', async () => {
    expect((await read('toString=1/f.ndjson', '{}')).records).toEqual([{ toString: '1' }])
  })
})

describe('Parquet with objects within its records', () => {
  const nested = (field: string): Uint8Array =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: field, data: [1, 2] },
          { name: 'inner', data: [{ year: 7 }, { year: 8 }] },
        ],
        schema: [
          { name: 'root', num_children: 2 },
          { name: field, type: 'INT32', repetition_type: 'REQUIRED' },
          { name: 'inner', num_children: 1, repetition_type: 'REQUIRED' },
          { name: 'year', type: 'INT32', repetition_type: 'REQUIRED' },
        ],
      }),
    )

  test('fields are of the records alone', async () => {
    const { records, bad } = await readAll(nested('v'), 'month=5/f.parquet', { hive: true })
    expect(bad).toEqual([])
    expect(records).toEqual([{ v: 1, inner: { year: 7 }, month: '5' }, { v: 2, inner: { year: 8 }, month: '5' }]) // prettier-ignore
  })

  test('an inner field of the same name is another one; a column of it makes its rows bad', async () => {
    expect((await readAll(nested('v'), 'year=5/f.parquet', { hive: true })).records).toEqual([
      { v: 1, inner: { year: 7 }, year: '5' },
      { v: 2, inner: { year: 8 }, year: '5' },
    ])
    const { records, bad } = await readAll(nested('month'), 'month=5/f.parquet', { hive: true })
    expect(records).toEqual([])
    expect(bad).toHaveLength(2)
  })
})
