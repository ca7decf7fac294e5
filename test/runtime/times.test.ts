import { expect, it } from 'vitest'
import { Times } from '../../src/runtime/home/times.ts'
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

it('a job that is fetched began and ended when the giver says; a later round ends here', async () => {
  const { context } = await bench()
  let now = Date.parse('2026-11-22T10:00:00Z')
  const clock = { ...context.clock, wall: () => new Date(now) }
  const job = 'a'.repeat(64) as JobId
  const times = new Times(clock, context.disk)
  const said = { submitted: '2026-11-20T08:00:00.000Z', ended: '2026-11-20T08:00:01.000Z' }
  times.adopt(job, said)
  times.begin(job)
  expect(times.of(job)).toEqual({ ...said, ended: null })
  await times.end(job, true)
  expect(times.of(job)).toEqual(said)
  await times.end(job, false)
  now += 1_000
  await times.end(job, true)
  expect(times.of(job)).toEqual({ ...said, ended: '2026-11-22T10:00:01.000Z' })
})

it('when an open job began is known after a restart', async () => {
  const { context } = await bench()
  const [job, gone] = ['a'.repeat(64), 'b'.repeat(64)] as [JobId, JobId]
  const times = new Times(context.clock, context.disk)
  for (const id of [job, gone]) times.begin(id)
  await times.save((id) => id === job)
  const again = new Times({ ...context.clock, wall: () => new Date(1e12) }, context.disk)
  for (const id of [job, gone]) await again.load(id)
  expect(again.of(job)).toEqual(times.of(job))
  expect(again.of(gone)).toEqual({ submitted: new Date(1e12).toISOString(), ended: null })
})
