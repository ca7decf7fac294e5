import { isDeepStrictEqual } from 'node:util'
import { assert, property, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteReader, ByteWriter, compareBytes } from '../../src/data/bytes.ts'
import { decodeKey, encodeKey } from '../../src/data/order.ts'
import { integerOf, twosComplement } from '../../src/data/typed.ts'
import { TypedKeyWriter } from '../../src/data/typed-keys.ts'
import {
  beginArray,
  encodeDecimal,
  encodeHugeint,
  encodeInterval,
  encodeTime,
  encodeUuid,
} from '../../src/data/value-typed.ts'
import { decodeValue, encodeValue, hostFactory } from '../../src/data/value.ts'
import { compareTyped, seen, type Typed, typedBytes, typedKey, typedPairs, typedValues } from './typed.ts'

const damaged = expect.objectContaining({ code: 'DAMAGED' }) as Error
const decoded = (bytes: Uint8Array): unknown => decodeValue(new ByteReader(bytes), hostFactory)
const keyOf = ({ order, shape }: { order: Uint8Array; shape: Uint8Array }): unknown =>
  decodeKey(order, shape, hostFactory)
const compareForms = (a: Uint8Array, b: Uint8Array): number => compareBytes(a, 0, a.length, b, 0, b.length)
const decimal = (text: string): Typed => {
  const [whole = '', rest = ''] = text.split('.')
  return { kind: 'decimal', unscaled: BigInt(whole + rest), scale: rest.length }
}
const interval = (months: number, days: number, micros: bigint): Typed => ({ kind: 'interval', months, days, micros })

describe('values of types that JavaScript has not', () => {
  test('are seen as text, bigint and pairs', () => {
    const show = (v: Typed): unknown => decoded(typedBytes(v))
    expect(show(decimal('12.30'))).toBe('12.30')
    expect(show(decimal('-0.05'))).toBe('-0.05')
    expect(show({ kind: 'decimal', unscaled: 0n, scale: 2 })).toBe('0.00')
    expect(show(decimal('7'))).toBe('7')
    expect(show(interval(14, 3, 4_005_000n))).toBe('P14M3DT4.005S')
    expect(show(interval(0, 0, 0n))).toBe('P0M0DT0.000S')
    expect(show(interval(-1, 2, -1n))).toBe('P-1M2DT-0.000001S')
    expect(show({ kind: 'time', unit: 'ms', value: 86_400_000n })).toBe(86_400_000n)
    expect(show({ kind: 'uuid', bytes: Buffer.from('00112233445566778899AABBCCDDEEFF', 'hex') })).toBe(
      '00112233-4455-6677-8899-aabbccddeeff',
    )
    expect(show({ kind: 'hugeint', value: -(2n ** 127n) })).toBe(-(2n ** 127n))
    const pairs: Typed = { kind: 'map', pairs: [[decimal('1.0'), { kind: 'plain', value: ['x'] }]] }
    expect(show(pairs)).toEqual([['1.0', ['x']]])
  })

  test('come back as what JavaScript is to see of them', () => {
    assert(
      property(typedValues, (v) => isDeepStrictEqual(decoded(typedBytes(v)), seen(v))),
      { numRuns: 3000 },
    )
  })

  test('what JavaScript emits is never one of them', () => {
    assert(
      property(typedValues, (v) => {
        const [w, again] = [new ByteWriter(), new ByteWriter()]
        encodeValue(w, decoded(typedBytes(v)))
        encodeValue(again, seen(v))
        return compareForms(w.copy(), again.copy()) === 0
      }),
    )
  })

  test('two’s complement is the shortest, and no other is taken', () => {
    for (const [v, hex] of [
      [0n, ''],
      [-1n, 'ff'],
      [127n, '7f'],
      [128n, '0080'],
      [-128n, '80'],
      [-129n, 'ff7f'],
      [255n, '00ff'],
      [2n ** 64n, '010000000000000000'],
    ] as const) {
      expect(Buffer.from(twosComplement(v)).toString('hex')).toBe(hex)
      expect(integerOf(Buffer.from(hex, 'hex'))).toBe(v)
    }
    for (const hex of ['00', '0001', 'ffff', 'ff80', '007f']) expect(integerOf(Buffer.from(hex, 'hex'))).toBe(null)
  })

  test.each([
    ['a DECIMAL that ends', '0d02'],
    ['a DECIMAL shorter than it says', '0d020205'],
    ['a DECIMAL in a longer form', '0d02020005'],
    ['an INTERVAL that ends', '0e00000000'],
    ['a TIME of no unit', '0f0300'],
    ['a TIME after 24:00', '0f01818099a9'.concat('01')],
    ['a UUID that ends', '1000'],
    ['a HUGEINT of 17 bytes', '1111' + '7f'.repeat(17)],
    ['a MAP of more pairs than bytes', '1203000000'],
    ['a MAP that ends', '120103'],
    ['the next tag', '1300'],
  ])('%s is DAMAGED', (_, hex) => {
    expect(() => decoded(Buffer.from(hex, 'hex'))).toThrow(damaged)
  })

  test('maps within maps are no deeper than what can be emitted, and reserve no more than there are bytes', () => {
    const nested = (levels: number): Buffer => Buffer.from(`${'120100'.repeat(levels)}00`, 'hex')
    expect(() => decoded(nested(50))).not.toThrow()
    expect(() => decoded(nested(51))).toThrow(damaged)
    const w = new ByteWriter()
    encodeValue(w, decoded(nested(50)))
    const lists = (levels: number): Buffer => Buffer.from(`${'12010113'.repeat(levels)}`, 'hex')
    expect(() => decodeKey(lists(3), new Uint8Array(0), hostFactory)).toThrow(damaged)
  })

  test('arguments out of range are refused', () => {
    const w = new ByteWriter()
    const keys = new TypedKeyWriter().begin(w)
    for (const write of [
      () => encodeDecimal(w, 2n ** 2039n, 0),
      () => encodeDecimal(w, 1n, 256),
      () => encodeDecimal(w, 1n, 0.5),
      () => encodeInterval(w, 2 ** 31, 0, 0n),
      () => encodeInterval(w, 0, 0, 2n ** 63n),
      () => encodeTime(w, -1n, 'ms'),
      () => encodeTime(w, 86_400_001n, 'ms'),
      () => encodeTime(w, 1n, 's' as 'ms'),
      () => encodeUuid(w, new Uint8Array(15)),
      () => encodeHugeint(w, 2n ** 127n),
      () => keys.decimal(10n ** 614n, 0),
      () => keys.interval(0, 0, -(2n ** 63n) - 1n),
      () => keys.time(86_400_001n, 'ms'),
      () => keys.uuid(new Uint8Array(17)),
      () => keys.hugeint(-(2n ** 127n) - 1n),
    ])
      expect(write).toThrow()
    beginArray(w, 0)
  })
})

describe('keys of types that JavaScript has not', () => {
  test('compare as their values do', () => {
    assert(
      property(typedPairs, ([a, b]) => {
        return Math.sign(compareForms(typedKey(a).order, typedKey(b).order)) === Math.sign(compareTyped(a, b))
      }),
      { numRuns: 20_000 },
    )
  })

  test('none begins another', () => {
    assert(
      property(typedPairs, ([a, b]) => {
        const [x, y] = [typedKey(a).order, typedKey(b).order]
        const count = Math.min(x.length, y.length)
        return compareForms(x, y) === 0 || compareForms(x.subarray(0, count), y.subarray(0, count)) !== 0
      }),
      { numRuns: 5000 },
    )
  })

  test('come back as they were, by their shape', () => {
    assert(
      property(typedValues, (v) => isDeepStrictEqual(keyOf(typedKey(v)), seen(v))),
      { numRuns: 5000 },
    )
  })

  test('equal values are one key, each of which comes back as it was', () => {
    const one = (...keys: Typed[]): void => {
      for (const key of keys) {
        expect(typedKey(key).order).toEqual(typedKey(keys[0]!).order)
        expect(keyOf(typedKey(key))).toEqual(seen(key))
      }
    }
    one(decimal('1'), decimal('1.0'), decimal('1.00'))
    one(decimal('0'), decimal('0.000'))
    one(decimal('-120'), decimal('-120.0'))
    one(interval(1, 0, 0n), interval(0, 30, 0n), interval(0, 0, 2_592_000_000_000n), interval(2, -30, 0n))
    one(
      { kind: 'time', unit: 'ms', value: 1n },
      { kind: 'time', unit: 'us', value: 1000n },
      { kind: 'time', unit: 'ns', value: 1_000_000n },
    )
    one({ kind: 'hugeint', value: 5n }, { kind: 'plain', value: 5 }, { kind: 'plain', value: 5n })
  })

  test('a number, a bigint and a HUGEINT have a shape each', () => {
    const shapes = [1, 1n].map((n) => encodeKey(n).shape)
    expect([...shapes, typedKey({ kind: 'hugeint', value: 1n }).shape].map((shape) => [...shape])).toEqual([
      [],
      [1],
      [3],
    ])
  })

  test('any bytes behind their tags are a key or DAMAGED', () => {
    assert(
      property(uint8Array({ maxLength: 24 }), uint8Array({ maxLength: 10 }), (order, shape) => {
        for (let tag = 0x15; tag <= 0x1a; tag++) {
          try {
            decodeKey(Uint8Array.of(tag, ...order), shape, hostFactory)
          } catch (error) {
            if ((error as { code: string }).code !== 'DAMAGED') return false
          }
        }
        return true
      }),
      { numRuns: 5000 },
    )
  })

  test.each([
    ['a DECIMAL of no class', '1504', ''],
    ['a DECIMAL with zeros before it', '1503800102', ''],
    ['a DECIMAL with zeros behind it', '1503800103'.concat('00'), ''],
    ['a DECIMAL of a pair above 99', '15038001c8', ''],
    ['a DECIMAL with more digits than its scale', '1503800001'.concat('14'), ''],
    ['a DECIMAL that is too large', '1503ffff14', ''],
    ['an INTERVAL whose microseconds do not fit', '16ffffffffffffffffffff', ''],
    ['a TIME after 24:00', '17ffffffffffff', ''],
    ['a TIME that is no whole of its unit', '17000000000001', ''],
    ['a TIME of no unit', '17000000000000', '03'],
    ['a UUID that ends', '1800', ''],
    ['a MAP of a key alone', '190100', ''],
  ])('%s is DAMAGED', (_, order, shape) => {
    expect(() => decodeKey(Buffer.from(order, 'hex'), Buffer.from(shape, 'hex'), hostFactory)).toThrow(damaged)
  })

  test('a key that is too large is RECORD_LIMIT', () => {
    const keys = new TypedKeyWriter().begin(new ByteWriter())
    keys.beginArray()
    for (let i = 0; i < 4096; i++) keys.uuid(new Uint8Array(16))
    keys.end()
    expect(() => keys.finish()).toThrow(expect.objectContaining({ code: 'RECORD_LIMIT' }))
  })
})
