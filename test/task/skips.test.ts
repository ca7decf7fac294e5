import { expect, test } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import { TaskSamples } from '../../src/task/skips.ts'

test('a task keeps the samples that a job shows, those of its first splits, and counts all', () => {
  const samples = new TaskSamples()
  const sample = (i: number, k: number) => ({ place: `d/${i}:${k}`, reason: 'bad', record: 'x' })
  const splits = Array.from({ length: 30 }, (_, i) => ({
    count: 12,
    samples: [0, 1, 2, 3, 4, 5, 6].map((k) => sample(i, k)),
  }))
  const taken = splits.map((split) => samples.take(split))
  expect(taken.flatMap((skips) => skips.samples)).toEqual(
    splits.flatMap((s) => s.samples).slice(0, LIMITS.skipSamplesPerJob),
  )
  expect(taken.map((skips) => skips.count)).toEqual(splits.map(() => 12))
})
