import {
  anything,
  array,
  assert as check,
  date,
  double,
  bigInt,
  jsonValue,
  oneof,
  property,
  string,
  tuple,
  uint8Array,
} from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asOutputFormat, outputFormatOf } from '../../../src/data/render/formats.ts'
import { naiveCsv } from '../formats/naive.ts'
import { render, renderFiles, type Rec } from './render.ts'

const MAX_SAFE = 2n ** 53n - 1n

/** What CLI.md promises of a value in JSON, said with JSON.stringify. */
function oracle(value: unknown): unknown {
  if (typeof value === 'bigint') return value >= -MAX_SAFE && value <= MAX_SAFE ? Number(value) : String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return btoa(String.fromCharCode(...value))
  if (Array.isArray(value)) return value.map(oracle)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, oracle(field)]))
}

const scalar = oneof(
  string({ unit: 'grapheme' }),
  double(),
  bigInt(),
  date({ noInvalidDate: true }),
  uint8Array(),
  jsonValue(),
)
const value = anything({ values: [scalar], maxDepth: 3, withNullPrototype: false }).filter(
  (v) => v !== undefined && !hasUndefined(v),
)

function hasUndefined(v: unknown): boolean {
  if (typeof v !== 'object' || v === null) return v === undefined
  return Object.values(v).some(hasUndefined)
}

describe('ndjson and json', () => {
  test('one object a line, values as promised', () => {
    const records: Rec[] = [
      ['a', { n: 9007199254740991n, m: 9007199254740992n, d: new Date(0), b: Uint8Array.of(1, 2, 3) }],
      [
        [null, -5n],
        [NaN, Infinity, -Infinity, 1.5, true],
      ],
      ['q"\n\u2028', 'ü😀'],
    ]
    expect(render('ndjson', records)).toBe(
      '{"key":"a","value":{"n":9007199254740991,"m":"9007199254740992","d":"1970-01-01T00:00:00.000Z","b":"AQID"}}\n' +
        '{"key":[null,-5],"value":["NaN","Infinity","-Infinity",1.5,true]}\n' +
        '{"key":"q\\"\\n\u2028","value":"ü😀"}\n',
    )
  })

  test('any records, against JSON.stringify', () => {
    check(
      property(array(tuple(scalar, value)), (records) => {
        const expected = records.map(([key, v]) => JSON.stringify({ key: oracle(key), value: oracle(v) }))
        expect(render('ndjson', records)).toBe(expected.map((line) => `${line}\n`).join(''))
        expect(JSON.parse(render('json', records))).toEqual(expected.map((line) => JSON.parse(line)))
      }),
    )
  })

  test('nothing', () => {
    expect(render('ndjson', [])).toBe('')
    expect(render('json', [])).toBe('[]\n')
  })
})

describe('csv', () => {
  test.each<[string, Rec[], string]>([
    ['no records', [], 'key,value\n'],
    [
      'scalars',
      [
        ['a', 1],
        ['b', 2n ** 70n],
        [null, null],
      ],
      `key,value\na,1\nb,${2n ** 70n}\n,\n`,
    ],
    [
      'array keys',
      [
        [['a', 1], 5],
        [['b'], 6],
      ],
      'key_1,key_2,value\na,1,5\nb,,6\n',
    ],
    [
      'fields, in UTF-8 order',
      [
        ['a', { z: 1, '\u{1F600}': 2, '\uFFFF': 3 }],
        ['b', { a: 4 }],
      ],
      'key,a,z,\uFFFF,\u{1F600}\na,,1,3,2\nb,4,,,\n',
    ],
    [
      'mixed',
      [
        ['a', { x: 1 }],
        [['b', 2], 'text'],
      ],
      'key,key_1,key_2,value,x\na,,,,1\n,b,2,text,\n',
    ],
    [
      'null beside fields',
      [
        ['a', null],
        ['b', { x: 1 }],
      ],
      'key,x\na,\nb,1\n',
    ],
    [
      'fields with names of other columns',
      [['a', { key: 1, value: 2, 'value.key': 3 }]],
      'key,value.value.key,value,value.key\na,1,2,3\n',
    ],
    ['quotes', [['a"b', 'c,d\ne']], 'key,value\n"a""b","c,d\ne"\n'],
    [
      'kinds',
      [[true, { d: new Date(5), b: Uint8Array.of(255), n: NaN, o: [1, { a: 2n }] }]],
      'key,b,d,n,o\ntrue,/w==,1970-01-01T00:00:00.005Z,NaN,"[1,{""a"":2}]"\n',
    ],
    ['empty objects', [['a', {}]], 'key,value\na,{}\n'],
  ])('%s', (_name, records, expected) => {
    expect(render('csv', records)).toBe(expected)
  })

  test('any strings come back from a naive parser', () => {
    const text = string({ unit: 'grapheme' }).map((s) => s.replaceAll(/(?=[^])\r$/g, ''))
    const hard = oneof(text, string({ unit: oneof(string(), string()).map((s) => s.slice(0, 1) || '"') }))
    check(
      property(array(tuple(hard, hard)), (records) => {
        const { rows } = naiveCsv(render('csv', records), ',', '"')
        expect(rows).toEqual([['key', 'value'], ...records])
      }),
    )
  })

  test('all parts have one header, and no record is an empty line', () => {
    const [first, second] = renderFiles('csv', [[['a', { x: 1 }]], [['b', { y: 2 }]]])
    expect(first!.toString()).toBe('key,x,y\na,1,\n')
    expect(second!.toString()).toBe('key,x,y\nb,,2\n')
    expect(
      render('csv', [
        [[''], {}],
        [[''], null],
      ]),
    ).toBe('key_1,value\n,{}\n,\n')
  })

  test('more fields than any table has are refused', () => {
    const records = Array.from({ length: 10_001 }, (_, i): Rec => ['k', { [`f${i}`]: 1 }])
    expect(() => render('csv', records)).toThrow(expect.objectContaining({ code: 'OUTPUT' }))
  })
})

describe('text', () => {
  test('key TAB value; null is left out', () => {
    const records: Rec[] = [
      ['a', 1],
      [null, 'line'],
      ['line', null],
      [['x', 2n], { a: new Date(0) }],
      [null, null],
    ]
    expect(render('text', records)).toBe('a\t1\nline\nline\n["x",2]\t{"a":"1970-01-01T00:00:00.000Z"}\n\n')
  })
})

test('formats by name', () => {
  expect(outputFormatOf('out/a.CSV')).toBe('csv')
  expect(outputFormatOf('a.jsonl')).toBe('ndjson')
  expect(outputFormatOf('a.parquet')).toBe('parquet')
  expect(outputFormatOf('a.bin')).toBeNull()
  expect(asOutputFormat('table')).toBe('table')
  expect(() => asOutputFormat('xml')).toThrow(expect.objectContaining({ code: 'USAGE' }))
})
