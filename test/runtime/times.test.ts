import { expect, it } from 'vitest'
import { Times } from '../../src/runtime/times.ts'
import type { JobId } from '../../src/core/types.ts'
import { bench } from './peer.ts'

it('an outcome that is told again, as at each start of a node, does not move the end of a job', async () => {
  const { context } = await bench()
  let now = Date.parse('2026-11-22T10:00:00Z')
  const clock = { ...context.clock, wall: () => new Date(now) }
  const job = 'a'.repeat(64) as JobId
  const times = new Times(clock, context.disk)
  times.begin(job)
  now += 500
  await times.end(job, true)
  now += 60_000
  const again = new Times(clock, context.disk)
  await again.load(job)
  await again.end(job, true)
  const { submitted, ended } = again.of(job)
  expect(again.elapsed(submitted, ended)).toBe(500)
  await again.end(job, false)
  expect(again.of(job).ended).toBeNull()
})
