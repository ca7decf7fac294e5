import { array, assert, boolean, constantFrom, integer, oneof, property, record, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hello } from '../../src/core/gossip/anti-entropy.ts'
import type { Delta, TaskState } from '../../src/core/ledger/ledger.ts'
import { ledgerHash } from '../../src/core/ledger/ledger-hash.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { Message } from '../../src/core/messages.ts'
import type { Outcome } from '../../src/core/ledger/outcome.ts'
import type { Digest, JobRecord, NodeId } from '../../src/core/types.ts'
import { toBytes } from '../../src/wire/codec.ts'
import { makeJob } from './fake-work.ts'
import { news, only, OneNode, outputOf, recordOf, reportOf, started } from './one-node.ts'

const n1 = 'n1' as NodeId
const n2 = 'n2' as NodeId
const n3 = 'n3' as NodeId
const members = [n1, n2]

/** Two nodes that do no work and know each other. */
function pair(): readonly [OneNode, OneNode] {
  return [new OneNode(n1, [n2], 0), new OneNode(n2, [n1], 0)]
}

/** One round that `a` opens with `b`, all answers included; `isLost` loses single messages. Gives the messages sent. */
function round(a: OneNode, b: OneNode, isLost: () => boolean = () => false): Message[] {
  const sent: Message[] = []
  const queue: { from: OneNode; to: OneNode; message: Message }[] = [{ from: a, to: b, message: hello(a.state) }]
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    sent.push(next.message)
    if (sent.length > 2_000) throw new Error('they never stop talking')
    if (isLost()) continue
    const { from, to } = next
    // As on the wire: nothing is shared between the two.
    const message = structuredClone(next.message)
    const effects = to.give({ type: 'message', from: from.state.self.node, message })
    for (const effect of only(effects, 'send'))
      if (effect.message.type !== 'hello' && effect.to === from.state.self.node)
        queue.push({ from: to, to: from, message: effect.message })
  }
  return sent
}

const bytesOf = (messages: readonly Message[]): number =>
  messages.reduce((sum, message) => sum + JSON.stringify(message).length, 0)

/** A ledger's facts; the order in which reports came is none. */
const factsOf = (node: OneNode, job: JobRecord): unknown => {
  const { round: r, outcome, tasks, reports } = node.job(job).ledger
  return { round: r, outcome, tasks, reports: [...reports.values()].sort((a, b) => (a.node < b.node ? -1 : 1)) }
}

const join = (node: OneNode, job: JobRecord, delta: Delta): unknown =>
  node.give({ type: 'message', from: 'n9' as NodeId, message: { type: 'delta', job: job.id, delta } })

describe('two replicas that are equal', () => {
  test('of a job of 10,000 tasks say so in less than 1 KiB a round, without naming a task', () => {
    const job = makeJob({ maps: 9_000, reduces: 1_000, members })
    const [a, b] = pair()
    for (const node of [a, b]) {
      node.add(job)
      const tasks = Array.from({ length: 9_000 }, (_, i) => [i, { output: outputOf(`m${i}`) }] as const)
      node.learn(job, tasks, [reportOf(n1, { has: tasks.map(([i]) => i) })])
    }
    expect(ledgerHash(a.job(job).ledger)).toBe(ledgerHash(b.job(job).ledger))
    const said = round(a, b)
    expect(said.map((message) => message.type)).toEqual(['hello'])
    expect(bytesOf(said)).toBeLessThan(1024)
  })
})

describe('two replicas that differ', () => {
  test('in one of 10,000 tasks exchange one range of them, not the job', () => {
    const job = makeJob({ maps: 9_000, reduces: 1_000, members })
    const [a, b] = pair()
    const tasks = Array.from({ length: 9_000 }, (_, i) => [i, { output: outputOf(`m${i}`) }] as const)
    for (const node of [a, b]) {
      node.add(job)
      node.learn(job, tasks)
    }
    a.learn(job, [[9_500, { claim: { term: 1, rank: 0, owner: n1, incarnation: 1 } }]])
    const said = [...round(a, b), ...round(b, a)]
    expect(factsOf(a, job)).toEqual(factsOf(b, job))
    // 10,000 tasks in ranges of 20: the one alone has a state of those in its range.
    expect(said.flatMap((m) => (m.type === 'delta' ? m.delta.tasks : [])).length).toBe(1)
    expect(bytesOf(said)).toBeLessThan(100_000)
    // A step whose tasks are all done is one hash, whatever its size.
    const hashes = said.flatMap((m) => (m.type === 'ranges' ? [m.steps.map((ranges) => ranges.length)] : []))
    expect(hashes).toEqual([
      [1, 50],
      [1, 50],
    ])
  })

  test('in one task of a finished step find it where it is not finished, and by one more answer where it is', () => {
    const job = makeJob({ maps: 1_000, reduces: 1, members })
    const [a, b] = pair()
    const tasks = Array.from({ length: 1_000 }, (_, i) => [i, { output: outputOf(`m${i}`) }] as const)
    for (const node of [a, b]) node.add(job)
    a.learn(job, tasks)
    b.learn(job, tasks.with(500, [500, { output: outputOf('another') }]))
    const said = [...round(a, b), ...round(b, a)]
    expect(factsOf(a, job)).toEqual(factsOf(b, job))
    expect(said.flatMap((m) => (m.type === 'delta' ? m.delta.tasks : [])).length).toBeLessThan(
      3 * LIMITS.syncRangeTasks,
    )
  })

  test('in all of 50,000 tasks and a report need fewer messages than may wait for a peer', () => {
    const large = makeJob({ maps: 50_000, reduces: 1, members })
    const [a, b] = pair()
    for (const node of [a, b]) node.add(large)
    const tasks = Array.from({ length: 50_000 }, (_, i) => [i, { output: outputOf(`m${i}`) }] as const)
    a.learn(large, tasks, [reportOf(n1, { has: [0] })])
    const said = [...round(a, b), ...round(b, a)]
    expect(factsOf(a, large)).toEqual(factsOf(b, large))
    expect(said.length).toBeLessThan(LIMITS.controlQueueMax)
    // … each of which fits into a frame.
    expect(Math.max(...said.map((message) => toBytes(message).length))).toBeLessThan(LIMITS.rpcFrameBytesMax / 2)
  })

  test('in any of more jobs than a message names hear of it in some rounds', () => {
    const [a, b] = pair()
    const jobs = Array.from({ length: LIMITS.jobsKeptMax + 100 }, (_, i) =>
      makeJob({ maps: 1, reduces: 1, members, name: `job ${i}` }),
    )
    for (const one of jobs) for (const node of [a, b]) node.add(one)
    const [first, last] = [jobs[0]!, jobs.at(-1)!]
    for (const one of [first, last]) a.give({ type: 'cancel', job: one.id })
    for (let i = 0; i < 30; i++) {
      for (const node of [a, b]) node.now += LIMITS.syncIntervalMs
      for (const node of [a, b]) node.give({ type: 'tick', stalled: 0 })
      round(a, b)
      round(b, a)
    }
    expect([first, last].map((one) => b.job(one).ledger.outcome.kind)).toEqual(['cancelled', 'cancelled'])
  })

  const job = makeJob({ maps: 6, reduces: 2, members })
  const task = record({
    claim: oneof(
      constantFrom(null),
      record({
        term: integer({ min: 1, max: 3 }),
        rank: integer({ max: 2, min: 0 }),
        owner: constantFrom(n1, n2),
        incarnation: constantFrom(1),
      }),
    ),
    output: constantFrom(null, outputOf('x'), outputOf('y')),
  })
  const outcome = constantFrom<Outcome>(
    { kind: 'open' },
    { kind: 'cancelled' },
    { kind: 'sealed', result: 's' as Digest },
    { kind: 'sealed', result: 't' as Digest },
  )
  const report = tuple(constantFrom('n7', 'n8'), integer({ min: 1, max: 3 })).map(([node, seq]) =>
    reportOf(node as NodeId, { seq, has: [seq] }),
  )
  const delta = record({
    round: integer({ min: 1, max: 3 }),
    outcome,
    tasks: array(tuple(integer({ min: 0, max: 7 }), task), { maxLength: 6 }) as never as ReturnType<
      typeof array<readonly [number, TaskState]>
    >,
    reports: array(report, { maxLength: 2 }),
  })

  test('however they do, are equal after one round each way, in few messages', () => {
    assert(
      property(array(delta, { maxLength: 4 }), array(delta, { maxLength: 4 }), (left, right) => {
        const [a, b] = pair()
        for (const node of [a, b]) node.add(job)
        for (const d of left) join(a, job, d)
        for (const d of right) join(b, job, d)
        const said = [...round(a, b), ...round(b, a)]
        expect(factsOf(a, job)).toEqual(factsOf(b, job))
        expect(said.length).toBeLessThanOrEqual(24)
        expect([...round(a, b), ...round(b, a)].map((message) => message.type)).toEqual(['hello', 'hello'])
      }),
      { numRuns: 500 },
    )
  })

  test('become equal though any messages were lost, as soon as none are', () => {
    assert(
      property(
        array(delta, { maxLength: 4 }),
        array(delta, { maxLength: 4 }),
        array(boolean(), { maxLength: 20 }),
        (left, right, lost) => {
          const [a, b] = pair()
          for (const node of [a, b]) node.add(job)
          for (const d of left) join(a, job, d)
          for (const d of right) join(b, job, d)
          const isLost = (): boolean => lost.shift() ?? false
          while (lost.length > 0) {
            round(a, b, isLost)
            round(b, a, isLost)
          }
          round(a, b)
          round(b, a)
          expect(factsOf(a, job)).toEqual(factsOf(b, job))
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('jobs', () => {
  const job = makeJob({ maps: 2, reduces: 1, members })

  test('that one side does not know are fetched from the other, once', () => {
    const [a, b] = pair()
    b.add(job)
    round(a, b)
    round(a, b)
    expect(only(a.effects, 'fetch-job')).toEqual([{ type: 'fetch-job', job: job.id, from: n2 }])
    a.now += LIMITS.rpcTimeoutMs
    round(a, b)
    expect(only(a.effects, 'fetch-job')).toHaveLength(2)
    a.give({ type: 'job-missing', job: job.id, from: n2 })
    round(a, b)
    expect(only(a.effects, 'fetch-job')).toHaveLength(3)
  })

  test('that one side has forgotten are forgotten by the other, and never asked for again', () => {
    const [a, b] = pair()
    for (const node of [a, b]) node.add(job)
    a.give({ type: 'forget', job: job.id })
    const late: Message = { type: 'ranges', job: job.id, round: 1, steps: [], reports: [], reply: false }
    expect(only(a.give({ type: 'message', from: n2, message: late }), 'fetch-job')).toEqual([])
    round(a, b)
    round(b, a)
    expect([a, b].map((node) => node.state.jobs.size)).toEqual([0, 0])
    expect([a, b].map((node) => node.state.forgottenJobs.get(job.id))).toEqual([1, 1])
  })

  test('submitted again after they were forgotten open the round after', () => {
    const [a, b] = pair()
    a.add(job)
    a.give({ type: 'forget', job: job.id })
    a.add(job)
    expect(a.job(job).ledger.round).toBe(2)
    b.state.forgottenJobs.set(job.id, 1)
    round(b, a)
    expect(only(b.effects, 'fetch-job')).toHaveLength(1)
  })
})

describe('records of nodes', () => {
  test('go to who lacks them or has older ones', () => {
    const [a, b] = pair()
    const learn = (node: OneNode, ...records: ReturnType<typeof recordOf>[]): unknown =>
      node.give({ type: 'message', from: 'n9' as NodeId, message: { type: 'records', records } })
    learn(a, recordOf('n3' as NodeId), recordOf('n4' as NodeId, { version: 2 }))
    learn(b, recordOf('n4' as NodeId), recordOf('n5' as NodeId, { incarnation: { count: 3, nonce: 'x' } }))
    round(a, b)
    round(b, a)
    for (const node of [a, b]) {
      expect([...node.state.members.keys()].sort()).toEqual(['n1', 'n2', 'n3', 'n4', 'n5'])
      expect(node.state.members.get('n4' as NodeId)?.record.version).toBe(2)
    }
    expect(round(a, b).map((message) => message.type)).toEqual(['hello'])
  })
})

describe('gossip', () => {
  test('of many jobs at once takes its time; straight to peers that are near it is five times as fast', () => {
    for (const [isNear, least, most] of [
      [true, 40, LIMITS.directFactor * (LIMITS.gossipBurst + 10)],
      [false, 8, LIMITS.gossipBurst + 10],
    ] as const) {
      const [a] = pair()
      a.give({ type: 'peer', peer: n2, connected: isNear })
      const from = a.effects.length
      for (let i = 0; i < 100; i++) {
        const job = makeJob({ maps: i + 1, reduces: 1, members })
        const tasks = [[0, { output: outputOf(`m${i}`), claim: null }] as const]
        a.add(job, [{ round: 1, outcome: { kind: 'open' }, tasks, reports: [] }])
      }
      a.pass(1_000, n2)
      const told = new Set(news(a.effects.slice(from)).map(({ job }) => job))
      expect(told.size).toBeGreaterThanOrEqual(least)
      expect(told.size).toBeLessThanOrEqual(most)
    }
  })

  test('of any job stays within one message of its bound, ten a second, and tells all that changed', () => {
    const job = makeJob({ maps: 300, reduces: 4, members })
    const [a] = pair()
    const [, b] = pair()
    // What this node's own disk brings back is its to tell; what it hears from others is not.
    const tasks = Array.from(
      { length: 300 },
      (_, i) => [i, { output: outputOf(`m${i}`), claim: { term: 1, rank: 0, owner: n2, incarnation: 1 } }] as const,
    )
    const reports = [reportOf(n2, { has: Array.from({ length: 300 }, (_, i) => i) })]
    b.add(job)
    a.effects.length = 0
    a.add(job, [{ round: 1, outcome: { kind: 'open' }, tasks, reports }])
    const from = a.now
    a.pass(2_000, n2)
    const told = news(a.effects)
    expect(told.length).toBeLessThanOrEqual(LIMITS.gossipBurst + (a.now - from) / LIMITS.gossipIntervalMs)
    for (const message of told) {
      expect(JSON.stringify(message).length).toBeLessThan(LIMITS.gossipBytesMax)
      b.give({ type: 'message', from: n1, message })
    }
    expect(factsOf(b, job)).toEqual(factsOf(a, job))
    b.effects.length = 0
    b.pass(2_000, n1)
    expect(news(b.effects).flatMap(({ delta }) => delta.tasks)).toEqual([])
  })

  /** A map of this node has just ended; the report that says so is being signed. */
  function ended(peers: readonly NodeId[]): { node: OneNode; told: () => Message[] } {
    const node = new OneNode(n1, peers)
    node.add(makeJob({ maps: 2, reduces: 1, members: [n1] }))
    node.pass(LIMITS.gossipIntervalMs + LIMITS.tickMs, ...peers)
    node.effects.length = 0
    node.now++
    const [attempt] = node.state.running.keys()
    node.give({ type: 'attempt-done', attempt: attempt!, output: outputOf('m') })
    return { node, told: () => news(node.effects) }
  }

  test('claims wait for company; an output goes at once, together with the report that says who has it', () => {
    const node = new OneNode(n1, [n2])
    node.add(makeJob({ maps: 2, reduces: 1, members: [n1] }))
    expect(started(node.effects)).toEqual([0, 1])
    expect(news(node.effects)).toEqual([])
    node.pass(LIMITS.gossipIntervalMs, n2)
    expect(news(node.effects).map(({ delta }) => delta.tasks.length)).toEqual([2])

    const later = ended([n2])
    expect(later.told()).toEqual([])
    const [sign] = only(later.node.effects, 'sign-report')
    later.node.now++
    const signed = { ...sign!.report, bytes: new Uint8Array(), signature: new Uint8Array() }
    later.node.give({ type: 'report-signed', job: sign!.job, round: sign!.round, report: signed })
    expect(later.told()).toMatchObject([{ delta: { tasks: [[0, { output: {} }]], reports: [{ node: n1, has: [0] }] } }])
  })

  test('what comes right after the last look is acted upon within a millisecond, and asks for that once', () => {
    const { node, told } = ended([n2])
    const [sign] = only(node.effects, 'sign-report')
    const signed = { ...sign!.report, bytes: new Uint8Array(), signature: new Uint8Array() }
    // No time has passed on this clock.
    node.give({ type: 'report-signed', job: sign!.job, round: sign!.round, report: signed })
    expect(told()).toEqual([])
    expect(only(node.effects, 'wake')).toEqual([{ type: 'wake', after: 1 }])
    node.give({ type: 'wake' })
    expect(told()).toHaveLength(1)
    expect(only(node.effects, 'wake')).toHaveLength(1)
  })

  test('an output waits no longer than that for a report that is not signed', () => {
    const { node, told } = ended([n2])
    node.pass(LIMITS.gossipIntervalMs, n2)
    expect(told()).toMatchObject([{ delta: { tasks: [[0, {}]], reports: [] } }])
  })

  test('what was said of a job before it was known here is asked for as soon as it is', () => {
    const job = makeJob({ maps: 2, reduces: 1, members: [n1, n2] })
    const [a, b] = [new OneNode(n1, [n2], 0), new OneNode(n2, [n1], 0)]
    a.add(job, [
      { round: 1, outcome: { kind: 'open' }, tasks: [[0, { claim: null, output: outputOf('m') }]], reports: [] },
    ])
    const [told] = news(a.effects)
    b.give({ type: 'message', from: n1, message: told! })
    b.add(job)
    const [ask] = only(b.effects, 'send').filter(({ message }) => message.type === 'ranges')
    const answer = only(a.give({ type: 'message', from: n2, message: ask!.message }), 'send')
    for (const { message } of answer) b.give({ type: 'message', from: n1, message })
    expect(factsOf(b, job)).toEqual(factsOf(a, job))
    expect(answer.map(({ message }) => message.type)).toEqual(['delta'])
  })

  test('few peers that are all connected are told on their streams; else what is told is gossip', () => {
    const near = ended([n2, n3])
    near.node.pass(LIMITS.gossipIntervalMs, n2, n3)
    expect(only(near.node.effects, 'send').filter(({ message }) => message.type === 'delta')).toHaveLength(2)
    const far = ended([n2, n3])
    far.node.give({ type: 'peer', peer: n3, connected: false })
    far.node.pass(LIMITS.gossipIntervalMs, n2, n3)
    expect(only(far.node.effects, 'send').filter(({ message }) => message.type === 'delta')).toEqual([])
    expect(far.told()).toHaveLength(1)
  })
})
