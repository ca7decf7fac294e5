import { createHash } from 'node:crypto'
import { constants, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { array, asyncProperty, assert as check, integer, string, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ShoalError } from '../../../src/core/errors.ts'
import { LIMITS } from '../../../src/core/limits.ts'
import { DecompressedFeed } from '../../../src/data/formats/compressed/compress.ts'
import { sourceOf } from '../../../src/data/formats/source.ts'
import { fixture } from './fixture.ts'
import { readAll } from './read-all.ts'

const damaged = { code: 'DAMAGED' }
const lines = (count: number, name = 'line'): string =>
  Array.from({ length: count }, (_, i) => `${name} ${i}\n`).join('')

/** A zstd skippable frame of user data. */
function skippable(bytes: number): Buffer {
  const frame = Buffer.alloc(8 + bytes, 7)
  frame.writeUInt32LE(0x184d2a53, 0)
  frame.writeUInt32LE(bytes, 4)
  return frame
}

/** A member with every optional header field. */
function fullGzip(text: string): Buffer {
  const plain = gzipSync(text)
  const head = Buffer.from([0x1f, 0x8b, 8, 4 | 8 | 16, 0, 0, 0, 0, 0, 3, 3, 0, 1, 2, 3])
  const names = Buffer.from('name\0comment\0', 'latin1')
  return Buffer.concat([head, names, deflateRawSync(text), plain.subarray(-8)])
}

describe.each([
  ['gzip', 'a.txt.gz', (text: string | Uint8Array) => gzipSync(text)],
  [
    'zstd',
    'a.txt.zst',
    (text: string | Uint8Array) => zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
  ],
] as const)('%s', (kind, path, compress) => {
  test('members or frames of any content are read whole, one after the other', async () => {
    await check(
      asyncProperty(array(string(), { minLength: 1, maxLength: 5 }), async (texts) => {
        const file = Buffer.concat(texts.map((text) => compress(text)))
        const { records } = await readAll(file, path, { encoding: 'bytes' })
        const whole = Buffer.from(texts.join(''))
        const plain = await readAll(whole, 'a.txt', { encoding: 'bytes' })
        expect(records).toEqual(plain.records)
      }),
    )
  })

  test('a file of several chunks, and the hash of its compressed bytes', async () => {
    let noise = 1
    const text = Array.from({ length: 400_000 }, () => (noise = (noise * 48_271) % 2_147_483_647)).join('\n')
    const file = Buffer.concat([compress(text), compress('\n'), compress(lines(10))])
    expect(file.length).toBeGreaterThan(LIMITS.readChunkBytes)
    const { records, facts } = await readAll(file, path)
    expect(records.join('\n')).toBe(`${text}\n${lines(10).trimEnd()}`)
    expect(facts).toEqual({ bytes: file.length, input: createHash('sha256').update(file).digest('hex') })
  })

  test('cut anywhere, it is damaged', async () => {
    const two = Buffer.concat([compress(lines(50)), compress(lines(50, 'other'))])
    const first = compress(lines(50)).length
    for (let length = 0; length < two.length; length++) {
      if (length === first) continue
      await expect(readAll(two.subarray(0, length), path), `${length} bytes`).rejects.toMatchObject(damaged)
    }
  })

  test('a flipped bit is found, wherever it matters', async () => {
    const file = compress(lines(200))
    // A flipped bit in a frame's header may ask for a dictionary, or for a window.
    const refused = kind === 'gzip' ? ['DAMAGED'] : ['DAMAGED', 'FILE_KIND', 'TASK_MEMORY']
    const expected = await readAll(file, path)
    await check(
      asyncProperty(integer({ min: 0, max: file.length - 1 }), integer({ min: 0, max: 7 }), async (at, bit) => {
        const flipped = Buffer.from(file)
        flipped[at]! ^= 1 << bit
        const read = await readAll(flipped, path).catch((error: unknown) => error)
        if (read instanceof Error) expect(refused).toContain((read as ShoalError).code)
        else expect((read as typeof expected).records).toEqual(expected.records)
      }),
    )
  })

  test('bytes after the end are damage', async () => {
    await check(
      asyncProperty(uint8Array({ minLength: 1, maxLength: 20 }), async (rest) => {
        rest[0]! |= 1
        const read = readAll(Buffer.concat([compress('a\n'), rest]), path)
        await expect(read).rejects.toMatchObject(damaged)
      }),
    )
  })

  test('other bytes, or none, are damage with a reason', async () => {
    await expect(readAll(Buffer.from('plain text\n'), path)).rejects.toMatchObject({
      ...damaged,
      why: expect.stringContaining('it is not') as unknown,
    })
    await expect(readAll(Buffer.alloc(0), path)).rejects.toMatchObject(damaged)
  })

  test('what expands a thousandfold comes in small pieces, and does not pile up', async () => {
    const length = 192 * 1024 * 1024
    const source = sourceOf(compress(Buffer.alloc(length)))
    const before = process.memoryUsage().arrayBuffers
    const feed = new DecompressedFeed(source, 'd/a', kind)
    let read = 0
    let peak = 0
    for (let piece = await feed.next(); piece !== null; piece = await feed.next()) {
      expect(piece.length).toBeLessThanOrEqual(LIMITS.readChunkBytes)
      read += piece.length
      peak = Math.max(peak, process.memoryUsage().arrayBuffers)
    }
    expect(read).toBe(length)
    expect(peak - before).toBeLessThan(length / 2)
  })

  test('a failing disk is not damage', async () => {
    const broken = {
      size: 100,
      read: () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'read' })),
    }
    await expect(readAll(broken, path)).rejects.toMatchObject({ code: 'EIO' })
  })
})

test('damage is told in words of its own', async () => {
  const whys = new Set<string>()
  for (const [path, file] of [
    ['a.gz', gzipSync(lines(300))],
    ['a.zst', zstdCompressSync(lines(300), { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
  ] as const) {
    for (let at = 20; at < file.length; at++) {
      const flipped = Buffer.from(file)
      flipped[at]! ^= 8
      await readAll(flipped, path).catch((error: unknown) =>
        whys.add((error as ShoalError).why!.replace(/^as .*?: /, '')),
      )
    }
  }
  const known = new Set([
    'its compressed data are not valid',
    'a checksum is wrong',
    'the checksum is wrong',
    'the length is wrong',
    'it is truncated',
    'it is truncated: its last frame is not complete',
    'a block is of a kind that does not exist',
    'bytes that are no frame follow the last frame',
  ])
  expect([...whys].filter((why) => !known.has(why))).toEqual([])
  expect(whys.size).toBeGreaterThan(3)
})

describe('gzip alone', () => {
  test('zero bytes may follow, other bytes after them not', async () => {
    const file = Buffer.concat([gzipSync('a\n'), Buffer.alloc(1000)])
    expect((await readAll(file, 'a.gz')).records).toEqual(['a'])
    await expect(readAll(Buffer.concat([file, gzipSync('b\n')]), 'a.gz')).rejects.toMatchObject(damaged)
  })

  test('every header field is passed over', async () => {
    const file = Buffer.concat([fullGzip('a\n'), fullGzip('b\n')])
    expect((await readAll(file, 'a.gz')).records).toEqual(['a', 'b'])
  })

  test('wrong checksum and wrong length', async () => {
    const file = gzipSync(lines(10))
    for (const at of [-8, -4]) {
      const wrong = Buffer.from(file)
      wrong[wrong.length + at]! ^= 1
      await expect(readAll(wrong, 'a.gz')).rejects.toMatchObject(damaged)
    }
  })

  test.each([
    ['ext_ok_duckdb_test_bgzf.gz', 8],
    ['ext_ok_duckdb_test_concat.gz', 15],
  ])('%s has %d lines', async (name, count) => {
    expect((await readAll(fixture(`compress/${name}`), name)).records).toHaveLength(count)
  })
})

describe('zstd alone', () => {
  test('skippable frames are passed over', async () => {
    const file = Buffer.concat([
      skippable(0),
      zstdCompressSync('a\n'),
      skippable(100),
      zstdCompressSync('b\n'),
      skippable(3),
    ])
    expect((await readAll(file, 'a.zst')).records).toEqual(['a', 'b'])
  })

  test('thousands of frames in one read, each larger than a piece of output', async () => {
    const long = 'x'.repeat(LIMITS.decompressedChunkBytes + 1)
    const frame = zstdCompressSync(long)
    const small = zstdCompressSync('y\n')
    const file = Buffer.concat(
      Array.from({ length: 40 }, () => [frame, ...Array.from({ length: 100 }, () => small)]).flat(),
    )
    const { records } = await readAll(file, 'a.zst')
    const expected = Array.from({ length: 40 }, () => [`${long}y`, ...Array.from({ length: 99 }, () => 'y')]).flat()
    expect(records).toEqual(expected)
  })

  test('bytes too few for a magic number follow, or begin a frame', async () => {
    const frame = zstdCompressSync('a\n')
    const whyOf = (file: Uint8Array): Promise<unknown> =>
      readAll(file, 'a.zst').then(
        () => null,
        (error: ShoalError) => error.why,
      )
    expect(await whyOf(Buffer.concat([frame, Buffer.of(0x28, 0xb5)]))).toBe('as zstd: 2 bytes follow the last frame')
    expect(await whyOf(Buffer.of(0x28, 0xb5))).toBe('as zstd: it is truncated: its last frame is not complete')
    expect(await whyOf(new Uint8Array(0))).toBe('as zstd: it is empty: there is no frame in it')
  })

  test('zeros after the last frame are damage', async () => {
    const file = Buffer.concat([zstdCompressSync('a\n'), Buffer.alloc(4)])
    await expect(readAll(file, 'a.zst')).rejects.toMatchObject(damaged)
  })

  test('a file that its writer left a block unfinished in', async () => {
    const { records } = await readAll(fixture('compress/ext_ok_rle-first-block.zst'), 'a.zst', { encoding: 'bytes' })
    expect(records).toEqual([new Uint8Array(1_048_576)])
  })
})
