/** How a job that is forgotten leaves the disk: in which order, and what is made up for after a crash or a full disk. */
import { describe, expect, it } from 'vitest'
import { systemError, type MemoryDiskOptions } from '../../src/adapters/memory/disk.ts'
import { hashText } from '../../src/core/hash.ts'
import { jobId } from '../../src/core/plan/job-id.ts'
import type { JobId, JobRecord } from '../../src/core/types.ts'
import { loadJobs } from '../../src/runtime/boot.ts'
import type { DamagedFile } from '../../src/runtime/home/damage.ts'
import { outputFile } from '../../src/runtime/home/folder.ts'
import { ForgottenLog } from '../../src/runtime/home/forgotten-log.ts'
import { memoryOf } from '../../src/runtime/home/recall.ts'
import { Removal, type Forget } from '../../src/runtime/home/removal.ts'
import { Times } from '../../src/runtime/home/times.ts'
import { encodeMessage } from '../../src/wire/messages.ts'
import { makeJob } from '../core/fake-work.ts'
import { bench, settled, type Bench } from './peer.ts'

const CODE = { bundle: 'export default 1', sourceMap: '' }
const RESULT = hashText('result')

interface Known {
  readonly node: Bench
  readonly job: JobRecord
  readonly effect: Forget
}

/** A node with a job under a key that has just been forgotten by the control plane, and not yet on disk. */
async function forgotten(fault?: MemoryDiskOptions['fault']): Promise<Known> {
  const node = await bench(fault === undefined ? {} : { fault })
  const plain = makeJob({ maps: 2, reduces: 1, members: [node.self] })
  const spec = { ...plain.spec, code: hashText(CODE.bundle) }
  const job = { ...plain, spec, key: 'k', id: jobId(spec, plain.snapshot, 'k') }
  await node.store.records.put(job, CODE)
  await node.disk.put(outputFile(job.id, 0, 'run-0'), Buffer.from('a run'))
  const delta = { round: 1, outcome: { kind: 'open' }, tasks: [], reports: [] } as const
  await node.store.ledgers.append(job.id, [encodeMessage({ type: 'delta', job: job.id, delta })])
  node.context.dispatch({ type: 'job', record: job, kept: [], holding: [], deaths: [] })
  node.context.dispatch({ type: 'cancel', job: job.id })
  node.context.dispatch({ type: 'forget', job: job.id })
  const keyed = { record: job, result: RESULT }
  return { node, job, effect: { type: 'forget', job: job.id, round: 1, expired: false, keyed } }
}

/** What a node that starts on this disk knows. */
interface Restarted {
  readonly jobs: JobId[]
  readonly folders: string[]
  /** Jobs that it refuses, each with the highest round. */
  readonly forgotten: Map<JobId, number>
  readonly damage: DamagedFile[]
  /** What it says of the job under its key. */
  readonly memory: unknown
}

async function restarted({ disk }: Bench, job: JobRecord): Promise<Restarted> {
  const { context } = await bench({}, disk)
  const { clock, damage, removal, state } = context
  await new ForgottenLog(disk, damage).load(state)
  const forgottenJobs = new Map(state.forgottenJobs)
  await removal.load()
  await loadJobs(context, new Times(clock, disk, damage))
  return {
    jobs: [...state.jobs.keys()],
    folders: await disk.list('jobs'),
    forgotten: forgottenJobs,
    damage: damage.list(),
    memory: readable(await memoryOf(context, job.id)),
  }
}

/** The order of a record's fields is none of its facts. */
function readable(memory: Awaited<ReturnType<typeof memoryOf>>): unknown {
  return memory === null || memory === 'lost' ? memory : { ...memory, record: JSON.parse(memory.record) as unknown }
}

/** All that is left of a job that is forgotten. */
const gone = (job: JobRecord): Restarted => ({
  jobs: [],
  folders: [],
  forgotten: new Map([[job.id, 1]]),
  damage: [],
  memory: { record: job, round: 1, result: RESULT },
})

describe('a job that is forgotten', () => {
  it('leaves what its key gave, and that it is forgotten', async () => {
    const { node, job, effect } = await forgotten()
    await node.context.removal.forget(effect)
    expect(await restarted(node, job)).toEqual(gone(job))
  })

  it('is known as before, or gone, at whatever operation a crash cuts the removal off', async () => {
    const ends: string[] = []
    for (let operations = 0; ends.at(-1) !== 'done'; operations++) {
      let left = Infinity
      const { node, job, effect } = await forgotten((operation, name) => {
        if (operation !== 'get' && operation !== 'read' && left-- <= 0) throw systemError('EIO', name)
      })
      left = operations
      const done = await node.context.removal.forget(effect).then(
        () => true,
        () => false,
      )
      left = Infinity
      const after = await restarted(node, job)
      const isKnown = after.jobs.length > 0
      ends.push(done ? 'done' : isKnown ? 'known' : 'gone')
      if (isKnown) {
        expect(after).toEqual({
          ...{ jobs: [job.id], folders: [job.id], forgotten: new Map(), damage: [] },
          // Where the key's two files are written already, it goes on in the next round.
          memory: { record: job, round: operations < 2 ? 0 : 1, result: null },
        })
      } else {
        const logged = done || after.forgotten.size > 0
        expect(after).toEqual({ ...gone(job), forgotten: logged ? new Map([[job.id, 1]]) : new Map() })
      }
    }
    // Both files of the key, the record, the log, the folder.
    expect(ends).toEqual(['known', 'known', 'known', 'gone', 'gone', 'done'])
  })

  it('is waited for until its attempts have ended; then nothing of it is known after a crash', async () => {
    const { node, job, effect } = await forgotten()
    const { disk, store, context } = node
    const { damage, keys, state } = context
    const removal = new Removal({ state, disk, damage, store, keys, stopped: () => new Promise(() => {}) })
    void removal.forget(effect)
    await settled()
    expect(await disk.list('jobs')).toEqual([job.id])
    expect(await restarted(node, job)).toEqual({ ...gone(job), forgotten: new Map() })
  })

  it('can be brought anew at once: that waits until the old one is gone', async () => {
    const { node, job, effect } = await forgotten()
    void node.context.removal.forget(effect)
    await node.store.records.put(job, CODE)
    expect(await node.store.records.body(job.id)).toEqual({ record: JSON.stringify(job), ...CODE })
    expect(await node.disk.list(`jobs/${job.id}`)).toEqual(['bundle.js', 'bundle.map', 'record.json'])
  })
})

describe('a full disk', () => {
  it.each(['keys/', 'jobs/', 'dropped.log'])('that refuses %s is made up for once there is room', async (refused) => {
    let full = false
    const { node, job, effect } = await forgotten((operation, name) => {
      if (full && ['put', 'adopt', 'append'].includes(operation) && name.startsWith(refused))
        throw systemError('ENOSPC', name)
    })
    const { removal } = node.context
    full = true
    await expect(removal.forget(effect)).rejects.toThrow('ENOSPC')
    await expect(removal.catchUp()).rejects.toThrow('ENOSPC')
    // Until then the record on disk says what the key is of.
    expect(readable(await memoryOf(node.context, job.id))).toMatchObject({ record: job })
    full = false
    await removal.catchUp()
    expect(await restarted(node, job)).toEqual(gone(job))
  })

  it('has room for what is to be remembered once the folder is gone', async () => {
    let full = true
    const { node, job, effect } = await forgotten((operation, name) => {
      if (operation === 'remove' && !name.endsWith('.json')) full = false
      if (full && operation === 'append' && name === 'dropped.log') throw systemError('ENOSPC', name)
    })
    await node.context.removal.forget(effect)
    expect(await restarted(node, job)).toEqual(gone(job))
  })

  it('of a job that was put again meanwhile owes the log alone: what is there is another life of it', async () => {
    let full = false
    const { node, job, effect } = await forgotten((operation, name) => {
      if (full && (operation === 'put' || operation === 'append')) throw systemError('ENOSPC', name)
    })
    const { removal } = node.context
    full = true
    await expect(removal.forget(effect)).rejects.toThrow('ENOSPC')
    full = false
    await node.store.records.put(job, CODE)
    await removal.catchUp()
    expect(await node.store.records.get(job.id)).toBe(JSON.stringify(job))
    expect((await restarted(node, job)).forgotten).toEqual(new Map([[job.id, 1]]))
  })

  it('that refuses one removal does not keep others from being made up for', async () => {
    let refused: readonly string[] = []
    const { node, job, effect } = await forgotten((operation, name) => {
      if (refused.includes(operation)) throw systemError('ENOSPC', name)
    })
    const other = { ...effect, job: hashText('another') as JobId, keyed: null }
    const { removal } = node.context
    refused = ['adopt', 'append']
    await expect(removal.forget(effect)).rejects.toThrow('ENOSPC')
    await expect(removal.forget(other)).rejects.toThrow('ENOSPC')
    refused = ['adopt']
    await expect(removal.catchUp()).rejects.toThrow('ENOSPC')
    expect((await restarted(node, job)).forgotten).toEqual(new Map([[other.job, 1]]))
  })
})

it('a folder that a put has left, which a crash cut off, goes with the next start', async () => {
  const { node, job, effect } = await forgotten()
  await node.context.removal.forget(effect)
  await node.store.codes.put(hashText('another') as JobId, CODE)
  expect(await restarted(node, job)).toEqual(gone(job))
})
