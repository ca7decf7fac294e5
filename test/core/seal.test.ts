import { describe, expect, test } from 'vitest'
import {
  joinDelta,
  joinOutput,
  newLedger,
  type Failure,
  type Ledger,
  type Output,
  type TaskState,
} from '../../src/core/ledger/ledger.ts'
import { plan } from '../../src/core/plan/plan.ts'
import type { Plan } from '../../src/core/plan/steps.ts'
import { rootOf } from '../../src/core/hash.ts'
import { expectedConsumed, resultDigest, seal } from '../../src/core/outcome/seal.ts'
import type { Digest, NodeId } from '../../src/core/types.ts'
import { fatal } from '../../src/core/outcome/verdict.ts'
import { makeJob } from './fake-work.ts'
import { failureOf, only, OneNode, outputOf } from './one-node.ts'

const members = ['n1', 'n2'] as NodeId[]
const root = (outputs: readonly Output[]): Digest => rootOf(outputs.map((output) => output.digest))

/** Two maps (weights 3 and 4) and two reduces (2 and 5): a complete and exact ledger. */
function complete(): { readonly plan: Plan; readonly outputs: Output[] } {
  const job = makeJob({ maps: 2, reduces: 2, members })
  const maps = [outputOf('m0', { read: 10, gave: 3 }), outputOf('m1', { read: 20, gave: 4 })]
  const consumed = root(maps)
  const reduces = [
    outputOf('r0', { consumed, part: 'p0' as Digest, took: [2] }),
    outputOf('r1', { consumed, part: 'p1' as Digest, took: [5] }),
  ]
  return { plan: plan(job.spec, job.snapshot), outputs: [...maps, ...reduces] }
}

function ledgerOf(outputs: readonly (Output | null)[]): Ledger {
  const ledger = newLedger([outputs.length])
  const tasks = outputs.map((output, i): [number, TaskState] => [i, { claim: null, output }])
  joinDelta(ledger, { round: 1, outcome: { kind: 'open' }, tasks, reports: [] })
  return ledger
}

describe('a seal', () => {
  test('needs every task, and is made of the parts alone, in order', () => {
    const { plan: p, outputs } = complete()
    expect(seal(p, ledgerOf(outputs), null)).toEqual({ result: resultDigest(['p0', 'p1']) })
    expect(seal(p, ledgerOf(outputs), 30)).not.toBe(null)
    expect(resultDigest(['p1', 'p0'])).not.toBe(resultDigest(['p0', 'p1']))
    for (let missing = 0; missing < outputs.length; missing++)
      expect(seal(p, ledgerOf(outputs.toSpliced(missing, 1, null as never)), null)).toBe(null)
  })

  test('is not given to a mixture of two executions: what a reduce consumed is not what the map gave', () => {
    const { plan: p, outputs } = complete()
    const other = outputOf('m1, run once more', { read: 20, gave: 4 })
    const mixed = outputs.with(3, { ...outputs[3]!, consumed: root([outputs[0]!, other]) })
    expect(seal(p, ledgerOf(mixed), null)).toBe(null)
  })

  test('is not given where records do not balance', () => {
    const { plan: p, outputs } = complete()
    expect(seal(p, ledgerOf(outputs.with(3, { ...outputs[3]!, took: [4] })), null)).toBe(null)
    expect(seal(p, ledgerOf(outputs), 31)).toBe(null)
  })

  test('is not given to a conflict', () => {
    const { plan: p, outputs } = complete()
    const ledger = ledgerOf(outputs)
    ledger.tasks[0] = { claim: null, output: joinOutput(outputs[0]!, outputOf('m0 otherwise')) }
    expect(seal(p, ledger, null)).toBe(null)
  })

  test('of a sorted job follows samples, bounds, maps, reduces', () => {
    const job = makeJob({ maps: 2, reduces: 1, members, sort: true })
    const p = plan(job.spec, job.snapshot)
    const samples = [outputOf('s0'), outputOf('s1')]
    const bounds = outputOf('b', { consumed: root(samples) })
    const maps = ['m0', 'm1'].map((name) => outputOf(name, { consumed: bounds.digest }))
    const reduce = outputOf('r', { consumed: root(maps), part: 'p' as Digest, took: [2] })
    const all = [...samples, bounds, ...maps, reduce]
    expect(seal(p, ledgerOf(all), null)).toEqual({ result: resultDigest(['p']) })
    const wrong: [number, string][] = [
      [2, root(maps)],
      [3, root(samples)],
      [4, ''],
      [5, bounds.digest],
    ]
    for (const [at, consumed] of wrong)
      expect(seal(p, ledgerOf(all.with(at, { ...all[at]!, consumed: consumed as Digest })), null)).toBe(null)
    expect(expectedConsumed(p, ledgerOf([samples[0]!, null, null, null, null, null]), p.tasks[2]!)).toBe(null)
    expect(expectedConsumed(p, ledgerOf(all), p.tasks[3]!)).toBe(bounds.digest)
  })
})

describe('failures that end a round', () => {
  const user = (place: string, message = ''): Failure =>
    failureOf(0, { place, error: { ...failureOf(0).error, message } })
  const own = failureOf(0, { blame: 'own' })
  const death = failureOf(0, { blame: 'death' })
  test.each<[string, Failure[], boolean]>([
    ['none', [], false],
    ['one by the user', [user('a')], false],
    ['two alike, whatever they say', [user('a', 'seen on n1'), user('a', 'seen on n2')], true],
    ['the data is to blame as the code is', [{ ...user('a'), blame: 'input' }, user('a')], true],
    ['three that differ', ['a', 'b', 'c'].map((place) => user(place)), false],
    ['four in all', ['a', 'b', 'c', 'd'].map((place) => user(place)), true],
    ['own causes never', new Array<Failure>(40).fill(own), false],
    ['own causes beside one of the user', [own, own, user('a'), own], false],
    ['one death beside others, and two alone', [death, death, death], false],
    ['one death beside others, and three alone', [death, death, death, death], true],
  ])('%s', (_, failures, isFatal) => {
    expect(fatal(failures) !== null).toBe(isFatal)
  })

  test('after too many deaths say that the task is poison', () => {
    expect(fatal(new Array<Failure>(4).fill(death))).toMatchObject({ code: 'TASK_POISON', exit: 1 })
    expect(fatal(new Array<Failure>(4).fill(death), 'spend map 3/8')?.message).toBe(
      'spend map 3/8 has ended the node that ran it, 4 times',
    )
  })
})

describe('a verdict', () => {
  const job = makeJob({ maps: 2, reduces: 1, members: ['n1'] as NodeId[] })
  const maps = [outputOf('m0'), outputOf('m1')]
  const reduce = outputOf('r', { consumed: root(maps), part: 'p' as Digest, took: [2] })

  const outcomeAfter = (tasks: [number, Output][][]): unknown[] => {
    const node = new OneNode('n9' as NodeId, [], 0)
    node.add(job)
    for (const delta of tasks)
      node.learn(
        job,
        delta.map(([i, output]) => [i, { output }]),
      )
    return only(node.effects, 'outcome').map(({ outcome }) => outcome)
  }

  test('seals as soon as facts prove it, on a node that has done none of the work', () => {
    expect(outcomeAfter([[[0, maps[0]!]], [[2, reduce]], [[1, maps[1]!]]])).toEqual([
      { kind: 'sealed', result: resultDigest(['p']) },
    ])
  })

  test('is CONFLICT for two outputs over one input, SHARD_CHANGED over two', () => {
    const [conflict] = outcomeAfter([[[0, maps[0]!]], [[0, outputOf('again')]]])
    expect(conflict).toMatchObject({ kind: 'failed', error: { code: 'CONFLICT' } })
    expect(JSON.stringify(conflict)).toContain(maps[0]!.digest)
    const [changed] = outcomeAfter([[[0, maps[0]!]], [[0, outputOf('again', { input: 'other' as Digest })]]])
    expect(changed).toMatchObject({ kind: 'failed', error: { code: 'SHARD_CHANGED' } })
  })

  test('of a conflict learned after the seal is a dispute, whichever came first', () => {
    const all: [number, Output][] = [
      [0, maps[0]!],
      [1, maps[1]!],
      [2, reduce],
    ]
    expect(outcomeAfter([all, [[1, outputOf('again')]]]).at(-1)).toMatchObject({ kind: 'disputed' })
    const node = new OneNode('n9' as NodeId, [], 0)
    node.add(job)
    node.learn(job, [
      [1, { output: outputOf('again') }],
      ...all.slice(0, 2).map(([i, output]) => [i, { output }] as const),
    ])
    const delta = {
      round: 1,
      outcome: { kind: 'sealed', result: resultDigest(['p']) },
      tasks: [],
      reports: [],
    } as const
    node.give({ type: 'message', from: 'n1' as NodeId, message: { type: 'delta', job: job.id, delta } })
    expect(node.job(job).ledger.outcome).toMatchObject({ kind: 'disputed' })
  })

  test('on outputs that are all there and do not fit is a failure: nothing could ever seal them', () => {
    const misfit = { ...reduce, took: [1] }
    expect(
      outcomeAfter([
        [
          [0, maps[0]!],
          [1, maps[1]!],
          [2, misfit],
        ],
      ]),
    ).toMatchObject([{ kind: 'failed', error: { code: 'CONFLICT' } }])
  })
})
