/** Bringing a split over from a holder: the whole of it, from the next holder if need be, or a reason. */
import { expect, test } from 'vitest'
import { ShoalError } from '../../src/core/errors.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { plan } from '../../src/core/plan/plan.ts'
import type { JobState } from '../../src/core/state.ts'
import type { NodeId, Shard } from '../../src/core/types.ts'
import { systemClock } from '../../src/adapters/disk/system-clock.ts'
import { answererOf } from '../../src/runtime/peers/answer.ts'
import type { Context } from '../../src/runtime/context.ts'
import { serveCalls, type Answerer } from '../../src/runtime/peers/rpc.ts'
import { spoolSplit, type Spooling } from '../../src/runtime/peers/spool.ts'
import { makeJob } from '../core/fake-work.ts'
import { recordOf } from '../core/one-node.ts'
import type { Spool } from '../../src/core/plan/work.ts'
import { bench, type Bench } from './peer.ts'

const content = Buffer.from(
  Array.from({ length: 200_000 }, (_, i) => `line ${i} ${'z'.repeat(i % 40)}`).join('\n') + '\n',
)

/** A job over one shard of the peer's, and a peer that answers as it is told. */
async function setting(respond: (holder: Context) => Answerer): Promise<{ node: Bench; job: JobState }> {
  const node = await bench()
  const made = makeJob({ maps: 1, reduces: 1, members: [node.peer] })
  const [input] = made.snapshot.inputs
  const shard: Shard = { ...input!.shards[0]!, path: 'a.txt', size: content.length, cuts: { kind: 'lines' } }
  const record = { ...made, snapshot: { inputs: [{ ...input!, shards: [shard] }] } }
  const job = { record, plan: plan(record.spec, record.snapshot) } as unknown as JobState
  node.context.dispatch({
    type: 'message',
    from: node.peer,
    message: { type: 'records', records: [recordOf(node.peer, { name: 'holder' })] },
  })
  const holder = {
    state: { self: { node: node.peer }, jobs: new Map([[record.id, job]]) },
    name: 'holder',
    catalog: {
      readPinned: (_shard: Shard, _copy: unknown, start: number, end: number) =>
        Promise.resolve(new Uint8Array(content.subarray(start, end))),
      countLines: (_shard: Shard, _copy: unknown, start: number, end: number) =>
        Promise.resolve(content.subarray(start, end).toString().split('\n').length - 1),
    },
  } as unknown as Context
  const answer = respond(holder)
  node.peerServes = (stream) => void serveCalls(stream, systemClock, answer).catch(() => undefined)
  return { node, job }
}

const split = { input: 0, shard: 0, start: 1_000_000, end: 2_000_000, bytes: 1_000_000 }

async function spool(
  { node, job }: Awaited<ReturnType<typeof setting>>,
  moved: Spooling['moved'] = () => undefined,
): Promise<Spool> {
  return await spoolSplit(node.context, job, 0, split, 'spool/0', { attempt: '1-1', moved })
}

test('what comes is what the split’s reader reads, with the number of lines before it', async () => {
  const made = await setting(answererOf)
  let moved = 0
  const facts = await spool(made, (bytes) => void (moved += bytes))
  const kept = Buffer.from((await made.node.disk.get('spool/0'))!)
  let at = 0
  for (const { offset, length } of facts.pieces) {
    expect(kept.subarray(at, at + length).equals(content.subarray(offset, offset + length))).toBe(true)
    at += length
  }
  expect(kept.length).toBe(at)
  expect(moved).toBe(at)
  expect(facts.pieces[0]!.offset).toBe(999_999)
  const end = content.indexOf('\n', split.end) + 1
  expect(facts.pieces[0]!.length).toBeGreaterThanOrEqual(end - 999_999)
  const before = content.subarray(0, split.start).toString().split('\n').length
  expect(facts.linesBefore).toBe(content[split.start - 1] === 0x0a ? before - 1 : before)
})

test.each([
  ['says that the file changed', new ShoalError('SHARD_CHANGED', 'logs/a.txt changed'), 'SHARD_CHANGED'],
  ['does not know the job', new ShoalError('NO_SUCH_JOB', 'not known here'), 'NO_NODE'],
  ['has a failing disk', new ShoalError('NODE_SETUP', 'the disk fails'), 'NO_NODE'],
])('a holder that %s', async (_what, error, code) => {
  const made = await setting(() => () => Promise.reject(error))
  const failed = await spool(made).catch((reason: unknown) => reason)
  expect(failed).toMatchObject({ code })
  if (code === 'NO_NODE') expect((failed as ShoalError).message).toContain('from holder over a stream')
  expect(await made.node.disk.get('spool/0')).toBeNull()
})

test('a compressed file beyond the limit is not begun, again and again', async () => {
  const made = await setting((holder) => answererOf(holder))
  const [input] = made.job.record.snapshot.inputs
  const huge = { ...input!.shards[0]!, path: 'a.gz', size: LIMITS.spoolBytesMax + 1, cuts: { kind: 'whole' as const } }
  Object.assign(made.job, { record: { ...made.job.record, snapshot: { inputs: [{ ...input!, shards: [huge] }] } } })
  await expect(spool(made)).rejects.toMatchObject({ code: 'LIMIT' })
})

test('an answer that is too short is none', async () => {
  const made = await setting((holder) => {
    const honest = answererOf(holder)
    return async (from, request, body) => {
      const given = await honest(from, request, body)
      const bytes = given instanceof Uint8Array ? given : given.body
      return { body: bytes.subarray(0, bytes.length - 1), total: 0 }
    }
  })
  await expect(spool(made)).rejects.toMatchObject({ code: 'NO_NODE' })
})

test('an attempt that is stopped meanwhile ends at the next piece', async () => {
  const made = await setting(answererOf)
  const stopped = new ShoalError('CANCELLED', 'the job is over')
  await expect(
    spool(made, () => {
      throw stopped
    }),
  ).rejects.toBe(stopped)
  expect(await made.node.disk.get('spool/0')).toBeNull()
})

test('nothing can be asked for but shards of a known job that lie there, and no more of one than an answer takes', async () => {
  const { job, node } = await setting(answererOf)
  const other = { ...job.record.snapshot.inputs[0]!.shards[0]!, copies: [{ node: node.self, root: 'x', witness: {} }] }
  const asked: unknown[] = []
  const answer = answererOf({
    state: {
      self: { node: node.peer },
      jobs: new Map([
        [
          job.record.id,
          {
            record: {
              ...job.record,
              snapshot: { inputs: [{ shards: [...job.record.snapshot.inputs[0]!.shards, other] }] },
            },
          },
        ],
      ]),
    },
    name: 'holder',
    catalog: {
      readPinned: (_shard: Shard, _copy: unknown, start: number, end: number) => {
        asked.push([start, end])
        return Promise.resolve(new Uint8Array(end - start))
      },
    },
  } as unknown as Context)
  const ask = (over: object): Promise<unknown> =>
    answer(
      node.self as NodeId,
      { call: 'shard', job: job.record.id, input: 0, shard: 0, start: 0, end: 9, ...over } as never,
      new Uint8Array(),
    )
  await expect(ask({ job: 'f'.repeat(64) })).rejects.toMatchObject({ code: 'NO_SUCH_JOB' })
  await expect(ask({ input: 1 })).rejects.toMatchObject({ code: 'NO_SUCH_JOB' })
  await expect(ask({ shard: 2 })).rejects.toMatchObject({ code: 'NO_SUCH_JOB' })
  await expect(ask({ shard: 1 })).rejects.toMatchObject({ code: 'NO_DATA' })
  expect(asked).toEqual([])
  await ask({ start: 10, end: Number.MAX_SAFE_INTEGER })
  expect(asked).toEqual([[10, Math.min(content.length, 10 + LIMITS.rpcFrameBytesMax)]])
})
