import { zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { DecompressedFeed } from '../../../src/data/formats/compressed/compress.ts'
import { sourceOf } from '../../../src/data/formats/source.ts'
import { frameHeader } from '../../../src/data/formats/compressed/zstd-header.ts'
import { fixture } from './fixture.ts'
import { readAll } from './read-all.ts'

const WIDE = fixture('compress/window-2GiB.zst')
const GIB = 2 ** 30

/** A frame of RLE blocks: `blocks` times 128 KiB of one letter, in a window of 2 ** windowLog. */
function rleFrame(windowLog: number, blocks: number, letter = 'a', contentSize?: number): Buffer {
  const head = Buffer.alloc(contentSize === undefined ? 6 : 10)
  head.writeUInt32LE(0xfd2fb528, 0)
  head[4] = contentSize === undefined ? 0 : 0x80
  head[5] = (windowLog - 10) << 3
  if (contentSize !== undefined) head.writeUInt32LE(contentSize, 6)
  const body = Array.from({ length: blocks }, (_, i) => {
    const block = Buffer.alloc(4)
    block.writeUIntLE((131_072 << 3) | (1 << 1) | (i === blocks - 1 ? 1 : 0), 0, 3)
    block.write(letter, 3)
    return block
  })
  return Buffer.concat([head, ...body])
}

const skippable = (bytes: number): Buffer => {
  const frame = Buffer.alloc(8 + bytes)
  frame.writeUInt32LE(0x184d2a5f, 0)
  frame.writeUInt32LE(bytes, 4)
  return frame
}

async function lengthOf(file: Uint8Array, windowMax: number): Promise<number> {
  const feed = new DecompressedFeed(sourceOf(file), 'd/x.zst', 'zstd', windowMax)
  let length = 0
  for (let piece = await feed.next(); piece !== null; piece = await feed.next()) length += piece.length
  return length
}

describe('windows', () => {
  test('what headers say', () => {
    expect(frameHeader(WIDE)).toMatchObject({ kind: 'frame', window: 2 * GIB, contentSize: null, dictionary: 0 })
    expect(frameHeader(rleFrame(20, 1, 'a', 5))).toMatchObject({ window: 2 ** 20, contentSize: 5, length: 10 })
    expect(frameHeader(zstdCompressSync(Buffer.alloc(300)))).toMatchObject({ window: 300, contentSize: 300 })
    expect(frameHeader(fixture('compress/dictionary.zst'))).toMatchObject({ dictionary: 20_261_130 })
    expect(frameHeader(Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x01, 0))).toMatchObject({ window: 1024 + 128, length: 6 })
    expect(frameHeader(skippable(3))).toEqual({ kind: 'skippable', length: 8, size: 3 })
    for (let length = 0; length < 6; length++) expect(frameHeader(WIDE.subarray(0, length))).toBe('short')
    expect(frameHeader(Buffer.from('text'))).toBe('none')
  })

  test('2 GiB, for little content: it takes the memory of the content', async () => {
    const expected = Array.from({ length: 20_000 }, (_, i) => String(i + 1))
    expect((await readAll(WIDE, 'a.zst')).records).toEqual(expected)
    const among = Buffer.concat([skippable(100), zstdCompressSync('first\n'), WIDE, skippable(0), WIDE, skippable(7)])
    const { records, facts } = await readAll(among, 'a.zst')
    expect(records).toEqual(['first', ...expected, ...expected])
    expect(facts.bytes).toBe(among.length)
    const before = process.memoryUsage.rss()
    expect(await lengthOf(among, 108_894)).toBe(6 + 2 * 108_894)
    expect(process.memoryUsage.rss() - before).toBeLessThan(200_000_000)
  })

  test('more content than there is memory for: refused, with what to do', async () => {
    await expect(lengthOf(WIDE, 100_000)).rejects.toMatchObject({
      code: 'TASK_MEMORY',
      exit: 1,
      message: 'd/x.zst is sound, but its window is 2 GiB and this task may use 0 MB for it',
      try: [
        '--task-memory 3GB (and node --memory)',
        'recompress it without --long: `zstd -dc --long=31 FILE | zstd -o FILE.new`',
      ],
    })
    const block = 131_072
    const max = 8 * block
    // The frame's own content counts, not what is beside it; a window within the limit holds any content.
    expect(await lengthOf(Buffer.concat([rleFrame(25, 8), rleFrame(20, 40), rleFrame(25, 8)]), max)).toBe(56 * block)
    await expect(lengthOf(Buffer.concat([rleFrame(20, 9), rleFrame(25, 9)]), max)).rejects.toMatchObject({
      code: 'TASK_MEMORY',
    })
    // A frame that tells its size is refused before anything of it is given, or not at all.
    expect(await lengthOf(rleFrame(25, 8, 'a', 8 * block), max)).toBe(8 * block)
    const feed = new DecompressedFeed(sourceOf(rleFrame(25, 9, 'a', 9 * block)), 'd/x', 'zstd', max)
    await expect(feed.next()).rejects.toMatchObject({ code: 'TASK_MEMORY' })
  })

  test('above 2 GiB: refused, whatever memory there is', async () => {
    for (const [log, size] of [
      [32, '4 GiB'],
      [41, '2 TiB'],
    ] as const)
      await expect(lengthOf(rleFrame(log, 1), 2 ** 45)).rejects.toMatchObject({
        code: 'FILE_KIND',
        message: `d/x.zst may be sound, but its window is ${size} and the most that is read is 2 GiB`,
      })
  })

  test('a dictionary that is not there', async () => {
    await expect(readAll(fixture('compress/dictionary.zst'), 'a.zst')).rejects.toMatchObject({
      code: 'FILE_KIND',
      message: 'd/a.zst needs a zstd dictionary (id 20261130), which is not in the file',
      try: ['decompress it with the dictionary first: `zstd -d -D DICT FILE`'],
    })
  })

  test('frames of which each is to be alone, cut anywhere, are whole or damaged', async () => {
    const one = rleFrame(25, 2)
    const two = Buffer.concat([one, rleFrame(25, 1, 'b')])
    for (let length = 1; length <= two.length; length++) {
      const read = lengthOf(two.subarray(0, length), 3 * 131_072)
      if (length === one.length) expect(await read).toBe(2 * 131_072)
      else if (length === two.length) expect(await read).toBe(3 * 131_072)
      else await expect(read, `${length} bytes`).rejects.toMatchObject({ code: 'DAMAGED' })
    }
  })
})
