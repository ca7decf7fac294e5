/** Where a map task runs when those who have its shards cannot run it: input crosses the network then, and only then. */
import { describe, expect, test } from 'vitest'
import { candidates } from '../../src/core/members/candidates.ts'
import { failureIndex } from '../../src/core/ledger/failures.ts'
import type { Failure } from '../../src/core/ledger/ledger.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { SignedNodeRecord } from '../../src/core/members/membership.ts'
import type { JobRecord, NodeId, TaskIndex } from '../../src/core/types.ts'
import { makeJob } from './fake-work.ts'
import { failureOf, OneNode, outputOf, recordOf, reportOf, started } from './one-node.ts'

const [n1, n2, n3] = ['n1', 'n2', 'n3'] as [NodeId, NodeId, NodeId]

/** Node n1 without data beside n2, which has all of it, and n3, which has none either. */
function setting(
  holder: Partial<SignedNodeRecord>,
  { slots = 4, sort = false }: { slots?: number; sort?: boolean } = {},
): { node: OneNode; job: JobRecord; order: (task: TaskIndex) => NodeId[] } {
  const node = new OneNode(n1, [n2, n3], slots)
  const record = recordOf(n2, { version: 2, ...holder })
  node.give({ type: 'message', from: n2, message: { type: 'records', records: [record] } })
  node.now += LIMITS.tickMs
  const job = makeJob({ maps: 8, reduces: 2, members: [n2], sort })
  const order = (task: TaskIndex): NodeId[] => {
    const state = node.job(job)
    return candidates(node.state, state, state.plan.tasks[task]!, failureIndex(node.state, state))
  }
  return { node, job, order }
}

const maps = [0, 1, 2, 3, 4, 5, 6, 7]

describe('a map task whose holder lives', () => {
  test.each([
    ['has no slots', { slots: 0 }],
    ['runs another version', { runtimes: { js: 'other' } }],
    ['drains', { drained: true }],
  ])('and %s is run by the others, each its share first, then what is left', (_what, holder) => {
    const { node, job, order } = setting(holder, { slots: 8 })
    const effects = node.add(job)
    const mine = maps.filter((task) => order(task)[0] === n1)
    const theirs = maps.filter((task) => order(task)[0] === n3)
    expect([...mine, ...theirs].sort((a, b) => a - b)).toEqual(maps)
    expect(mine.length * theirs.length).toBeGreaterThan(0)
    expect(started(effects)).toEqual(mine)
    node.effects.length = 0
    node.pass(LIMITS.stealAfterMs, n2, n3)
    expect(started(node.effects).sort((a, b) => a - b)).toEqual(theirs)
  })

  test('and is busy is waited for, however long, with slots free elsewhere', () => {
    const { node, job } = setting({})
    node.add(job)
    node.learn(job, [[0, { claim: { term: 1, rank: 0, owner: n2, incarnation: 1 } }]])
    const running = [{ job: job.id, task: 0, units: 0, bytes: 0 }]
    for (let i = 0; i < 60; i++) node.pass(1_000, { node: n2, busy: 1, running: [{ ...running[0]!, units: i }] }, n3)
    expect(started(node.effects)).toEqual([])
  })

  test('and can run it again leaves it to who has begun it, whose claim then ranks last', () => {
    const { node, job, order } = setting({})
    node.add(job)
    node.learn(job, [[3, { claim: { term: 1, rank: 0, owner: n1, incarnation: 1 } }]])
    node.pass(LIMITS.stealAfterMs, n2, n3)
    expect(order(3)).toEqual([n2])
    expect(started(node.effects)).toEqual([3])
    expect(node.job(job).ledger.tasks[3]!.claim).toMatchObject({ owner: n1, term: 2, rank: 1 })
  })

  test('the samples of a sorted job too', () => {
    const { node, job, order } = setting({ slots: 0 }, { sort: true, slots: 8 })
    const effects = node.add(job)
    const kinds = new Set(started(effects).map((task) => node.job(job).plan.tasks[task]!.step.kind))
    expect([...kinds]).toEqual(['sample'])
    expect(order(0)).toHaveLength(2)
  })

  const failed = (over: Partial<Failure>): Failure => failureOf(0, { blame: 'own', ...over })

  test('and has failed at it once by its own fault tries again; after the second time others read it, and it is last', () => {
    const { node, job, order } = setting({})
    node.add(job)
    node.learn(
      job,
      [[0, { claim: { term: 1, rank: 0, owner: n2, incarnation: 1 } }]],
      [reportOf(n2, { failures: [failed({ term: 1 })] })],
    )
    node.pass(5_000, n2, n3)
    expect(started(node.effects)).toEqual([])
    expect(order(0)).toEqual([n2])
    node.learn(
      job,
      [[0, { claim: { term: 2, rank: 0, owner: n2, incarnation: 1 } }]],
      [reportOf(n2, { seq: 2, failures: [failed({ term: 2, attempt: '1-2' })] })],
    )
    expect(order(0).slice(0, 2).sort()).toEqual([n1, n3])
    expect(order(0)[2]).toBe(n2)
    node.pass(5_000, n2, n3)
    expect(started(node.effects)).toEqual([0])
    // What the other tasks are is not touched by this.
    expect(order(1)).toEqual([n2])
  })
})

describe('a map task whose holder is away', () => {
  test('waits: nobody could read it', () => {
    const { node, job, order } = setting({ slots: 0 })
    node.pass(LIMITS.awayAfterMs + 1_000, n3)
    node.add(job)
    node.pass(20_000, n3)
    expect(order(0)).toEqual([])
    expect(started(node.effects)).toEqual([])
  })
})

describe('a copy that came here after the job was pinned', () => {
  const late = (job: JobRecord, ...tasks: TaskIndex[]) =>
    ({ type: 'late-copies', job: job.id, tasks: new Set(tasks) }) as const

  test('lets this node run what its holder, which is away, cannot', () => {
    const { node, job, order } = setting({}, { slots: 8 })
    node.pass(LIMITS.awayAfterMs + 1_000, n3)
    node.add(job)
    node.pass(5_000, n3)
    expect(started(node.effects)).toEqual([])
    node.give(late(job, 2, 5))
    node.pass(1_000, n3)
    expect(started(node.effects)).toEqual([2, 5])
    expect([order(1), order(2)]).toEqual([[], [n1]])
  })

  test('is used beside a busy holder, which comes first; and no more once it is gone', () => {
    const { node, job, order } = setting({})
    node.add(job)
    node.give(late(job, 5))
    expect(order(5)).toEqual([n2, n1])
    node.pass(LIMITS.stealAfterMs + 1_000, n2, n3)
    expect(started(node.effects)).toEqual([5])
    node.give(late(job))
    expect(order(5)).toEqual([n2])
  })

  test('makes who runs it the owner of what it did, though the claim of the holder, which died, was heard of later', () => {
    const n0 = 'n0' as NodeId
    const node = new OneNode(n1, [n3], 1)
    const job = makeJob({ maps: 1, reduces: 1, members: [n0] })
    node.add(job)
    node.give(late(job, 0))
    node.pass(LIMITS.tickMs, n3)
    expect(started(node.effects)).toEqual([0])
    const dead = { term: 1, rank: 0, owner: n0, incarnation: 1 }
    node.learn(job, [[0, { claim: dead }]])
    expect(node.job(job).ledger.tasks[0]!.claim).toEqual(dead)
    const [attempt] = node.state.running.keys()
    node.give({ type: 'attempt-done', attempt: attempt!, output: outputOf('map') })
    node.learn(job, [[0, { claim: dead, output: outputOf('map') }]])
    expect(node.job(job).ledger.tasks[0]!.claim).toMatchObject({ owner: n1, term: 2 })
  })

  test('is of no use to a node without slots', () => {
    const { node, job, order } = setting({}, { slots: 0 })
    node.pass(LIMITS.awayAfterMs + 1_000, n3)
    node.add(job)
    node.give(late(job, 2))
    expect(order(2)).toEqual([])
  })
})
