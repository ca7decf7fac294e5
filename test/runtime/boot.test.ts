/** What a node finds after it was killed at any moment, or on a disk that was full or is damaged. */
import { describe, expect, it } from 'vitest'
import { systemError } from '../../src/adapters/memory/disk.ts'
import { hashText } from '../../src/core/hash.ts'
import { jobId } from '../../src/core/plan/job-id.ts'
import type { Delta } from '../../src/core/ledger/ledger.ts'
import type { JobRecord } from '../../src/core/types.ts'
import { loadJobs } from '../../src/runtime/boot.ts'
import { AttemptLog } from '../../src/runtime/home/attempt-log.ts'
import { performer, type Parts } from '../../src/runtime/effects.ts'
import { LedgerLog } from '../../src/runtime/home/ledger-log.ts'
import { Times } from '../../src/runtime/home/times.ts'
import { encodeMessage } from '../../src/wire/messages.ts'
import { makeJob } from '../core/fake-work.ts'
import { outputOf } from '../core/one-node.ts'
import type { Clock } from '../../src/ports.ts'
import { bench, settled, type Bench } from './peer.ts'

const CODE = { bundle: 'export default 1', sourceMap: '' }

function jobOf(node: Bench): JobRecord {
  const plain = makeJob({ maps: 2, reduces: 1, members: [node.self] })
  const spec = { ...plain.spec, code: hashText(CODE.bundle) }
  return { ...plain, spec, id: jobId(spec, plain.snapshot, null) }
}

const output = (name: string): Delta['tasks'][number][1]['output'] =>
  outputOf(name, { input: hashText('input'), digest: hashText(name) })
const deltaOf = (task: number, over: Partial<Delta> = {}): Delta => ({
  round: 1,
  outcome: { kind: 'open' },
  tasks: [[task, { claim: null, output: output(`task ${task}`) }]],
  reports: [],
  ...over,
})

async function kept(): Promise<{ node: Bench; job: JobRecord; append(delta: Delta): Promise<void> }> {
  const node = await bench()
  const job = jobOf(node)
  await node.store.records.put(job, CODE)
  return {
    node,
    job,
    append: (delta) => node.store.ledgers.append(job.id, [encodeMessage({ type: 'delta', job: job.id, delta })]),
  }
}

/** A node starts on what the disk of another has. `later` takes what it puts off. */
async function restart({ disk }: Bench, later: (() => void)[] = []): Promise<Bench> {
  const node = await bench({}, disk)
  const clock: Clock = { ...node.context.clock, after: (_, run) => (later.push(run), () => undefined) }
  await loadJobs({ ...node.context, clock }, new Times(clock, disk, node.context.damage))
  return node
}

const known = (node: Bench, job: JobRecord): (string | undefined)[] =>
  node.context.state.jobs.get(job.id)!.ledger.tasks.map((task) => (task.output as { digest?: string } | null)?.digest)

const [first, second] = [hashText('task 0'), hashText('task 1')]

describe('a log whose last append was torn', () => {
  it('is read up to there, and what is appended next is read, too', async () => {
    const { node, job, append } = await kept()
    await append(deltaOf(0))
    const log = `jobs/${job.id}/ledger.log`
    const whole = (await node.disk.size(log))!
    await append(deltaOf(1))
    node.disk.damage(log, (bytes) => bytes.subarray(0, whole + 20))
    expect(known(await restart(node), job)).toEqual([first, undefined, undefined])
    await append(deltaOf(1))
    expect(known(await restart(node), job)).toEqual([first, second, undefined])
  })

  it('with a delta that cannot be read in its middle gives the others', async () => {
    const { node, job, append } = await kept()
    await node.store.ledgers.append(job.id, [Buffer.from('of another version')])
    await append(deltaOf(1))
    expect(known(await restart(node), job)).toEqual([undefined, second, undefined])
  })
})

describe('attempts that were open at a death', () => {
  it('are told once a task, by each start until the report is surely on disk, and not by the next', async () => {
    const { node, job } = await kept()
    for (const attempt of ['1-1', '1-2', '1-3']) await node.store.attempts.add(job.id, 0, attempt, 'started')
    const failures = (at: Bench): unknown => at.context.state.jobs.get(job.id)!.round.failures.map((f) => f.attempt)
    const later: (() => void)[] = []
    expect(failures(await restart(node))).toEqual(['1-3'])
    expect(failures(await restart(node, later))).toEqual(['1-3'])
    for (const run of later) run()
    await settled()
    expect(failures(await restart(node))).toEqual([])
  })
})

it('a log of attempts does not grow with those that have ended', async () => {
  const { node, job } = await kept()
  const log = new AttemptLog(node.disk, node.context.damage, 10_000)
  await log.add(job.id, 1, '1-0', 'started')
  let largest = 0
  for (let i = 1; i < 2_000; i++) {
    for (const what of ['started', 'ended'] as const)
      await Promise.all([0, 2, 3].map((task) => log.add(job.id, task, `1-${i}`, what)))
    largest = Math.max(largest, (await node.disk.size(`jobs/${job.id}/attempts.log`))!)
  }
  expect(largest).toBeLessThan(12_000)
  expect(await log.open(job.id)).toEqual([{ task: 1, attempt: '1-0' }])
})

describe('what is damaged', () => {
  it.each(['record.json', 'bundle.js', 'times.json'])('in %s does not keep the node from starting', async (file) => {
    const { node, job } = await kept()
    const name = `jobs/${job.id}/${file}`
    await node.disk.put(name, Buffer.from('{"'))
    const next = await restart(node)
    expect(next.context.state.jobs.has(job.id)).toBe(file !== 'record.json')
    expect(next.context.damage.list().map((found) => [found.file, found.job])).toEqual([[name, job.id]])
    expect(next.dropped).toEqual([])
  })

  it('or half written goes: a folder without its record', async () => {
    const node = await bench()
    await node.disk.put(`jobs/${'a'.repeat(64)}/bundle.js`, Buffer.from('x'))
    await restart(node)
    expect(await node.store.records.ids()).toEqual([])
  })
})

const effectsOf = (node: Bench, ledgers: LedgerLog): ReturnType<typeof performer> =>
  performer({
    context: node.context,
    sender: { forget: () => {} },
    times: { forget: () => {}, end: () => Promise.resolve() },
    ledgers,
  } as unknown as Parts)

describe('a full disk', () => {
  it('loses no delta: the whole ledger is written once there is room', async () => {
    let full = false
    const node = await bench({
      fault: (operation, name) => {
        if (full && operation === 'append') throw systemError('ENOSPC', name)
      },
    })
    const job = jobOf(node)
    await node.store.records.put(job, CODE)
    node.context.dispatch({ type: 'job', record: job, kept: [], holding: [], deaths: [] })
    const ledgers = new LedgerLog(node.context)
    const { save } = effectsOf(node, ledgers)
    const say = (delta: Delta): void => {
      node.context.dispatch({ type: 'message', from: node.peer, message: { type: 'delta', job: job.id, delta } })
      save({ type: 'save', job: job.id, delta })
    }
    full = true
    say(deltaOf(0))
    await ledgers.catchUp()
    await settled()
    expect(node.dropped).toEqual(['save', 'save'])
    full = false
    say(deltaOf(1))
    await ledgers.catchUp()
    await settled()
    expect(known(await restart(node), job)).toEqual([first, second, undefined])
  })

  it('keeps runs until it is on disk why they may go', async () => {
    let full = false
    const node = await bench({
      fault: (operation, name) => {
        if (full && operation === 'append') throw systemError('ENOSPC', name)
      },
    })
    const job = jobOf(node)
    await node.store.records.put(job, CODE)
    node.context.dispatch({ type: 'job', record: job, kept: [], holding: [], deaths: [] })
    await node.disk.put(`jobs/${job.id}/in/0.x/run-0`, Buffer.from('a run'))
    const ledgers = new LedgerLog(node.context)
    const effects = effectsOf(node, ledgers)
    full = true
    effects.save({ type: 'save', job: job.id, delta: deltaOf(0) })
    node.context.state.jobs.get(job.id)!.round.released.add(0)
    effects.release({ type: 'release', job: job.id })
    await settled()
    await ledgers.catchUp()
    await settled()
    expect(await node.disk.list(`jobs/${job.id}/in`)).toEqual(['0.x'])
    full = false
    await ledgers.catchUp()
    await settled()
    expect(await node.disk.list(`jobs/${job.id}/in`)).toEqual([])
  })
})

describe('a folder without a record', () => {
  const ofRecord = (node: Bench, job: JobRecord): boolean =>
    node.context.damage.list().some(({ file }) => file === `jobs/${job.id}/record.json`)

  it('of a job that was known here is damage: what the job was is asked of others, and under its key none begins anew', async () => {
    const { node, job, append } = await kept()
    await append(deltaOf(0))
    await node.disk.remove(`jobs/${job.id}/record.json`)
    const next = await restart(node)
    expect([ofRecord(next, job), next.store.records.isDamaged(job.id)]).toEqual([true, true])
    expect((await next.disk.list(`jobs/${job.id}`)).includes('ledger.log')).toBe(true)
    await next.store.records.put(job, CODE)
    expect([ofRecord(next, job), known(await restart(next), job)[0]]).toEqual([false, first])
  })
})
