/** A job's story outlives the process that tells it, is bounded, and is read behind what is damaged in it. */
import { expect, it } from 'vitest'
import { systemError } from '../../src/adapters/memory/disk.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { JobId } from '../../src/core/types.ts'
import { Damage } from '../../src/runtime/home/damage.ts'
import { Story } from '../../src/runtime/home/story.ts'
import { hash } from '../core/fake-work.ts'
import { bench, type Bench } from './peer.ts'

const [one, two] = [hash('one'), hash('two')] as [JobId, JobId]
const all = (): boolean => true
const texts = async (story: Story, job: JobId): Promise<string[]> => (await story.of(job)).map(({ text }) => text)

it('is told whole before and after it is saved, and by the next life', async () => {
  const { context, disk } = await bench()
  const { clock, damage } = context
  const told: string[] = []
  for (let life = 0; life < 3; life++) {
    const story = new Story(clock, 'n', disk, damage)
    for (let save = 0; save < 3; save++) {
      told.push(`${life} ${save}`)
      story.tell(one, 'note', `${life} ${save}`)
      expect(await texts(story, one)).toEqual(told)
      await story.save(all)
      expect(await texts(story, one)).toEqual(told)
    }
    expect(await texts(story, two)).toEqual([])
  }
  expect(damage.list()).toEqual([])
})

it('of a job that is gone is not written', async () => {
  const { context, disk } = await bench()
  const story = new Story(context.clock, 'n', disk, context.damage)
  story.tell(one, 'note', 'late')
  await story.save((job) => job !== one)
  expect(await disk.list('jobs')).toEqual([])
  expect(await texts(story, one)).toEqual([])
})

it('waits while the disk is full, in order, and takes a bounded part of memory and disk', async () => {
  let full = true
  const { context, disk } = await bench({
    fault: (operation, name) => {
      if (full && operation === 'append') throw systemError('ENOSPC', name)
    },
  })
  const story = new Story(context.clock, 'n', disk, context.damage)
  story.tell(one, 'note', 'first')
  await expect(story.save(all)).rejects.toThrow('ENOSPC')
  for (let i = 0; i < 2 * LIMITS.storyEventsWaiting; i++) story.tell(one, 'note', `${i}`)
  const waiting = await texts(story, one)
  expect(waiting).toEqual(['first', ...Array.from({ length: LIMITS.storyEventsWaiting - 1 }, (_, i) => `${i}`)])
  full = false
  for (let i = 0; i < 40; i++) {
    await story.save(all)
    for (let n = 0; n < LIMITS.storyEventsWaiting; n++) story.tell(one, 'note', 'more of the same')
  }
  expect((await texts(story, one)).slice(0, waiting.length)).toEqual(waiting)
  const most = LIMITS.storyBytes + LIMITS.storyEventsWaiting * 200
  expect(await disk.size(`jobs/${one}/story.log`)).toBeLessThan(most)
})

async function damagedStory(): Promise<Bench> {
  const made = await bench()
  const { context, disk } = made
  const story = new Story(context.clock, 'n', disk, context.damage)
  for (const text of ['a', 'b', 'c']) {
    story.tell(one, 'note', text)
    await story.save(all)
  }
  disk.damage(`jobs/${one}/story.log`, (bytes) => bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 1))
  return made
}

it('goes on behind what is damaged in it, and the damage is named', async () => {
  const { context, disk } = await damagedStory()
  const next = new Story(context.clock, 'n', disk, context.damage)
  await next.check([one])
  expect(context.damage.list().map(({ file }) => file)).toEqual([`jobs/${one}/story.log`])
  next.tell(one, 'note', 'd')
  await next.save(all)
  expect(await texts(next, one)).toEqual(['a', 'c', 'd'])
})

it('is written anew without what is damaged in it: the next life finds nothing', async () => {
  const { context, disk } = await damagedStory()
  const found: number[] = []
  for (let life = 0; life < 2; life++) {
    const damage = new Damage()
    const again = new Story(context.clock, 'n', disk, damage)
    await again.check([one])
    found.push(damage.list().length)
    expect(await texts(again, one)).toEqual(['a', 'c'])
  }
  expect(found).toEqual([1, 0])
})
