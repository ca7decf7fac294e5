/** What comes late: of an earlier round, of an output that is no longer agreed on, of a death told before. */
import { describe, expect, test } from 'vitest'
import type { Death } from '../../src/core/events.ts'
import { ShoalError } from '../../src/core/errors.ts'
import { rootOf } from '../../src/core/hash.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { Digest, NodeId } from '../../src/core/types.ts'
import { errorToJson } from '../../src/words/thrown.ts'
import { makeJob } from './fake-work.ts'
import { OneNode, only, outputOf, reportOf, started } from './one-node.ts'

const [n1, n2] = ['n1', 'n2'] as [NodeId, NodeId]

describe('what comes late', () => {
  test('the end of an attempt of an earlier round: what it consumed may be agreed no more', () => {
    const node = new OneNode(n1, [n2], 1)
    const job = makeJob({ maps: 1, reduces: 1, members: [n1], copies: 1 })
    node.add(job)
    const attempt = (): string => [...node.state.running.keys()][0]!
    node.pass(LIMITS.tickMs, n2)
    node.give({ type: 'attempt-done', attempt: attempt(), output: outputOf('first') })
    node.pass(LIMITS.tickMs, n2)
    const reduce = attempt()
    node.learn(job, [[0, { output: outputOf('second') }]])
    expect(node.job(job).ledger.outcome.kind).toBe('failed')
    node.give({ type: 'retry', job: job.id })
    const output = outputOf('part', { consumed: rootOf([outputOf('first').digest]) as Digest })
    node.give({ type: 'attempt-done', attempt: reduce, output })
    expect(node.job(job).ledger.tasks[1]!.output).toBeNull()
    expect(node.job(job).has.has(1)).toBe(false)
  })

  test('a copy of a part that is no longer agreed on', () => {
    const node = new OneNode(n1, [n2], 0)
    const job = makeJob({ maps: 1, reduces: 1, members: [n1, n2] })
    node.add(job)
    node.learn(job, [[1, { output: outputOf('part') }]], [reportOf(n2, { has: [1] })])
    node.give({ type: 'copied', job: job.id, task: 1, digest: outputOf('another').digest })
    expect(node.job(job).has.size).toBe(0)
  })

  test('a death that an earlier start has told: the log of attempts has it still', () => {
    const job = makeJob({ maps: 1, reduces: 1, members: [n1] })
    const deaths: Death[] = [{ task: 0, attempt: '1-1' }]
    const first = new OneNode(n1, [], 0)
    first.give({ type: 'job', record: job, kept: [], holding: [], deaths })
    const [sign] = only(first.effects, 'sign-report')
    expect(sign!.report.failures).toHaveLength(1)
    const report = { ...reportOf(n1), ...sign!.report }
    const kept = [{ round: 1, outcome: { kind: 'open' } as const, tasks: [], reports: [report] }]
    const second = new OneNode(n1, [], 0)
    second.give({ type: 'job', record: job, kept, holding: [], deaths })
    expect(second.job(job).round.failures).toHaveLength(1)
  })
})

test('reduces that two nodes leave to each other, as each has its own list of members, are begun where their input is', () => {
  const [n1, n2] = ['n1', 'n2'] as [NodeId, NodeId]
  // Here the job was submitted by n2 alone; the record that n2 has names both.
  const job = makeJob({ maps: 1, reduces: 2, members: [n2] })
  const node = new OneNode(n1, [n2])
  node.add(job)
  const map = outputOf('m')
  node.learn(job, [[0, { output: map }]], [reportOf(n2, { has: [0] })])
  node.give({ type: 'arrived', job: job.id, task: 0, digest: map.digest, consumers: [1, 2] })
  expect(started(node.pass(LIMITS.backupStillMs - 1_000, n2))).toEqual([])
  expect(started(node.pass(3_000, n2)).length).toBeGreaterThan(0)
})

test('what a node helps with, and could not run, it tries again after a pause alone; seed 471', () => {
  const [n1, n2] = ['n1', 'n2'] as [NodeId, NodeId]
  const job = makeJob({ maps: 1, reduces: 1, members: [n2] })
  const node = new OneNode(n1, [n2], 1)
  node.add(job)
  const map = outputOf('m')
  node.learn(job, [[0, { output: map }]], [reportOf(n2, { has: [0] })])
  node.give({ type: 'arrived', job: job.id, task: 0, digest: map.digest, consumers: [1] })
  // Its owner has no slot for it.
  const busy = { node: n2, busy: 9 }
  const failures = (duration: number): number => {
    let failed = 0
    for (let at = 0; at < duration; at += LIMITS.tickMs) {
      node.pass(LIMITS.tickMs, busy)
      for (const attempt of [...node.state.running.keys()]) {
        const error = errorToJson(new ShoalError('NODE_SETUP', 'no space is left'))
        node.give({ type: 'attempt-failed', attempt, blame: 'own', place: '', error })
        failed++
      }
    }
    return failed
  }
  const within = failures(LIMITS.queuedMs + 10_000)
  expect(within).toBeGreaterThan(0)
  expect(within).toBeLessThan(6)
})

test('an attempt that another node has taken over goes on as long as the largest limit allows for one record', () => {
  const [n1, n2] = ['n1', 'n2'] as [NodeId, NodeId]
  const stopsWithin = (limit: number | null): boolean => {
    const job = makeJob({ maps: 1, reduces: 1, members: [n1], holders: 1 })
    const node = new OneNode(n1, [n2])
    node.add(job)
    node.pass(1_000, n2)
    expect(node.state.running.size).toBe(1)
    if (limit !== null)
      node.give({ type: 'raise', job: job.id, limits: { copies: 2, taskMemory: null, taskTimeoutMs: limit } })
    node.learn(job, [[0, { claim: { term: 2, rank: 1, owner: n2, incarnation: 1 } }]])
    return only(node.pass(200_000, n2), 'stop').length > 0
  }
  expect([stopsWithin(null), stopsWithin(600_000)]).toEqual([true, false])
})
