import { describe as group, expect, test } from 'vitest'
import { LIMITS } from '../../../src/core/limits.ts'
import type { Cuts, ReadOptions } from '../../../src/core/types.ts'
import { cutSplits } from '../../../src/core/plan/splits.ts'
import { describe } from '../../../src/data/formats/describe.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'
import { sourceOf } from '../../../src/data/formats/source.ts'
import { fixture } from './fixture.ts'
import { readAll } from './read-all.ts'

const cutsOf = async (...about: Parameters<typeof describe>): Promise<Cuts> => (await describe(...about)).cuts

const describeBytes = (bytes: Uint8Array, path: string, options = {}): Promise<Cuts> =>
  cutsOf(sourceOf(bytes), bytes.length, resolveReadOptions(path, options))

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

  test('Parquet: its columns', async () => {
    const file = fixture('parquet/rowgroups.parquet')
    const { columns } = await describe(sourceOf(file), file.length, resolveReadOptions('a.parquet', {}))
    expect(columns).toBe('numbers int64')
    expect(await describe(sourceOf(file), file.length, resolveReadOptions('a.txt', {}))).not.toHaveProperty('columns')
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

  test.each<[string, ReadOptions, string, unknown]>([
    ['no quote', { quote: '' }, 'a,"b\n1,2\n', { kind: 'lines', header: 5 }],
    ['a preamble', { quote: '', skipLines: 1, comment: '#' }, '\uFEFF"x\n#"\n\na,b\n', { kind: 'lines', header: 14 }],
    ['arrays', { quote: '', header: false }, '\r\na\n', { kind: 'lines', header: 4 }],
    ['columns', { quote: '', header: false, columns: ['a'] }, '\n\na\n', { kind: 'lines' }],
    ['columns after a preamble', { quote: '', header: false, columns: ['a'], skipLines: 2 }, 'x\ny\na\n', { kind: 'lines', header: 4 }], // prettier-ignore
    ['an escape', { quote: '', escape: '\\' }, 'a\\\n,b\n', { kind: 'offsets', header: 6 }],
    ['quotes', { skipLines: 1 }, '"\n"a\n",b\n', { kind: 'offsets', header: 9 }],
    ['columns and quotes', { header: false, columns: ['a', 'b'] }, 'a,b\n', { kind: 'offsets', header: 0 }],
    ['line ends of any kind', { lineEnd: 'any' }, 'a,b\r', { kind: 'whole' }],
    ['no end to its preamble', { skipLines: 10_000 }, 'a,b\n', { kind: 'whole' }],
  ])('a large CSV with %s', async (_, options, beginning, cuts) => {
    const size = LIMITS.splitBytes + 1
    const start = Buffer.from(beginning)
    const read = (offset: number, length: number): Uint8Array => {
      // Lines of 64 KiB, so that 10,000 are more than a record may be.
      const bytes = Buffer.alloc(Math.min(length, size - offset), 'x')
      for (let at = 0; at < bytes.length; at++) if ((offset + at) % 65_536 === 65_535) bytes[at] = 10
      if (offset < start.length) start.copy(bytes, 0, offset)
      return bytes
    }
    expect(await cutsOf({ size, read }, size, resolveReadOptions('a.csv', options))).toMatchObject(cuts as object)
    const exact = (cuts as { readonly kind: string }).kind === 'lines'
    if (exact) expect(await cutsOf({ size, read }, size, resolveReadOptions('a.csv', options))).toEqual(cuts)
  })

  test('cuts fall on record ends of every dialect, after all that stands before the rows', async () => {
    const piece = `${'x'.repeat(999)},a\\\n",b\n#"\n${'y'.repeat(900)},"c\n"\n`
    const file = Buffer.from(`"skipped\n# "\na,b\n${piece.repeat(Math.ceil((1.1 * LIMITS.splitBytes) / piece.length))}`)
    const options = { skipLines: 1, comment: '#', escape: '\\', escapeIn: 'all' } as const
    const cuts = await describeBytes(file, 'a.csv', options)
    expect(cuts).toMatchObject({ kind: 'offsets', header: 17 })
    const at = cuts.kind === 'offsets' ? cuts.at : []
    expect(at).toHaveLength(4)
    for (const cut of at) expect(['x', '#', 'y']).toContain(String.fromCharCode(file[cut]!))
    for (const cut of at) expect(file[cut - 1]).toBe(10)
  })

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
    expect(await cutsOf(source, source.size, resolveReadOptions('a.csv', {}))).toEqual({ kind: 'whole' })
  })
})
