import { assert, boolean, integer, property, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dealFiles, draw, holdsAlone } from '../../../src/cli/sim/deal.ts'
import { holdsInput } from '../../../src/cli/sim/files.ts'

const files = (count: number): string[] => Array.from({ length: count }, (_, i) => `f${String(i).padStart(3, '0')}`)

describe('dealing', () => {
  test('own files: round-robin in path order', () => {
    const hands = dealFiles([{ name: 'logs', dir: '/d', replicated: false, files: files(5) }], 3, 0)
    expect(hands.map((hand) => hand.flatMap((offer) => offer.files))).toEqual([
      ['f000', 'f003'],
      ['f001', 'f004'],
      ['f002'],
    ])
  })

  test('each file goes to one node, a replicated one to min(N, max(2, K + 1))', () => {
    const decks = record({
      nodes: integer({ min: 1, max: 9 }),
      kill: integer({ min: 0, max: 8 }),
      count: integer({ min: 0, max: 30 }),
      replicated: boolean(),
    })
    assert(
      property(decks, ({ nodes, kill, count, replicated }) => {
        const hands = dealFiles([{ name: 'logs', dir: '/d', replicated, files: files(count) }], nodes, kill)
        const dealt = hands.flatMap((hand, node) =>
          hand.flatMap((offer) => (offer.files ?? []).map((file) => `${file}@${node}`)),
        )
        const copies = replicated ? Math.min(nodes, Math.max(2, kill + 1)) : 1
        expect(new Set(dealt).size).toBe(dealt.length)
        for (const file of files(count)) expect(dealt.filter((one) => one.startsWith(`${file}@`))).toHaveLength(copies)
        const sizes = hands.map((hand) => hand.reduce((sum, offer) => sum + (offer.files?.length ?? 0), 0))
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(copies)
      }),
    )
  })

  test('who holds own files holds them alone', () => {
    expect(holdsAlone([{ name: 'a', dir: '/', replicated: true }])).toBe(false)
    expect(
      holdsAlone([
        { name: 'a', dir: '/', replicated: true },
        { name: 'b', dir: '/', replicated: false },
      ]),
    ).toBe(true)
  })
})

describe('drawing', () => {
  test('the same for the same seed, K different ones, and every one has its turn', () => {
    const nodes = [0, 1, 2, 3, 4]
    const seen = new Set<number>()
    for (let seed = 0; seed < 100; seed++) {
      const drawn = draw(nodes, 2, seed)
      expect(draw(nodes, 2, seed)).toEqual(drawn)
      expect(new Set(drawn).size).toBe(2)
      for (const one of drawn) seen.add(one)
    }
    expect([...seen].toSorted((a, b) => a - b)).toEqual(nodes)
    expect(draw(nodes, 9, 1)).toHaveLength(5)
  })
})

describe('who holds shards of a job', () => {
  const hand = [{ name: 'logs', dir: '/d', replicated: false, files: ['2026-11.csv', 'old/[x].csv'] }]
  test.each([
    ['logs', true],
    ['logs/2026-*.csv', true],
    ['logs/2025-*.csv', false],
    ['logs/old/*', true],
    ['logs/old/[x].csv', true],
    ['logs/2026-*.csv@abc', true],
    ['log', false],
  ])('%s: %s', (data, holds) => expect(holdsInput(hand, [{ alias: '', data }])).toBe(holds))
})
