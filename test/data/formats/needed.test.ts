/** What a split needs of its file is all that its reader reads, and the reader then gives what it gives of the whole file. */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { array, assert as check, asyncProperty, constantFrom, integer, record, string } from 'fast-check'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/core/limits.ts'
import type { Bytes, ReadOptions } from '../../../src/core/types.ts'
import { describe as describeShard } from '../../../src/data/formats/describe.ts'
import { neededPieces, type Piece } from '../../../src/data/formats/needed.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'
import { sourceOf, type RandomAccess } from '../../../src/data/formats/source.ts'
import { contents, dialects, splitsOf } from './dialects.ts'
import { fixture, fixtures } from './fixture.ts'
import { readAll, type ReadResult, type SplitToRead } from './read-all.ts'

/** Pieces of a file, and nothing between them. */
function piecesOf(file: Uint8Array, pieces: readonly Piece[]): RandomAccess {
  return {
    size: file.length,
    read: (offset, length) => {
      const end = Math.min(offset + length, file.length)
      const held = pieces.some((piece) => offset >= piece.offset && end <= piece.offset + piece.length)
      if (!held && end > offset) throw new Error(`[${offset}, ${end}) is not among the pieces`)
      return file.slice(offset, end)
    },
  }
}

/** As `wc -l` counts, and one more where the split begins inside a line. */
function linesBefore(file: Uint8Array, start: number): number {
  const before = Buffer.from(file.subarray(0, start)).toString('latin1')
  return before.split('\n').length - (start === 0 || before.endsWith('\n') ? 1 : 0)
}

async function piecesFor(file: Uint8Array, path: string, options: ReadOptions, split: SplitToRead): Promise<Piece[]> {
  const { start, end, headerBytes = 0, rowGroups = false } = split
  const resolved = resolveReadOptions(path, options)
  const source = sourceOf(file)
  return await neededPieces({ source, start, end, headerBytes, rowGroups, options: resolved, name: `d/${path}` })
}

async function outcome(read: Promise<ReadResult>): Promise<unknown> {
  return await read.catch((error: unknown) => ({ code: (error as { code?: string }).code, message: String(error) }))
}

/** Reads a split from its pieces and from the whole file; gives the share of the file that was needed. */
async function compare(file: Uint8Array, path: string, options: ReadOptions, split: SplitToRead): Promise<number> {
  const pieces = await piecesFor(file, path, options, split)
  for (const [i, { offset, length }] of pieces.entries()) {
    const before = pieces[i - 1]
    expect(length).toBeGreaterThan(0)
    expect(offset).toBeGreaterThanOrEqual(before === undefined ? 0 : before.offset + before.length)
    expect(offset + length).toBeLessThanOrEqual(file.length)
  }
  const known = { ...split, linesBefore: linesBefore(file, split.start) }
  const part = await outcome(readAll(piecesOf(file, pieces), path, options, known))
  expect(part).toEqual(await outcome(readAll(file, path, options, split)))
  return pieces.reduce((sum, { length }) => sum + length, 0) / Math.max(1, file.length)
}

const line = constantFrom('{"a":1}', '', '\r', '{"a":"é"}', 'no JSON', 'x,"y\nz",1', '"', 'k,v', '\u00ff', '1,2\r')
const text = array(line, { maxLength: 40 }).map((lines) => Buffer.from(lines.join('\n')))
const cut = { file: text, a: integer({ min: 0, max: 200 }), b: integer({ min: 0, max: 200 }) }

describe('the pieces of a split', () => {
  test.each(['a.ndjson', 'a.txt'])('of lines (%s), cut anywhere', async (path) => {
    await check(
      asyncProperty(record(cut), async ({ file, a, b }) => {
        const [start, end] = [Math.min(a, b, file.length), Math.min(Math.max(a, b), file.length)]
        await compare(file, path, {}, { start, end })
      }),
    )
  })

  test('of CSV, cut where a record begins, come with the header', async () => {
    await check(
      asyncProperty(array(string({ unit: constantFrom('a', '"', '\n', ',') }), { maxLength: 60 }), async (cells) => {
        const rows = cells.map((cell, i) => `${i},"${cell.replaceAll('"', '""')}"`)
        const file = Buffer.from(`key,value\n${rows.join('\n')}\n`)
        let at = 'key,value\n'.length
        const starts = rows.map((row) => {
          const start = at
          at += Buffer.byteLength(row) + 1
          return start
        })
        for (const [i, start] of starts.entries())
          if (i > 0) await compare(file, 'a.csv', {}, { start, end: starts[i + 3] ?? file.length, headerBytes: 10 })
        await compare(file, 'a.csv', {}, { start: 0, end: starts[2] ?? file.length, headerBytes: 10 })
      }),
    )
  })

  test('of CSV in any dialect come with what stands before its rows', async () => {
    const cuts = array(integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 4 })
    await check(
      asyncProperty(contents, dialects, cuts, async (content, options, at) => {
        const bytes = Buffer.from(content)
        for (const split of await splitsOf(bytes, options, at)) await compare(bytes, 'a.csv', options, split)
      }),
      { numRuns: 500 },
    )
  })

  test('of lines longer than a tail, and of a record that is too long', async () => {
    const long = Buffer.from(`${'x'.repeat(5 * LIMITS.splitTailBytes)}\n`.repeat(4))
    for (const end of [1, LIMITS.splitTailBytes, 6 * LIMITS.splitTailBytes, long.length - 1, long.length])
      await compare(long, 'a.txt', {}, { start: 0, end })
    const endless = Buffer.alloc(LIMITS.recordBytesMax + 40 * LIMITS.readChunkBytes, 'y')
    const needed = await compare(endless, 'a.txt', {}, { start: 0, end: 100 })
    expect(needed).toBeLessThan(0.6)
  })

  test('of compressed files are the whole, damaged or not', async () => {
    const lines = Buffer.from('{"a":1}\n{"a":2}\n'.repeat(1000))
    for (const [path, bytes] of [
      ['a.ndjson.gz', gzipSync(lines)],
      ['a.ndjson.zst', zstdCompressSync(lines)],
    ] as const)
      for (const file of [bytes, bytes.subarray(0, 20), bytes.subarray(0, 0)])
        await compare(file, path, {}, { start: 0, end: file.length })
  })

  test.each(fixtures('parquet', '.parquet'))('of Parquet: %s, by row group and cut off', async (name) => {
    const file = fixture(`parquet/${name}`)
    const { cuts } = await describeShard(sourceOf(file), file.length, resolveReadOptions(name, {}))
    const groups = cuts.kind === 'row-groups' ? cuts.groups.length : 0
    for (let i = 0; i < groups; i++) await compare(file, name, {}, { start: i, end: i + 1, rowGroups: true })
    await compare(file, name, {}, { start: 0, end: file.length })
    for (const length of [0, 5, 12, file.length - 1, file.length >> 1])
      await compare(file.subarray(0, length), name, {}, { start: 0, end: length })
    const flipped = Uint8Array.from(file)
    for (let at = file.length - 9; at > file.length - 60 && at > 0; at -= 7) flipped[at]! ^= 0x55
    await compare(flipped, name, {}, { start: 0, end: file.length })
  })

  test('of Parquet are the footer and the chunks of the wanted columns, not the rest', async () => {
    const random = (seed: number): Bytes[] => Array.from({ length: 120_000 }, (_, i) => Math.sin(i * seed) * 1e9)
    const file = new Uint8Array(
      parquetWriteBuffer({
        columnData: [3, 5, 7].map((seed) => ({ name: `c${seed}`, data: random(seed), type: 'DOUBLE' as const })),
        rowGroupSize: 30_000,
      }),
    )
    expect(await compare(file, 'a.parquet', {}, { start: 1, end: 2, rowGroups: true })).toBeLessThan(0.35)
    const one = await compare(file, 'a.parquet', { columns: ['c5'] }, { start: 1, end: 3, rowGroups: true })
    expect(one).toBeLessThan(0.25)
    await compare(file, 'a.parquet', { columns: ['none'] }, { start: 0, end: 4, rowGroups: true })
  })
})
