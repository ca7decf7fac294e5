import { array, assert as check, constantFrom, integer, property, string } from 'fast-check'
import { expect, test } from 'vitest'
import { csvBounds } from '../../../src/data/formats/csv-bounds.ts'
import { CsvEnds } from '../../../src/data/formats/csv-ends.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'

/** Where records end (after their LF), found one byte at a time. */
function endsByChunks(
  bytes: Buffer,
  sizes: readonly number[],
  delimiter: string,
  quote: string,
): { first: number[]; last: number[] } {
  const ends = new CsvEnds(resolveReadOptions('a.csv', { delimiter, quote }), true)
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

test('however the bytes come, record ends are found; well-formed or not, they are where the parser sees them', () => {
  const content = string({
    unit: constantFrom('a', 'ü', '"', '"', ',', '→', '\n', '\n', '\r', '\uFEFF'),
    maxLength: 40,
  })
  const options = constantFrom([',', '"'], ['→', '"'], [',', ''], ['→', "'"])
  check(
    property(
      content,
      array(integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
      options,
      (text, sizes, [delimiter, quote]) => {
        const bytes = Buffer.from(text)
        const all = endsByChunks(bytes, [1], delimiter!, quote!).last
        const { first, last } = endsByChunks(bytes, sizes, delimiter!, quote!)
        for (const end of first) expect(all).toContain(end)
        for (const end of last) expect(all).toContain(end)

        const bom = text.startsWith('\uFEFF') ? 1 : 0
        const { starts, ends } = csvBounds(text.slice(bom), delimiter!, quote!)
        const byteAt = (position: number): number => Buffer.byteLength(text.slice(0, bom + position))
        const recordEnds = ends.map((end, i) => {
          const lf = text.slice(bom).indexOf('\n', end)
          expect(starts[i]).toBeLessThan(end)
          return lf < 0 ? null : byteAt(lf + 1)
        })
        // The parser leaves out blank lines, so its ends are some of the scanner's; what lies between must be blank.
        for (const end of recordEnds) if (end !== null) expect(all).toContain(end)
        const between = all.filter((end) => !recordEnds.includes(end))
        for (const end of between) {
          const before = all[all.indexOf(end) - 1] ?? byteAt(0)
          expect(['', '\r']).toContain(bytes.toString('utf8', before, end - 1))
        }
      },
    ),
    { numRuns: 2000 },
  )
})
