import { describe, expect, test } from 'vitest'
import { hello } from '../../src/core/gossip/anti-entropy.ts'
import type { Event } from '../../src/core/events.ts'
import { snapshotId } from '../../src/core/plan/job-id.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { Message } from '../../src/core/messages.ts'
import type { Outcome } from '../../src/core/ledger/outcome.ts'
import type { Digest, JobRecord, NodeId } from '../../src/core/types.ts'
import { hash, makeJob } from './fake-work.ts'
import { news, only, OneNode, outputOf } from './one-node.ts'

const [n1, n2] = ['n1', 'n2'] as [NodeId, NodeId]
const HOUR = 3_600_000
const members = [n1, n2]
const job = makeJob({ maps: 1, reduces: 1, members })
const sealed = (what: string): Outcome => ({ kind: 'sealed', result: hash(what) })

/** What a peer, or this node's own disk, says of the outcome. */
function tell(node: OneNode, of: JobRecord, outcome: Outcome, round: number = 1): void {
  const delta = { round, outcome, tasks: [], reports: [] }
  node.give({ type: 'message', from: n2, message: { type: 'delta', job: of.id, delta } })
}

/** Lets time go by in one step, and a tick find that. */
function later(node: OneNode, duration: number): void {
  node.now += duration
  node.give({ type: 'tick', stalled: 0 })
}

/** All that the two say to each other after `a` has said hello. */
function talk(a: OneNode, b: OneNode): Message['type'][] {
  const said: Message['type'][] = []
  const queue = [{ from: a, to: b, message: hello(a.state, b.state.self.node) }]
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { from, to, message } = next
    said.push(message.type)
    const effects = to.give({ type: 'message', from: from.state.self.node, message: structuredClone(message) })
    for (const effect of only(effects, 'send'))
      if (effect.message.type !== 'hello' && effect.to === from.state.self.node)
        queue.push({ from: to, to: from, message: effect.message })
  }
  return said
}

describe('beyond the bound of finished jobs', () => {
  const jobs = Array.from({ length: LIMITS.jobsKeptMax + 3 }, (_, i) =>
    makeJob({ maps: 1, reduces: 1, members: [n1], name: `job ${i}` }),
  )
  const forgotten = (node: OneNode): readonly string[] => only(node.effects, 'forget').map((effect) => effect.job)

  test('those that ended first are forgotten, once who waited for them has had a minute', () => {
    const node = new OneNode(n1, [], 0)
    for (const one of jobs) node.add(one)
    // One stays open; two of the others are over before the rest.
    for (const one of [jobs[7]!, jobs[3]!]) {
      node.give({ type: 'cancel', job: one.id })
      node.now += 1
    }
    for (const one of jobs.slice(1)) node.give({ type: 'cancel', job: one.id })
    later(node, LIMITS.keptAtLeastMs - 10)
    expect(forgotten(node)).toEqual([])
    later(node, 10)
    node.pass(10 * LIMITS.tickMs)
    expect(forgotten(node)).toEqual([jobs[7]!.id, jobs[3]!.id])
    expect(node.state.jobs.has(jobs[0]!.id)).toBe(true)
  })

  test('open ones count for nothing', () => {
    const node = new OneNode(n1, [], 0)
    for (const one of jobs) node.add(one)
    node.give({ type: 'cancel', job: jobs[7]!.id })
    later(node, 2 * LIMITS.keptAtLeastMs)
    expect(forgotten(node)).toEqual([])
  })
})

test('that a job went by this node’s own time is remembered no longer than that it went', () => {
  const node = new OneNode(n1, [], 0)
  for (let i = 0; i < LIMITS.forgottenKept + 10; i++) {
    const one = makeJob({ maps: 1, reduces: 1, members: [n1], name: `job ${i}` })
    node.add(one)
    node.give({ type: 'cancel', job: one.id })
    node.give({ type: 'expire', job: one.id })
  }
  expect([...node.state.expired].toSorted()).toEqual([...node.state.forgottenJobs.keys()].toSorted())
  expect(node.state.expired.size).toBe(LIMITS.forgottenKept)
})

describe('a job that is over', () => {
  test('is kept for the retention time, over restarts too, and for longer if it is opened again', () => {
    const first = new OneNode(n1, [], 0)
    first.add(job)
    tell(first, job, { kind: 'cancelled' })
    later(first, 100 * HOUR)
    expect(first.state.jobs.size).toBe(1)
    // 100 of 168 hours were over in that life.
    const cancelled = { round: 1, outcome: { kind: 'cancelled' }, tasks: [], reports: [] } as const
    const event: Event = { type: 'job', record: job, kept: [cancelled], holding: [], deaths: [] }
    const restarted = (): OneNode => {
      const node = new OneNode(n1, [], 0)
      node.state.overBefore.set(job.id, { round: 1, since: node.now - 100 * HOUR })
      node.give(event)
      return node
    }
    const second = restarted()
    later(second, 67 * HOUR)
    expect(second.state.jobs.size).toBe(1)
    later(second, 2 * HOUR)
    expect(only(second.effects, 'forget').map((effect) => effect.expired)).toEqual([true])
    const third = restarted()
    third.give({ type: 'retry', job: job.id })
    later(third, 1_000 * HOUR)
    expect(third.state.jobs.size).toBe(1)
  })

  test('and sealed is over in whatever round, and its time runs on', () => {
    const node = new OneNode(n1, [], 0)
    node.add(job)
    tell(node, job, sealed('result'))
    later(node, 100 * HOUR)
    tell(node, job, { kind: 'open' }, 2)
    expect(node.job(job).ledger.round).toBe(2)
    later(node, 69 * HOUR)
    expect(node.state.jobs.size).toBe(0)
  })

  /** A node that hears of the job so long after it was sealed on another. */
  const hearsAfter = (ms: number): OneNode => {
    const [a, b] = [new OneNode(n1, [n2], 0), new OneNode(n2, [n1], 0)]
    a.add(job)
    tell(a, job, sealed('result'))
    later(a, ms)
    talk(b, a)
    b.add(job)
    talk(b, a)
    return b
  }

  test('is not begun anew by a node that hears of it late', () => {
    const b = hearsAfter(160 * HOUR)
    expect(b.job(job).ledger.outcome).toEqual(sealed('result'))
    later(b, 9 * HOUR)
    expect(b.state.jobs.size).toBe(0)
  })

  test('stays for a minute where somebody asks for it again, though its time is long over there', () => {
    const b = hearsAfter(168 * HOUR)
    later(b, LIMITS.keptAtLeastMs - LIMITS.tickMs)
    expect(b.job(job).ledger.outcome).toEqual(sealed('result'))
    later(b, 2 * LIMITS.tickMs)
    expect(b.state.jobs.size).toBe(0)
  })

  test('goes on each node in its own time: who still keeps it is left in peace, and neither speaks of it again', () => {
    const [a, b] = [new OneNode(n1, [n2], 0), new OneNode(n2, [n1], 0)]
    for (const node of [a, b]) {
      node.add(job)
      tell(node, job, sealed('result'))
    }
    a.give({ type: 'expire', job: job.id })
    expect(talk(a, b)).toContain('dropped')
    expect([a, b].map((node) => node.state.jobs.size)).toEqual([0, 1])
    expect(talk(b, a)).toEqual(['hello'])
    expect(talk(a, b)).toEqual(['hello'])
    // Its next round is everyone's.
    b.give({ type: 'retry', job: job.id })
    talk(a, b)
    expect(only(a.effects, 'fetch-job')).toHaveLength(1)
  })

  test('takes a node that comes back with it open along; an open one does not go for want of room', () => {
    const [a, b] = [new OneNode(n1, [n2], 0), new OneNode(n2, [n1], 0)]
    for (const node of [a, b]) node.add(job)
    a.give({ type: 'expire', job: job.id })
    expect(a.state.jobs.size).toBe(1)
    tell(a, job, sealed('result'))
    a.give({ type: 'expire', job: job.id })
    talk(a, b)
    expect([a, b].map((node) => node.state.jobs.size)).toEqual([0, 0])
    expect(b.state.forgottenJobs.get(job.id)).toBe(1)
  })
})

describe('a key', () => {
  const keyed = { ...job, id: hash('keyed'), key: 'november' }

  test('remembers the result of a job that was forgotten, and takes no other', () => {
    const node = new OneNode(n1, [], 0)
    node.add(keyed)
    tell(node, keyed, sealed('result'))
    node.give({ type: 'forget', job: keyed.id })
    expect(only(node.effects, 'forget')[0]!.keyed).toEqual({ record: keyed, result: hash('result') })
    for (const [computed, kind] of [
      ['result', 'sealed'],
      ['another', 'disputed'],
    ] as const) {
      node.add(keyed)
      const { round, outcome } = node.job(keyed).ledger
      expect(outcome.kind).toBe('open')
      tell(node, keyed, sealed(computed), round)
      expect(node.job(keyed).ledger.outcome.kind).toBe(kind)
      // What was promised stays promised, also once a dispute is forgotten.
      node.give({ type: 'forget', job: keyed.id })
      expect(node.state.promised.get(keyed.id)).toBe(hash('result'))
    }
  })

  test('of a job that failed remembers what it was over, and no result', () => {
    const node = new OneNode(n1, [], 0)
    node.add(keyed)
    tell(node, keyed, { kind: 'cancelled' })
    node.give({ type: 'forget', job: keyed.id })
    expect(only(node.effects, 'forget')[0]!.keyed).toEqual({ record: keyed, result: null as Digest | null })
    expect(node.state.promised.size).toBe(0)
  })
})

describe('two snapshots under one key', () => {
  const over = (maps: number): JobRecord => ({
    ...makeJob({ maps, reduces: 1, members }),
    id: hash('keyed'),
    key: 'november',
  })
  const [one, two] = [over(2), over(3)]
  const conflict = { kind: 'key-conflict', snapshots: [one, two].map((r) => snapshotId(r.snapshot)).toSorted() }

  /** Each has a record of its own. */
  function apart(): readonly [OneNode, OneNode] {
    const [a, b] = [new OneNode(n1, [n2], 0), new OneNode(n2, [n1], 0)]
    a.add(one)
    b.add(two)
    return [a, b]
  }

  test('are two jobs of one id: no fact of one is joined to the other, and both say so for ever', () => {
    const [a, b] = apart()
    a.learn(one, [[0, { output: outputOf('of one') }]])
    talk(b, a)
    for (const [node, record] of [
      [a, one],
      [b, two],
    ] as const) {
      expect(node.job(record).ledger.outcome).toEqual(conflict)
      node.give({ type: 'retry', job: record.id })
      tell(node, record, sealed('result'), 2)
      expect(node.job(record).ledger.outcome).toEqual(conflict)
    }
    expect(b.job(two).ledger.tasks.map(({ output }) => output)).toEqual([null, null, null, null])
  })

  test('are noticed by gossip, by a record that is brought, and when the other had sealed', () => {
    const [a, b] = apart()
    tell(a, one, sealed('result'))
    a.pass(LIMITS.gossipIntervalMs)
    b.give({ type: 'message', from: n1, message: news(a.effects).at(-1)! })
    expect(b.job(two).ledger.outcome).toEqual(conflict)
    expect(a.job(one).ledger.outcome).toEqual(sealed('result'))
    a.give({ type: 'pinned', job: one.id, pin: snapshotId(two.snapshot) })
    expect(a.job(one).ledger.outcome).toEqual(conflict)
  })

  test('without a key do not exist: the id has the snapshot in it', () => {
    const [a, b] = [new OneNode(n1, [n2], 0), new OneNode(n2, [n1], 0)]
    for (const node of [a, b]) node.add(job)
    tell(a, job, sealed('result'))
    a.pass(LIMITS.gossipIntervalMs)
    const facts = news(a.effects)
    expect(facts.map((message) => 'pin' in message)).toEqual(facts.map(() => false))
    expect(facts).not.toEqual([])
  })
})
