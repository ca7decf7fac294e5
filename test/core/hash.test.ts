import { createHash, randomBytes } from 'node:crypto'
import { assert, array, constantFrom, property, string, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson, contentId, hash32, hashText, mix32, rootOf, sha256, utf8 } from '../../src/core/hash.ts'
import { compareUtf8 } from '../../src/core/plan/ranks.ts'

describe('sha256', () => {
  // FIPS 180-4 examples (NIST CSRC, SHA-256 test vectors).
  test.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ])('of a published example (%#)', (text, digest) => {
    expect(hashText(text)).toBe(digest)
  })

  test('is that of the platform, for any length around block borders', () => {
    for (let length = 0; length <= 260; length++) {
      const bytes = randomBytes(length)
      expect(sha256(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'))
    }
    assert(
      property(uint8Array({ maxLength: 5_000 }), (bytes) => {
        expect(sha256(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'))
      }),
    )
  })
})

/** Text without lone surrogates, with many characters from the borders of UTF-8's lengths. */
const borders = constantFrom(
  '\0',
  '\x7f',
  '\x80',
  '\u07ff',
  '\u0800',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{10000}',
  '\u{10ffff}',
  'a',
)
const text = array(borders, { maxLength: 12 }).map((chars) => chars.join(''))

describe('text', () => {
  test('utf8 is that of the platform', () => {
    assert(
      property(string({ unit: 'binary' }), text, (any, edge) => {
        for (const t of [any.toWellFormed(), edge]) expect(Buffer.from(utf8(t))).toEqual(Buffer.from(t))
      }),
    )
  })

  test('compareUtf8 orders as the bytes do', () => {
    assert(
      property(text, text, (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
      }),
      { numRuns: 2_000 },
    )
    expect(compareUtf8('\uffff', '\u{1f600}')).toBeLessThan(0)
  })
})

describe('canonical JSON', () => {
  test('does not depend on the order of fields, and leaves undefined out', () => {
    expect(canonicalJson({ b: 1, a: [{ d: null, c: 'x' }], e: undefined })).toBe('{"a":[{"c":"x","d":null}],"b":1}')
  })

  test('ids of different things differ, of equal things agree', () => {
    expect(contentId('job', [1])).not.toBe(contentId('snapshot', [1]))
    expect(contentId('job', { a: 1, b: 2 })).toBe(contentId('job', { b: 2, a: 1 }))
  })

  test('a root depends on the order of its digests, and on where one ends', () => {
    const roots = [['a', 'b'], ['b', 'a'], ['ab'], ['a', 'b', ''], []].map((list) => rootOf(list))
    expect(new Set(roots).size).toBe(roots.length)
  })
})

describe('hashes for spreading', () => {
  test('hash32 is FNV-1a', () => {
    // draft-eastlake-fnv, appendix C: 32-bit FNV-1a of "", "a" and "foobar".
    expect([hash32(''), hash32('a'), hash32('foobar')]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968])
  })

  test('mix32 spreads neighbours over all buckets evenly', () => {
    const buckets = new Array<number>(16).fill(0)
    for (let i = 0; i < 16_000; i++) buckets[mix32(i, 7) % 16]!++
    for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  })
})
