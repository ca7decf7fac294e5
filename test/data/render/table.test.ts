import { array, assert as check, integer, property, record, string, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { visible } from '../../../src/words/visible.ts'
import { cutText, textWidth } from '../../../src/data/render/text-width.ts'
import { render, type Rec } from './render.ts'

describe('table', () => {
  test('a box, numbers to the right', () => {
    const records: Rec[] = [
      ['apple', 12],
      ['fig', 7n],
    ]
    expect(render('table', records)).toBe(
      [
        '┌───────┬───────┐',
        '│ key   │ value │',
        '├───────┼───────┤',
        '│ apple │    12 │',
        '│ fig   │     7 │',
        '└───────┴───────┘',
        '',
      ].join('\n'),
    )
  })

  test('says how many it does not show', () => {
    const records = Array.from({ length: 1000 }, (_, i): Rec => [i, i])
    const lines = render('table', records).trimEnd().split('\n')
    expect(lines).toHaveLength(3 + 40 + 1 + 1)
    expect(lines.at(-1)).toBe('… 40 shown of 1000; -o FILE writes all')
  })

  test('data cannot move the cursor or break the box', () => {
    const text = render('table', [['a\u001b[31mred\nnext\u202E', '\t']])
    expect(text).toContain('a\\u001b[31mred\\nnext\\u202e')
    expect(text.split('\n')).toHaveLength(6)
  })

  test('never wider than the terminal, every line as wide as the others', () => {
    const cell = string({ unit: 'grapheme', maxLength: 60 })
    const value = record({ a: cell, b: cell, 'a long name of a field': integer(), d: cell }, { requiredKeys: [] })
    check(
      property(array(tuple(cell, value), { maxLength: 5 }), integer({ min: 40, max: 120 }), (records, width) => {
        const lines = render('table', records, { width })
          .trimEnd()
          .split('\n')
          .filter((line) => !line.startsWith('…'))
        const widths = new Set(lines.map(textWidth))
        expect(widths.size).toBe(1)
        expect(Math.max(...widths)).toBeLessThanOrEqual(width)
      }),
    )
  })
})

describe('text width', () => {
  test.each([
    ['abc', 3],
    ['日本', 4],
    ['😀', 2],
    ['e\u0301', 1],
    ['👨‍👩‍👧', 2],
    ['한', 2],
    ['', 0],
  ])('%s is %d columns', (text, width) => {
    expect(textWidth(text)).toBe(width)
  })

  test('cut text fits', () => {
    check(
      property(string({ unit: 'grapheme' }), integer({ min: 1, max: 20 }), (text, width) => {
        expect(textWidth(cutText(text, width))).toBeLessThanOrEqual(width)
      }),
    )
    expect(cutText('日本語', 5)).toBe('日本…')
    expect(visible('a\rb')).toBe('a\\rb')
  })
})
