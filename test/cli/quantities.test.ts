import { assert, integer, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nearestOne } from '../../src/words/nearest.ts'
import { parseCount, parseDuration, parsePeriod, parseSize } from '../../src/cli/quantities.ts'
import { bytesText, countText, elapsedText, guessText, plural } from '../../src/cli/units.ts'
import { ShoalError } from '../../src/core/errors.ts'

function usage(read: () => unknown): void {
  expect(read).toThrow(ShoalError)
  try {
    read()
  } catch (error) {
    expect((error as ShoalError).code).toBe('USAGE')
  }
}

describe('sizes', () => {
  test.each([
    ['256MB', 256_000_000],
    ['64MiB', 67_108_864],
    ['1', 1],
    ['4096B', 4096],
    ['1.5 GB', 1_500_000_000],
    ['2gib', 2_147_483_648],
    ['3kB', 3000],
    ['1TiB', 1_099_511_627_776],
  ])('%s is %i bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes))

  test.each(['', 'MB', '-1MB', '1QB', '0', '0MB', '1e6', '12 34', 'Infinity', '99999999TB', '0x10'])(
    '%j is none',
    (text) => usage(() => parseSize(text)),
  )

  test('bytes as text keep three digits at most', () => {
    expect([0, 1, 999, 1000, 9990, 99_940, 99_960, 999_499, 999_500, 18_400_000_000].map(bytesText)).toEqual([
      '0 B',
      '1 B',
      '999 B',
      '1 kB',
      '9.99 kB',
      '99.9 kB',
      '100 kB',
      '999 kB',
      '1 MB',
      '18.4 GB',
    ])
  })
})

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['90s', 90_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['1.5s', 1500],
    ['0', 0],
    ['0s', 0],
  ])('%s is %i ms', (text, ms) => expect(parseDuration(text)).toBe(ms))

  test.each(['', '5', 's', '-1s', '5x', '1d', '99999h', '1s2m'])('%j is none', (text) =>
    usage(() => parseDuration(text)),
  )

  test.each([
    ['1s', 1000],
    ['36h', 129_600_000],
    ['7d', 604_800_000],
    ['1.5d', 129_600_000],
    ['3650d', 315_360_000_000],
  ])('%s is a period of %i ms', (text, ms) => expect(parsePeriod(text)).toBe(ms))

  test.each(['', '0', '999ms', '3651d', '7 weeks', '-1d', 'd', '20000h'])('%j is no period', (text) =>
    usage(() => parsePeriod(text)),
  )

  test('exact times and guesses as text', () => {
    expect([0, 999, 1000, 41_800, 99_949, 125_000, 12_000_000].map(elapsedText)).toEqual([
      '0 ms',
      '999 ms',
      '1.0 s',
      '41.8 s',
      '99.9 s',
      '2 min 5 s',
      '3 h 20 min',
    ])
    expect([100, 4200, 38_000, 89_000, 400_000, 10_000_000].map(guessText)).toEqual([
      '~1 s',
      '~4 s',
      '~40 s',
      '~90 s',
      '~7 min',
      '~3 h',
    ])
  })
})

describe('counts', () => {
  test('whole numbers in the range, nothing else', () => {
    expect(parseCount('7', 1, 10)).toBe(7)
    for (const text of ['0', '11', '-1', '1.0', '1e1', '', 'x', ' ', '٣']) usage(() => parseCount(text, 1, 10))
  })

  test('with separators, as the locale en-GB writes them', () => {
    const english = new Intl.NumberFormat('en-GB')
    assert(property(integer({ min: 0, max: 2 ** 31 - 1 }), (count) => countText(count) === english.format(count)))
    expect([plural(1, 'node'), plural(0, 'node'), plural(1234, 'copy', 'copies')]).toEqual([
      '1 node',
      '0 nodes',
      '1,234 copies',
    ])
  })
})

describe('the nearest name', () => {
  test.each([
    ['purchase', 'purchases'],
    ['perchuses', 'purchases'],
    ['lgos', 'logs'],
    ['zebra', null],
  ])('of %s is %s', (name, meant) => expect(nearestOne(name, ['logs', 'purchases', 'payments'])).toBe(meant))
})
