import { describe, expect, test } from 'vitest'
import { difference, show, valueOf } from './typed-form.ts'

describe('the notation of expected values', () => {
  const values: [unknown, unknown][] = [
    [{ $big: '-5' }, -5n],
    [{ $num: 'NaN' }, NaN],
    [{ $num: '-0' }, -0],
    [{ $bytes: '00ff' }, Uint8Array.of(0, 255)],
    [{ $date: -1 }, new Date(-1)],
    [{ $object: [['$big', 1]] }, { $big: 1 }],
    [JSON.parse('{"__proto__":[{"$big":"1"}]}'), Object.fromEntries([['__proto__', [1n]]])],
    [
      [null, true, 'a', 1.5],
      [null, true, 'a', 1.5],
    ],
  ]
  test.each(values.map(([form, value]) => [show(form), form, value] as const))('%s', (_name, form, value) => {
    expect(difference(valueOf(form), value)).toBeNull()
  })

  const others: [unknown, unknown][] = [
    [0, -0],
    [1, 1n],
    [1, '1'],
    [null, undefined],
    [new Date(0), 0],
    [new Date(0), new Date(1)],
    [Uint8Array.of(1), [1]],
    [Uint8Array.of(1), Uint8Array.of(1, 2)],
    [Buffer.of(1), Uint8Array.of(1)],
    [[], {}],
    [[1], [1, null]],
    [{ a: 1 }, { a: 1, b: null }],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [{}, JSON.parse('{"__proto__":null}')],
    [{ a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
    [Object.create(null), {}],
  ]
  test.each(others.map(([a, b]) => [`${show(a)} is not ${show(b)}`, a, b] as const))(
    '%s',
    (_name, actual, expected) => {
      expect(difference(actual, expected)).toEqual(expect.any(String))
    },
  )
})
