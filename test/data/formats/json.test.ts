import { gzipSync } from 'node:zlib'
import {
  array,
  assert as check,
  asyncProperty,
  constantFrom,
  integer,
  jsonValue,
  oneof,
  string,
  tuple,
} from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/core/limits.ts'
import { describe as describeShard } from '../../../src/data/formats/describe.ts'
import { neededPieces } from '../../../src/data/formats/needed.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'
import { sourceOf } from '../../../src/data/formats/source.ts'
import { fixture } from './fixture.ts'
import { naiveJson, overflows, readJson, type JsonRead } from './naive-json.ts'
import { readAll } from './read-all.ts'

const read = (text: string): Promise<JsonRead> => readJson(Buffer.from(text), [1_000_000])
const BOM = '\uFEFF'
const RS = '\u001e'

const lengths = array(integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 })
const isRefused = ({ bad, error }: JsonRead): boolean => bad.length > 0 || error !== null

/** Values as people write them into one file. */
const STYLES: Readonly<Record<string, (values: readonly unknown[], indent: number) => string>> = {
  'array on a line': (values) => JSON.stringify(values),
  'array over lines': (values, indent) => JSON.stringify(values, null, indent),
  'array with CR LF': (values, indent) => JSON.stringify(values, null, indent).replaceAll('\n', '\r\n'),
  'array of lines': (values) => `[\n${values.map((value) => JSON.stringify(value)).join(',\n')}\n]\n`,
  lines: (values) => values.map((value) => JSON.stringify(value)).join('\n'),
  'one after the other over lines': (values, indent) =>
    values.map((value) => JSON.stringify(value, null, indent)).join('\r\n'),
  'on one line': (values) => values.map((value) => JSON.stringify(value)).join(' '),
  sequence: (values, indent) => values.map((value) => `${RS}${JSON.stringify(value, null, indent)}\n`).join(''),
  'between separators': (values) => values.map((value) => JSON.stringify(value)).join(RS),
}

describe('json', () => {
  test.each(Object.entries(STYLES))('any values, however they come in chunks: %s', async (name, join) => {
    await check(
      asyncProperty(
        array(jsonValue()),
        integer({ min: 0, max: 4 }),
        constantFrom('', BOM),
        lengths,
        async (values, indent, bom, chunks) => {
          // prettier-ignore
          // An array that comes first is the file.
          const all = name.startsWith('array') ? values : [{ first: 1 }, ...values]
          const file = bom + join(all, indent)
          const { records, places, raws, bad, error } = await readJson(Buffer.from(file), chunks)
          expect({ bad, error }).toEqual({ bad: [], error: null })
          expect(raws.map((raw): unknown => JSON.parse(raw))).toEqual(all.map((value) => JSON.parse(JSON.stringify(value)) as unknown)) // prettier-ignore
          expect(records).toHaveLength(all.length)
          expect(places).toEqual(naiveJson(file)!.lines.map((line) => `d/a.json:${line}`))
        },
      ),
      { numRuns: 200 },
    )
  })

  test.each([
    ['', []],
    [BOM, []],
    [' \r\n\t\n', []],
    [RS, []],
    ['[]', []],
    [`${BOM} [ ] \n${RS}`, []],
    ['{}', [{}]],
    ['1 2 "x" null', [1, 2, 'x', null]],
    ['[[1],[]]', [[1], []]],
    ['{"a":1}{"a":2}[3][4]', [{ a: 1 }, { a: 2 }, [3], [4]]],
    ['{"a":1}\n[2]', [{ a: 1 }, [2]]],
    [`${RS}${RS}{"a":\n1}${RS}-2.5e3${RS}\n`, [{ a: 1 }, -2500]],
    ['["a\\"]","\\\\","{"]', ['a"]', '\\', '{']],
    ['[9007199254740993, 9007199254740991]', [9007199254740993n, 9007199254740991]],
    ['{"é": "日本 😀"} 9007199254740993', [{ é: '日本 😀' }, 9007199254740993n]],
    ['{"__proto__":1}', [JSON.parse('{"__proto__":1}')]],
  ])('%j', async (text, records) => {
    const found = await read(text)
    expect(found.error).toBe(null)
    expect(found.bad).toEqual([])
    expect(found.records).toEqual(records)
    expect((await readJson(Buffer.from(text), [1])).records).toEqual(records)
  })

  test.each<[string, number, number, RegExp]>([
    ['[1,\n2', 1, 2, /ends within the value/],
    ['[1,\n2\n', 2, 3, /ends within its array/],
    ['[1,\n', 1, 2, /ends within its array/],
    ['[', 0, 1, /ends within its array/],
    ['\n{"a":1,\n"b":', 0, 2, /ends within the value that begins here/],
    ['{"a":1}\n"abc', 1, 2, /ends within the value/],
    ['[1,\n2,\n]', 2, 3, /a comma before the closing bracket/],
    ['[1,,2]', 1, 1, /a comma where an element/],
    ['[,1]', 0, 1, /a comma where an element/],
    ['[{"a":1}\n{"a":2}]', 1, 2, /a comma is missing/],
    ['[1 2]', 1, 1, /a comma is missing/],
    ['["a":1]', 1, 1, /a colon outside of an object/],
    ['[1}', 1, 1, /a closing \} too many/],
    ['[1]\n]', 1, 2, /a closing \] too many/],
    ['{"a":1}\n}', 1, 2, /a closing \} too many/],
    ['{"a":[1}\n{"b":[2]}', 0, 1, /\} closes a \[/],
    ['[{"a":"x},\n{"b":"y"}]', 0, 1, /a string does not end on its line/],
    ['[1]\n[2]', 1, 2, /a second value follows the array at line 2/],
    ['[1]\nx', 1, 2, /a second value follows the array at line 2/],
    ['{"a":1},\n{"a":2}', 1, 1, /a comma between values/],
    ['{"a":1}\nhello', 1, 2, /no value: at character 1 a value is expected, and there is hello/],
    ['NaN', 0, 1, /no value: .* there is NaN/],
    [`{"a":1}\n${BOM}{"b":2}`, 1, 2, /no value: .*byte order mark/],
    ['01', 0, 1, /no value: .*leading zero/],
    ['1"a"', 1, 1, /text follows a value at once/],
    ['"a"1', 1, 1, /text follows a value at once/],
    ['"a ""b"" c"', 1, 1, /text follows a value at once/],
    ['{}1', 1, 1, /text follows a value at once/],
    [`${RS}{"a":[1\n${RS}{"b":2}`, 0, 2, /a record separator \(U\+001E\) within a value/],
    [`${RS}{"a":"x${RS}{"b":2}`, 0, 1, /a record separator \(U\+001E\) within a value/],
    [`[1,${RS}2]`, 1, 1, /a record separator \(U\+001E\) within the array/],
  ])('%j cannot be read on: %i records, then an error at line %i', async (text, count, line, what) => {
    for (const chunk of [1, 2, 3, 1000]) {
      const { records, bad, error } = await readJson(Buffer.from(text), [chunk])
      expect(bad).toEqual([])
      expect(records).toHaveLength(count)
      expect(error?.code).toBe('BAD_RECORD')
      expect(error?.message).toMatch(new RegExp(`^d/a.json:${line} cannot be read as JSON: .*${what.source}`))
    }
  })

  test('what commas, brackets and quotes tell apart is bad alone', async () => {
    const file = Buffer.concat([
      Buffer.from('[{"a":1 "b":2},\n{"a":"é"},NaN,\n{"a":"'),
      Buffer.from([0xff]),
      Buffer.from('"},"\t",1.,\'x\',{"a":2}]'),
    ])
    for (const chunk of [1, 7, 1000]) {
      const { records, bad, error } = await readJson(file, [chunk])
      expect(error).toBe(null)
      expect(records).toEqual([{ a: 'é' }, { a: 2 }])
      expect(bad).toEqual([
        {
          place: 'd/a.json:1',
          raw: '{"a":1 "b":2}',
          why: expect.stringMatching(/at character 8 a comma or }/) as string,
        },
        { place: 'd/a.json:2', raw: 'NaN', why: expect.stringMatching(/there is NaN/) as string },
        { place: 'd/a.json:3', raw: '{"a":"ÿ"}', why: expect.stringMatching(/not valid UTF-8: byte 0xff/) as string },
        { place: 'd/a.json:3', raw: '"\t"', why: expect.stringMatching(/U\+0009/) as string },
        { place: 'd/a.json:3', raw: '1.', why: expect.stringMatching(/ends within a number/) as string },
        { place: 'd/a.json:3', raw: "'x'", why: expect.stringMatching(/single quotes/) as string },
      ])
    }
  })

  test('a file that was changed or cut off is never silently shorter', async () => {
    const piece = oneof(
      constantFrom(...'{}[],:"\\ \n\r\t0-1e.x', RS, BOM, 'null', '"a"', '{"a":1}', '[1]', '\u0001', 'é'),
      string({ maxLength: 2 }),
    )
    const change = tuple(integer({ min: 0, max: 300 }), integer({ min: 0, max: 5 }), piece)
    const style = constantFrom(...Object.values(STYLES))
    let [right, refused] = [0, 0]
    await check(
      asyncProperty(
        array(jsonValue({ maxDepth: 2 }), { maxLength: 6 }),
        style,
        array(change, { maxLength: 2 }),
        integer({ min: 0, max: 300 }),
        lengths,
        async (values, join, changes, cut, chunks) => {
          // prettier-ignore
          let text = join(values, cut % 3)
          for (const [at, length, by] of changes) {
            const start = at % (text.length + 1)
            text = text.slice(0, start) + by + text.slice(start + length)
          }
          if (cut % 2 === 0) text = text.slice(0, cut).toWellFormed()
          const expected = naiveJson(text)
          const found = await readJson(Buffer.from(text), chunks)
          if (expected === null) {
            refused++
            expect([text, isRefused(found)]).toEqual([text, true])
            return
          }
          right++
          const large = expected.texts.map(overflows)
          expect([text, found.error, found.bad.length]).toEqual([text, null, large.filter(Boolean).length])
          expect(found.raws).toEqual(expected.texts.map((one) => one.toWellFormed()).filter((_, i) => !large[i]))
          expect(found.places).toEqual(expected.lines.map((line) => `d/a.json:${line}`).filter((_, i) => !large[i]))
        },
      ),
      { numRuns: 10_000 },
    )
    expect(Math.min(right, refused)).toBeGreaterThan(2_000)
  })

  test('JSONTestSuite: y_ is read, n_ is not, nothing breaks', async () => {
    for (const line of fixture('jsontestsuite.tsv').toString().trimEnd().split('\n').slice(1)) {
      const [name = '', base64 = ''] = line.split('\t')
      const found = await readJson(Buffer.from(base64, 'base64'), [3])
      if (name.startsWith('y_')) expect([name, isRefused(found)]).toEqual([name, false])
      // Two values, and nothing at all, are right in a file of values.
      const several = found.bad.length === 0 && found.records.length !== 1
      if (name.startsWith('n_') && !several) expect([name, isRefused(found)]).toEqual([name, true])
    }
  })

  test('depth is no matter; integers are kept exact down to a depth', async () => {
    const nested = (depth: number, inner: string): string => '['.repeat(depth) + inner + ']'.repeat(depth)
    const { records, bad } = await read(`{}${nested(200_000, '1')}${nested(1_001, '9007199254740993')}`)
    expect(records).toHaveLength(2)
    expect(bad.map(({ why }) => why)).toEqual([
      'it is nested deeper than 1000 levels, with an integer of 16 digits or more',
    ])
  })

  test('a value may be as long as the limit, and no longer', async () => {
    const value = (length: number): string => `"${'x'.repeat(length - 2)}"`
    const longest = await read(`[1,\n  ${value(LIMITS.recordBytesMax)},2]`)
    expect(longest.error).toBe(null)
    expect(longest.raws.map((raw) => raw.length)).toEqual([1, LIMITS.recordBytesMax, 1])
    for (const text of [
      `[1,\n${value(LIMITS.recordBytesMax + 1)},2]`,
      `{"a":1}\n{"a":${'1'.repeat(LIMITS.recordBytesMax)}`,
      `{"a":1}\n${'1'.repeat(LIMITS.recordBytesMax + 1)}`,
    ]) {
      const { records, error } = await read(text)
      expect(records).toHaveLength(1)
      expect(error?.code).toBe('RECORD_LIMIT')
      expect(error?.message).toMatch(/^d\/a\.json:2: the value is longer than 32 MiB/)
    }
    const blank = await read(`[${' '.repeat(2 * LIMITS.recordBytesMax)}1]`)
    expect(blank.records).toEqual([1])
  })

  test('one split, all of the file, compressed or not', async () => {
    const text = Buffer.from(JSON.stringify(Array.from({ length: 60_000 }, (_, i) => ({ i, text: 'é'.repeat(i % 30) })), null, 1)) // prettier-ignore
    const gz = gzipSync(text)
    for (const [path, file] of [
      ['a.json', text],
      ['a.json.gz', gz],
    ] as const) {
      // prettier-ignore
      const options = resolveReadOptions(path, { format: 'json' })
      const source = sourceOf(file)
      expect(await describeShard(source, file.length, options)).toEqual({ cuts: { kind: 'whole' } })
      const split = { source, start: 0, end: file.length, rowGroups: false, headerBytes: 0, options, name: 'd/a' }
      expect(await neededPieces(split)).toEqual([{ offset: 0, length: file.length }])
      const { records, bad, facts } = await readAll(file, path, { format: 'json' })
      expect(bad).toEqual([])
      expect(records.map((record) => (record as { i: number }).i)).toEqual(Array.from({ length: 60_000 }, (_, i) => i))
      expect(facts.bytes).toBe(file.length)
    }
  })
})
