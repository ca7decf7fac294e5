import { assert as check, asyncProperty, array, constantFrom, integer, oneof, string, tuple, uuid } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hasLongInteger } from '../../../src/data/formats/json/numbers.ts'
import { readAll } from './read-all.ts'

const lines = (text: string, numbers?: 'double' | 'exact'): ReturnType<typeof readAll> =>
  readAll(Buffer.from(text), 'a.ndjson', numbers === undefined ? {} : { numbers })
const values = (text: string, numbers?: 'double' | 'exact'): ReturnType<typeof readAll> =>
  readAll(Buffer.from(text), 'a.json', { format: 'json', ...(numbers === undefined ? {} : { numbers }) })

describe('numbers that overflow a double', () => {
  test.each([
    '1e400',
    '-1e999',
    '{"a":[1,{"b":1.5E+309}]}',
    '[1e0000400]',
    `${'9'.repeat(308)}e1`,
    `${'9'.repeat(309)}.0`,
    '{"id":9007199254740993,"x":1e400}',
    '[ -1e400 ]',
    '1e400\t',
  ])('%s is a bad record, in lines and in values', async (text) => {
    for (const read of [lines, values]) {
      const { records, bad } = await read(`{"a":1}\n${text}\n2e308`)
      expect(records).toEqual([{ a: 1 }])
      expect(bad).toHaveLength(2)
      expect(bad[0]!.why).toMatch(/^the number .* at character \d+ is beyond what a double holds \(±1\.8e308\)$/)
      expect(bad[0]!.raw.trim()).toBe(text.trim())
    }
  })

  test('what only looks like one is none', async () => {
    const text = '{"a":"1e400","b":"x 1e999, y","c":1e308,"d":1e-999,"e":"\\"1e400,"}'
    for (const read of [lines, values]) expect((await read(text)).records).toEqual([JSON.parse(text)])
    const integer = '9'.repeat(400)
    expect((await lines(integer)).records).toEqual([BigInt(integer)])
  })

  test('name what was found and where; what is not JSON is told first', async () => {
    const { bad } = await lines('{"price":1e400}\n{"price":1e400\n')
    expect(bad[0]!.why).toBe('the number 1e400 at character 10 is beyond what a double holds (±1.8e308)')
    expect(bad[1]!.why).toMatch(/^not valid JSON/)
  })

  test('nested as deep as it may be', async () => {
    const { bad } = await lines(`${'['.repeat(5_000)}1e400${']'.repeat(5_000)}`)
    expect(bad[0]!.why).toMatch(/^the number 1e400 at character 5001/)
  })
})

describe("numbers: 'exact'", () => {
  test('gives the text of what has a fraction or an exponent', async () => {
    const text = '{"a":0.10,"b":[1e400,-1.5E3],"c":7,"d":9007199254740993,"e":"0.5","f":-0}'
    for (const read of [lines, values]) {
      const { records } = await read(text, 'exact')
      expect(records).toEqual([{ a: '0.10', b: ['1e400', '-1.5E3'], c: 7, d: 9007199254740993n, e: '0.5', f: -0 }])
    }
  })

  test('is refused where it would be nested too deep', async () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}0.5${']'.repeat(depth)}`
    const { records, bad } = await lines(`${nested(1_000)}\n${nested(1_001)}`, 'exact')
    expect(records).toHaveLength(1)
    expect(bad[0]!.why).toBe('it is nested deeper than 1000 levels, with numbers that are to stay exact')
  })
})

/** A number of JSON, and what it is to arrive as. */
const numbers = tuple(
  constantFrom('', '-'),
  oneof(constantFrom('0', '7', '123', '9007199254740993', '1'.repeat(309)), integer({ min: 1 }).map(String)),
  oneof(
    constantFrom('', '.0', '.50'),
    integer({ min: 0, max: 10 ** 9 }).map((n) => `.${n}`),
  ),
  oneof(
    constantFrom('', 'e5', 'E-400', 'e+308', 'e00310'),
    integer({ min: -400, max: 400 }).map((n) => `e${n}`),
  ),
).map((parts) => parts.join(''))

function expected(text: string, exact: boolean): unknown {
  if (/^-?[0-9]+$/.test(text)) return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text)
  return exact ? text : Number(text)
}

test('any number among any texts, by its own digits', async () => {
  const other = oneof(uuid(), string(), numbers)
  await check(
    asyncProperty(array(tuple(numbers, other), { minLength: 1, maxLength: 20 }), async (pairs) => {
      const texts = pairs.map(([number, text]) => `{"n":${number},"t":[${JSON.stringify(text)}],"m":[${number}]}`)
      for (const exact of [false, true]) {
        const right = pairs.flatMap(([number, t]) => {
          const n = expected(number, exact)
          return typeof n === 'number' && !Number.isFinite(n) ? [] : [{ n, t: [t], m: [n] }]
        })
        for (const read of [lines, values]) {
          const { records, bad } = await read(texts.join('\n'), exact ? 'exact' : 'double')
          expect(records).toEqual(right)
          expect(bad).toHaveLength(pairs.length - right.length)
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('sixteen digits are found wherever they lie', () => {
  for (let before = 0; before < 40; before++)
    for (const digits of [1, 15, 16, 17, 31]) {
      const text = `${'x'.repeat(before)} ${'7'.repeat(digits)}${before % 2 === 0 ? '' : '}'}`
      expect([text, hasLongInteger(text)]).toEqual([text, digits >= 16])
    }
  expect(hasLongInteger('7'.repeat(16))).toBe(true)
  expect(hasLongInteger('0.1234567890123456789')).toBe(false)
})
