/** The simulator itself: its seeds, its histories, its shrinking, and its broken cores. */
import { describe, expect, test } from 'vitest'
import { ALL_PATCHES } from './broken/cores.ts'
import { patched } from './broken/patch.ts'
import { Random } from './random.ts'
import { run } from './run.ts'
import { drawScenario } from './scenario.ts'
import { shrink } from './shrink.ts'

const history = async (seed: number): Promise<string[]> => {
  const lines: string[] = []
  await run(drawScenario({ seed }), (line) => lines.push(line))
  return lines
}

describe('a seed', () => {
  test.each([7, 2 ** 32 + 7, Number.MAX_SAFE_INTEGER])('gives one history: %d', async (seed) => {
    const first = await history(seed)
    expect(first.length).toBeGreaterThan(5)
    expect(await history(seed)).toEqual(first)
  })

  test('counts with all its bits, and is refused where it is none', () => {
    const draws = (seed: number): number[] => Array.from({ length: 4 }, (_, i) => i).map(() => new Random(seed).next())
    const first = [0, 1, 2 ** 32, 2 ** 32 + 1, 2 ** 52, Number.MAX_SAFE_INTEGER].map((seed) => draws(seed)[0])
    expect(new Set(first).size).toBe(first.length)
    for (const seed of [-1, 0.5, 2 ** 53, Number.NaN]) expect(() => new Random(seed)).toThrow(RangeError)
  })
})

test('shrinking keeps what is needed, in order, and nothing else', async () => {
  const items = Array.from({ length: 20 }, (_, i) => i)
  for (const needed of [[], [3], [0, 19], [2, 7, 11]]) {
    const shows = async (kept: readonly number[]): Promise<boolean> => needed.every((i) => kept.includes(i))
    expect(await shrink(items, shows)).toEqual(needed)
  }
})

describe('a broken core', () => {
  test.each([...ALL_PATCHES])('%s: its patches still apply', (_name, patches) => {
    for (const file of new Set(patches.map((patch) => patch.file)))
      expect(
        patched(
          file,
          patches.filter((patch) => patch.file === file),
        ),
      ).not.toBe(patched(file, []))
  })

  test('there are at least twelve', () => {
    expect(ALL_PATCHES.size - 1).toBeGreaterThanOrEqual(12)
  })
})
