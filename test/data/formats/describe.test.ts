import { describe as group, expect, test } from 'vitest'
import { LIMITS } from '../../../src/core/limits.ts'
import { cutSplits } from '../../../src/core/splits.ts'
import { describe } from '../../../src/data/formats/describe.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'
import { sourceOf } from '../../../src/data/formats/source.ts'
import { fixture } from './fixture.ts'
import { readAll } from './read-all.ts'

const describeBytes = (bytes: Uint8Array, path: string, options = {}): ReturnType<typeof describe> =>
  describe(sourceOf(bytes), bytes.length, resolveReadOptions(path, options))

/** A CSV a little longer than a split, with line ends and quotes in quoted fields, and rows to count. */
function largeCsv(): { file: Buffer; rows: number } {
  const piece: string[] = []
  for (let i = 0; i < 1000; i++) piece.push(`${i},"multi\nline ""${i}"" ${'x'.repeat(i % 90)}",plain\n`)
  const text = Buffer.from(piece.join(''))
  const times = Math.ceil((LIMITS.splitBytes * 1.03) / text.length)
  return {
    file: Buffer.concat([Buffer.from('\uFEFF\nid,"te\nxt",c\n'), ...Array.from({ length: times }, () => text)]),
    rows: 1000 * times,
  }
}

group('describe', () => {
  test.each([
    ['a.txt', 'lines'],
    ['a.ndjson', 'lines'],
    ['a.csv', 'lines'],
    ['a.txt.gz', 'whole'],
    ['a.csv.zst', 'whole'],
    ['a.parquet.gz', 'whole'],
    ['a.parquet', 'whole'],
  ])('%s that is small, and no Parquet: %s', async (path, kind) => {
    expect(await describeBytes(Buffer.from('not parquet\n'), path)).toEqual({ kind })
    expect(await describeBytes(new Uint8Array(0), path)).toEqual({ kind })
  })

  test('Parquet: its row groups', async () => {
    const cuts = await describeBytes(fixture('parquet/rowgroups.parquet'), 'a.parquet')
    expect(cuts).toMatchObject({ kind: 'row-groups', groups: [{ rows: 10 }, { rows: 5 }] })
  })

  test('a large CSV is cut at record starts only, and its splits hold all its rows, in order', async () => {
    const { file, rows } = largeCsv()
    const cuts = await describeBytes(file, 'a.csv')
    expect(cuts).toMatchObject({ kind: 'offsets', header: Buffer.byteLength('\uFEFF\nid,"te\nxt",c\n') })
    const splits = cutSplits(file.length, cuts)
    expect(splits.length).toBe(2)
    let next = 0
    for (const { start, end } of splits) {
      const headerBytes = cuts.kind === 'offsets' ? cuts.header : 0
      const { records, bad } = await readAll(file, 'a.csv', {}, { start, end, headerBytes })
      expect(bad).toEqual([])
      for (const record of records) {
        const { id, c, 'te\nxt': text } = record as Record<string, string>
        const i = next % 1000
        if (id !== String(i) || c !== 'plain' || text !== `multi\nline "${i}" ${'x'.repeat(i % 90)}`)
          expect(record).toBe(next)
        next++
      }
    }
    expect(next).toBe(rows)
  }, 60_000)

  test('the event loop has its turn while a large file is scanned, and a signal ends it', async () => {
    const size = 2 * LIMITS.splitBytes
    const chunk = Buffer.alloc(LIMITS.readChunkBytes, '"quoted","\n')
    const source = { size, read: (_: number, length: number) => chunk.subarray(0, length) }
    let turns = 0
    const turn = setInterval(() => turns++, 0)
    const stop = new AbortController()
    const scan = describe(source, size, resolveReadOptions('a.csv', {}), stop.signal)
    setTimeout(() => {
      stop.abort(new Error('enough'))
    }, 20)
    await expect(scan).rejects.toThrow('enough')
    clearInterval(turn)
    expect(turns).toBeGreaterThan(0)
  })

  test('a large CSV without a record end is whole', async () => {
    const source = { size: 2 * LIMITS.splitBytes, read: (_: number, length: number) => Buffer.alloc(length, 0x61) }
    expect(await describe(source, source.size, resolveReadOptions('a.csv', {}))).toEqual({ kind: 'whole' })
  })
})
