import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { array, asyncProperty, assert as check, constantFrom, integer } from 'fast-check'
import { describe as group, expect, test } from 'vitest'
import { LIMITS } from '../../../src/core/limits.ts'
import type { ReadOptions } from '../../../src/core/types.ts'
import { describe } from '../../../src/data/formats/describe.ts'
import type { ByteFeed } from '../../../src/data/formats/feed.ts'
import { LineEndFeed } from '../../../src/data/formats/text/line-end-feed.ts'
import { neededPieces } from '../../../src/data/formats/needed.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'
import { sourceOf } from '../../../src/data/formats/source.ts'
import { Utf16Feed } from '../../../src/data/formats/text/utf16-feed.ts'
import { readAll } from './read-all.ts'

type Order = 'utf-16le' | 'utf-16be'

function utf16(text: string, order: Order = 'utf-16le'): Buffer {
  const bytes = Buffer.from(text, 'utf16le')
  return order === 'utf-16be' ? bytes.swap16() : bytes
}

/** A feed of these bytes, cut where `cuts` say. */
function feedOf(bytes: Uint8Array, cuts: readonly number[]): ByteFeed {
  const at = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted((a, b) => a - b)
  const pieces = at.slice(1).map((end, i) => bytes.slice(at[i], end))
  return {
    next: () => Promise.resolve(pieces.shift() ?? null),
    facts: () => ({ bytes: bytes.length, input: 'x' as never }),
  }
}

async function drained(feed: ByteFeed): Promise<Buffer> {
  const pieces: Buffer[] = []
  for (let piece = await feed.next(); piece !== null; piece = await feed.next()) {
    expect(piece.length).toBeGreaterThan(0)
    expect(piece.length).toBeLessThanOrEqual(LIMITS.readChunkBytes)
    pieces.push(Buffer.from(piece))
  }
  return Buffer.concat(pieces)
}

/** One code unit at a time. */
function naiveUtf8(text: string): Buffer {
  const bytes: number[] = []
  for (const character of text) {
    const code = character.codePointAt(0)!
    const length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    if (length === 1) bytes.push(code)
    else {
      bytes.push([0, 0, 0xc0, 0xe0, 0xf0][length]! | (code >> (6 * (length - 1))))
      for (let i = length - 2; i >= 0; i--) bytes.push(0x80 | ((code >> (6 * i)) & 0x3f))
    }
  }
  return Buffer.from(bytes)
}

group.each<Order>(['utf-16le', 'utf-16be'])('%s', (encoding) => {
  test('any units, cut anywhere, are the UTF-8 of the text, and halves of pairs their three bytes', async () => {
    const unit = constantFrom('a', '\n', 'ä', '日', '\ufeff', '\ud83d', '\ude00', '\uffff', '\u0a00', '\u000d')
    await check(
      asyncProperty(array(unit, { maxLength: 30 }), array(integer({ min: 0, max: 60 })), async (units, cuts) => {
        const text = units.join('')
        const feed = new Utf16Feed(feedOf(utf16(text, encoding), cuts), 'd/a', encoding)
        expect(await drained(feed)).toEqual(naiveUtf8(text))
      }),
      { numRuns: 500 },
    )
  })

  test('text, NDJSON and CSV: lines, places and the hash of the file as it is', async () => {
    const file = utf16('\ufeffeins ä\r\n\ufeff日本\n\n😀ਊ', encoding)
    const { records, places, facts } = await readAll(file, 'a.txt', { encoding })
    expect(records).toEqual(['eins ä', '\ufeff日本', '', '😀ਊ'])
    expect(places).toEqual(['d/a.txt:1', 'd/a.txt:2', 'd/a.txt:3', 'd/a.txt:4'])
    expect(facts).toEqual({ bytes: file.length, input: createHash('sha256').update(file).digest('hex') })
    const rows = await readAll(utf16('\ufeffa→b\r\n"x\r\n→ਊ"→😀\r\n', encoding), 'a.csv', { encoding, delimiter: '→' })
    expect(rows.records).toEqual([{ a: 'x\r\n→ਊ', b: '😀' }])
    expect((await readAll(utf16('{"ä":1}\n[2]', encoding), 'a.ndjson', { encoding })).records).toEqual([{ ä: 1 }, [2]])
    const packed = await readAll(gzipSync(file), 'a.txt.gz', { encoding })
    expect(packed.records).toEqual(records)
  })

  test('of two marks at the start one is data', async () => {
    expect((await readAll(utf16('\ufeff\ufeffa', encoding), 'a.txt', { encoding })).records).toEqual(['\ufeffa'])
  })

  test('with a line of single bytes in it is refused as a whole', async () => {
    const file = Buffer.concat([
      utf16('a,b\r\n1,2\r\n', 'utf-16le'),
      Buffer.from('Oslo,1\r\n'),
      utf16('3,4\r\n', 'utf-16le'),
    ])
    await expect(readAll(file, 'a.csv', { encoding: 'utf-16le' })).rejects.toMatchObject({
      code: 'BAD_RECORD',
      message: expect.stringContaining('text of single bytes stands in it') as unknown,
    })
  })

  test('half a pair spoils its record alone', async () => {
    const file = utf16('ok 😀\nä\ud83dx\n\ude00\nend \ud83d', encoding)
    const { records, bad } = await readAll(file, 'a.txt', { encoding })
    expect(records).toEqual(['ok 😀'])
    expect(bad.map(({ place, why }) => [place, why])).toEqual([
      ['d/a.txt:2', 'an unpaired surrogate: U+D83D as unit 2 of the record'],
      ['d/a.txt:3', 'an unpaired surrogate: U+DE00 as unit 1 of the record'],
      ['d/a.txt:4', 'an unpaired surrogate: U+D83D as unit 5 of the record'],
    ])
    const rows = await readAll(utf16('a,b\n1,\ud800\n2,3\n', encoding), 'a.csv', { encoding })
    expect(rows.records).toEqual([{ a: '2', b: '3' }])
    expect(rows.bad).toMatchObject([{ why: expect.stringContaining('an unpaired surrogate') as unknown }])
  })

  test('the mark of the other order is an error, and so is half a unit at the end', async () => {
    const other = encoding === 'utf-16le' ? 'utf-16be' : 'utf-16le'
    await expect(readAll(utf16('\ufeffa\n', other), 'a.txt', { encoding })).rejects.toMatchObject({
      code: 'BAD_RECORD',
      message: `d/a.txt cannot be read as ${encoding}: its byte order mark says ${other}, the input says ${encoding}`,
    })
    const odd = Buffer.concat([utf16('line\n'.repeat(500_000), encoding), Buffer.of(0)])
    await expect(readAll(odd, 'a.txt', { encoding })).rejects.toMatchObject({
      code: 'BAD_RECORD',
      message: `d/a.txt cannot be read as ${encoding}: it ends within a character: its number of bytes is odd`,
    })
    await expect(readAll(Buffer.of(0x41), 'a.txt', { encoding })).rejects.toMatchObject({ code: 'BAD_RECORD' })
    expect((await readAll(new Uint8Array(0), 'a.txt', { encoding })).records).toEqual([])
  })

  test('a file of several chunks that grows as UTF-8', async () => {
    const parts = Array.from({ length: 30_000 }, (_, i) => `${i} ${'日'.repeat(i % 90)}😀`)
    const file = utf16(parts.join('\n'), encoding)
    expect(file.length).toBeGreaterThan(2 * LIMITS.readChunkBytes)
    expect((await readAll(file, 'a.txt', { encoding })).records).toEqual(parts)
  })
})

group('line ends of any kind', () => {
  test('each CR, LF and CR LF ends a line, wherever the chunks are cut', async () => {
    const unit = constantFrom('a', '\n', '\r', '\r\n', 'ä')
    await check(
      asyncProperty(array(unit, { maxLength: 30 }), array(integer({ min: 0, max: 60 })), async (units, cuts) => {
        const text = units.join('')
        const feed = new LineEndFeed(feedOf(Buffer.from(text), cuts))
        expect((await drained(feed)).toString()).toBe(text.replace(/\r\n?/g, '\n'))
        const lines = text.split(/\r\n|\r|\n/)
        if (lines.at(-1) === '') lines.pop()
        const options = { lineEnd: 'any' } as const
        const { records, places } = await readAll(Buffer.from(text), 'a.txt', options)
        expect(records).toEqual(lines)
        expect(places).toEqual(lines.map((_, i) => `d/a.txt:${i + 1}`))
        const wide = await readAll(utf16(text), 'a.txt', { ...options, encoding: 'utf-16le' })
        expect(wide.records).toEqual(lines)
      }),
      { numRuns: 300 },
    )
  })

  test('NDJSON of CR alone', async () => {
    const { records, bad } = await readAll(Buffer.from('1\r\r{"a":2}\rx'), 'a.ndjson', { lineEnd: 'any' })
    expect(records).toEqual([1, { a: 2 }])
    expect(bad).toMatchObject([{ place: 'd/a.ndjson:4' }])
  })
})

test.each<[string, ReadOptions]>([
  ['a.txt', { encoding: 'utf-16le' }],
  ['a.csv', { encoding: 'utf-16be' }],
  ['a.ndjson', { lineEnd: 'any' }],
  ['a.tsv', { lineEnd: 'any' }],
])('%s as %j is one split, for which the whole file is needed', async (path, options) => {
  const bytes = Buffer.alloc(3_000_000, 'ab\n')
  const resolved = resolveReadOptions(path, options)
  const source = sourceOf(bytes)
  expect(await describe(source, bytes.length, resolved)).toEqual({ cuts: { kind: 'whole' } })
  const input = {
    source,
    start: 0,
    end: bytes.length,
    headerBytes: 0,
    rowGroups: false,
    options: resolved,
    name: 'd/a',
  }
  expect(await neededPieces(input)).toEqual([{ offset: 0, length: bytes.length }])
})
