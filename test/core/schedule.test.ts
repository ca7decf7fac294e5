import { describe, expect, test } from 'vitest'
import { baseOrder } from '../../src/core/members/candidates.ts'
import type { Claim } from '../../src/core/ledger/ledger.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { JobRecord, NodeId, TaskIndex } from '../../src/core/types.ts'
import { makeJob } from './fake-work.ts'
import { failureOf, only, OneNode, outputOf, recordOf, reportOf, started } from './one-node.ts'

const [n1, n2, n3] = ['n1', 'n2', 'n3'] as [NodeId, NodeId, NodeId]
const members = [n1, n2, n3]

const claimOf = (owner: NodeId, over: Partial<Claim> = {}): { claim: Claim } => ({
  claim: { term: 1, rank: 0, owner, incarnation: 1, ...over },
})
const done = (node: OneNode, job: JobRecord, task: TaskIndex): void => {
  const running = [...node.state.running.values()].find((r) => r.task === task && r.job === job.id)!
  node.give({ type: 'attempt-done', attempt: running.attempt, output: outputOf(`done ${task}`) })
}

/** Node n1 with two live peers, and a job of which each shard lies on two of the three. */
function setting(over: Partial<Parameters<typeof makeJob>[0]> = {}, slots = 2): { node: OneNode; job: JobRecord } {
  const node = new OneNode(n1, [n2, n3], slots)
  const job = makeJob({ maps: 12, reduces: 3, members, holders: 2, ...over })
  return { node, job }
}

/** Map tasks for which the candidates are these, in this order. */
function tasksFor(node: OneNode, job: JobRecord, ...order: NodeId[]): TaskIndex[] {
  const { plan } = node.job(job)
  return plan.tasks
    .filter((task) => task.step.kind === 'map' && String(baseOrder(node.job(job), task)) === String(order))
    .map((task) => task.index)
}

describe('a free slot', () => {
  test('takes the node’s own list from the front, and says so when it starts, never before', () => {
    const { node, job } = setting()
    const effects = node.add(job)
    const mine = [...tasksFor(node, job, n1, n2), ...tasksFor(node, job, n1, n3)].sort((a, b) => a - b)
    expect(started(effects)).toEqual(mine.slice(0, 2))
    const claimed = node.job(job).ledger.tasks.flatMap((task, i) => (task.claim === null ? [] : i))
    expect(claimed).toEqual(mine.slice(0, 2))
    expect(node.job(job).ledger.tasks[mine[0]!]!.claim).toEqual({ term: 1, rank: 0, owner: n1, incarnation: 1 })
    done(node, job, mine[0]!)
    node.pass(LIMITS.tickMs, n2, n3)
    expect(started(node.effects)).toEqual(mine.slice(0, 3))
  })

  test('with nothing left there, takes from the back of the list of the holder with most unbegun bytes', () => {
    const { node, job } = setting({ maps: 30 }, 1)
    node.add(job)
    const mine = [...tasksFor(node, job, n1, n2), ...tasksFor(node, job, n1, n3)]
    const lists = { n2: tasksFor(node, job, n2, n1), n3: tasksFor(node, job, n3, n1) }
    node.learn(
      job,
      mine.map((i) => [i, { ...claimOf(n2, { term: 2 }) }]),
    )
    for (const r of node.state.running.values())
      node.give({ type: 'attempt-done', attempt: r.attempt, output: outputOf('x') })
    const longer = lists.n2.length >= lists.n3.length ? lists.n2 : lists.n3
    expect(lists.n2.length).not.toBe(lists.n3.length)
    node.effects.length = 0
    node.pass(LIMITS.stealAfterMs - LIMITS.tickMs, n2, n3)
    // Not before the others have had time to say what they have begun.
    expect(started(node.effects)).toEqual([])
    node.pass(LIMITS.tickMs, n2, n3)
    expect(started(node.effects)).toEqual([longer.at(-1)])
  })

  test('leaves alone what a live node has begun, and shards that are not here', () => {
    const { node, job } = setting({ maps: 6 }, 12)
    node.add(job)
    const here = node
      .job(job)
      .plan.tasks.filter((task) => task.holders.includes(n1))
      .map((task) => task.index)
    node.pass(LIMITS.stealAfterMs, n2, n3)
    expect(started(node.effects).sort((a, b) => a - b)).toEqual(here)
    const other = setting({ maps: 6 }, 12)
    other.node.add(other.job, [
      {
        round: 1,
        outcome: { kind: 'open' },
        tasks: here.map((i) => [i, { ...claimOf(n2), output: null }]),
        reports: [],
      },
    ])
    other.node.pass(1_000, n2, n3)
    expect(started(other.node.effects)).toEqual([])
  })

  test('of a node of another runtime, without slots, or draining, takes nothing', () => {
    const { job } = setting()
    const foreign: JobRecord = { ...job, spec: { ...job.spec, runtime: 'other' } }
    for (const [node, record] of [
      [new OneNode(n1, members.slice(1), 2), foreign],
      [new OneNode(n1, members.slice(1), 0), job],
    ] as const) {
      node.add(record)
      node.pass(1_000, n2, n3)
      expect(started(node.effects)).toEqual([])
    }
    const node = new OneNode(n1, members.slice(1), 2)
    node.give({ type: 'drain' })
    node.add(job)
    node.pass(1_000, n2, n3)
    expect(started(node.effects)).toEqual([])
    expect(only(node.effects, 'drained')).toHaveLength(1)
  })

  test('goes to the job that has used least of this node', () => {
    const node = new OneNode(n1, [], 1)
    const big = makeJob({ name: 'big', maps: 50, reduces: 1, members: [n1] })
    const tiny = makeJob({ name: 'tiny', maps: 2, reduces: 1, members: [n1] })
    node.add(big)
    node.pass(5_000)
    done(node, big, 0)
    node.add(tiny)
    node.pass(LIMITS.tickMs)
    const [running] = node.state.running.values()
    // The slot may have gone to the big job once more, before the tiny one was known; then the tiny one is next.
    if (running!.job === big.id) done(node, big, running!.task)
    node.pass(LIMITS.tickMs)
    expect([...node.state.running.values()].map((r) => r.job)).toEqual([tiny.id])
  })
})

test('what an attempt of an earlier round gives counts for nothing: it consumed what that round had agreed on', () => {
  const { node, job } = setting({}, 1)
  const [task] = started(node.add(job)) as [TaskIndex]
  const delta = { round: 2, outcome: { kind: 'open' }, tasks: [], reports: [] } as const
  node.give({ type: 'message', from: n2, message: { type: 'delta', job: job.id, delta } })
  done(node, job, task)
  const { ledger, has } = node.job(job)
  expect([ledger.round, ledger.tasks[task]!.output, has.size]).toEqual([2, null, 0])
  node.pass(1_000, n2, n3)
  expect(started(node.effects).filter((one) => one === task)).toHaveLength(2)
})

describe('takeover', () => {
  /** The job with one map, whose candidates are n2, then n1; n2 has claimed it. */
  function claimed(rank: 1 | 2): { node: OneNode; job: JobRecord } {
    for (let i = 0; ; i++) {
      const node = new OneNode(n1, [n2, n3])
      const job = makeJob({ name: `job ${i}`, maps: 1, reduces: 1, members, holders: 3 })
      const claim = {
        round: 1,
        outcome: { kind: 'open' },
        tasks: [[0, { ...claimOf(n2), output: null }]],
        reports: [],
      } as const
      node.add(job, [claim])
      const order = baseOrder(node.job(job), node.job(job).plan.tasks[0]!)
      if (order[0] === n2 && order[rank] === n1) return { node, job }
    }
  }
  /** How long n2 has been silent when this node starts the task. */
  const waited = (node: OneNode, ...alive: NodeId[]): number => {
    const heard = node.state.members.get(n2)!.heardAt
    while (started(node.effects).length === 0 && node.now < heard + 30_000) node.pass(LIMITS.tickMs, ...alive)
    return node.now - heard
  }

  test('of an owner that is away: the first candidate after the suspicion time, the next one turn later', () => {
    const first = claimed(1)
    // n2 is away, so n1 is the first live candidate, and n3 the second.
    expect(waited(first.node, n3)).toBeGreaterThan(LIMITS.awayAfterMs)
    expect(first.node.job(first.job).ledger.tasks[0]!.claim).toMatchObject({ term: 2, rank: 0, owner: n1 })
    const second = claimed(2)
    expect(waited(second.node, n3)).toBeGreaterThanOrEqual(LIMITS.awayAfterMs + LIMITS.takeoverStaggerMs)
    expect(second.node.job(second.job).ledger.tasks[0]!.claim).toMatchObject({ term: 2, rank: 1, owner: n1 })
  })

  test('comes sooner where the connection is closed, too', () => {
    const { node } = claimed(1)
    node.give({ type: 'peer', peer: n2, connected: false })
    const took = waited(node, n3)
    expect(took).toBeGreaterThan(LIMITS.awayAfterMs / 2)
    expect(took).toBeLessThan(LIMITS.awayAfterMs)
  })

  test('does not happen while the owner lives and gets on', () => {
    const { node, job } = claimed(1)
    for (let units = 0; units < 100; units++)
      node.pass(1_000, { node: n2, running: [{ job: job.id, task: 0, units, bytes: 0 }] }, n3)
    expect(started(node.effects)).toEqual([])
  })

  test('of a claim of an earlier life needs no waiting', () => {
    const { node } = claimed(1)
    const reborn = recordOf(n2, { incarnation: { count: 2, nonce: 'b' } })
    node.give({ type: 'message', from: n2, message: { type: 'records', records: [reborn] } })
    node.hear({ node: n2, incarnation: reborn.incarnation })
    // Free again: n2 is the first candidate, and n1 takes it only off its list, having nothing else to do.
    expect(started(node.pass(LIMITS.stealAfterMs, n3))).toEqual([0])
  })

  test('of a task whose owner stands still: one backup, by a node with nothing else to do', () => {
    const { node, job } = claimed(1)
    const stuck = { node: n2, running: [{ job: job.id, task: 0, units: 7, bytes: 0 }] }
    node.pass(LIMITS.backupStillMs - 100, stuck, n3)
    expect(started(node.effects)).toEqual([])
    node.pass(1_000, stuck, n3)
    expect(started(node.effects)).toEqual([0])
    expect(node.job(job).ledger.tasks[0]!.claim).toMatchObject({ term: 2, owner: n1 })
  })

  test('of a task whose live owner does not run it at all', () => {
    const { node } = claimed(1)
    node.pass(LIMITS.backupStillMs - 100, n2, n3)
    expect(started(node.effects)).toEqual([])
    node.pass(1_000, n2, n3)
    expect(started(node.effects)).toEqual([0])
  })

  test('of a task that takes longer than usual, though it gets on', () => {
    const { node, job } = claimed(1)
    node.job(job).durations[0]!.push(6_000, 6_000, 9_000)
    const waits = (duration: number): number[] => {
      for (let at = 0; at < duration; at += 500)
        node.pass(500, { node: n2, running: [{ job: job.id, task: 0, units: at, bytes: at }] }, n3)
      return started(node.effects)
    }
    expect(waits(LIMITS.backupMedians * 6_000 - 500)).toEqual([])
    expect(waits(1_000)).toEqual([0])
  })

  test('of a task that sticks everywhere comes later each time, and never ends', () => {
    const { node, job } = claimed(1)
    const stuck = (owner: NodeId): object => ({ node: owner, running: [{ job: job.id, task: 0, units: 7, bytes: 0 }] })
    for (let term = 2; term < 9; term++) {
      const owner = term % 2 === 0 ? n3 : n2
      node.learn(job, [[0, claimOf(owner, { term })]])
      node.pass(LIMITS.backupStillMs * 2 ** Math.min(term - 1, LIMITS.overtakenMax) - 1_000, stuck(n2), stuck(n3))
      expect(started(node.effects)).toEqual([])
    }
    node.pass(2_000, stuck(n2), stuck(n3))
    expect(started(node.effects)).toEqual([0])
  })

  test('of a live owner waits until the node has nothing else to do, or until it clearly stands still', () => {
    const { node, job } = claimed(1)
    const other = makeJob({ name: 'other', maps: 1, reduces: 1, members: [n1] })
    const many = makeJob({ name: 'many', maps: 9, reduces: 1, members: [n1] })
    node.add(other)
    node.add(many)
    const stuck = { node: n2, running: [{ job: job.id, task: 0, units: 7, bytes: 0 }] }
    const begun = (): number => node.effects.findIndex((e) => e.type === 'start' && e.job === job.id)
    for (let at = 0; at < LIMITS.standstillMs; at += 3_000) {
      expect(begun()).toBe(-1)
      node.pass(3_000, stuck, n3)
      for (const r of [...node.state.running.values()]) if (r.job === many.id) done(node, many, r.task)
    }
    node.pass(2_000, stuck, n3)
    expect(begun()).toBeGreaterThan(0)
  })
})

describe('a task given back', () => {
  const failed = (blame: 'own' | 'user' | 'death'): { node: OneNode; job: JobRecord; task: TaskIndex } => {
    const { node, job } = setting({}, 20)
    node.add(job)
    // A task of n3's list that this node may run as well.
    const [task] = tasksFor(node, job, n3, n1)
    const fresh = setting({}, 20)
    fresh.node.add(job, [
      {
        round: 1,
        outcome: { kind: 'open' },
        tasks: job.snapshot.inputs[0]!.shards.map((_, i) => [i, { ...claimOf(n3), output: null }]),
        reports: [],
      },
    ])
    fresh.node.learn(job, [], [reportOf(n3, { failures: [failureOf(task!, { blame })] })])
    return { node: fresh.node, job, task: task! }
  }

  test('for an own cause goes to the next candidate at once', () => {
    const { node, task } = failed('own')
    node.pass(LIMITS.tickMs, n2, n3)
    expect(started(node.effects)).toEqual([task])
  })

  test('by death runs with nothing beside it', () => {
    const { node, job, task } = failed('death')
    node.pass(LIMITS.stealAfterMs, n2, n3)
    expect(started(node.effects)).toEqual([task])
    const more = makeJob({ name: 'more', maps: 9, reduces: 1, members: [n1] })
    node.add(more)
    node.pass(1_000, n2, n3)
    expect(started(node.effects)).toEqual([task])
    done(node, job, task)
    node.pass(LIMITS.tickMs, n2, n3)
    expect(started(node.effects)).toHaveLength(10)
  })

  test('by this node for an own cause is left to others, and tried here again later and later', () => {
    const node = new OneNode(n1, [], 1)
    const job = makeJob({ maps: 1, reduces: 1, members: [n1] })
    node.add(job)
    const starts: number[] = []
    for (let i = 0; i < 5; i++) {
      while (node.state.running.size === 0) node.pass(LIMITS.tickMs)
      starts.push(node.now)
      const [attempt] = node.state.running.keys()
      const { error } = failureOf(0)
      node.give({ type: 'attempt-failed', attempt: attempt!, blame: 'own', place: '', error })
    }
    const gaps = starts.slice(1).map((at, i) => at - starts[i]!)
    expect(gaps.map((gap) => Math.round(gap / 1_000))).toEqual([1, 2, 4, 8])
  })
})

describe('an output that nobody has', () => {
  /** All maps have outputs, which n2 says it has; n1 is a candidate for some. */
  function held(): { node: OneNode; job: JobRecord; mine: TaskIndex[] } {
    const { node, job } = setting({}, 20)
    const maps = job.snapshot.inputs[0]!.shards.map((_, i) => i)
    node.add(job, [
      {
        round: 1,
        outcome: { kind: 'open' },
        tasks: maps.map((i) => [i, { ...claimOf(n2), output: outputOf(`m${i}`) }]),
        reports: [reportOf(n2, { has: maps })],
      },
    ])
    return { node, job, mine: maps.filter((i) => node.job(job).plan.tasks[i]!.holders.includes(n1)) }
  }

  test('is computed again as soon as its holder is away', () => {
    const { node, mine } = held()
    node.pass(LIMITS.awayAfterMs - 500, n3)
    expect(started(node.effects)).toEqual([])
    node.pass(2_000, n3)
    expect(started(node.effects).sort((a, b) => a - b)).toEqual(mine)
  })

  test('is not, while the report of who has it is on its way', () => {
    const { node, job } = held()
    node.learn(job, [], [reportOf(n2, { seq: 2, has: [] })])
    node.pass(LIMITS.suspectAfterMs - 200, n2, n3)
    node.learn(job, [], [reportOf(n3, { has: job.snapshot.inputs[0]!.shards.map((_, i) => i) })])
    node.pass(5_000, n2, n3)
    expect(started(node.effects)).toEqual([])
  })
})
