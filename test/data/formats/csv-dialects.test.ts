import { array, assert as check, asyncProperty, integer, oneof } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Digest, ReadOptions } from '../../../src/core/types.ts'
import { headLength } from '../../../src/data/formats/csv/head.ts'
import { CsvReader } from '../../../src/data/formats/csv/reader.ts'
import type { ByteFeed } from '../../../src/data/formats/feed.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'
import { Places } from '../../../src/data/formats/places.ts'
import { BAD } from '../../../src/data/formats/reader.ts'
import { hostRows } from '../../../src/data/formats/rows.ts'
import { sourceOf } from '../../../src/data/formats/source.ts'
import { contents, dialects, expectedOf, splitsOf, tables, withoutBom } from './dialects.ts'
import { readAll, type ReadResult } from './read-all.ts'

const texts = oneof(contents, tables)
const cuts = array(integer({ min: 0, max: 60 }), { maxLength: 4 })

interface Told {
  readonly records: unknown[]
  readonly places: string[]
  readonly bad: ReadResult['bad']
}

function told(parts: readonly ReadResult[]): Told {
  return {
    records: parts.flatMap((part) => part.records),
    places: parts.flatMap((part) => part.places),
    bad: parts.flatMap((part) => part.bad),
  }
}

/** Reads a file whose bytes come in pieces of these sizes, again and again. */
async function readPieces(file: Buffer, sizes: readonly number[], dialect: ReadOptions): Promise<Told> {
  const options = resolveReadOptions('a.csv', dialect)
  const source = sourceOf(file)
  let at = 0
  const feed: ByteFeed = {
    next: async () => {
      const piece = file.subarray(at, at + sizes[at % sizes.length]!)
      at += piece.length
      return await Promise.resolve(piece.length === 0 ? null : piece)
    },
    facts: () => ({ bytes: file.length, input: '' as Digest }),
  }
  const input = { source, start: 0, end: file.length, rowGroups: false, headerBytes: 0, options, name: 'd/a.csv' }
  const reader = new CsvReader(input, hostRows, feed, new Places(source, 'd/a.csv', 0))
  const { records, places, bad }: Told = { records: [], places: [], bad: [] }
  for (let batch = await reader.next(); batch !== null; batch = await reader.next())
    for (let i = 0; i < batch.length; i++) {
      const record = batch.record(i)
      const place = await batch.place(i)
      if (record === BAD) bad.push({ place, why: batch.bad(i), raw: batch.raw(i) })
      else {
        records.push(record)
        places.push(place)
      }
    }
  return { records, places, bad }
}

describe('a file in any dialect', () => {
  test('is what the naive reader makes of it', async () => {
    await check(
      asyncProperty(texts, dialects, async (text, options) => {
        const expected = expectedOf(withoutBom(text), options)
        const read = readAll(Buffer.from(text), 'a.csv', options)
        if (expected === null) {
          await expect(read).rejects.toMatchObject({ code: 'BAD_RECORD' })
          return
        }
        const { records, places, bad } = await read
        expect(records).toEqual(expected.records)
        expect(places).toEqual(expected.places)
        expect(bad.map(({ place }) => place)).toEqual(expected.bad)
      }),
      { numRuns: 6_000 },
    )
  })

  test('is what its splits are together', async () => {
    await check(
      asyncProperty(texts, dialects, cuts, async (text, options, at) => {
        const file = Buffer.from(text)
        if (expectedOf(withoutBom(text), options) === null) return
        const splits = await splitsOf(file, options, at)
        const parts = await Promise.all(splits.map((split) => readAll(file, 'a.csv', options, split)))
        expect(told(parts)).toEqual(told([await readAll(file, 'a.csv', options)]))
      }),
      { numRuns: 4_000 },
    )
  })

  test('is the same in pieces of any size, also with bytes that are no UTF-8', async () => {
    const sizes = array(integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })
    const broken = array(integer({ min: 0, max: 60 }), { maxLength: 2 })
    await check(
      asyncProperty(texts, dialects, sizes, broken, async (text, options, lengths, at) => {
        const file = Buffer.from(text)
        for (const position of at) if (position < file.length && file[position]! > 13) file[position] = 0xff
        const read = async (pieces: readonly number[]): Promise<unknown> =>
          await readPieces(file, pieces, options).catch((error: unknown) => (error as { readonly code: string }).code)
        expect(await read(lengths)).toEqual(await read([file.length]))
      }),
      { numRuns: 4_000 },
    )
  })

  test('has its head where the naive reader sees it', async () => {
    await check(
      asyncProperty(texts, dialects, async (text, dialect) => {
        const options = { ...dialect, lineEnd: 'lf' as const }
        const content = withoutBom(text)
        const { table } = expectedOf(content, options) ?? {}
        if (table === undefined) return
        const bom = text.length - content.length
        const inBytes = table.head === null ? null : Buffer.byteLength(text.slice(0, bom + table.head))
        const resolved = resolveReadOptions('a.csv', options)
        const wantsNothing = !resolved.header && resolved.columns !== null && resolved.skipLines === 0
        expect(await headLength(sourceOf(Buffer.from(text)), resolved)).toBe(wantsNothing ? 0 : inBytes)
      }),
      { numRuns: 2_000 },
    )
  })
})
