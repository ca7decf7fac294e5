import { isDeepStrictEqual } from 'node:util'
import { runInNewContext } from 'node:vm'
import { assert, property, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import { ByteReader, ByteWriter } from '../../src/data/bytes.ts'
import { ValueCopier } from '../../src/data/copy.ts'
import { compareText, decodeValue, encodeValue, hostFactory, valueBytes } from '../../src/data/value.ts'
import { values } from './arbitrary.ts'

const encoded = (v: unknown): Buffer => {
  const w = new ByteWriter(16)
  encodeValue(w, v)
  return Buffer.from(w.copy())
}
const decoded = (bytes: Uint8Array): unknown => decodeValue(new ByteReader(bytes), hostFactory)

/** -0 is 0, and field order does not count: what is left to compare. */
function plain(v: unknown): unknown {
  if (v === 0) return 0
  if (Array.isArray(v)) return v.map(plain)
  if (v === null || typeof v !== 'object' || v instanceof Date || v instanceof Uint8Array) return v
  return Object.fromEntries(Object.entries(v).map(([name, field]) => [name, plain(field)]))
}

describe('values', () => {
  test('come back with their types', () => {
    assert(
      property(values, (v) => isDeepStrictEqual(plain(decoded(encoded(v))), plain(v))),
      { numRuns: 2000 },
    )
  })

  test('have one form: decoding and encoding again gives the same bytes', () => {
    assert(property(values, (v) => encoded(decoded(encoded(v))).equals(encoded(v))))
  })

  test('fields in any order give the same bytes', () => {
    const reversed = (v: unknown): unknown =>
      v === null || typeof v !== 'object' || Array.isArray(v) || v instanceof Date || v instanceof Uint8Array
        ? v
        : Object.fromEntries(Object.entries(v).toReversed())
    assert(property(values, (v) => encoded(reversed(v)).equals(encoded(v))))
  })

  test('have the length that is said without encoding', () => {
    assert(property(values, (v) => valueBytes(v) === encoded(v).length))
  })

  test('a copy is equal, its length right, and nothing of it shared', () => {
    const copier = new ValueCopier(hostFactory)
    assert(
      property(values, (v) => {
        const bytes = encoded(v)
        const copy = copier.copy(v)
        return (
          encoded(copy).equals(bytes) &&
          copier.bytes === bytes.length &&
          (typeof v !== 'object' || v === null || copy !== v)
        )
      }),
    )
  })

  test('any bytes decode to a value or are DAMAGED, never anything else', () => {
    assert(
      property(uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          decoded(bytes)
          return true
        } catch (error) {
          return (error as { code: string }).code === 'DAMAGED'
        }
      }),
      { numRuns: 5000 },
    )
  })

  test('names compare as their UTF-8 bytes do', () => {
    const texts = ['', 'a', 'ab', '\uD7FF', '\uE000', '\uFFFF', '\u{10000}', '\u{1F600}', 'a\uFFFF', 'a\u{1F600}']
    for (const a of texts) {
      for (const b of texts) {
        expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
      }
    }
  })

  test('objects, arrays, dates and bytes of another realm are plain data; encoding runs no setter or method of it', () => {
    const foreign: unknown = runInNewContext(`
      Array.prototype.push = Date.prototype.getTime = () => { throw new Error('called') }
      Object.defineProperty(Object.prototype, 'trap', { set() { throw new Error('set') }, configurable: true })
      const bytes = new Uint8Array([1, 2]); Object.defineProperty(bytes, 'byteLength', { value: 1 })
      ;({ list: [1, 'x'], when: new Date(5), bytes, nothing: Object.create(null) })`)
    expect(decoded(encoded(foreign))).toEqual({
      list: [1, 'x'],
      when: new Date(5),
      bytes: new Uint8Array([1, 2]),
      nothing: {},
    })
  })

  test('decoding sets own fields, whatever the prototype says', () => {
    let called = 0
    const make = {
      ...hostFactory,
      object: () =>
        Object.create({
          set a(_: unknown) {
            called++
          },
        }) as Record<string, unknown>,
    }
    const v = decodeValue(new ByteReader(encoded(JSON.parse('{"a":1,"__proto__":{"b":2},"constructor":3}'))), make)
    expect(Object.entries(v as object)).toEqual([
      ['__proto__', expect.anything()],
      ['a', 1],
      ['constructor', 3],
    ])
    expect(called).toBe(0)
  })
})

describe('what has no form', () => {
  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)])
  test.each<[string, unknown, string]>([
    ['undefined', undefined, 'value is undefined'],
    ['a field', { a: [1, { 'b c': undefined }] }, 'value.a[1]["b c"] is undefined'],
    ['a function', { f: () => 1 }, 'value.f is a function'],
    ['a symbol', [Symbol('s')], 'value[0] is a symbol'],
    ['a symbol as name', { x: { [Symbol('s')]: 1 } }, 'value.x is an object with a symbol as field name'],
    ['an invalid date', { when: new Date(NaN) }, 'value.when is an invalid Date'],
    ['a Map', new Map(), 'value is an instance of a class'],
    ['a class instance', { url: new URL('http://a/') }, 'value.url is an instance of a class'],
    ['a boxed number', Object(1), 'value is an instance of a class'],
    ['another typed array', new Float64Array(1), 'value is an instance of a class'],
    ['an unpaired surrogate', { s: 'a\uD800' }, 'value.s is a string with an unpaired surrogate'],
    ['an unpaired surrogate as name', { '\uD800': 1 }, 'value is an object with an unpaired surrogate in a field name'],
    // oxlint-disable-next-line no-sparse-arrays
    ['a hole', [1, , 3], 'value[1] is a hole in an array'],
    ['a cycle', cyclic, 'value is nested deeper than 100 levels'],
    ['101 levels', deep(101), 'value is nested deeper than 100 levels'],
  ])('%s is USER_VALUE', (_, v, message) => {
    for (const take of [() => encoded(v), () => new ValueCopier(hostFactory).copy(v), () => valueBytes(v)]) {
      expect(take).toThrow(expect.objectContaining({ code: 'USER_VALUE', message }))
    }
  })

  test('100 levels are fine', () => {
    expect(decoded(encoded(deep(100)))).toEqual(deep(100))
  })

  test('sizes: exactly the limit passes, one byte more is RECORD_LIMIT', () => {
    const header = 1 + 4
    const largest = 'x'.repeat(LIMITS.valueBytesMax - header)
    expect(encoded(largest).length).toBe(LIMITS.valueBytesMax)
    const tooLarge = expect.objectContaining({ code: 'RECORD_LIMIT' })
    expect(() => encoded(`${largest}x`)).toThrow(tooLarge)
    expect(() => encoded([largest])).toThrow(tooLarge)
    expect(() => encoded(new Uint8Array(LIMITS.valueBytesMax))).toThrow(tooLarge)
    const shared = 'x'.repeat(1_000_000)
    expect(() => new ValueCopier(hostFactory).copy(Array.from({ length: 1000 }, () => shared))).toThrow(tooLarge)
  })
})
