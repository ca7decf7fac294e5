import { expect, it } from 'vitest'
import { openManifest } from '../../src/wire/manifest.ts'

const ROWS = `{"root": "${'0a'.repeat(32)}", "count": 1}`
const mapWith = (counters: string): unknown =>
  JSON.parse(
    `{"consumed": "", "manifest": {"kind": "map", "splits": [], "rows": ${ROWS}, "took": [], "upstream": [], "counters": ${counters}}}`,
  )

it('counters are numbers, whatever their names', () => {
  for (const counters of ['{}', '{"rows": 3}', '{"__proto__": 3, "constructor": 1}'])
    expect(openManifest(mapWith(counters)), counters).toEqual(mapWith(counters))
  for (const counters of ['{"rows": "3"}', '{"__proto__": "3"}', '{"__proto__": {"x": 1}}', '[]'])
    expect(openManifest(mapWith(counters)), counters).toBeNull()
})
