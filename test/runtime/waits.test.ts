/** What `job why` says for each thing that a job can wait for: one sentence, that names it and whom. */
import { expect, test } from 'vitest'
import type { Failure } from '../../src/core/ledger/ledger.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { SignedNodeRecord } from '../../src/core/members/membership.ts'
import type { JobRecord, NodeId } from '../../src/core/types.ts'
import type { Context } from '../../src/runtime/context.ts'
import { statusOf, whyOf } from '../../src/runtime/api/job-views.ts'
import { makeJob } from '../core/fake-work.ts'
import { failureOf, OneNode, outputOf, recordOf, reportOf } from '../core/one-node.ts'

const [n1, n2, n3] = ['n1', 'n2', 'n3'] as [NodeId, NodeId, NodeId]

/** n1, without slots unless given, asks about a job over shards of n2; n3 has neither data nor, unless given, slots. */
class Asked {
  readonly node: OneNode
  readonly job: JobRecord
  readonly alive: NodeId[]

  codeLost = false

  constructor(over: { slots?: number; n2?: Partial<SignedNodeRecord>; n3?: Partial<SignedNodeRecord> } = {}) {
    this.node = new OneNode(n1, [n2, n3], over.slots ?? 0)
    this.alive = [n2, n3]
    this.say(n2, over.n2 ?? {})
    this.say(n3, { slots: 0, ...over.n3 })
    this.job = makeJob({ maps: 1, reduces: 1, members: [n2] })
    this.node.now += LIMITS.tickMs
    this.node.add(this.job)
  }

  say(node: NodeId, over: Partial<SignedNodeRecord>): void {
    const version = (this.node.state.members.get(node)?.record.version ?? 0) + 1
    const name = `data-${node.slice(1)}`
    const records = [recordOf(node, { name, version, ...over })]
    this.node.give({ type: 'message', from: node, message: { type: 'records', records } })
  }

  lose(...nodes: NodeId[]): void {
    for (const node of nodes) this.alive.splice(this.alive.indexOf(node), 1)
    this.node.pass(LIMITS.awayAfterMs + 1_000, ...this.alive)
  }

  /** n2 has begun task 0, in this term. */
  begin(term: number, task = 0): void {
    this.node.learn(this.job, [[task, { claim: { term, rank: 0, owner: n2, incarnation: 1 } }]])
  }

  fail(term: number, over: Partial<Failure>): void {
    this.node.learn(this.job, [], [reportOf(n2, { seq: term, failures: [failureOf(0, { term, ...over })] })])
  }

  get why(): string {
    const store = { codes: { isLost: () => this.codeLost } }
    const context = { state: this.node.state, store } as unknown as Context
    const job = this.node.job(this.job)
    return `${statusOf(context, job)}: ${whyOf(context, job)}`
  }
}

const own = (code: Failure['error']['code'], message: string, why?: string): Partial<Failure> => ({
  blame: 'own',
  error: {
    schema: 'shoal.error/1',
    code,
    message,
    ...(why === undefined ? {} : { why }),
    try: [],
    retryable: true,
    exit: 1,
  },
})

test('nothing: it runs', () => {
  const asked = new Asked()
  expect(asked.why).toBe('running: runs: map 0/1, reduce 0/1')
})

test('a holder that lives and begins nothing, as one with a full disk', () => {
  const asked = new Asked()
  const waits = '; waits for data-2: busy with other jobs, or without room to keep this one'
  asked.node.pass(LIMITS.awayAfterMs + LIMITS.tickMs, ...asked.alive)
  expect(asked.why).toBe(`running: runs: map 0/1, reduce 0/1${waits} (\`shoal doctor\` there says more)`)
  asked.begin(1)
  expect(asked.why).toBe('running: runs: map 0/1, reduce 0/1')
})

test('the only holder of a shard, which is away', () => {
  const asked = new Asked()
  asked.lose(n2)
  expect(asked.why).toBe('waiting: waits for logs/part-00000 on data-2 (away)')
})

test('one of two members with one name, told apart by the ends of their ids', () => {
  const asked = new Asked({ n3: { name: 'data-2' } })
  asked.lose(n2)
  expect(asked.why).toBe('waiting: waits for logs/part-00000 on data-2@n2 (away)')
})

test('a node that can run a map: holders live, and nobody has a slot for it', () => {
  expect(new Asked({ n2: { slots: 0 } }).why).toBe(
    'waiting: waits for a node that can run map 1/1: there is data-2 (without slots), n1 (without slots), data-3 (without slots)',
  )
  expect(new Asked({ n2: { drained: true }, n3: { slots: 2, runtimes: { js: 'other' } } }).why).toBe(
    'waiting: waits for a node that can run map 1/1: there is data-2 (drained), n1 (without slots), data-3 (of another version)',
  )
  expect(new Asked({ n2: { runtimes: { sql: 'some' } } }).why).toContain('there is data-2 (without js), n1')
  expect(new Asked({ n2: { slots: 0 }, n3: { slots: 1 } }).why).toBe('running: runs: map 0/1, reduce 0/1')
})

test('a node that can reduce', () => {
  const asked = new Asked()
  asked.node.learn(asked.job, [[0, { output: outputOf('map') }]], [reportOf(n2, { has: [0] })])
  asked.say(n2, { drained: true })
  expect(asked.why).toBe(
    'waiting: waits for a node that can run reduce 1/1: there is n1 (without slots), data-2 (drained), data-3 (without slots)',
  )
})

test('the holder of a shard whose map is to be run again, since what it gave went with it', () => {
  const asked = new Asked()
  asked.node.learn(asked.job, [[0, { output: outputOf('map') }]], [reportOf(n2, { has: [0] })])
  asked.lose(n2)
  expect(asked.why).toBe('waiting: waits for logs/part-00000 on data-2 (away), to run map 1/1 again')
})

test('room on a disk', () => {
  const asked = new Asked()
  asked.begin(1)
  asked.fail(1, own('NODE_SETUP', 'no space is left on the disk of the home folder', 'ENOSPC'))
  expect(asked.why).toBe(
    'running: runs: map 0/1, reduce 0/1; node data-2 could not run map 1/1: no space is left on the disk of the home folder (ENOSPC); it is tried again',
  )
})

test('a node that cannot be reached from where its output is wanted: by name', () => {
  const asked = new Asked()
  asked.begin(1)
  asked.fail(1, own('NO_NODE', `cannot read task 0 from ${n3}: no stream within the time`))
  expect(asked.why).toContain('could not run map 1/1: cannot read task 0 from data-3: no stream within the time')
})

test('the takeover of a task whose node is away', () => {
  const asked = new Asked({ n3: { slots: 1 } })
  asked.node.learn(asked.job, [[0, { output: outputOf('map') }]], [reportOf(n3, { has: [0] })])
  asked.begin(1, 1)
  asked.lose(n2)
  expect(asked.why).toBe('running: runs: reduce 0/1; reduce 1/1 was on data-2, which is away: it is taken over')
})

test('a slot of its own for a task over which a node has died', () => {
  const asked = new Asked()
  asked.begin(1)
  asked.fail(1, { blame: 'death', place: `${n2}/1` })
  expect(asked.why).toBe(
    'running: runs: map 0/1, reduce 0/1; map 1/1 was running when data-2 died: it runs alone on its node now',
  )
})

test('its code, where that is damaged and nobody has it', () => {
  const asked = new Asked()
  asked.codeLost = true
  expect(asked.why).toBe(
    'running: runs: map 0/1, reduce 0/1; its code is damaged here, and no node that lives has it: `shoal run` of the same job file brings it again',
  )
})
