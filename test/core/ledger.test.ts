import {
  array,
  assert,
  constantFrom,
  integer,
  oneof,
  property,
  record,
  shuffledSubarray,
  tuple,
  type Arbitrary,
} from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isConflict,
  joinClaim,
  joinDelta,
  joinOutput,
  joinTask,
  newLedger,
  openRound,
  type Claim,
  type Conflict,
  type Delta,
  type Ledger,
  type Output,
  type SignedReport,
  type TaskState,
} from '../../src/core/ledger/ledger.ts'
import { rangeHashes, ledgerHash } from '../../src/core/ledger/ledger-hash.ts'
import { joinOutcome, type Outcome } from '../../src/core/ledger/outcome.ts'
import type { Digest, NodeId } from '../../src/core/types.ts'
import { failureOf, reportOf } from './one-node.ts'

const TASKS = 4

const nodes = constantFrom(...(['n1', 'n2', 'n3'] as NodeId[]))
const digests = constantFrom(...(['d1', 'd2', 'd3'] as Digest[]))

/** What an output says is a function of its digest. */
const outputOf = (digest: Digest): Output => ({
  digest,
  input: 'i' as Digest,
  consumed: '',
  part: '',
  read: Number(digest[1]),
  took: [],
  gave: 1,
  bytes: 10,
})
const conflictOf = (a: Digest, b: Digest): Conflict => ({ conflict: [outputOf(a), outputOf(b)] })

const claim: Arbitrary<Claim | null> = oneof(
  constantFrom(null),
  record({
    term: integer({ min: 1, max: 3 }),
    rank: integer({ min: 0, max: 2 }),
    owner: nodes,
    incarnation: integer({ min: 1, max: 2 }),
  }),
)
const output: Arbitrary<Output | Conflict | null> = oneof(
  constantFrom(null),
  digests.map(outputOf),
  constantFrom(conflictOf('d1' as Digest, 'd2' as Digest), conflictOf('d2' as Digest, 'd3' as Digest)),
)
const task: Arbitrary<TaskState> = record({ claim, output })
const error = constantFrom('a', 'b', 'c').map(
  (message) => ({ schema: 'shoal.error/1', code: 'JOB_THREW', message, try: [], retryable: false, exit: 1 }) as const,
)
const outcome: Arbitrary<Outcome> = oneof(
  constantFrom<Outcome>({ kind: 'open' }, { kind: 'cancelled' }),
  error.map((e): Outcome => ({ kind: 'failed', error: e })),
  digests.map((result): Outcome => ({ kind: 'sealed', result })),
  constantFrom<Outcome>(
    { kind: 'disputed', results: ['d1', 'd3'] as [Digest, Digest] },
    { kind: 'disputed', results: ['d2', 'd2'] as [Digest, Digest] },
    { kind: 'key-conflict', snapshots: ['d1', 'd2'] as [Digest, Digest] },
    { kind: 'key-conflict', snapshots: ['d2', 'd3'] as [Digest, Digest] },
  ),
)
/** A report is written by one node: what it says is a function of (node, incarnation, seq). */
const report: Arbitrary<SignedReport> = tuple(nodes, integer({ min: 1, max: 2 }), integer({ min: 1, max: 3 })).map(
  ([node, incarnation, seq]) => ({
    node,
    incarnation,
    seq,
    has: [incarnation, incarnation + seq],
    failures: [],
    bytes: Uint8Array.of(incarnation, seq),
    signature: new Uint8Array(),
  }),
)
const delta: Arbitrary<Delta> = record({
  round: constantFrom(1),
  outcome,
  tasks: array(tuple(integer({ min: 0, max: TASKS - 1 }), task), { maxLength: 5 }),
  reports: array(report, { maxLength: 3 }),
})

/** A join is commutative, associative and idempotent. */
function expectLattice<T>(values: Arbitrary<T>, join: (a: T, b: T) => T): void {
  assert(
    property(values, values, values, (a, b, c) => {
      expect(join(a, b)).toEqual(join(b, a))
      expect(join(a, join(b, c))).toEqual(join(join(a, b), c))
      expect(join(a, a)).toEqual(a)
      expect(join(a, join(a, b))).toEqual(join(a, b))
    }),
    { numRuns: 2_000 },
  )
}

describe('each part of the ledger is a join-semilattice', () => {
  test('claims', () => expectLattice(claim, joinClaim))
  test('outputs', () => expectLattice(output, joinOutput))
  test('tasks', () => expectLattice(task, joinTask))
  test('outcomes', () => expectLattice(outcome, joinOutcome))
})

describe('a join that adds nothing gives back its left side itself', () => {
  test('tasks and outcomes', () => {
    assert(
      property(task, task, outcome, outcome, (a, b, x, y) => {
        const ab = joinTask(a, b)
        expect(joinTask(ab, b)).toBe(ab)
        const xy = joinOutcome(x, y)
        expect(joinOutcome(xy, y)).toBe(xy)
      }),
    )
  })
})

describe('claims', () => {
  const base = { term: 2, rank: 1, owner: 'n2' as NodeId, incarnation: 3 }
  test.each([
    ['a higher term', { ...base, term: 3, rank: 9 }],
    ['at equal term a lower rank', { ...base, rank: 0, owner: 'n9' as NodeId }],
    ['at equal rank the lesser name', { ...base, owner: 'n1' as NodeId, incarnation: 1 }],
    ['of one owner the later life', { ...base, incarnation: 4 }],
  ])('%s wins', (_, winner) => {
    expect(joinClaim(base, winner)).toBe(winner)
    expect(joinClaim(winner, base)).toBe(winner)
  })
})

describe('outputs', () => {
  test('of three different ones every replica names the same two', () => {
    const [a, b, c] = (['d3', 'd1', 'd2'] as Digest[]).map(outputOf)
    const least = conflictOf('d1' as Digest, 'd2' as Digest)
    expect(joinOutput(joinOutput(a!, b!), c!)).toEqual(least)
    expect(joinOutput(c!, joinOutput(b!, a!))).toEqual(least)
  })
})

const plain = ({ round, outcome: o, tasks, reports }: Ledger): unknown => ({
  round,
  outcome: o,
  tasks,
  reports: [...reports].sort(([a], [b]) => (a < b ? -1 : 1)),
})

const joinAll = (deltas: readonly Delta[]): Ledger => {
  const ledger = newLedger([TASKS])
  for (const d of deltas) joinDelta(ledger, d)
  return ledger
}

describe('a ledger', () => {
  test('does not depend on the order in which deltas come, nor on how often', () => {
    const history = array(delta, { minLength: 1, maxLength: 6 }).chain((deltas) =>
      tuple(constantFrom(deltas), shuffledSubarray(deltas, { minLength: deltas.length }), shuffledSubarray(deltas)),
    )
    assert(
      property(history, ([deltas, shuffled, again]) => {
        const left = joinAll(deltas)
        const right = joinAll([...again, ...shuffled, ...again])
        expect(plain(left)).toEqual(plain(right))
        expect(ledgerHash(left)).toBe(ledgerHash(right))
        expect(rangeHashes(left)).toEqual(rangeHashes(right))
      }),
      { numRuns: 1_000 },
    )
  })

  test('tells exactly what a delta changed', () => {
    assert(
      property(delta, delta, (first, second) => {
        const ledger = joinAll([first])
        const before = structuredClone(plain(ledger)) as { tasks: TaskState[] }
        const change = joinDelta(ledger, second)
        ledger.tasks.forEach((state, i) => {
          const isChanged = JSON.stringify(state) !== JSON.stringify(before.tasks[i])
          expect(change.tasks.includes(i)).toBe(isChanged)
        })
        expect(joinDelta(ledger, second)).toEqual({ tasks: [], reports: [], outcome: false, round: false })
      }),
    )
  })

  test('its hash differs where its content does', () => {
    assert(
      property(delta, delta, (first, second) => {
        const [left, right] = [joinAll([first]), joinAll([first, second])]
        const same = JSON.stringify(plain(left)) === JSON.stringify(plain(right))
        expect(ledgerHash(left) === ledgerHash(right)).toBe(same)
      }),
      { numRuns: 2_000 },
    )
  })

  test('its hash moves when two reports each go one on', () => {
    const report = (node: string, seq: number): SignedReport => {
      const bytes = Uint8Array.of(seq)
      return { node: node as NodeId, incarnation: 2, seq, has: [], failures: [], bytes, signature: new Uint8Array() }
    }
    const at = (seq: number): Delta => ({
      round: 1,
      outcome: { kind: 'open' },
      tasks: [],
      reports: [report('n1', seq), report('n2', seq)],
    })
    expect(ledgerHash(joinAll([at(2)]))).not.toBe(ledgerHash(joinAll([at(3)])))
  })

  test('tasks that the job does not have are not heard of', () => {
    const ledger = joinAll([
      {
        round: 1,
        outcome: { kind: 'open' },
        tasks: [[99, { claim: null, output: outputOf('d1' as Digest) }]],
        reports: [reportOf('n1' as NodeId, { has: [0, 99] }), reportOf('n2' as NodeId, { failures: [failureOf(99)] })],
      },
    ])
    expect(plain(ledger)).toEqual(plain(newLedger([TASKS])))
  })
})

describe('rounds', () => {
  const at = (round: number, o: Outcome, states: readonly (readonly [number, TaskState])[] = []): Delta => ({
    round,
    outcome: o,
    tasks: states,
    reports: [],
  })
  const open: Outcome = { kind: 'open' }
  const done = { claim: null, output: outputOf('d1' as Digest) }

  test('a higher one wins whole; a lower one says nothing any more', () => {
    const ledger = joinAll([at(1, { kind: 'cancelled' }), at(2, open), at(1, { kind: 'cancelled' }, [[0, done]])])
    expect(plain(ledger)).toEqual(plain(newLedger([TASKS], 2)))
  })

  test('but a seal in any round is the seal of the job', () => {
    const sealed: Outcome = { kind: 'sealed', result: 'd2' as Digest }
    expect(joinAll([at(3, open), at(1, sealed)]).outcome).toEqual(sealed)
    expect(joinAll([at(1, sealed), at(3, open)]).outcome).toEqual(sealed)
  })

  test('agreed outputs are adopted; claims, failures and conflicts are not', () => {
    const ledger = joinAll([
      at(1, { kind: 'cancelled' }, [
        [0, { claim: { term: 1, rank: 0, owner: 'n1' as NodeId, incarnation: 1 }, output: done.output }],
        [1, { claim: null, output: conflictOf('d1' as Digest, 'd2' as Digest) }],
      ]),
    ])
    openRound(ledger, 2)
    expect(ledger.tasks).toEqual([done, ...new Array<TaskState>(3).fill({ claim: null, output: null })])
    expect(ledger.outcome).toEqual(open)
  })

  test('where one output was in conflict, nothing that was made of others is adopted', () => {
    const reduced = { ...outputOf('d3' as Digest), consumed: 'r' as Digest }
    const ledger = joinAll([
      at(1, open, [
        [0, done],
        [1, { claim: null, output: conflictOf('d1' as Digest, 'd2' as Digest) }],
        [2, { claim: null, output: reduced }],
      ]),
    ])
    openRound(ledger, 2)
    expect(ledger.tasks.map((state) => (isConflict(state.output) ? 'conflict' : state.output?.digest))).toEqual([
      'd1',
      undefined,
      undefined,
      undefined,
    ])
  })
})
