import { expect, it } from 'vitest'
import { systemError } from '../../src/adapters/memory/disk.ts'
import { Times } from '../../src/runtime/home/times.ts'
import { Story } from '../../src/runtime/home/story.ts'
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
  await again.load(job, context.story)
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

it('when an open job began is known after a restart; where that was never kept, nobody else may know it either', async () => {
  const { context } = await bench()
  const [job, gone] = ['a'.repeat(64), 'b'.repeat(64)] as [JobId, JobId]
  const times = new Times(context.clock, context.disk)
  for (const id of [job, gone]) times.begin(id)
  await times.save((id) => id === job)
  const again = new Times({ ...context.clock, wall: () => new Date(1e12) }, context.disk)
  for (const id of [job, gone]) await again.load(id, context.story)
  expect(again.of(job)).toEqual(times.of(job))
  const heard = { submitted: new Date(1e12).toISOString(), ended: null }
  expect(again.of(gone)).toEqual(heard)
  again.begin(gone)
  again.giveUp(gone)
  await again.save(() => true)
  const third = new Times(context.clock, context.disk)
  await third.load(gone, context.story)
  expect(third.of(gone)).toEqual(heard)
})

it('a job that was not submitted here is asked of peers, whatever the story has', async () => {
  const { context, disk } = await bench()
  const job = 'a'.repeat(64) as JobId
  const clock = { ...context.clock, wall: () => new Date('2026-11-22T10:00:00Z') }
  const story = new Story(clock, 'north', disk, context.damage)
  story.tell(job, 'outcome', 'sealed: result sha256:00')
  const times = new Times({ ...clock, wall: () => new Date('2026-11-23T10:00:00Z') }, disk)
  await times.load(job, story)
  times.begin(job)
  const heard = '2026-11-22T10:00:00.000Z'
  expect(times.of(job)).toEqual({ submitted: heard, ended: heard })
  expect(times.lost()).toEqual([job])
  const known = { submitted: '2026-11-20T08:00:00.000Z', ended: '2026-11-20T08:00:01.000Z' }
  times.restore(job, known)
  expect(times.of(job)).toEqual(known)
})

it.each(['damaged', 'gone'])(
  'times that are %s are those of the story, or else come from a peer; what is made up meanwhile is not kept',
  async (how) => {
    const { context, disk } = await bench()
    const [told, silent] = ['a'.repeat(64), 'b'.repeat(64)] as [JobId, JobId]
    let now = Date.parse('2026-11-22T10:00:00Z')
    const clock = { ...context.clock, wall: () => new Date(now) }
    const story = new Story(clock, 'north', disk, context.damage)
    story.tell(told, 'submitted', 'submitted on north')
    now += 3_000
    story.tell(told, 'outcome', 'sealed: result sha256:00')
    const files = [told, silent].map((job) => `jobs/${job}/times.json`)
    for (const file of how === 'damaged' ? files : []) await disk.put(file, Buffer.from('damaged'))
    now += 60_000
    const times = new Times(clock, disk, context.damage)
    for (const job of [told, silent]) {
      await times.load(job, story)
      times.begin(job)
      await times.end(job, true)
    }
    const span = { submitted: '2026-11-22T10:00:00.000Z', ended: '2026-11-22T10:00:03.000Z' }
    expect(times.of(told)).toEqual(span)
    expect(times.lost()).toEqual([silent])
    await times.save(() => true)
    expect(context.damage.list().map(({ job }) => job)).toEqual(how === 'damaged' ? [silent] : [])

    times.restore(silent, span)
    await times.save(() => true)
    expect(times.lost()).toEqual([])
    expect(context.damage.list()).toEqual([])
    const again = new Times(clock, disk)
    for (const job of [told, silent]) {
      await again.load(job, story)
      expect(again.of(job)).toEqual(span)
    }
  },
)

it('an end that a full disk did not take is kept once there is room', async () => {
  let full = false
  const { context, disk } = await bench({
    fault: (operation, name) => {
      if (full && operation === 'put') throw systemError('ENOSPC', name)
    },
  })
  const job = 'a'.repeat(64) as JobId
  const times = new Times(context.clock, disk)
  times.begin(job)
  await times.save(() => true)
  full = true
  await expect(times.end(job, true)).rejects.toMatchObject({ code: 'ENOSPC' })
  const { ended } = times.of(job)
  full = false
  await times.save(() => true)
  const again = new Times(context.clock, disk)
  await again.load(job, context.story)
  expect([again.of(job).ended, ended === null]).toEqual([ended, false])
})
