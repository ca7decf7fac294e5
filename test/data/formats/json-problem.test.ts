import { array, assert as check, constantFrom, integer, json, oneof, property, string, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonProblem, whyNotJson } from '../../../src/data/formats/json/problem.ts'
import { fixture } from './fixture.ts'

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** What makes JSON other JSON, or none. */
const piece = constantFrom(
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '"a"',
    '"a":',
    '\\u00e9',
    '\\u00',
    '\\x',
    '0',
    '1',
    '-',
    '+',
    '.',
    'e',
    'E+',
  ],
  ...[
    'true',
    'false',
    'null',
    'nul',
    'NaN',
    '-Infinity',
    '-In',
    "'",
    '//',
    '/*',
    ' ',
    '\t',
    '\n',
    '\r',
    '\u000b',
    '\u00a0',
  ],
  ...['\u001e', '\u001b', '\0', '\uFEFF', '\u2028', '\ud800', '😀', '01', '0x1', '1.', '.5', '1e', '$a', 'é'],
)

describe('what is said of a text that is not JSON', () => {
  test.each([
    ['', 'there is no value'],
    [' \t', 'there is no value'],
    ['{"a": NaN}', 'at character 7 a value is expected, and there is NaN (JSON has no NaN; write null)'],
    [
      '[-Infinity]',
      'at character 2 a value or ] is expected, and there is -Infinity (JSON has no Infinity; write null)',
    ],
    ['[1, None]', 'at character 5 a value is expected, and there is None (JSON writes null)'],
    ['{"a":', "the text ends within an object (format: 'json' reads values that share or span lines)"],
    ['{"a":[1', "the text ends within an array (format: 'json' reads values that share or span lines)"],
    ['{"a":"b', 'the text ends within a string'],
    ['"\\u12', 'the text ends within a string'],
    ['"\\', 'the text ends within a string'],
    ['[-', 'the text ends within a number'],
    [
      '{"a": "b"}  {}',
      "after character 10 something follows the value: a second value (format: 'json' reads values that share or span lines)",
    ],
    ['{"a":1},', 'after character 7 something follows the value: a comma'],
    ['{"a":1} // x', 'after character 7 something follows the value: a comment'],
    [
      '{"a":1}\uFEFF',
      'after character 7 something follows the value: a byte order mark (U+FEFF), as where files were joined',
    ],
    ['"\u001b"', 'at character 2 a string holds a raw control character (U+001B)'],
    [
      "{'a':1}",
      'at character 2 a name in double quotes or } is expected, and there is a string in single quotes (JSON has double quotes)',
    ],
    ['[1,2 , ]', 'at character 6 there is a trailing comma'],
    ['{"a":1,}', 'at character 7 there is a trailing comma'],
    ['[,]', 'at character 2 a value or ] is expected, and there is a comma'],
    ['"😀\\x41"', 'at character 3 a string has an unknown escape: a backslash before x'],
    ['"\\u12zz"', 'at character 2 a string has an escape \\u without four hexadecimal digits'],
    ['[01]', 'at character 2 a number has a leading zero'],
    ['-012', 'at character 2 a number has a leading zero'],
    ['0x1F', 'at character 1 a number is hexadecimal'],
    ['[1.]', 'at character 4 a digit is expected in a number, and there is ]'],
    ['[.5]', 'at character 2 a value or ] is expected, and there is a number without a digit before its point'],
    ['+1', 'at character 1 a value is expected, and there is a plus sign (JSON numbers have none)'],
    ['{a:1}', 'at character 2 a name in double quotes or } is expected, and there is a'],
    ['{"a" 1}', 'at character 6 a colon is expected, and there is a number'],
    ['{"a":1 "b":2}', 'at character 8 a comma or } is expected, and there is a string'],
    ['[1 2]', 'at character 4 a comma or ] is expected, and there is a number'],
    ['[1}', 'at character 3 a comma or ] is expected, and there is }'],
    ['\u00a01', 'at character 1 a value is expected, and there is U+00A0'],
    ['\0', 'at character 1 a value is expected, and there is U+0000'],
    ['<html>', 'at character 1 a value is expected, and there is <'],
    [`x${'y'.repeat(99)}`, `at character 1 a value is expected, and there is x${'y'.repeat(23)}…`],
  ])('%j: %s', (text, why) => {
    expect(parses(text)).toBe(false)
    expect(jsonProblem(text)).toBe(`not valid JSON: ${why}`)
  })

  const agrees = (text: string): void => {
    const why = whyNotJson(text)
    expect([text, why === null]).toEqual([text, parses(text)])
    // What a record holds must not reach a terminal raw.
    expect(why ?? '').not.toMatch(/[\p{C}\u2028\u2029]/u)
  }

  test('it agrees with JSON.parse on pieces of JSON in any order', () => {
    check(
      property(array(piece, { maxLength: 12 }), (pieces) => {
        agrees(pieces.join(''))
      }),
      { numRuns: 20_000 },
    )
  })

  test('it agrees with JSON.parse on JSON that was changed', () => {
    const change = tuple(integer({ min: 0, max: 200 }), integer({ min: 0, max: 3 }), oneof(piece, string()))
    check(
      property(json(), array(change, { maxLength: 3 }), (text, changes) => {
        let changed = text
        for (const [at, length, by] of changes) {
          const start = at % (changed.length + 1)
          changed = changed.slice(0, start) + by + changed.slice(start + length)
        }
        agrees(changed)
      }),
      { numRuns: 10_000 },
    )
  })

  test('it agrees with JSON.parse on JSONTestSuite', () => {
    const suite = fixture('jsontestsuite.tsv').toString().trimEnd().split('\n').slice(1)
    expect(suite.length).toBe(155)
    for (const line of suite) agrees(Buffer.from(line.split('\t')[1]!, 'base64').toString())
  })

  test('depth and length do not matter', () => {
    expect(jsonProblem('['.repeat(1_000_000))).toMatch(/the text ends within an array/)
    expect(jsonProblem(`${'[{"a":'.repeat(300_000)}}`)).toMatch(/at character 1800001 a value is expected/)
    expect(whyNotJson(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).toBe(null)
  })
})
