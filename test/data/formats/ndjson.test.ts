import { assert as check, asyncProperty, jsonValue, array, bigInt, integer } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fixture } from './fixture.ts'
import { readAll } from './read-all.ts'

const read = (text: string): ReturnType<typeof readAll> => readAll(Buffer.from(text), 'a.ndjson')

/** What JSON writes without fraction and exponent, and a double may round, is to arrive as a bigint. */
function exact(value: unknown): unknown {
  if (typeof value === 'number') {
    const text = JSON.stringify(value)
    return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : value
  }
  if (Array.isArray(value)) return value.map(exact)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, exact(field)]))
}

describe('ndjson', () => {
  test('lines of white space are no records, but count as lines', async () => {
    const { records, places } = await read('{"a":1}\n\n  \t\r\n[2]\n\n"x"')
    expect(records).toEqual([{ a: 1 }, [2], 'x'])
    expect(places).toEqual(['d/a.ndjson:1', 'd/a.ndjson:4', 'd/a.ndjson:6'])
  })

  test('record separators before a text are no part of it', async () => {
    const file = '\uFEFF\u001e{"a":1}\n\u001e\u001e [2]\r\n\u001e\n \u001e\t\n\u001e3\u001e4\n \u001e5\n"\u001e"'
    const { records, places, raws, bad } = await read(file)
    expect(records).toEqual([{ a: 1 }, [2]])
    expect(places).toEqual(['d/a.ndjson:1', 'd/a.ndjson:2'])
    expect(raws).toEqual(['{"a":1}', ' [2]'])
    expect(bad.map(({ place, why, raw }) => [place, raw, /U\+001E/.test(why)])).toEqual([
      ['d/a.ndjson:5', '3\u001e4', true],
      ['d/a.ndjson:6', ' \u001e5', true],
      ['d/a.ndjson:7', '"\u001e"', true],
    ])
  })

  test('how deep a record with a large integer is nested is decided by a number, not by the stack', async () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}"[[{\\"[",12345678901234567890${']'.repeat(depth)}`
    const { records, bad } = await read(`${nested(1_000)}\n${nested(1_001)}\n${nested(100_000)}`)
    expect(records).toHaveLength(1)
    const why = 'it is nested deeper than 1000 levels, with an integer of 16 digits or more'
    expect(bad.map((one) => one.why)).toEqual([why, why])
  })

  test('integers that a double cannot hold are bigints; other numbers are as JSON.parse has them', async () => {
    const { records } = await read(
      '[9007199254740991,-9007199254740991]\n[9007199254740992,-9007199254740993,12345678901234567890123]\n' +
        '[1e20,1.5e300,9007199254740993.0,0.12345678901234567,"9007199254740993",-0]\n{"n":9007199254740993,"deep":[{"m":-9007199254740995}]}',
    )
    expect(records).toEqual([
      [9007199254740991, -9007199254740991],
      [9007199254740992n, -9007199254740993n, 12345678901234567890123n],
      [1e20, 1.5e300, 2 ** 53, 0.12345678901234566, '9007199254740993', -0],
      { n: 9007199254740993n, deep: [{ m: -9007199254740995n }] },
    ])
  })

  test('any integer comes back exact', async () => {
    await check(
      asyncProperty(array(bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), { minLength: 1 }), async (numbers) => {
        const { records } = await read(numbers.map(String).join('\n'))
        expect(records.map((n) => BigInt(n as number))).toEqual(numbers)
        for (const n of records) expect(typeof n === 'bigint').toBe(!Number.isSafeInteger(Number(n)))
      }),
    )
  })

  test('any JSON, as JSON.parse reads it, wherever the file is cut', async () => {
    await check(
      asyncProperty(array(jsonValue()), integer({ min: 0, max: 500 }), async (values, cut) => {
        const file = Buffer.from(values.map((value) => JSON.stringify(value)).join('\r\n'))
        const at = Math.min(cut, file.length)
        const first = await readAll(file, 'a.ndjson', {}, { start: 0, end: at })
        const second = await readAll(file, 'a.ndjson', {}, { start: at, end: file.length })
        expect([...first.records, ...second.records]).toEqual(
          values.map((value) => exact(JSON.parse(JSON.stringify(value)))),
        )
      }),
    )
  })

  test('__proto__ is a field like any other', async () => {
    const { records } = await read('{"__proto__":{"a":1},"n":9007199254740993}\n{"__proto__":5}')
    for (const record of records) {
      expect(Object.getPrototypeOf(record)).toBe(Object.prototype)
      expect(Object.hasOwn(record as object, '__proto__')).toBe(true)
    }
  })

  test('what is not JSON is bad, with the reason and the line', async () => {
    const { records, bad } = await readAll(
      Buffer.concat([
        Buffer.from('{"a":1}\n{"a":}\n'),
        Buffer.from([0x22, 0xff, 0x22, 10]),
        Buffer.from('{"a":"é"}\n\uFEFF1'),
      ]),
      'a.ndjson',
    )
    expect(records).toEqual([{ a: 1 }, { a: 'é' }])
    expect(bad.map(({ place, raw }) => [place, raw])).toEqual([
      ['d/a.ndjson:2', '{"a":}'],
      ['d/a.ndjson:3', '"ÿ"'],
      ['d/a.ndjson:5', '\uFEFF1'],
    ])
    expect(bad[0]!.why).toMatch(/^not valid JSON: at character 6 a value is expected, and there is }$/)
    expect(bad[1]!.why).toMatch(/^not valid UTF-8/)
  })

  const suite = fixture('jsontestsuite.tsv').toString().trimEnd().split('\n').slice(1)
  test('JSONTestSuite: y_ is read, n_ is not, nothing breaks', async () => {
    expect(suite.length).toBe(155)
    for (const line of suite) {
      const [name = '', base64 = ''] = line.split('\t')
      // A text over several lines would be several records.
      const text = Buffer.from(base64, 'base64').map((byte) => (byte === 10 || byte === 13 ? 0x20 : byte))
      const { records, bad } = await readAll(text, 'a.ndjson')
      if (name.startsWith('y_')) expect([name, records.length, bad.length]).toEqual([name, 1, 0])
      if (name.startsWith('n_')) expect([name, records.length]).toEqual([name, 0])
      expect(records.length + bad.length).toBeLessThanOrEqual(1)
    }
  })
})
