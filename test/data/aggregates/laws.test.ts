/** Every aggregate, in any tree of merges, against what a loop over the values says. */
import { type Arbitrary, array, assert, integer, oneof, property, constantFrom } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/core/limits.ts'
import { type Aggregate, TAGS } from '../../../src/data/aggregates/aggregate.ts'
import { aggregateOf } from '../../../src/data/aggregates/of-job.ts'
import { sum } from '../../../src/data/aggregates/sum.ts'
import { ByteReader } from '../../../src/data/bytes.ts'
import { decodeValue, hostFactory } from '../../../src/data/value.ts'
import { Random } from '../../fuzz/random.ts'
import { values } from '../arbitrary.ts'
import { ORACLES } from './oracles.ts'
import { foldTree, hexOf, hexOfValue } from './trees.ts'

const some: Arbitrary<unknown> = oneof(values, constantFrom<unknown>(1, 1n, 0, -0, 2, 2n, 'a', [1], [1n], NaN))
const lists = array(some, { minLength: 1, maxLength: 25 })

const of = (name: keyof typeof TAGS, n = 1): Aggregate => aggregateOf({ name, n })

describe('in any tree of merges', () => {
  test.each(ORACLES)('$name is what a loop gives', ({ aggregate, oracle, by }) => {
    assert(
      property(lists, integer(), (all, seed) => {
        const random = new Random(seed)
        const trees = [1, 2, 3].map(() => foldTree(aggregate, all, random, by))
        const forms = trees.map((folded) => hexOf(aggregate, folded))
        expect(new Set(forms).size).toBe(1)
        expect(forms[0]!.startsWith(aggregate.tag.toString(16))).toBe(true)
        for (const folded of trees)
          expect(hexOfValue(aggregate.finish(folded, hostFactory))).toBe(hexOfValue(oracle(all)))
      }),
      { numRuns: 150 },
    )
  })

  test('no value begins as an accumulator', () => {
    for (const tag of Object.values(TAGS))
      expect(() => decodeValue(new ByteReader(Buffer.of(tag, 0, 0, 0)), hostFactory)).toThrow(
        expect.objectContaining({ code: 'DAMAGED' }) as Error,
      )
  })
})

describe('sums of bigints', () => {
  const safe = integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 })

  test('with safe integers are bigints', () => {
    assert(
      property(array(oneof(safe, safe.map(BigInt)), { minLength: 1 }), integer(), (all, seed) => {
        const folded = foldTree(sum, [...all, 2n ** 64n], new Random(seed))
        expect(sum.finish(folded, hostFactory)).toBe(all.reduce<bigint>((a, b) => a + BigInt(b), 2n ** 64n))
      }),
    )
  })

  test.each([0.5, 2 ** 53, -(2 ** 60), NaN, Infinity, -Infinity])('do not go with %d, wherever it stands', (other) => {
    assert(
      property(array(safe, { maxLength: 12 }), integer(), integer(), integer(), (all, a, b, seed) => {
        const mixed = [...all]
        mixed.splice(Math.abs(a) % (mixed.length + 1), 0, other)
        const given: (number | bigint)[] = [...mixed]
        given.splice(Math.abs(b) % (given.length + 1), 0, 7n)
        expect(() => foldTree(sum, given, new Random(seed))).toThrow(
          expect.objectContaining({
            code: 'USER_VALUE',
            message: 'sum met a bigint and a number that is no safe integer',
          }) as Error,
        )
      }),
      { numRuns: 40 },
    )
  })
})

describe('what an aggregate does not take', () => {
  const refuses = (aggregate: Aggregate, value: unknown, code: string, message: string): void =>
    expect(() => aggregate.take(value, null)).toThrow(expect.objectContaining({ code, message }) as Error)

  test('sum: anything that is no number', () => {
    refuses(of('sum'), '7', 'USER_VALUE', 'value is a string, and sum takes numbers and bigints')
    refuses(of('sum'), null, 'USER_VALUE', 'value is null, and sum takes numbers and bigints')
    refuses(of('sum'), new Date(0), 'USER_VALUE', 'value is an object, and sum takes numbers and bigints')
  })

  test.each(['min', 'max', 'first', 'last', 'collect', 'top'] as const)('%s: what no record takes', (name) => {
    refuses(of(name), { a: [1, undefined] }, 'USER_VALUE', 'value.a[1] is undefined')
    refuses(of(name), '\ud800', 'USER_VALUE', 'value is a string with an unpaired surrogate')
    refuses(of(name), undefined, 'USER_VALUE', 'value is undefined')
  })

  test('min, max and top without by: what is longer than a key', () => {
    const long = 'x'.repeat(LIMITS.keyBytesMax - 1)
    for (const name of ['min', 'max', 'top'] as const) {
      expect(of(name).take(long.slice(1), null)).toBeDefined()
      refuses(of(name), long, 'RECORD_LIMIT', 'a value that is compared is larger than 64 KiB')
      refuses(of(name), [long], 'RECORD_LIMIT', 'a value that is compared is larger than 64 KiB')
    }
    expect(() => of('top').take(long, () => [undefined])).toThrow('result of by[0] is undefined')
    expect(of('top').take(long, (value) => (value as string).length)).toBeDefined()
  })

  test('collect and top: what has no level left for their array', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)])
    for (const name of ['collect', 'top'] as const) {
      const aggregate = of(name)
      const deep = nested(LIMITS.valueDepthMax - 1)
      const folded = aggregate.lift(aggregate.take(deep, () => 1))
      expect(aggregate.finish(folded, hostFactory)).toEqual([deep])
      expect(() => aggregate.take(nested(LIMITS.valueDepthMax), () => 1)).toThrow(
        'list of values is nested deeper than 100 levels',
      )
    }
    expect(of('first').take(nested(LIMITS.valueDepthMax), null)).toBeDefined()
  })

  test('collect and top: more than a value may have', () => {
    const text = 'x'.repeat(LIMITS.valueBytesMax / 4 - 20)
    for (const [name, by] of [
      ['collect', null],
      ['top', () => 1],
    ] as const) {
      const aggregate = of(name, 10)
      const item = aggregate.take(text, by)
      let folded = aggregate.lift(item)
      for (let i = 0; i < 3; i++) folded = aggregate.add(folded, aggregate.take(text, by))
      expect(aggregate.finish(folded, hostFactory)).toHaveLength(4)
      expect(() => aggregate.add(folded, aggregate.take('x'.repeat(100), by))).toThrow(
        expect.objectContaining({ code: 'RECORD_LIMIT', message: `${name} holds more than 32 MiB` }) as Error,
      )
    }
  })
})
