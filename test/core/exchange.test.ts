import { placementOf } from '../../src/core/members/candidates.ts'
import { stepOf } from './steps.ts'
import { describe, expect, test } from 'vitest'
import { rootOf } from '../../src/core/hash.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { JobRecord, NodeId, TaskIndex } from '../../src/core/types.ts'
import { makeJob } from './fake-work.ts'
import { only, OneNode, outputOf, recordOf, reportOf, started } from './one-node.ts'

const [n1, n2, n3] = ['n1', 'n2', 'n3'] as [NodeId, NodeId, NodeId]
const members = [n1, n2, n3]
const MAPS = 6
const maps = [...new Array(MAPS).keys()]

/** All maps are done on n2, which has their output; n1 (no slots unless asked for) is told. */
function mapped(slots = 0, over: object = {}): { node: OneNode; job: JobRecord; mine: TaskIndex[] } {
  const node = new OneNode(n1, [n2, n3], slots)
  node.give({ type: 'own-record', record: recordOf(n1, { slots, version: 2 }) })
  const job = makeJob({ maps: MAPS, reduces: 6, members: [n1, n2, n3], ...over })
  const tasks = maps.map(
    (i) => [i, { output: outputOf(`m${i}`), claim: { term: 1, rank: 0, owner: n2, incarnation: 1 } }] as const,
  )
  node.add(job, [{ round: 1, outcome: { kind: 'open' }, tasks, reports: [reportOf(n2, { has: maps })] }])
  const { plan } = node.job(job)
  const lists = placementOf(node.job(job), plan.partitions)
  const mine = lists.flatMap((list, p) => (list[0] === n1 ? stepOf(plan, 'reduce').first + p : []))
  return { node, job, mine }
}

const arrive = (node: OneNode, job: JobRecord, task: TaskIndex, consumers: readonly TaskIndex[]): unknown =>
  node.give({ type: 'arrived', job: job.id, task, digest: outputOf(`m${task}`).digest, consumers })

describe('pushes', () => {
  /** n1 has run map 0 of a job whose other maps are n2's. */
  function pushed(): { node: OneNode; job: JobRecord } {
    const node = new OneNode(n1, [n2, n3], 1)
    const job = makeJob({ maps: 3, reduces: 6, members })
    node.add(job)
    const [attempt] = node.state.running.keys()
    node.give({ type: 'attempt-done', attempt: attempt!, output: outputOf('m0') })
    node.pass(LIMITS.tickMs, n2, n3)
    return { node, job }
  }

  test('go to the expected owner of each reduce, one an owner, none to this node itself', () => {
    const { node, job } = pushed()
    const pushes = only(node.effects, 'push')
    const { plan } = node.job(job)
    const lists = placementOf(node.job(job), plan.partitions)
    const owned = (by: NodeId): TaskIndex[] =>
      lists.flatMap((list, p) => (list[0] === by ? stepOf(plan, 'reduce').first + p : []))
    expect(
      pushes.map(({ task, to, consumers }) => ({ task, to, consumers })).sort((a, b) => (a.to < b.to ? -1 : 1)),
    ).toEqual([
      { task: 0, to: n2, consumers: owned(n2) },
      { task: 0, to: n3, consumers: owned(n3) },
    ])
  })

  test('answered LATER, or broken, are asked again later and later; answered GONE, never', () => {
    const { node, job } = pushed()
    const again = (end: 'later' | 'failed' | 'gone' | 'acked'): number => {
      node.effects.length = 0
      node.give({ type: 'push-ended', job: job.id, task: 0, to: n2, end })
      const from = node.now
      while (only(node.effects, 'push').length === 0 && node.now < from + 10_000) node.pass(LIMITS.tickMs, n2, n3)
      return node.now - from
    }
    expect(again('later')).toBe(2 * LIMITS.retrySoonMs)
    expect(again('failed')).toBe(2 * LIMITS.retryAfterMs)
    expect(again('later')).toBe(8 * LIMITS.retrySoonMs)
    expect(again('gone')).toBe(10_000)
  })

  test('are at most so many at once', () => {
    const node = new OneNode(n1, [n2, n3], 20)
    const job = makeJob({ maps: 20, reduces: 6, members: [n1, n2, n3], holders: 3 })
    node.add(job)
    for (const { attempt, task } of [...node.state.running.values()])
      node.give({ type: 'attempt-done', attempt, output: outputOf(`m${task}`) })
    node.pass(1_000, n2, n3)
    expect(only(node.effects, 'push')).toHaveLength(LIMITS.pushesMax)
  })
})

describe('pulls', () => {
  test('come when a push has had its time, for all that the expected owner of a reduce lacks, few at once', () => {
    const { node, job, mine } = mapped()
    expect(mine.length).toBe(2)
    expect(only(node.effects, 'pull')).toEqual([])
    // Without slots it is not a candidate itself: nothing is pulled.
    node.pass(LIMITS.pullAfterMs + 500, n2, n3)
    expect(only(node.effects, 'pull')).toEqual([])

    const able = mapped(2)
    able.node.pass(LIMITS.pullAfterMs - 100, n2, n3)
    expect(only(able.node.effects, 'pull')).toEqual([])
    able.node.pass(500, n2, n3)
    const pulls = only(able.node.effects, 'pull')
    expect(pulls).toHaveLength(LIMITS.pullsMax)
    for (const { from, consumers, copy, task, digest } of pulls) {
      expect({ from, consumers, copy }).toEqual({ from: n2, consumers: able.mine, copy: false })
      expect(digest).toBe(outputOf(`m${task}`).digest)
    }
    expect(node.job(job).pulls.size).toBe(0)
  })

  test('are not needed for what was pushed: the reduce starts when the last run is here, and lists what it consumes', () => {
    const { node, job, mine } = mapped(2)
    for (const task of maps.slice(1)) arrive(node, job, task, mine)
    node.pass(100, n2, n3)
    expect(started(node.effects)).toEqual([])
    arrive(node, job, 0, mine)
    node.pass(100, n2, n3)
    expect(started(node.effects).sort((a, b) => a - b)).toEqual(mine)
    expect(only(node.effects, 'start')[0]!.consumes).toEqual(maps.map((i) => outputOf(`m${i}`).digest))
    node.pass(3_000, n2, n3)
    expect(only(node.effects, 'pull')).toEqual([])
  })

  test('doubled arrivals are booked once; one of another digest is useless and pulled again', () => {
    const { node, job, mine } = mapped(2)
    for (const task of maps) for (let twice = 0; twice < 2; twice++) arrive(node, job, task, mine)
    expect(node.job(job).round.books.get(mine[0]!)!.size).toBe(MAPS)
    const other = mapped(2)
    for (const task of maps.slice(1)) arrive(other.node, other.job, task, other.mine)
    other.node.give({
      type: 'arrived',
      job: other.job.id,
      task: 0,
      digest: outputOf('stale').digest,
      consumers: other.mine,
    })
    other.node.pass(LIMITS.pullAfterMs + 200, n2, n3)
    expect(started(other.node.effects)).toEqual([])
    expect(only(other.node.effects, 'pull').map((pull) => pull.task)).toEqual([0])
  })

  test('repair what is found damaged after it had arrived', () => {
    const { node, job, mine } = mapped(2)
    for (const task of maps.slice(1)) arrive(node, job, task, mine)
    node.give({ type: 'lost', job: job.id, task: 3, what: 'arrived' })
    arrive(node, job, 0, mine)
    node.pass(LIMITS.pullAfterMs + 200, n2, n3)
    expect(started(node.effects)).toEqual([])
    expect(only(node.effects, 'pull').map((pull) => pull.task)).toEqual([3])
    expect(only(node.effects, 'note').map((note) => note.kind)).toEqual(['lost'])
  })

  test('of bounds name one of those that consume them, however many: all do, and whole', () => {
    const job = makeJob({ maps: 2 * LIMITS.partitionsMax + 2, reduces: 2, members: [n1, n2], sort: true })
    const node = new OneNode(n1, [n2])
    node.add(job)
    const { first } = stepOf(node.job(job).plan, 'bounds')
    const outputs = Array.from({ length: first + 1 }, (_, i) => [i, { output: outputOf(`s${i}`) }] as const)
    node.learn(job, outputs, [reportOf(n2, { has: outputs.map(([i]) => i) })])
    const pulls = only(node.pass(4_000, n2), 'pull').filter(({ task }) => task === first)
    expect(pulls.map(({ consumers }) => consumers.length)).toEqual([1])
  })

  test('go to another holder when one fails', () => {
    const { node, job, mine } = mapped(2)
    for (const task of maps.slice(1)) arrive(node, job, task, mine)
    node.learn(job, [], [reportOf(n3, { has: [0] })])
    node.pass(LIMITS.pullAfterMs + 200, n2, n3)
    const [first] = only(node.effects, 'pull')
    node.give({ type: 'pull-ended', job: job.id, task: 0, from: first!.from, end: 'failed', why: 'reset' })
    node.pass(100, n2, n3)
    expect(only(node.effects, 'pull').map((pull) => pull.from)).toEqual(first!.from === n2 ? [n2, n3] : [n3, n2])
  })

  test('do not go to a node that has restarted, until it says again what it has', () => {
    const { node, job } = mapped(2)
    const incarnation = { count: 2, nonce: 'n2.2' }
    node.give({ type: 'message', from: n2, message: { type: 'records', records: [recordOf(n2, { incarnation })] } })
    const alive = { node: n2, incarnation }
    node.pass(LIMITS.pullAfterMs + 500, alive, n3)
    expect(only(node.effects, 'pull')).toEqual([])
    node.learn(job, [], [reportOf(n2, { incarnation: 2, has: maps })])
    node.pass(100, alive, n3)
    expect(only(node.effects, 'pull').map((pull) => pull.from)).toEqual(new Array<NodeId>(LIMITS.pullsMax).fill(n2))
  })

  test('from a source that stays unreachable are a failure of this node, for its own tasks only', () => {
    const { node, job, mine } = mapped(2)
    for (const task of maps.slice(1)) arrive(node, job, task, mine)
    const from = node.now
    while (node.job(job).round.failures.length === 0 && node.now < from + 60_000) {
      node.pass(LIMITS.tickMs, n2, n3)
      for (const source of node.job(job).pulls.values())
        node.give({ type: 'pull-ended', job: job.id, task: 0, from: source, end: 'failed', why: 'no route' })
    }
    expect(node.now - from).toBeGreaterThan(LIMITS.sourceUnreachableMs)
    expect(node.now - from).toBeLessThan(3 * LIMITS.sourceUnreachableMs)
    expect(node.job(job).round.failures.map(({ task, blame, place }) => ({ task, blame, place }))).toEqual(
      mine.map((task) => ({ task, blame: 'own', place: n2 })),
    )
  })

  test('are for the new owner, once the old one is away', () => {
    const { node, job, mine } = mapped(2)
    for (const task of maps) arrive(node, job, task, mine)
    const { plan } = node.job(job)
    const lists = placementOf(node.job(job), plan.partitions)
    const heirs = lists.flatMap((list, p) =>
      list[0] === n3 && list.filter((n) => n !== n3)[0] === n1 ? stepOf(plan, 'reduce').first + p : [],
    )
    node.pass(LIMITS.awayAfterMs + LIMITS.pullAfterMs + 500, n2)
    const wanted = new Set(only(node.effects, 'pull').flatMap((pull) => pull.consumers))
    expect([...wanted].sort((a, b) => a - b)).toEqual(heirs)
  })
})

/** A sealed job, as one node sees it, with its only part on `holders`. */
const reducedOn = (holders: readonly NodeId[], copies: number): { node: OneNode; job: JobRecord } => {
  const { node, job } = mapped(2, { reduces: 1, copies })
  const consumed = rootOf(maps.map((i) => outputOf(`m${i}`).digest))
  const report = (who: NodeId): ReturnType<typeof reportOf> =>
    reportOf(who, { seq: 2, has: [...(who === n2 ? maps : []), MAPS] })
  node.learn(job, [[MAPS, { output: outputOf('part', { took: [MAPS], consumed }) }]], holders.map(report))
  node.pass(200, n2, n3)
  return { node, job }
}

const copying = (node: OneNode): NodeId[] =>
  only(node.effects, 'pull').flatMap((pull) => (pull.copy && pull.task === MAPS ? pull.from : []))

describe('copies of parts', () => {
  const reduced = reducedOn

  test('are taken until as many nodes have each part as are wanted', () => {
    expect(copying(reduced([n2], 3).node)).toEqual([n2])
    expect(copying(reduced([n2, n3], 3).node)).toHaveLength(1)
    expect(copying(reduced([n2, n3], 2).node)).toEqual([])
    expect(copying(reduced([n2], 1).node)).toEqual([])
    // Nobody can have more copies than there are nodes.
    expect(copying(reduced([n2, n3], 9).node)).toHaveLength(1)
  })

  test('are told when they are on this disk, not before', () => {
    const { node, job } = reduced([n2], 3)
    const told = (): readonly TaskIndex[] => only(node.effects, 'sign-report').at(-1)?.report.has ?? []
    expect(told()).toEqual([])
    node.give({ type: 'copied', job: job.id, task: MAPS, digest: outputOf('part').digest })
    node.give({ type: 'pull-ended', job: job.id, task: MAPS, from: n2, end: 'done', why: '' })
    node.pass(100, n2, n3)
    expect(told()).toEqual([MAPS])
  })
})

describe('a node that is drained', () => {
  const draining = recordOf(n2, { version: 2, drained: true })

  test('is no holder to rely on: another copy is taken of what leaves with it', () => {
    const { node } = reducedOn([n2, n3], 2)
    expect(copying(node)).toEqual([])
    node.give({ type: 'message', from: n2, message: { type: 'records', records: [draining] } })
    node.pass(LIMITS.lookOverMs + 300, n2, n3)
    expect(copying(node)).toHaveLength(1)
  })

  test('waits until another has it, and no longer than its time', () => {
    for (const told of [true, false]) {
      const node = new OneNode(n1, [n2], 1)
      const job = makeJob({ maps: 1, reduces: 1, members: [n1, n2], copies: 1 })
      node.give({ type: 'drain' })
      node.add(job, [], [{ task: 1, output: outputOf('part') }])
      node.pass(2_000, n2)
      expect(only(node.effects, 'drained')).toEqual([])
      if (told) node.learn(job, [], [reportOf(n2, { seq: 9, has: [1] })])
      node.pass(told ? 300 : LIMITS.drainMs, n2)
      expect(only(node.effects, 'drained')).toHaveLength(1)
    }
  })
})

describe('release', () => {
  const wire = outputOf('m')
  test('comes with the seal and enough copies of every part, not with either alone', () => {
    const node = new OneNode(n1, [n2], 1)
    const job = makeJob({ maps: 1, reduces: 1, members: [n1, n2], copies: 2 })
    node.add(job)
    const run = (output: ReturnType<typeof outputOf>): unknown => {
      node.pass(LIMITS.tickMs, n2)
      const [attempt] = node.state.running.keys()
      return node.give({ type: 'attempt-done', attempt: attempt!, output })
    }
    run(wire)
    const consumed = node.job(job).ledger.tasks[0]!.output
    expect(consumed).toEqual(wire)
    // Whoever reduces, the seal alone releases nothing.
    const part = outputOf('part', { consumed: rootOf([wire.digest]), took: [1] })
    node.learn(job, [[1, { output: part }]], [reportOf(n2, { seq: 5, has: [1] })])
    expect(node.job(job).ledger.outcome.kind).toBe('sealed')
    node.pass(300, n2)
    expect(only(node.effects, 'release')).toEqual([])
    node.give({ type: 'copied', job: job.id, task: 1, digest: part.digest })
    node.pass(300, n2)
    expect(only(node.effects, 'release')).toHaveLength(1)
    expect([...node.job(job).has]).toEqual([1])
  })

  test('does not come with a failure or a cancel: the next round adopts what is here', () => {
    const node = new OneNode(n1, [], 1)
    const job = makeJob({ maps: 2, reduces: 1, members: [n1] })
    node.add(job)
    const [attempt] = node.state.running.keys()
    node.give({ type: 'attempt-done', attempt: attempt!, output: wire })
    node.give({ type: 'cancel', job: job.id })
    node.pass(5_000)
    expect(only(node.effects, 'release')).toEqual([])
    expect([...node.job(job).has]).toEqual([0])
  })
})
