import { isDeepStrictEqual } from 'node:util'
import { array, assert, property, tuple, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import { compareBytes } from '../../src/data/bytes.ts'
import { decodeKey, encodeKey } from '../../src/data/order.ts'
import { partitionOf, rangePartitionOf } from '../../src/data/partition.ts'
import { hostFactory } from '../../src/data/value.ts'
import { compareKeys, scalars, values } from './arbitrary.ts'

const compareForms = (a: Uint8Array, b: Uint8Array): number => compareBytes(a, 0, a.length, b, 0, b.length)

describe('order forms', () => {
  test('compare as the keys do', () => {
    const agree = ([a, b]: [unknown, unknown]): boolean =>
      Math.sign(compareForms(encodeKey(a).order, encodeKey(b).order)) === Math.sign(compareKeys(a, b))
    assert(property(tuple(values, values), agree), { numRuns: 5000 })
    assert(property(tuple(scalars, scalars), agree), { numRuns: 20_000 })
  })

  test('of sorted lists are sorted', () => {
    assert(
      property(array(values, { maxLength: 20 }), (keys) => {
        const byForm = keys.map((key) => encodeKey(key).order).toSorted(compareForms)
        const byKey = keys.toSorted(compareKeys).map((key) => encodeKey(key).order)
        return isDeepStrictEqual(byForm, byKey)
      }),
    )
  })

  test('none begins another', () => {
    assert(
      property(values, values, (a, b) => {
        const [x, y] = [encodeKey(a).order, encodeKey(b).order]
        const count = Math.min(x.length, y.length)
        return compareForms(x, y) === 0 || compareForms(x.subarray(0, count), y.subarray(0, count)) !== 0
      }),
      { numRuns: 2000 },
    )
  })

  test('give the typed key back, with the shape', () => {
    assert(
      property(values, (key) => {
        const { order, shape } = encodeKey(key)
        const back = decodeKey(order, shape, hostFactory)
        const again = encodeKey(back)
        return (
          compareKeys(back, key) === 0 &&
          compareForms(again.order, order) === 0 &&
          compareForms(again.shape, shape) === 0 &&
          (typeof key !== 'number' || Object.is(back, key === 0 ? 0 : key)) &&
          (typeof key !== 'bigint' || back === key)
        )
      }),
      { numRuns: 5000 },
    )
  })

  test('1 and 1n are one key with two shapes; so are equal doubles and bigints of any size', () => {
    for (const n of [0, 1, -1, 255, 2 ** 53, -(2 ** 70), 1e300, Number.MAX_VALUE, 2 ** 1023]) {
      const [a, b] = [encodeKey(n), encodeKey(BigInt(n))]
      expect(b.order).toEqual(a.order)
      expect([a.shape.length, b.shape.length]).toEqual([0, 1])
    }
  })

  test('any bytes decode to a key or are DAMAGED', () => {
    assert(
      property(uint8Array({ maxLength: 30 }), uint8Array({ maxLength: 2 }), (order, shape) => {
        try {
          decodeKey(order, shape, hostFactory)
          return true
        } catch (error) {
          return (error as { code: string }).code === 'DAMAGED'
        }
      }),
      { numRuns: 5000 },
    )
  })

  test('what is refused, and limits', () => {
    const refused = (message: string): unknown => expect.objectContaining({ code: 'USER_VALUE', message })
    expect(() => encodeKey(undefined)).toThrow(refused('key is undefined'))
    expect(() => encodeKey(['a', { b: new Set() }])).toThrow(refused('key[1].b is an instance of a class'))
    expect(() => encodeKey('\uDC00')).toThrow(refused('key is a string with an unpaired surrogate'))
    expect(() => encodeKey([new Date(NaN)])).toThrow(refused('key[0] is an invalid Date'))
    const tooLarge = expect.objectContaining({ code: 'RECORD_LIMIT' })
    expect(encodeKey('x'.repeat(LIMITS.keyBytesMax - 2)).order.length).toBe(LIMITS.keyBytesMax)
    expect(() => encodeKey('x'.repeat(LIMITS.keyBytesMax - 1))).toThrow(tooLarge)
    expect(() => encodeKey(new Uint8Array(40_000))).toThrow(tooLarge)
    expect(() => encodeKey(Array.from({ length: 70_000 }, () => null))).toThrow(tooLarge)
    expect(() => encodeKey(2n ** 600_000n)).toThrow(tooLarge)
  })
})

describe('partitions', () => {
  test('by hash: even within four standard deviations, for keys that differ little', () => {
    const keyKinds: ((i: number) => unknown)[] = [
      (i) => i,
      (i) => `user${i}`,
      (i) => [2024, i],
      (i) => new Date(i * 86_400_000),
      (i) => i / 1000,
    ]
    for (const keyOf of keyKinds) {
      for (const partitions of [2, 7, 64]) {
        const counts = new Array<number>(partitions).fill(0)
        const keys = 40_000
        for (let i = 0; i < keys; i++) {
          const { order } = encodeKey(keyOf(i))
          counts[partitionOf(order, 0, order.length, partitions)]!++
        }
        const mean = keys / partitions
        for (const count of counts) expect(Math.abs(count - mean)).toBeLessThan(4.5 * Math.sqrt(mean))
      }
    }
  })

  test('by range: as a linear search finds it', () => {
    assert(
      property(array(values, { maxLength: 12 }), values, (bounds, key) => {
        const forms = bounds.map((bound) => encodeKey(bound).order).toSorted(compareForms)
        const { order } = encodeKey(key)
        const padded = Buffer.concat([Buffer.from([9, 9]), order, Buffer.from([9])])
        const found = rangePartitionOf(padded, 2, 2 + order.length, forms)
        return found === forms.filter((form) => compareForms(form, order) <= 0).length
      }),
    )
  })
})
