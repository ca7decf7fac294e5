import { array, asyncProperty, assert as check, constantFrom, integer, string, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fixture, fixtures } from './fixture.ts'
import { naiveCsv } from './naive.ts'
import { readAll } from './read-all.ts'

const read = (text: string, options = {}): ReturnType<typeof readAll> => readAll(Buffer.from(text), 'a.csv', options)

/** Fields with all that makes CSV hard. */
const field = string({ unit: constantFrom('a', 'ü', '日', '"', ',', ';', '\n', '\r\n', ' ', ''), maxLength: 6 })
const table = integer({ min: 1, max: 4 }).chain((width) =>
  array(array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 12 }),
)

function write(rows: readonly (readonly string[])[], delimiter: string, lineEnd: string, alwaysQuote: boolean): string {
  const quoted = (text: string): string => {
    const must = /["\r\n]/.test(text) || text.includes(delimiter) || text === ''
    return alwaysQuote || must ? `"${text.replaceAll('"', '""')}"` : text
  }
  return rows.map((row) => row.map(quoted).join(delimiter)).join(lineEnd)
}

describe('csv', () => {
  test.each(fixtures('csv', '.csv'))('csv-spectrum %s', async (name) => {
    const parsed: unknown = JSON.parse(fixture(`csv/${name.replace('.csv', '.json')}`).toString())
    const expected = [parsed].flat() as Record<string, string>[]
    // The JSON has another number than the CSV, upstream too.
    if (name === 'location_coordinates.csv') expected[0]!['Contact Phone Number'] = '2095257564'
    const { records, bad } = await readAll(fixture(`csv/${name}`), name)
    expect(records).toEqual(expected)
    expect(bad).toEqual([])
  })

  test('any table, as written, by a naive parser, and by this one', async () => {
    const style = tuple(
      constantFrom(',', ';', '\t', 'ü'),
      constantFrom('\n', '\r\n'),
      constantFrom(true, false),
      constantFrom('', '\n'),
    )
    await check(
      asyncProperty(table, style, async (rows, [delimiter, lineEnd, alwaysQuote, end]) => {
        const text = write(rows, delimiter, lineEnd, alwaysQuote) + end
        const naive = naiveCsv(text, delimiter, '"')
        expect(naive.rows).toEqual(rows)
        const { records, places, bad } = await read(text, { header: false, delimiter })
        expect(records).toEqual(rows)
        expect(bad).toEqual([])
        expect(places).toEqual(naive.lines.map((line) => `d/a.csv:${line}`))
      }),
      { numRuns: 500 },
    )
  })

  test('before a line feed one CR is the line end, and another makes a bad record, wherever a cut lies', async () => {
    const text = 'a\r\nb\r\r\n\r\r\nc\rc\nd\r'
    const options = { header: false, columns: ['x', 'y'], ragged: 'fill', quote: '' } as const
    for (const cut of text.split('').keys()) {
      const parts = await Promise.all(
        [
          { start: 0, end: cut },
          { start: cut, end: text.length },
        ].map((split) => readAll(Buffer.from(text), 'a.csv', options, split)),
      )
      expect(parts.flatMap((part) => part.records)).toEqual(['a', 'd'].map((x) => ({ x, y: null })))
      const bad = parts.flatMap((part) => part.bad)
      expect(bad.map(({ place, raw }) => [place, raw])).toEqual([
        ['d/a.csv:2', 'b\r'],
        ['d/a.csv:3', '\r'],
        ['d/a.csv:4', 'c\rc'],
      ])
      for (const { why } of bad) expect(why).toMatch(/^a carriage return outside of quotes: .*lineEnd: 'any'/)
    }
    expect((await read('"a\rb",c\r\n', { header: false })).records).toEqual([['a\rb', 'c']])
  })

  test('without quotes, any cut gives the same records', async () => {
    const cell = string({ unit: constantFrom('a', 'ü', ' ', '"', '1'), minLength: 1, maxLength: 5 })
    const rows = array(tuple(cell, cell), { minLength: 1, maxLength: 20 })
    await check(
      asyncProperty(rows, array(integer({ min: 0, max: 200 }), { maxLength: 4 }), async (data, cuts) => {
        const text = `k,v\n${data.map((row) => row.join(',')).join('\n')}\n`
        const file = Buffer.from(text)
        const positions = [...new Set([0, ...cuts.filter((cut) => cut < file.length), file.length])].toSorted(
          (a, b) => a - b,
        )
        const records: unknown[] = []
        const places: string[] = []
        for (const [i, start] of positions.slice(0, -1).entries()) {
          const split = { start, end: positions[i + 1]!, headerBytes: 4 }
          const part = await readAll(file, 'a.csv', { quote: '' }, split)
          // A split within the header's line has that line as no record of its own.
          records.push(...part.records)
          places.push(...part.places)
        }
        expect(records).toEqual(data.map(([k, v]) => ({ k, v })))
        expect(places).toEqual(data.map((_, i) => `d/a.csv:${i + 2}`))
      }),
    )
  })

  test('a header names fields; blank lines are no records; CR LF and a BOM are no data', async () => {
    const { records, places } = await read('\uFEFF\r\n"id",name\r\n1,a\r\n\r\n2,"b\r\nb"\r\n3,c\r')
    expect(records).toEqual([
      { id: '1', name: 'a' },
      { id: '2', name: 'b\r\nb' },
      { id: '3', name: 'c' },
    ])
    expect(places).toEqual(['d/a.csv:3', 'd/a.csv:5', 'd/a.csv:7'])
  })

  test('a quote within an unquoted field is data', async () => {
    const { records } = await read('a,b\n5" disk, "x"\n"q",r"s\n')
    expect(records).toEqual([
      { a: '5" disk', b: ' "x"' },
      { a: 'q', b: 'r"s' },
    ])
  })

  test('bad records: wrong number of fields, text after a quote, a quote never closed', async () => {
    const { records, bad } = await read('a,b\n1\n1,2\n1,2,3\n"x"y,2\n3,4\n"open,\n5,6\n')
    expect(records).toEqual([
      { a: '1', b: '2' },
      { a: '3', b: '4' },
    ])
    expect(bad).toEqual([
      { place: 'd/a.csv:2', why: '1 field where the header has 2', raw: '1' },
      { place: 'd/a.csv:4', why: '3 fields where the header has 2', raw: '1,2,3' },
      { place: 'd/a.csv:5', why: 'text after a closing quote', raw: '"x"y,2' },
      { place: 'd/a.csv:7', why: 'a quote is opened and never closed', raw: '"open,\n5,6\n' },
    ])
  })

  test('invalid UTF-8 spoils its record alone, also beside quotes, wide characters and line ends', async () => {
    const file = Buffer.concat([Buffer.from('a→b\n"ü\n"→1\n'), Buffer.from([0xfc]), Buffer.from('→2\n3→"ß→"')])
    const { records, bad } = await readAll(file, 'a.csv', { delimiter: '→' })
    expect(records).toEqual([
      { a: 'ü\n', b: '1' },
      { a: '3', b: 'ß→' },
    ])
    expect(bad).toMatchObject([{ place: 'd/a.csv:4', why: expect.stringContaining('not valid UTF-8') as unknown }])
    const latin1 = await readAll(Buffer.from([0x61, 0x3b, 0xe9, 10]), 'a.csv', {
      encoding: 'latin1',
      header: false,
      delimiter: ';',
    })
    expect(latin1.records).toEqual([['a', 'é']])
  })

  test('columns: names, or none', async () => {
    expect((await read('1,2\n3,4\n', { header: false, columns: ['x', 'y'] })).records).toEqual([
      { x: '1', y: '2' },
      { x: '3', y: '4' },
    ])
    expect((await read('1,2\n3\n', { header: false })).records).toEqual([['1', '2'], ['3']])
    expect((await read('1,2,3\n', { header: false, columns: ['x'] })).bad).toHaveLength(1)
  })

  test('empty and double column names get their own', async () => {
    const { records } = await read('a,,a,,b,column_2,a_2\n1,2,3,4,5,6,7\n')
    expect(records).toEqual([{ a: '1', column_2_2: '2', a_3: '3', column_4: '4', b: '5', column_2: '6', a_2: '7' }])
  })

  test('a header that cannot be read fails, also when bad records are skipped', async () => {
    await expect(read('"a"b,c\n1,2\n')).rejects.toMatchObject({ code: 'BAD_RECORD' })
    await expect(readAll(Buffer.from([0xff, 10, 0x31, 10]), 'a.csv')).rejects.toMatchObject({ code: 'BAD_RECORD' })
  })

  test.each(['', '\n\n', '\uFEFF', 'a,b', 'a,b\r\n'])('%j has no records', async (text) => {
    expect((await read(text)).records).toEqual([])
  })

  test('tsv has no quote, unless it is given', async () => {
    const file = Buffer.from('a\tb\n1,5\t"x\ty"\n"\t6"\n')
    const plain = await readAll(file, 'a.tsv')
    expect(plain.records).toEqual([{ a: '"', b: '6"' }])
    expect(plain.bad).toMatchObject([{ place: 'd/a.tsv:2', why: '3 fields where the header has 2' }])
    expect((await readAll(file.subarray(0, -5), 'a.tsv', { quote: '"' })).records).toEqual([{ a: '1,5', b: 'x\ty' }])
  })
})
