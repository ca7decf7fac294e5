/** A ledger's log does not grow with what was said, but with what there is to say. */
import { expect, it } from 'vitest'
import { systemError } from '../../src/adapters/memory/disk.ts'
import { hashText } from '../../src/core/hash.ts'
import { jobId } from '../../src/core/plan/job-id.ts'
import type { Claim, Delta } from '../../src/core/ledger/ledger.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { JobRecord } from '../../src/core/types.ts'
import { LedgerLog } from '../../src/runtime/home/ledger-log.ts'
import { recall } from '../../src/runtime/home/recall.ts'
import { makeJob } from '../core/fake-work.ts'
import { OneNode, outputOf } from '../core/one-node.ts'
import { bench, settled, type Bench } from './peer.ts'

const CODE = { bundle: 'export default 1', sourceMap: '' }
const TASKS = 50

interface Said {
  readonly node: Bench
  readonly job: JobRecord
  readonly ledgers: LedgerLog
  say(delta: Partial<Delta>): void
  /** Resolves once all that was said is written, as far as the disk has room. */
  written(): Promise<void>
  /** Bytes of the log. */
  size(): Promise<number>
  /** The facts that another life of the node would begin with. */
  remembered(): Promise<unknown>
  known(): unknown
}

const factsOf = ({ ledger }: { readonly ledger: { round: number; outcome: unknown; tasks: readonly unknown[] } }) => ({
  round: ledger.round,
  outcome: ledger.outcome,
  tasks: ledger.tasks,
})

async function started(fault?: (operation: string, name: string) => void): Promise<Said> {
  const node = await bench(fault === undefined ? {} : { fault })
  const plain = makeJob({ maps: TASKS, reduces: 1, members: [node.self] })
  const spec = { ...plain.spec, code: hashText(CODE.bundle) }
  const job = { ...plain, spec, id: jobId(spec, plain.snapshot, null) }
  await node.store.records.put(job, CODE)
  node.context.dispatch({ type: 'job', record: job, kept: [], holding: [], deaths: [] })
  const ledgers = new LedgerLog(node.context)
  await ledgers.compact()
  return {
    node,
    job,
    ledgers,
    say: (over) => {
      const delta: Delta = { round: 1, outcome: { kind: 'open' }, tasks: [], reports: [], ...over }
      node.context.dispatch({ type: 'message', from: node.peer, message: { type: 'delta', job: job.id, delta } })
      ledgers.append(job.id, delta).catch(() => {})
    },
    written: async () => {
      await ledgers.catchUp()
      await settled()
    },
    size: async () => (await node.disk.size(`jobs/${job.id}/ledger.log`)) ?? 0,
    remembered: async () => {
      const next = new OneNode(node.self, [], 0)
      next.give({ type: 'job', record: job, ...(await recall(node.context, job.id)) })
      return factsOf(next.job(job))
    },
    known: () => factsOf(node.context.state.jobs.get(job.id)!),
  }
}

const claimOf = (node: Bench, term: number): Claim => ({ term, rank: 0, owner: node.peer, incarnation: 1 })

/** Each task is claimed so often, and then done. */
function live({ node, say }: Said, terms: number): void {
  for (let term = 1; term <= terms; term++)
    for (let task = 0; task < TASKS; task++) say({ tasks: [[task, { claim: claimOf(node, term), output: null }]] })
  for (let task = 0; task < TASKS; task++) {
    const output = outputOf(`${task}`, { input: hashText('input'), digest: hashText(`${task}`) })
    say({ tasks: [[task, { claim: claimOf(node, terms), output }]] })
  }
}

it('what waits for more is written at once where a node stops', async () => {
  const { node, ledgers, say, size, remembered, known } = await started()
  say({ tasks: [[0, { claim: claimOf(node, 1), output: null }]] })
  expect(await size()).toBe(0)
  await ledgers.flush()
  expect(await size()).toBeGreaterThan(0)
  expect(await remembered()).toEqual(known())
})

it('is written anew, as one whole ledger, once the job is over; nothing that it said is lost', async () => {
  const said = await started()
  live(said, 10)
  await said.written()
  const before = await said.size()
  await said.ledgers.compact()
  expect(await said.size()).toBe(before)
  said.say({ outcome: { kind: 'cancelled' } })
  await said.written()
  await said.ledgers.compact()
  expect(await said.size()).toBeLessThan(before / 5)
  expect(await said.remembered()).toEqual(said.known())
  const whole = await said.size()
  said.say({ round: 2 })
  await said.written()
  await said.ledgers.compact()
  expect(await said.size()).toBeGreaterThan(whole)
  expect(await said.remembered()).toEqual(said.known())
})

it('is written anew while the job is open, when it has grown far: its size is bounded', async () => {
  const said = await started()
  let [most, all, before] = [0, 0, 0]
  for (let round = 0; round < 20; round++) {
    for (let term = round * 20 + 1; term <= round * 20 + 20; term++)
      said.say({
        tasks: Array.from({ length: TASKS }, (_, task) => [task, { claim: claimOf(said.node, term), output: null }]),
      })
    await said.written()
    const size = await said.size()
    most = Math.max(most, size)
    all += size - before
    await said.ledgers.compact()
    before = await said.size()
  }
  // A bound, and what one turn of this loop adds to it: 1,000 claims.
  expect(most).toBeLessThan(LIMITS.ledgerGrownBytes + 1_000 * 400)
  expect(all).toBeGreaterThan(1.5 * LIMITS.ledgerGrownBytes)
  expect(await said.remembered()).toEqual(said.known())
})

it('is whole whatever is said while it is written', async () => {
  for (let turns = 0; turns < 24; turns += 2) {
    const said = await started()
    live(said, 2)
    said.say({ outcome: { kind: 'cancelled' } })
    await said.written()
    const rewriting = said.ledgers.compact()
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    said.say({ round: 2 })
    said.say({ round: 2, tasks: [[TASKS, { claim: claimOf(said.node, 7), output: null }]] })
    await rewriting
    await said.ledgers.catchUp()
    await settled()
    expect(await said.remembered(), `after ${turns} turns`).toEqual(said.known())
  }
})

it('stays what it was where the disk has no room for another', async () => {
  let full = false
  const said = await started((operation, name) => {
    if (full && operation !== 'get' && name.endsWith('ledger.log')) throw systemError('ENOSPC', name)
  })
  live(said, 10)
  said.say({ outcome: { kind: 'cancelled' } })
  await said.written()
  full = true
  await said.ledgers.compact()
  said.say({ round: 2 })
  await said.ledgers.catchUp()
  await settled()
  full = false
  await said.ledgers.catchUp()
  await settled()
  expect(await said.remembered()).toEqual(said.known())
})

it('two sweeps at once lose no fact that was said to be on disk', async () => {
  const { node, job, say, written, remembered, known } = await started()
  for (let term = 1; term < 400; term++)
    say({ tasks: [[0, { claim: { term, rank: 0, owner: node.peer, incarnation: 1 }, output: null }]] })
  say({ outcome: { kind: 'cancelled' } })
  await written()
  // The next life knows no sizes yet: both sweeps ask for them. The second write takes longer.
  const next = new LedgerLog(node.context)
  const slow = Promise.withResolvers<void>()
  const put = node.disk.put.bind(node.disk)
  let puts = 0
  node.disk.put = async (name, bytes) => {
    if (name.endsWith('ledger.log') && puts++ === 1) await slow.promise
    return put(name, bytes)
  }
  const both = [next.compact(), next.compact()]
  await Promise.race(both)
  const delta: Delta = { round: 2, outcome: { kind: 'open' }, tasks: [], reports: [] }
  node.context.dispatch({ type: 'message', from: node.peer, message: { type: 'delta', job: job.id, delta } })
  await next.append(job.id, delta)
  await next.durable(job.id)
  slow.resolve()
  await Promise.all(both)
  await settled()
  expect(await remembered()).toEqual(known())
  expect((known() as { round: number }).round).toBe(2)
})
