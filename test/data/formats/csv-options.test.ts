/** Each option of CSV by example; all of them together are in `csv-dialects.test.ts`. */
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/core/limits.ts'
import type { ReadOptions } from '../../../src/core/types.ts'
import { readAll } from './read-all.ts'

const read = (text: string, options: ReadOptions = {}): ReturnType<typeof readAll> =>
  readAll(Buffer.from(text), 'a.csv', options)
const rows = async (text: string, options: ReadOptions = {}): Promise<unknown[]> =>
  (await read(text, { header: false, ...options })).records
const whys = async (text: string, options: ReadOptions = {}): Promise<string[]> =>
  (await read(text, { header: false, ...options })).bad.map(({ why }) => why)

describe('escape', () => {
  test('in quoted fields, as Spark and DuckDB write', async () => {
    const text = String.raw`"a \"b\", c","x\\",C:\n,"keep \n"` + '\n"doubled ""too""","line\\\nend",,\n'
    expect(await rows(text, { escape: '\\', escapeIn: 'quoted' })).toEqual([
      ['a "b", c', 'x\\', 'C:\\n', 'keep \\n'],
      ['doubled "too"', 'line\nend', '', ''],
    ])
    expect(await rows('C:\\,x\n', { escape: '\\', escapeIn: 'quoted' })).toEqual([['C:\\', 'x']])
  })

  test("in all fields, as MySQL and Python's csv write", async () => {
    const text = 'a\\,b,\\"c",d\\\ne,\\N\nf\\\\,g\\\r\nh,"i\\",j",\n'
    expect(await rows(text, { escape: '\\', escapeIn: 'all' })).toEqual([
      ['a,b', '"c"', 'd\ne', '\\N'],
      ['f\\', 'g\r\nh', 'i",j', ''],
    ])
    expect(await rows('a\\\tb\tc\\\nd\n', { delimiter: '\t', quote: '', escape: '\\' })).toEqual([['a\tb', 'c\nd']])
  })

  test('where it is unclear whether it counts outside of quotes, such records are bad', async () => {
    const text = 'C:\\x,y\n"a\\"b",c\nC:\\,y\nx\\"y,z\nx\\\\y,z\nx\\\nlast\\'
    const { records, bad } = await read(text, { header: false, escape: '\\' })
    expect(records).toEqual([['C:\\x', 'y'], ['a"b', 'c'], ['last\\']])
    expect(bad.map(({ place }) => place)).toEqual([3, 4, 5, 6].map((line) => `d/a.csv:${line}`))
    for (const { why } of bad) expect(why).toMatch(/ambiguous.*escapeIn: 'quoted'.*Spark.*escapeIn: 'all'.*MySQL/)
  })

  test('is not needed for RFC 4180, and hinted at where a record without it cannot be read', async () => {
    expect(await rows('1,"path C:\\",100\n')).toEqual([['1', 'path C:\\', '100']])
    expect(await whys('1,"a \\"quoted\\" b",2\n')).toEqual([expect.stringMatching(/^text after .*escape: '\\\\'$/)])
    expect(await whys('1,"a""b"c\n')).toEqual(['text after a closing quote'])
    await expect(read('a,"b\\"c\n1,2\n')).rejects.toMatchObject({
      try: expect.arrayContaining(["escape: '\\\\'"]) as unknown,
    })
  })

  test('is hinted at where a record is endless', async () => {
    const file = Buffer.concat([Buffer.from('a,b\n1,"x\\""\n'), Buffer.alloc(LIMITS.recordBytesMax + 4, 'y\n')])
    await expect(readAll(file, 'a.csv')).rejects.toMatchObject({ code: 'RECORD_LIMIT', try: [/escape/, /delimiter/].map((what) => expect.stringMatching(what) as unknown) }) // prettier-ignore
  })
})

test('comment: lines that begin so are passed over, whatever quotes they hold, and count as lines', async () => {
  const text = '# it\'s "so\n#\na,b\n1,2\n# "\n"x\n#y",3\n #,4\n#'
  const { records, places } = await read(text, { comment: '#' })
  expect(records).toEqual([
    { a: '1', b: '2' },
    { a: 'x\n#y', b: '3' },
    { a: ' #', b: '4' },
  ])
  expect(places).toEqual([4, 6, 8].map((line) => `d/a.csv:${line}`))
  expect(await rows('#\\\na\n', { comment: '#', escape: '\\', escapeIn: 'all' })).toEqual([['a']])
  expect(await rows('/a\n//b\n/', { comment: '//' })).toEqual([['/a'], ['/']])
})

test('skipLines: lines at the beginning, after a byte order mark, whatever they hold', async () => {
  const text = '\uFEFFReport "January\n\na,b\n1,2\n'
  expect(await read(text, { skipLines: 2 })).toMatchObject({ records: [{ a: '1', b: '2' }], places: ['d/a.csv:4'] })
  expect(await rows(text, { skipLines: 4 })).toEqual([])
  expect((await read(text, { skipLines: 9 })).records).toEqual([])
  expect(await rows('x\ry\r\nz', { skipLines: 1, lineEnd: 'any' })).toEqual([['y'], ['z']])
})

test('trim: space outside of quotes is no data, and what is left of a line may be blank', async () => {
  const text = ' a ,"b "\t\n 1, "a, b" \n\t\n x y ," z "\n"q" r,2\n'
  const { records, bad } = await read(text, { trim: true })
  expect(records).toEqual([
    { a: '1', 'b ': 'a, b' },
    { a: 'x y', 'b ': ' z ' },
  ])
  expect(bad).toMatchObject([{ place: 'd/a.csv:5', why: 'text after a closing quote' }])
  expect(await rows('1\t\t 2 \n', { trim: true, delimiter: '\t' })).toEqual([['1', '', '2']])
})

test('null: fields that stand so in the file, but not in the header', async () => {
  const { records } = await read('NA,b\nNA,"NA"\n,x\n"",y\n', { null: ['NA', ''] })
  expect(records).toEqual([
    { NA: null, b: 'NA' },
    { NA: null, b: 'x' },
    { NA: '', b: 'y' },
  ])
  expect(await rows('NA, NA ," NA" , "NA" \n', { null: ['NA', '"NA"'], trim: true })).toEqual([
    [null, null, ' NA', null],
  ])
  expect(await rows('"NA","",NA\n', { null: ['"NA"', '""'] })).toEqual([[null, null, 'NA']])
  // MySQL: \N is null, \\N are these two characters.
  const mysql = { delimiter: '\t', quote: '', escape: '\\', null: ['\\N'] }
  expect(await rows('\\N\t\\\\N\ta\\\tb\n', mysql)).toEqual([[null, '\\N', 'a\tb']])
  // In bytes, where another record of the region is no UTF-8.
  const broken = Buffer.concat([Buffer.from('h,i\n"ü",ü\n"ø",x\n'), Buffer.from([0xff, 0x0a])])
  const half = await readAll(broken, 'a.csv', { null: ['"ü"', 'ø'] })
  expect(half.records).toEqual([
    { h: null, i: 'ü' },
    { h: 'ø', i: 'x' },
  ])
})

test('ragged: fields that a row lacks are null, or make it bad; more fields always do', async () => {
  const text = 'a,b,c\n1,2\n1,2,3,4\n'
  const filled = await read(text, { ragged: 'fill' })
  expect(filled.records).toEqual([{ a: '1', b: '2', c: null }])
  expect(filled.bad).toMatchObject([{ place: 'd/a.csv:3', why: '4 fields where the header has 3' }])
  expect((await read(text)).bad.map(({ why }) => why)).toEqual([
    '2 fields where the header has 3',
    '4 fields where the header has 3',
  ])
  expect(await whys('1\n', { columns: ['a', 'b'] })).toEqual(['1 field where columns names 2'])
  const { remedies } = await read('a,b,c\n1,2\nTotal 2\n')
  expect(remedies).toEqual([[expect.stringContaining("ragged: 'fill'")], []])
})

test('blank lines are rows where a file has one column', async () => {
  expect((await read('\n\na\nx\n\n"y"\r\n\r\n')).records).toEqual(['x', '', 'y', ''].map((a) => ({ a })))
  expect((await read('\n\na\nx\n\n')).places).toEqual(['d/a.csv:4', 'd/a.csv:5'])
  expect(await rows('\nx\n\n', { columns: ['a'], null: [''] })).toEqual([{ a: null }, { a: 'x' }, { a: null }])
  expect(await rows('\n# c\n  \nx\n\n', { comment: '#', trim: true })).toEqual([[''], [''], ['x'], ['']])
  expect(await rows('\nx,y\n\nz')).toEqual([['x', 'y'], ['z']])
  expect(await rows('\n\n')).toEqual([])
})

test('blank lines before the first row wait for it only so long', async () => {
  const file = Buffer.alloc(LIMITS.recordBytesMax + 3 * LIMITS.readChunkBytes, '\n')
  await expect(readAll(file, 'a.csv', { header: false })).rejects.toMatchObject({ code: 'RECORD_LIMIT' })
  const blanks = Buffer.concat([Buffer.alloc(2 * LIMITS.readChunkBytes, '#\n'), Buffer.from('\n'), Buffer.alloc(LIMITS.readChunkBytes, '#\n'), Buffer.from('x\n')]) // prettier-ignore
  const { records, places } = await readAll(blanks, 'a.csv', { header: false, comment: '#' })
  expect(records).toEqual([[''], ['x']])
  expect(places).toEqual([LIMITS.readChunkBytes + 1, 1.5 * LIMITS.readChunkBytes + 2].map((line) => `d/a.csv:${line}`))
})

test("lineEnd: 'any' takes CR, LF and CR LF alike, and keeps those in quotes", async () => {
  const text = 'a,b\r1,2\n3,4\r\n\r"x\ry",5\r\n6,7'
  const { records, places, bad } = await read(text, { lineEnd: 'any' })
  expect(records.map((record) => Object.values(record as object))).toEqual([
    ['1', '2'],
    ['3', '4'],
    ['x\ry', '5'],
    ['6', '7'],
  ])
  expect(bad).toEqual([])
  expect(places).toEqual([2, 3, 5, 7].map((line) => `d/a.csv:${line}`))
})
