import { constants, deflateRawSync, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { array, asyncProperty, assert as check, constantFrom, integer, tuple, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { INSIDE_ENOUGH, INSIDE_MAX, type Inside } from '../../../src/data/formats/compressed/inside-ahead.ts'
import { firstBytesWithin } from '../../../src/data/formats/compressed/inside.ts'
import { sourceOf, type RandomAccess } from '../../../src/data/formats/source.ts'
import { fixture, fixtures } from './fixture.ts'

type Kind = 'gzip' | 'zstd'

const within = (file: Uint8Array, kind: Kind): Promise<Inside | null> => firstBytesWithin(sourceOf(file), kind)
const textIn = async (file: Uint8Array, kind: Kind): Promise<string | null> => {
  const inside = await within(file, kind)
  return inside === null ? null : `${Buffer.from(inside.bytes).toString('latin1')}${inside.whole ? '' : '…'}`
}

/** Text that compresses to about a third. */
function text(length: number): Buffer {
  const words: string[] = []
  for (let n = 1, size = 0; size < length; n = (n * 48_271) % 2_147_483_647) {
    words.push(`${n % 100_000} word\n`)
    size += words.at(-1)!.length
  }
  return Buffer.from(words.join('')).subarray(0, length)
}

function skippable(bytes: number): Buffer {
  const frame = Buffer.alloc(8 + bytes, 7)
  frame.writeUInt32LE(0x184d2a53, 0)
  frame.writeUInt32LE(bytes, 4)
  return frame
}

/** Counts reads, and gives one array again and again, as files do. */
function counting(file: Uint8Array): RandomAccess & { reads: number; bytes: number } {
  const buffer = Buffer.alloc(1_000_000)
  return {
    size: file.length,
    reads: 0,
    bytes: 0,
    read(offset, length) {
      this.reads++
      const piece = file.subarray(offset, offset + length)
      this.bytes += piece.length
      buffer.fill(0xee)
      buffer.set(piece)
      return Promise.resolve(buffer.subarray(0, piece.length))
    },
  }
}

describe.each([
  ['gzip', (bytes: Uint8Array) => gzipSync(bytes), (bytes: Uint8Array) => gunzipSync(bytes)],
  [
    'zstd',
    (bytes: Uint8Array) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
    (bytes: Uint8Array) => zstdDecompressSync(bytes),
  ],
] as const)('%s', (kind, compress, decompress) => {
  test('a small file is seen whole, by one read', async () => {
    for (const length of [0, 1, 10, 1000, 5000]) {
      const source = counting(compress(text(length)))
      expect(await firstBytesWithin(source, kind)).toEqual({ bytes: text(length), whole: true, dictionary: false })
      expect(source.reads).toBe(1)
    }
  })

  test('a large one: its beginning, enough to look at, by few reads', async () => {
    for (const content of [text(3_000_000), Buffer.alloc(50_000_000, 'ab\n'), Buffer.alloc(2_000_000)]) {
      const source = counting(compress(content))
      const inside = await firstBytesWithin(source, kind)
      expect(inside!.whole).toBe(false)
      expect(inside!.bytes.length).toBeGreaterThanOrEqual(INSIDE_ENOUGH)
      expect(inside!.bytes.length).toBeLessThanOrEqual(INSIDE_MAX)
      expect(content.subarray(0, inside!.bytes.length).equals(inside!.bytes)).toBe(true)
      expect(source.bytes).toBeLessThan(150_000)
    }
  })

  test('members or frames, small and empty ones, are seen one after the other', async () => {
    const piece = constantFrom(Buffer.alloc(0), text(30), text(3000), text(30_000), Buffer.alloc(300_000))
    await check(
      asyncProperty(array(piece, { maxLength: 6, minLength: 1 }), async (pieces) => {
        const file = Buffer.concat(pieces.map((bytes) => compress(bytes)))
        const all = Buffer.concat(pieces)
        const inside = (await firstBytesWithin(counting(file), kind))!
        expect(inside.bytes.length).toBeGreaterThanOrEqual(Math.min(all.length, INSIDE_ENOUGH))
        expect(all.subarray(0, inside.bytes.length).equals(inside.bytes)).toBe(true)
        if (inside.whole) expect(inside.bytes).toHaveLength(all.length)
        else expect(inside.bytes.length < all.length || pieces.at(-1)!.length === 0 || file.length > 4096).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  test('cut anywhere, it is never whole, and what is seen was there', async () => {
    const file = compress(text(2000))
    for (let length = 0; length < file.length; length++) {
      const inside = await within(file.subarray(0, length), kind)
      if (inside === null) continue
      expect(inside.whole, `${length} bytes`).toBe(false)
      expect(text(2000).subarray(0, inside.bytes.length).equals(inside.bytes)).toBe(true)
    }
  })

  test('damage, other bytes, and what follows: no exception, and never more than a decompressor gives', async () => {
    const files = [compress(text(3000)), compress(text(200_000)), compress(Buffer.alloc(1_000_000))]
    const flips = array(tuple(integer({ min: 0, max: 3000 }), integer({ min: 0, max: 7 })), {
      minLength: 1,
      maxLength: 3,
    })
    await check(
      asyncProperty(constantFrom(...files), flips, uint8Array({ maxLength: 30 }), async (file, bits, rest) => {
        const flipped = Buffer.concat([file, rest])
        for (const [at, bit] of bits) flipped[at % flipped.length]! ^= 1 << bit
        const inside = await within(flipped, kind)
        expect(inside === null || inside.bytes.length <= INSIDE_MAX).toBe(true)
        if (inside?.whole !== true) return
        let expected: Buffer
        try {
          expected = decompress(flipped)
        } catch {
          // A checksum, which is not looked at, or a decoder's rule for what follows.
          return
        }
        expect(expected.equals(inside.bytes)).toBe(true)
      }),
      { numRuns: 400 },
    )
    for (const other of ['', 'plain text\n', '\u001f\u008b', 'PK\u0003\u0004', '(\u00b5/\u00fd'])
      expect(await within(Buffer.from(other, 'latin1'), kind)).toBeNull()
    await check(
      asyncProperty(uint8Array({ maxLength: 100 }), async (bytes) => {
        expect(await within(bytes, kind)).toBeNull()
      }),
    )
  })

  test('what the source throws', async () => {
    const broken = { size: 100, read: () => Promise.reject(new Error('EIO')) }
    await expect(firstBytesWithin(broken, kind)).rejects.toThrow('EIO')
  })

  test('thousands of empty members or frames, with data behind them: bounded', async () => {
    const empty = Array.from({ length: 20_000 }, () => compress(Buffer.alloc(0)))
    const source = counting(Buffer.concat([...empty, compress(text(10))]))
    expect(await firstBytesWithin(source, kind)).toBeNull()
    expect(source.reads).toBeLessThanOrEqual(64)
  })
})

describe('gzip alone', () => {
  test.each(fixtures('compress', '.gz'))('%s', async (name) => {
    const file = fixture(`compress/${name}`)
    expect(await within(file, 'gzip')).toEqual({ bytes: gunzipSync(file), whole: true, dictionary: false })
  })

  test('headers with all fields, also of 100 KB', async () => {
    const plain = gzipSync('text\n')
    const head = Buffer.from([0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3])
    for (const extra of [3, 60_000]) {
      const length = Buffer.alloc(2)
      length.writeUInt16LE(extra, 0)
      const names = Buffer.from(`${'n'.repeat(extra / 2)}\0comment\0xx`)
      const member = Buffer.concat([
        head,
        length,
        Buffer.alloc(extra),
        names,
        deflateRawSync('text\n'),
        plain.subarray(-8),
      ])
      expect(await textIn(member, 'gzip')).toBe('text\n')
      expect(await textIn(Buffer.concat([member, member]), 'gzip')).toBe('text\ntext\n')
    }
  })

  test('zeros after it, and other bytes', async () => {
    expect(await textIn(Buffer.concat([gzipSync('a'), Buffer.alloc(1000)]), 'gzip')).toBe('a')
    expect(await textIn(Buffer.concat([gzipSync('a'), Buffer.from('zz')]), 'gzip')).toBe('a…')
  })
})

describe('zstd alone', () => {
  test('a window of 2 GiB, skippable frames, a dictionary', async () => {
    const wide = fixture('compress/window-2GiB.zst')
    const before = process.memoryUsage.rss()
    const inside = (await within(Buffer.concat([skippable(70_000), wide, skippable(5)]), 'zstd'))!
    expect(Buffer.from(inside.bytes).toString()).toMatch(/^1\n2\n3\n[0-9\n]{10000,}$/)
    expect(process.memoryUsage.rss() - before).toBeLessThan(100_000_000)
    expect(await within(fixture('compress/dictionary.zst'), 'zstd')).toEqual({
      bytes: new Uint8Array(0),
      whole: false,
      dictionary: true,
    })
    expect(await textIn(Buffer.concat([zstdCompressSync('a'), fixture('compress/dictionary.zst')]), 'zstd')).toBe('a…')
    expect(await textIn(skippable(3), 'zstd')).toBe('')
  })

  test('a block of one byte, over and over', async () => {
    const inside = (await within(fixture('compress/ext_ok_rle-first-block.zst'), 'zstd'))!
    expect(inside.whole).toBe(false)
    expect(inside.bytes.length).toBeGreaterThanOrEqual(INSIDE_ENOUGH)
    expect(inside.bytes.every((byte) => byte === 0)).toBe(true)
  })

  test('blocks as a frame by themselves are what they are in the file', async () => {
    for (const level of [1, 3, 19]) {
      const file = zstdCompressSync(text(700_000), { params: { [constants.ZSTD_c_compressionLevel]: level } })
      const { bytes } = (await within(file, 'zstd'))!
      expect(text(700_000).subarray(0, bytes.length).equals(bytes)).toBe(true)
    }
  })
})
