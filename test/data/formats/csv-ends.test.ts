import { array, assert as check, integer, property } from 'fast-check'
import { expect, test } from 'vitest'
import { CsvEnds } from '../../../src/data/formats/csv/ends.ts'
import { resolveReadOptions, type ResolvedReadOptions } from '../../../src/data/formats/options.ts'
import { contents, dialects } from './dialects.ts'
import { naiveTable } from './naive-csv.ts'

/** The first and the last record end in each chunk that has one. */
function endsByChunks(
  bytes: Buffer,
  sizes: readonly number[],
  options: ResolvedReadOptions,
): { first: number[]; last: number[] } {
  const ends = new CsvEnds(options, true)
  const first: number[] = []
  const last: number[] = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const chunk = bytes.subarray(at, at + sizes[i % sizes.length]!)
    ends.scan(chunk)
    if (ends.last > 0) {
      first.push(at + ends.first)
      last.push(at + ends.last)
    }
    at += chunk.length
  }
  return { first, last }
}

test('however the bytes come, record ends are found where the naive reader sees them, in any dialect', () => {
  const sizes = array(integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 })
  check(
    property(contents, sizes, dialects, (text, chunks, dialect) => {
      const options = resolveReadOptions('a.csv', dialect)
      const bytes = Buffer.from(text)
      const all = endsByChunks(bytes, [1], options).last
      const { first, last } = endsByChunks(bytes, chunks, options)
      for (const end of [...first, ...last]) expect(all).toContain(end)
      const whole = endsByChunks(bytes, [bytes.length], options)
      expect(whole).toEqual({ first: all.slice(0, 1), last: all.slice(-1) })

      const bom = text.startsWith('\uFEFF') ? 1 : 0
      const naive = naiveTable(text.slice(bom), options).ends.map((end) => Buffer.byteLength(text.slice(0, bom + end)))
      // A CR LF under 'any' has two ends.
      const isWithin = (end: number): boolean =>
        options.lineEnd === 'any' && bytes[end - 1] === 13 && bytes[end] === 10 && naive.includes(end + 1)
      expect(all.filter((end) => !isWithin(end))).toEqual(naive)
    }),
    { numRuns: 5_000 },
  )
})

test('an escaped delimiter of several bytes says nothing of the one behind it', () => {
  const options = resolveReadOptions('a.csv', { delimiter: '‖', escape: '\\', escapeIn: 'all' })
  const bytes = Buffer.from('a‖b\nx\\‖‖"y\nz"\n')
  expect(endsByChunks(bytes, [1], options).last).toEqual([6, bytes.length])
})
