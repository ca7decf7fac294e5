import { expect, test } from 'vitest'
import { visible, visibleJson, visibleLines } from '../../src/words/visible.ts'

const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i))

/** C0, DEL and C1, separators, embeddings with overrides, isolates. */
const OBEYED = [...range(0, 0x1f), ...range(0x7f, 0x9f), ...range(0x2028, 0x202e), ...range(0x2066, 0x2069)]

test.each(OBEYED.map((character) => [character.charCodeAt(0).toString(16), character]))(
  'U+%s is spelt as JSON may spell it',
  (_, character) => {
    const spelt = visible(`a${character}b`)
    expect(spelt).toMatch(/^a\\(?:[nrt]|u[0-9a-f]{4})b$/)
    expect(JSON.parse(`"${spelt}"`)).toBe(`a${character}b`)
  },
)

test('what people write stays as it is', () => {
  const text = 'Zürich, 東京, שלום, 👨‍👩‍👧, a\u00a0b, 50 %, \\n'
  expect(visible(text)).toBe(text)
})

test('in a text of lines only the newline and the tab are themselves', () => {
  expect(visibleLines('a\n\tb\r\u001b[2J\u009b')).toBe('a\n\tb\\r\\u001b[2J\\u009b')
  for (const character of OBEYED)
    expect(visibleLines(character) === character).toBe(character === '\n' || character === '\t')
})

test('JSON has none of them, and is equal JSON', () => {
  const value = { [OBEYED.join('')]: [OBEYED.join('x'), 'é'] }
  const json = visibleJson(value)
  expect(JSON.parse(json)).toEqual(value)
  expect(OBEYED.filter((character) => json.includes(character))).toEqual([])
})
