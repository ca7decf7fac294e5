import { transformSync } from 'esbuild'
import { expect, test } from 'vitest'
import { placesOf, sourceLine } from '../../src/task/stack.ts'

const SOURCE = `const odd = '[[["{\\\\'\nexport function f() { throw new Error(odd) }\n`
const { map } = transformSync(SOURCE, { sourcemap: 'external', sourcefile: 'f.ts', sourcesContent: true })
const STACK = 'Error: x\n    at f (job.js:3:9)'

test('the place of a frame, and its line, in sources of any text', () => {
  const [place] = placesOf(STACK, map)
  expect(place).toMatchObject({ file: 'f.ts', line: 2 })
  expect(sourceLine(map, place!)).toBe(SOURCE.split('\n')[1])
})

test('frames of shoal/job itself are left out: what goes wrong there goes wrong where the job calls it', () => {
  const own = JSON.stringify({ ...(JSON.parse(map) as object), sources: ['shoal:shoal/job'] })
  expect(placesOf(STACK, own)).toEqual([])
})

test('what nests deeper than a map is none, and is not parsed', () => {
  const deep = '['.repeat(50_000_000)
  expect(placesOf(STACK, deep)).toEqual([])
  expect(placesOf(STACK, `{"version":3,"sources":[["f.ts"]],"mappings":"AAAA"}`)).toEqual([])
})
