/** Sums against those that Python worked out as fractions: test/fixtures/aggregates/sums.py. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { sum } from '../../../src/data/aggregates/sum.ts'
import { ByteReader } from '../../../src/data/bytes.ts'
import { hostFactory } from '../../../src/data/value.ts'
import { Random } from '../../fuzz/random.ts'
import { foldTree, hexOf } from './trees.ts'

interface Case {
  readonly values: string
  readonly sum: string
  readonly form: string
}

const cases = JSON.parse(
  readFileSync(new URL('../../fixtures/aggregates/sums.json', import.meta.url), 'utf8'),
) as readonly Case[]

function read(text: string): number | bigint {
  return text.endsWith('n') ? BigInt(text.slice(0, -1)) : Buffer.from(text, 'hex').readDoubleBE()
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  return list
    .map((value) => ({ value, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ value }) => value)
}

describe('exact sums', () => {
  test.each(cases.map((one, i) => [i, one] as const))('of Python, case %i, in any tree', (i, one) => {
    const random = new Random(i)
    const values = one.values.split(' ').map(read)
    for (let tree = 0; tree < 12; tree++) {
      const folded = foldTree(sum, shuffled(values, random), random)
      expect(hexOf(sum, folded)).toBe(one.form)
      expect(sum.finish(folded, hostFactory)).toBe(read(one.sum))
    }
    expect(hexOf(sum, sum.read(new ByteReader(Buffer.from(one.form, 'hex'))))).toBe(one.form)
  })

  test('a long sum whose terms lie far apart stays exact, and short', () => {
    const random = new Random(7)
    const values = Array.from({ length: 20_000 }, () => (random.next() - 0.5) * 2 ** (random.below(1900) - 950))
    const folded = foldTree(sum, shuffled([...values, ...values.map((x) => -x), 0.125], random), random)
    expect(sum.finish(folded, hostFactory)).toBe(0.125)
    expect(hexOf(sum, folded)).toBe('2003010105')
  })

  test('bytes that are no canonical sum are damaged', () => {
    // No kind; an even number; a leading zero; a sign of 0; a fraction among bigints; a bit beyond; cut off.
    for (const form of [
      '200000',
      '20010102' + '00',
      '2001020001' + '00',
      '204100',
      '20040101' + '01',
      '208100',
      '200102',
    ])
      expect(() => sum.read(new ByteReader(Buffer.from(form, 'hex'))), form).toThrow(
        expect.objectContaining({ code: 'DAMAGED' }) as Error,
      )
  })
})
