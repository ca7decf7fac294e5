import {
  array,
  assert as check,
  constantFrom,
  dictionary,
  integer,
  jsonValue,
  oneof,
  property,
  string,
} from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonLook } from '../../../src/data/formats/json/look.ts'

type Look = ReturnType<typeof jsonLook>

const container = oneof(array(jsonValue()), dictionary(string(), jsonValue()))
/** With names, so that it holds line breaks when it is printed over lines. */
const filled = dictionary(string(), jsonValue(), { minKeys: 1 })

describe('how JSON values lie in the lines of a text', () => {
  test.each<[string, Look]>([
    ['', null],
    [' \n', null],
    ['"a"\n', null],
    ['1\n2\n', null],
    ['hello', null],
    ['[2026-11-30 10:00:01] INFO\n', null],
    ['[info] x', null],
    ['[12:00:01] x', null],
    ['[1] started', null],
    ['[123] 5 workers', null],
    ['[123] 2026-11-30', null],
    ['["a"] b', null],
    ['["a" b]', null],
    ['{name} hello', null],
    ['{"name" is}', null],
    ['{} [info]', null],
    ['[[info]] x', null],
    ['[truex]', null],
    ['[\ninfo\n]', null],
    ['{"a\nb":1}', null],
    ['{"a":1],', null],
    ['{"a":1},\n{"a":2},\n', null],
    ['{"a":1}\n', 'ndjson'],
    ['\n\n  {"a":1}', 'ndjson'],
    ['{"a":1}\r\n{"a":2}\r\n', 'ndjson'],
    ['{"a":1}\r{"a":2}\r', 'ndjson'],
    ['{"a":1}\nno JSON', 'ndjson'],
    ['{"a":NaN}\n', 'ndjson'],
    ['[1,2]', 'array-line'],
    ['[]\n', 'array-line'],
    ['[{"a":1}]\n[{"a":2}]\n', 'ndjson'],
    ['[{"a":1}]\n\n[{"a":2}]\n', 'ndjson'],
    ['[[{"a":1}]]\n', 'json-line'],
    ['{"a":"' + 'x'.repeat(1_000), 'ndjson'],
    ['[{"a":1}', 'ndjson'],
    ['\u001e{"a":1}\n\u001e{"a":2}\n', 'ndjson'],
    ['\u001e{"a":1}\n', 'ndjson'],
    ['\u001e[{"a":1}]\n', 'ndjson'],
    ['[{"a":1}]', 'json-line'],
    ['\n [ {"a":1}, 2 ] \r\n', 'json-line'],
    ['[{}]', 'json-line'],
    ['[\n', 'json'],
    ['[\r\n  {"a":1}\n]', 'json'],
    ['{\n', 'json'],
    ['{"a":1,\n"b":2}', 'json'],
    ['[{"a":1},\n{"a":2}]', 'json'],
    ['{"a":1}{"a":2}\n', 'json'],
    ['{"a":1} {"a":2}\n', 'json'],
    ['{"a":1} 2 "x" null\n', 'json'],
    ['[1] [2]', 'json'],
    ['\u001e{"a":1}\u001e{"a":2}', 'json'],
    ['\u001e{"a":1,\n"b":2}', 'json'],
    ['{"a":1}\u001e\n{"a":2}\u001e\n', 'json'],
  ])('%j: %s', (text, look) => {
    expect(jsonLook(text, true)).toBe(look)
  })

  test('a line that goes on beyond the head may be anything', () => {
    expect(jsonLook('[{"a":1}]', false)).toBe('ndjson')
    expect(jsonLook('[{"a":1}]\n', false)).toBe('ndjson')
    expect(jsonLook('[tru', false)).toBe('array-line')
    expect(jsonLook('[{"a":1},{"a', false)).toBe('json-line')
    expect(jsonLook('{"a":[{"b', false)).toBe('ndjson')
    expect(jsonLook('\u001e[{"a', false)).toBe('ndjson')
    expect(jsonLook('[tru', true)).toBe(null)
  })

  test('whatever the values are', () => {
    check(
      property(array(container, { minLength: 1 }), constantFrom('\n', '\r\n', '\n\u001e', '\r'), (values, end) => {
        const texts = values.map((value) => JSON.stringify(value))
        const line = /^\[[[{]/.test(texts[0]!) ? 'json-line' : texts[0]!.startsWith('[') ? 'array-line' : 'ndjson'
        expect(jsonLook(texts.join(end) + end.replace('\u001e', ''), true)).toBe(values.length === 1 ? line : 'ndjson')
        expect(jsonLook(`\u001e${texts.join(end)}`, true)).toBe('ndjson')
        if (values.length > 1) expect(jsonLook(texts.join(''), true)).toBe('json')
      }),
    )
    check(
      property(array(filled, { minLength: 1 }), integer({ min: 1, max: 4 }), (values, indent) => {
        expect(jsonLook(values.map((value) => JSON.stringify(value, null, indent)).join('\n'), true)).toBe('json')
        expect(jsonLook(JSON.stringify(values, null, indent), true)).toBe('json')
        expect(jsonLook(JSON.stringify(values), true)).toBe('json-line')
      }),
    )
  })

  test('wherever the head ends, it is taken for JSON, and for one line only as long as that line does not end', () => {
    check(
      property(container, integer({ min: 0, max: 2 }), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        for (let length = 1; length <= text.length; length++) {
          const head = text.slice(0, length)
          const line = /^\[[[{]/.test(head) ? 'json-line' : head.startsWith('[') ? 'array-line' : 'ndjson'
          const expected = head.includes('\n') ? 'json' : length === text.length ? 'ndjson' : line
          expect([head, jsonLook(head, false)]).toEqual([head, expected])
        }
      }),
    )
  })
})
