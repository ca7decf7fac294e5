/** How long finished jobs are over, kept on disk; and who makes room when they take too much of it. */
import { describe, expect, it } from 'vitest'
import { hashText } from '../../src/core/hash.ts'
import { overflowing } from '../../src/core/outcome/keeping.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { JobId, JobRecord } from '../../src/core/types.ts'
import { Keeping } from '../../src/runtime/home/keeping.ts'
import { Keys } from '../../src/runtime/home/keys.ts'
import { makeJob } from '../core/fake-work.ts'
import { bench, type Bench } from './peer.ts'

const HOUR = 3_600_000

interface Life {
  readonly node: Bench
  readonly keeping: Keeping
  /** Monotonic time of this life. */
  now: number
}

/** A life of a node on the disk of an earlier one. */
async function life(before: Life | null, most: number | null = null): Promise<Life> {
  const node = await bench()
  const made = { node, now: 0 } as Life
  const { context } = node
  const clock = { ...context.clock, now: () => made.now }
  const disk = before?.node.disk ?? node.disk
  return Object.assign(made, {
    node: { ...node, disk },
    keeping: new Keeping({ ...context, clock, disk }, most),
  })
}

function add({ node, now }: Life, job: JobRecord, over: boolean): void {
  node.context.state.now = now
  node.context.dispatch({ type: 'job', record: job, kept: [], holding: [], deaths: [] })
  if (over) end({ node, now } as Life, job)
}

function end({ node, now }: Life, { id }: JobRecord): void {
  node.context.state.now = now
  node.context.dispatch({ type: 'cancel', job: id })
}

const jobOf = ({ node }: Life, name: string): JobRecord => makeJob({ maps: 1, reduces: 1, members: [node.self], name })

describe('for how long a job is over', () => {
  it('is known again after a restart, and is counted on: only the time that the node ran', async () => {
    let at = await life(null)
    const job = jobOf(at, 'job')
    add(at, job, true)
    const lives = [5 * HOUR, 7 * HOUR, 11 * HOUR]
    let sum = 0
    for (const spent of lives) {
      at.now += spent
      sum += spent
      await at.keeping.sweep()
      at = await life(at)
      await at.keeping.load()
      add(at, job, true)
      expect(at.node.context.state.jobs.get(job.id)!.endedAt).toBe(-sum)
    }
  })

  it('is saved when a job ends, and else now and then', async () => {
    const at = await life(null)
    const job = jobOf(at, 'job')
    add(at, job, true)
    const saved = async (): Promise<unknown> =>
      Buffer.from((await at.node.disk.get('over.json')) ?? [])
        .toString()
        .split('\n')[1]
    await at.keeping.sweep()
    const first = await saved()
    at.now += LIMITS.overSaveMs - 1
    await at.keeping.sweep()
    expect(await saved()).toBe(first)
    at.now += 1
    await at.keeping.sweep()
    expect(await saved()).toBe(JSON.stringify({ [job.id]: [1, LIMITS.overSaveMs] }))
  })

  it('is that of the round: an older count does not shorten what was opened since', async () => {
    const first = await life(null)
    const job = jobOf(first, 'job')
    add(first, job, true)
    first.now += 100 * HOUR
    await first.keeping.sweep()
    const second = await life(first)
    await second.keeping.load()
    add(second, job, true)
    second.node.context.dispatch({ type: 'retry', job: job.id })
    second.now += HOUR
    end(second, job)
    expect(second.node.context.state.jobs.get(job.id)!.endedAt).toBeGreaterThanOrEqual(0)
  })

  it('damaged begins anew, and says so', async () => {
    const first = await life(null)
    add(first, jobOf(first, 'job'), true)
    await first.keeping.sweep()
    first.node.disk.damage('over.json', (bytes) => bytes.fill(0, 30, 31))
    const second = await life(first)
    await second.keeping.load()
    expect(second.node.context.state.overBefore.size).toBe(0)
    expect(second.node.context.damage.list().map(({ file }) => file)).toEqual(['over.json'])
  })
})

describe('the room that finished jobs take', () => {
  const put = ({ node }: Life, { id }: JobRecord, file: string, bytes: number): Promise<void> =>
    node.disk.put(`jobs/${id}/${file}`, Buffer.alloc(bytes))

  it('is measured over all their files, and those that ended first make it', async () => {
    const at = await life(null, 1_000)
    const jobs = ['first', 'second', 'third', 'open'].map((name) => jobOf(at, name))
    for (const job of jobs) {
      add(at, job, false)
      await put(at, job, 'record.json', 100)
      await put(at, job, 'out/0/part', 200)
      await put(at, job, `in/1.${hashText('x')}/run-0`, 70)
      await put(at, job, 'logs/0', 30)
    }
    for (const job of jobs.slice(0, 3)) {
      at.now += 1_000
      end(at, job)
    }
    await at.keeping.sweep()
    expect(at.keeping.use()).toMatchObject({ open: 400, finished: 1_200, most: 1_000, early: 0 })
    expect(at.node.context.state.jobs.size).toBe(4)
    at.now += LIMITS.keptAtLeastMs
    await at.keeping.sweep()
    expect([...at.node.context.state.jobs.keys()]).toEqual(jobs.slice(1).map(({ id }) => id))
    expect(at.keeping.use()).toMatchObject({ open: 400, finished: 800, early: 1 })
  })

  it('is not made by a result that is being read', async () => {
    const at = await life(null, 1)
    const jobs = ['first', 'second', 'last'].map((name) => jobOf(at, name))
    for (const job of jobs) {
      add(at, job, true)
      await put(at, job, 'out/0/part', 200)
      at.now += LIMITS.keptAtLeastMs
    }
    async function* chunks(): AsyncGenerator<number> {
      yield* [1, 2]
    }
    const readers = [0, 1].map(() => at.keeping.whileRead(jobs[0]!.id, chunks()))
    const known = (): unknown =>
      jobs.filter(({ id }) => at.node.context.state.jobs.has(id)).map(({ spec }) => spec.name)
    for (const reader of readers) expect((await reader.next()).value).toBe(1)
    await at.keeping.sweep()
    expect(known()).toEqual(['first', 'last'])
    for (const reader of readers) {
      at.now += LIMITS.measureMs
      await at.keeping.sweep()
      expect(known()).toEqual(['first', 'last'])
      await reader.return()
    }
    at.now += LIMITS.measureMs
    await at.keeping.sweep()
    expect(known()).toEqual(['last'])
  })

  it('leaves those that ended last, as many as fit, counted from the other end', () => {
    let seed = 1
    const below = (most: number): number => (seed = (seed * 48_271) % 2_147_483_647) % most
    for (let round = 0; round < 500; round++) {
      const finished = Array.from({ length: below(8) }, (_, i) => ({
        id: hashText(`${round} ${i}`),
        endedAt: below(2 * LIMITS.keptAtLeastMs),
        keptUntil: below(5) === 0 ? Infinity : 0,
        bytes: below(100),
      }))
      const [most, now] = [below(300), 2 * LIMITS.keptAtLeastMs]
      const byEnd = finished.toSorted((a, b) => b.endedAt - a.endedAt || (a.id < b.id ? 1 : -1))
      const stay: JobId[] = []
      const isWaitedFor = ({ keptUntil }: { readonly keptUntil: number }): boolean => now < keptUntil
      let sum = finished.filter(isWaitedFor).reduce((n, job) => n + job.bytes, 0)
      let full = false
      for (const [i, job] of byEnd.entries()) {
        if (!isWaitedFor(job)) sum += job.bytes
        const isYoung = now - job.endedAt < LIMITS.keptAtLeastMs
        full ||= sum > most && i > 0 && !isYoung && !isWaitedFor(job)
        if (!full || isWaitedFor(job)) stay.push(job.id)
      }
      const going = new Set(overflowing(finished, most, now))
      expect(byEnd.filter(({ id }) => !going.has(id)).map(({ id }) => id)).toEqual(stay)
    }
  })
})

describe('what a key remembers', () => {
  it('is known after a restart; damage is named, and that key is asked of others', async () => {
    const { node } = await life(null)
    const { damage, state } = node.context
    const keys = new Keys(node.disk, damage)
    const [one, two] = ['one', 'two'].map((name) => ({
      ...makeJob({ maps: 1, reduces: 1, members: [node.self], name }),
      key: name,
    })) as [JobRecord, JobRecord]
    await keys.put(one, { round: 2, result: hashText('result') })
    await keys.put(two, { round: 1, result: null })
    await new Keys(node.disk, damage).load(state)
    expect([state.forgottenJobs.get(one.id), state.forgottenJobs.get(two.id)]).toEqual([2, 1])
    expect([...state.promised]).toEqual([[one.id, hashText('result')]])
    expect(await keys.get(one.id)).toEqual({ record: JSON.stringify(one), round: 2, result: hashText('result') })
    node.disk.damage(`keys/${one.id}/record.json`, (bytes) => bytes.subarray(0, 40))
    await keys.check()
    expect(damage.list()).toHaveLength(1)
    expect(await keys.get(one.id)).toBe('lost')
    expect(damage.list().map(({ file }) => file)).toEqual([`keys/${one.id}/record.json`])
    expect(await keys.get(two.id)).toMatchObject({ round: 1 })
    // Without its facts the record says over what the result can be computed again.
    node.disk.damage(`keys/${two.id}/facts.json`, (bytes) => bytes.subarray(0, 10))
    expect(await keys.get(two.id)).toEqual({ record: JSON.stringify(two), round: 0, result: null })
    expect(await keys.get(hashText('no such job') as JobRecord['id'])).toBeNull()
  })
})
