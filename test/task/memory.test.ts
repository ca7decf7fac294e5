import { expect, test } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import { BESIDE_WINDOW } from '../../src/data/formats/compressed/zstd-window.ts'
import { arenaBytes, windowBytes } from '../../src/task/memory.ts'

const MB = 1_000_000

test.each([96, 128, 160, 256, 512, 1024, 4096])('of %d MB, arenas and windows leave room for the rest', (mb) => {
  const memory = mb * MB
  expect(windowBytes(memory)).toBeGreaterThanOrEqual(8 * 2 ** 20)
  // 72 MB: Node, and its heap where little is kept in it.
  expect(arenaBytes(memory) + windowBytes(memory) + 72 * MB).toBeLessThanOrEqual(memory)
})

test('so much memory as an error asks for is enough for the window', () => {
  for (let window = 2 ** 20; window <= LIMITS.zstdWindowMax; window *= 2)
    expect(windowBytes(window + BESIDE_WINDOW)).toBeGreaterThanOrEqual(window)
})
