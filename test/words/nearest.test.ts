import { assert, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editDistance, nearest } from '../../src/words/nearest.ts'

/** The definition of the optimal string alignment distance, word by word. */
function naive(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  const change = a.at(-1) === b.at(-1) ? 0 : 1
  const candidates = [
    naive(a.slice(0, -1), b) + 1,
    naive(a, b.slice(0, -1)) + 1,
    naive(a.slice(0, -1), b.slice(0, -1)) + change,
  ]
  const swapped = a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1)
  if (swapped) candidates.push(naive(a.slice(0, -2), b.slice(0, -2)) + 1)
  return Math.min(...candidates)
}

describe('the nearest name', () => {
  it('goes by a distance as defined', () => {
    const words = string({ unit: 'binary-ascii', maxLength: 5 }).map((text) => text.replaceAll(/[^abc]/g, 'a'))
    assert(
      property(words, words, (a, b) => {
        expect(editDistance(a, b)).toBe(naive(a, b))
      }),
    )
  })

  it.each([
    ['logz', ['logs', 'payments'], ['logs']],
    ['LOGS', ['logs'], ['logs']],
    ['paymnets', ['payments'], ['payments']],
    ['x', ['y', 'zz'], ['y']],
    ['log', ['blog', 'logs', 'lag', 'dog'], ['blog', 'dog', 'lag']],
    ['entirely', ['different'], []],
    ['anything', [], []],
  ])('of %s among %j', (typed, candidates, expected) => {
    expect(nearest(typed, candidates)).toEqual(expected)
  })
})
