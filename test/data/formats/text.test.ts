import { createHash } from 'node:crypto'
import { array, asyncProperty, assert as check, constantFrom, integer, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/core/limits.ts'
import { naiveLines } from './naive.ts'
import { readAll } from './read-all.ts'

const bytesOf = (text: string): Buffer => Buffer.from(text, 'utf8')

/** Splits of [0, size) at these positions, wherever they fall. */
function splitsAt(size: number, positions: readonly number[]): { start: number; end: number }[] {
  const cuts = [...new Set([0, ...positions.map((p) => p % (size + 1)), size])].toSorted((a, b) => a - b)
  if (cuts.length === 1) return [{ start: 0, end: 0 }]
  return cuts.slice(1).map((end, i) => ({ start: cuts[i]!, end }))
}

describe('text lines', () => {
  test.each<[string, string[]]>([
    ['', []],
    ['\n', ['']],
    ['a', ['a']],
    ['a\nb\n', ['a', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['a\r\r\n', ['a\r']],
    ['a\rb\n', ['a\rb']],
    ['a\n\r', ['a', '\r']],
    ['a\n\n\nb', ['a', '', '', 'b']],
    ['\uFEFFa\n\uFEFFb\n', ['a', '\uFEFFb']],
    ['\uFEFF', []],
    ['\uFEFF\n', ['']],
    ['ä\n日本\n😀', ['ä', '日本', '😀']],
    ['a\0b\u2028c\n', ['a\0b\u2028c']],
  ])('%j', async (text, lines) => {
    expect((await readAll(bytesOf(text), 'a.txt')).records).toEqual(lines)
  })

  test('a line that is not UTF-8 is bad, and only that line', async () => {
    const file = Buffer.concat([bytesOf('good ä\n'), Buffer.from([0x61, 0xff, 0x62, 10]), bytesOf('after é')])
    const { records, bad } = await readAll(file, 'a.txt')
    expect(records).toEqual(['good ä', 'after é'])
    expect(bad).toEqual([
      {
        place: 'd/a.txt:2',
        why: "not valid UTF-8: byte 0xff at position 2 of the record; is it windows-1252? encoding: 'windows-1252' reads it",
        raw: 'aÿb',
      },
    ])
  })

  test('latin1 and bytes', async () => {
    const file = Buffer.from([0xef, 0xbb, 0xbf, 0xe4, 13, 10, 0xff])
    expect((await readAll(file.subarray(3), 'a.txt', { encoding: 'latin1' })).records).toEqual(['ä', 'ÿ'])
    await expect(readAll(file, 'a.txt', { encoding: 'latin1' })).rejects.toMatchObject({ code: 'BAD_RECORD' })
    const { records } = await readAll(file, 'a.txt', { encoding: 'bytes' })
    expect(records).toEqual([Uint8Array.of(0xef, 0xbb, 0xbf, 0xe4), Uint8Array.of(0xff)])
  })

  test('wherever it is cut, the splits give the same lines and places, and share all bytes', async () => {
    const content = array(constantFrom(10, 10, 13, 97, 98, 0xc3, 0xa4, 0xff, 0xef, 0xbb, 0xbf), { maxLength: 60 })
    await check(
      asyncProperty(content, array(integer({ min: 0, max: 60 }), { maxLength: 6 }), async (bytes, positions) => {
        const file = Uint8Array.from(bytes)
        const expected = naiveLines(file)
        const records: unknown[] = []
        const places: string[] = []
        let covered = 0
        for (const split of splitsAt(file.length, positions)) {
          const read = await readAll(file, 'a.txt', { encoding: 'bytes' }, split)
          records.push(...read.records)
          places.push(...read.places)
          covered += read.facts.bytes
        }
        expect(records).toEqual(expected)
        expect(places).toEqual(expected.map((_, i) => `d/a.txt:${i + 1}`))
        expect(covered).toBe(file.length)
      }),
      { numRuns: 300 },
    )
  })

  test('utf-8: the splits together give what the whole gives, bad lines too', async () => {
    await check(
      asyncProperty(
        uint8Array({ maxLength: 40 }),
        array(integer({ min: 0, max: 40 }), { maxLength: 4 }),
        async (file, at) => {
          for (let i = 0; i < file.length; i += 3) file[i] = i % 2 === 0 ? 10 : 0x41
          const whole = await readAll(file, 'a.txt')
          const parts = []
          for (const split of splitsAt(file.length, at)) parts.push(await readAll(file, 'a.txt', {}, split))
          expect(parts.flatMap(({ records }) => records)).toEqual(whole.records)
          expect(parts.flatMap(({ bad }) => bad)).toEqual(whole.bad)
          const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
          const start = file[0] === 0xef && file[1] === 0xbb && file[2] === 0xbf ? 3 : 0
          const lines = naiveLines(file.subarray(start))
          const good = lines.flatMap((line) => {
            try {
              return [decoder.decode(line)]
            } catch {
              return []
            }
          })
          expect(whole.records).toEqual(good)
          expect(whole.bad).toHaveLength(lines.length - good.length)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('files of several chunks, with characters and lines across their borders', async () => {
    const parts: string[] = []
    for (let i = 0, length = 0; length < 3 * LIMITS.readChunkBytes; i++) {
      const line = i % 1000 === 7 ? '日'.repeat(60_000) : `line ${i} äöü😀`
      parts.push(line)
      length += Buffer.byteLength(line) + 1
    }
    const file = bytesOf(parts.join('\n'))
    expect((await readAll(file, 'a.txt')).records).toEqual(parts)
    const read: unknown[] = []
    for (const split of splitsAt(file.length, [1, 1_000_000, 1_048_576, 2_222_222, 3_000_001])) {
      read.push(...(await readAll(file, 'a.txt', {}, split)).records)
    }
    expect(read).toEqual(parts)
  })

  test('the input hash is that of the records’ bytes', async () => {
    const file = bytesOf('one\ntwo\nthree\n')
    const { facts } = await readAll(file, 'a.txt', {}, { start: 2, end: 5 })
    const own = bytesOf('two\n')
    expect(facts).toEqual({ bytes: own.length, input: createHash('sha256').update(own).digest('hex') })
  })

  test('a line at the limit is read; a longer one is refused in bounded memory', async () => {
    const limit = LIMITS.recordBytesMax
    const exact = Buffer.alloc(limit + 2, 0x61)
    exact[limit + 1] = 10
    exact[limit] = 13
    expect((await readAll(exact, 'a.txt')).records.map((line) => (line as string).length)).toEqual([limit])

    let furthest = 0
    const endless = {
      size: 100 * limit,
      read: (offset: number, length: number) => {
        furthest = Math.max(furthest, offset + length)
        return Buffer.alloc(length, offset === 0 ? 10 : 0x61)
      },
    }
    const error = { code: 'RECORD_LIMIT', message: expect.stringMatching(/^d\/a\.txt:1048577: /) as unknown }
    await expect(readAll(endless, 'a.txt')).rejects.toMatchObject(error)
    expect(furthest).toBeLessThan(limit + 4 * LIMITS.readChunkBytes)
  })

  test('a file that has become shorter is SHARD_CHANGED', async () => {
    const source = { size: 100, read: () => new Uint8Array(10) }
    await expect(readAll(source, 'a.txt')).rejects.toMatchObject({ code: 'SHARD_CHANGED' })
  })
})
