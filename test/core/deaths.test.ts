/** What is said of nodes that went away over a task, and when it is taken back. */
import { expect, test } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import type { JobRecord, NodeId, TaskIndex } from '../../src/core/types.ts'
import { makeJob } from './fake-work.ts'
import { failureOf, OneNode, recordOf, reportOf, started } from './one-node.ts'

const [n1, n2, n3] = ['n1', 'n2', 'n3'] as [NodeId, NodeId, NodeId]
const deaths = (node: OneNode, job: JobRecord): unknown[] =>
  node
    .job(job)
    .round.failures.filter(({ blame }) => blame === 'death')
    .map(({ task, place }) => [task, place])

/** n1 has just taken task 0 over from n2, which was heard running it and then no more. */
function takenOver(heard: readonly TaskIndex[]): { node: OneNode; job: JobRecord } {
  const node = new OneNode(n1, [n2, n3], 1)
  const job = makeJob({ maps: 1, reduces: 1, members: [n1, n2], holders: 2 })
  node.add(job)
  for (const { attempt } of node.state.running.values())
    node.give({ type: 'attempt-failed', attempt, blame: 'own', place: '', error: failureOf(0).error })
  node.learn(job, [[0, { claim: { term: 9, rank: 0, owner: n2, incarnation: 1 } }]])
  node.effects.length = 0
  const running = heard.map((task) => ({ job: job.id, task, units: 1, bytes: 1 }))
  node.pass(1_000, { node: n2, busy: 1, running }, n3)
  node.pass(LIMITS.awayAfterMs + 3_000, n3)
  expect(started(node.effects)).toEqual([0])
  return { node, job }
}

test('who takes over from a node that was running the task says that it died', () => {
  const { node, job } = takenOver([0])
  expect(deaths(node, job)).toEqual([[0, `${n2}/1`]])
})

test('of a node that had not said that it runs the task, nothing is said', () => {
  const { node, job } = takenOver([])
  expect(deaths(node, job)).toEqual([])
})

test('a node that is heard again in the same life is acquitted; one that was started again is not', () => {
  const back = takenOver([0])
  back.node.pass(1_000, n2, n3)
  expect(deaths(back.node, back.job)).toEqual([])
  const again = takenOver([0])
  const incarnation = { count: 2, nonce: 'again' }
  again.node.give({
    type: 'message',
    from: n2,
    message: { type: 'records', records: [recordOf(n2, { incarnation, version: 2 })] },
  })
  again.node.pass(1_000, { node: n2, incarnation }, n3)
  expect(deaths(again.node, again.job)).toEqual([[0, `${n2}/1`]])
})

test('a death that two nodes tell of counts once; the fourth one ends the round', () => {
  const { node, job } = takenOver([0])
  const told = (lives: readonly number[]): void => {
    const failures = lives.map((life) =>
      failureOf(0, { blame: 'death', term: life, attempt: `${life}-1`, place: `${n3}/${life}` }),
    )
    node.learn(job, [], [reportOf(n3, { incarnation: 9, seq: lives.length, failures })])
    node.learn(job, [], [reportOf(n2, { incarnation: 9, seq: lives.length, failures })])
  }
  told([1, 2])
  expect(node.job(job).ledger.outcome.kind).toBe('open')
  told([1, 2, 3])
  expect(node.job(job).ledger.outcome).toMatchObject({ kind: 'failed', error: { code: 'TASK_POISON', exit: 1 } })
})
