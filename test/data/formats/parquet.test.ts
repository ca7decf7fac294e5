import { createHash } from 'node:crypto'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { scaledText } from '../../../src/data/typed.ts'
import { fixture, fixtures } from './fixture.ts'
import { readAll } from './read-all.ts'

const damaged = { code: 'DAMAGED' }

/** Our values in the form of the suite's JSON: numbers for integers and decimals, ISO dates, no type for bytes. */
function asUpstream(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Object.is(value, -0)) return 0
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return [...value]
  if (Array.isArray(value)) return value.map(asUpstream)
  if (typeof value !== 'object' || value === null) return value
  // Upstream leaves out some null fields of structs; here a struct has all its fields.
  const given = Object.entries(value).filter(([, field]) => field !== null)
  return Object.fromEntries(given.map(([name, field]) => [name, asUpstream(field)]))
}

describe('parquet', () => {
  test.each(fixtures('parquet', '.parquet'))('hyparquet %s', async (name) => {
    const expected = JSON.parse(fixture(`parquet/${name.replace('.parquet', '.json')}`).toString()) as unknown[][]
    // The suite takes binary for text, timestamps for Dates, and decimals for doubles.
    const { records, bad } = await readAll(fixture(`parquet/${name}`), name, { encoding: 'utf-8', timestamps: 'date' })
    expect(bad).toEqual([])
    const rows = records.map((record) => Object.values(record as object).map(asUpstream))
    const decimals = name.includes('decimal')
      ? rows.map((row) => row.map((cell) => (typeof cell === 'string' ? Number(cell) : cell)))
      : rows
    expect(decimals).toEqual(asUpstream(expected))
  })

  test('decimals and 64-bit integers are exact', async () => {
    expect((await readAll(fixture('parquet/issue115decimal.parquet'), 'a.parquet')).records).toEqual([
      { amount: '-12345.67' },
    ])
    const { records } = await readAll(fixture('parquet/signs.parquet'), 'a.parquet')
    const signed = records.map((record) => (record as Record<string, unknown>)['signed_int64'])
    expect(signed).toContain(-(2n ** 63n))
    expect(signed).toContain(2n ** 63n - 1n)
  })

  test.each([
    [0n, 0, '0'],
    [-5n, 0, '-5'],
    [5n, 2, '0.05'],
    [-5n, 3, '-0.005'],
    [150n, 2, '1.50'],
    [-12345678901234567890n, 10, '-1234567890.1234567890'],
  ])('%d at scale %d is %s', (value, scale, text) => {
    expect(scaledText(value, scale)).toBe(text)
  })

  const numbers = Array.from({ length: 200_000 }, (_, i) => i)
  const large = new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'n', data: BigInt64Array.from(numbers, BigInt), type: 'INT64' },
        { name: 's', data: numbers.map((i) => `text ${i}`), type: 'STRING' },
        { name: 'd', data: numbers.map((i) => (i % 7 === 0 ? null : new Date(i * 1000))), type: 'TIMESTAMP' },
        { name: 'b', data: numbers.map((i) => Uint8Array.of(i & 255)), type: 'BYTE_ARRAY' },
      ],
      rowGroupSize: 120_000,
      pageSize: 10_000,
    }),
  )

  test('many windows of several row groups, each split alone, give all rows in order', async () => {
    const parts = []
    for (const start of [0, 1])
      parts.push(await readAll(large, 'a.parquet', {}, { start, end: start + 1, rowGroups: true }))
    const rows = parts.flatMap(({ records }) => records)
    expect(rows).toHaveLength(numbers.length)
    for (const [i, row] of rows.entries()) {
      const { n, s, d, b } = row as { n: bigint; s: string; d: Date | null; b: Uint8Array }
      if (
        n !== BigInt(i) ||
        s !== `text ${i}` ||
        (d?.getTime() ?? -1) !== (i % 7 === 0 ? -1 : i * 1000) ||
        b[0] !== (i & 255)
      ) {
        expect(row).toBe(i)
      }
    }
    expect(parts[1]!.places[0]).toBe('d/a.parquet#120001')
    expect(parts[0]!.facts.input).not.toBe(parts[1]!.facts.input)
  })

  test('columns are read alone, and those that are not there are named', async () => {
    const { records, facts } = await readAll(large, 'a.parquet', { columns: ['b', 'n'] })
    expect(records[5]).toEqual({ b: Uint8Array.of(5), n: 5n })
    expect(facts.bytes).toBeLessThan(large.length / 2)
    await expect(readAll(large, 'a.parquet', { columns: ['x'] })).rejects.toMatchObject({
      code: 'BAD_RECORD',
      message: /no column 'x'/,
    })
  })

  test('the input hash is of footer and column chunks, in that order', async () => {
    const file = fixture('parquet/byte_stream_split_v2.parquet')
    const footerBytes = file.readUInt32LE(file.length - 8) + 8
    const { facts } = await readAll(file, 'a.parquet')
    const chunks = file.subarray(4, 4 + facts.bytes)
    const hash = createHash('sha256').update(file.subarray(-footerBytes)).update(chunks).digest('hex')
    expect(facts.input).toBe(hash)
  })

  test('text that is not UTF-8, and dates that no Date can hold, are bad records', async () => {
    const file = new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 's', data: [Uint8Array.of(0x61), Uint8Array.of(0xff), Uint8Array.of(0x62)] },
          { name: 't', data: [0n, 0n, 9_000_000_000_000_000n] },
        ],
        schema: [
          { name: 'root', num_children: 2 },
          { name: 's', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
          { name: 't', type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', repetition_type: 'REQUIRED' },
        ],
      }),
    )
    const { records, bad } = await readAll(file, 'a.parquet')
    expect(records).toEqual([{ s: 'a', t: new Date(0) }])
    expect(bad.map(({ place, why }) => [place, why])).toEqual([
      ['d/a.parquet#2', 'column s: a text column holds bytes that are not valid UTF-8'],
      ['d/a.parquet#3', 'column t: a timestamp is outside what a Date can hold'],
    ])
  })

  test('two columns of one name are refused, unless neither is asked for: no record could have both', async () => {
    const columnData = ['a', 'b', 'a'].map((name, i) => ({ name, data: Int32Array.from([i, i + 10]), type: 'INT32' as const })) // prettier-ignore
    const file = new Uint8Array(parquetWriteBuffer({ columnData }))
    await expect(readAll(file, 'x.parquet', {})).rejects.toMatchObject({
      code: 'BAD_RECORD',
      message: expect.stringContaining("two columns of one name, 'a'") as unknown,
    })
    expect((await readAll(file, 'x.parquet', { columns: ['b'] })).records).toEqual([{ b: 1 }, { b: 11 }])
  })

  test('truncated, overwritten or other files are DAMAGED, never anything else', async () => {
    const file = fixture('parquet/strings.parquet')
    for (let length = 0; length < file.length; length += 7) {
      await expect(readAll(file.subarray(0, length), 'a.parquet')).rejects.toMatchObject(damaged)
    }
    for (let at = 0; at < file.length; at++) {
      const wrong = Buffer.from(file)
      wrong[at]! ^= 0x55
      const outcome = await readAll(wrong, 'a.parquet').catch((error: unknown) => error)
      if (outcome instanceof Error) expect(outcome, `byte ${at}`).toMatchObject(damaged)
    }
    await expect(readAll(Buffer.from('a,b\n1,2\n3,4\n5,6\n'), 'a.parquet')).rejects.toMatchObject(damaged)
    await expect(readAll(file, 'a.parquet.gz')).rejects.toMatchObject(damaged)
  })

  test('a failing disk is not damage, wherever it fails', async () => {
    const file = fixture('parquet/strings.parquet')
    for (let good = 0; ; good++) {
      let reads = 0
      const source = {
        size: file.length,
        read: (offset: number, length: number) => {
          if (reads++ === good) throw Object.assign(new Error('EIO'), { code: 'EIO' })
          return file.subarray(offset, offset + length)
        },
      }
      const outcome = await readAll(source, 'a.parquet').catch((error: unknown) => error)
      if (!(outcome instanceof Error)) break
      expect(outcome).toMatchObject({ code: 'EIO' })
    }
  })
})
