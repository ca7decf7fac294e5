/** What this node answers to its peers' calls. */
import { manifestText } from '../../core/ledger/manifest.ts'
import { encodeCatalog, encodeScanAnswer } from '../../catalog/codec.ts'
import { ShoalError } from '../../core/errors.ts'
import { agreed } from '../../core/ledger/ledger.ts'
import { pinnedUnder } from '../../core/plan/job-id.ts'
import { LIMITS } from '../../core/limits.ts'
import { laterLife } from '../../core/members/membership.ts'
import type { JobId, NodeId } from '../../core/types.ts'
import { fromBytes, toBytes } from '../../wire/codec.ts'
import { jobBody, openJob } from '../../wire/job.ts'
import type { Call } from '../../wire/rpc.ts'
import { isPart, loseOutput } from '../home/check-files.ts'
import type { Context } from '../context.ts'
import { getKept } from '../home/kept.ts'
import { keyedHere } from '../home/keyed.ts'
import { readLogs } from '../home/logs.ts'
import { bringJob, forgottenRound, memoryOf } from '../home/recall.ts'
import { signalledWithin } from '../pause.ts'
import type { Answered, Answerer } from './rpc.ts'
import { ShardServer } from './shard-server.ts'
import { folderFile, outputFile } from '../home/folder.ts'

const EMPTY = new Uint8Array()
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
const gone = (what: string): ShoalError => new ShoalError('NO_SUCH_JOB', `${what} is not here`)

/** Throws a ShoalError for what is not here, and a WireError for a body that is not what it should be. */
export function answererOf(context: Context): Answerer {
  const shards = new ShardServer(context)
  return (from, request, body) => answer(context, shards, from, request, body)
}

async function answer(
  context: Context,
  shards: ShardServer,
  from: NodeId,
  request: Call,
  body: Uint8Array,
): Promise<Uint8Array | Answered> {
  const { store, catalog, catalogs, story } = context
  switch (request.call) {
    case 'job':
      return sendJob(context, request.job)
    case 'key': {
      const memory = await memoryOf(context, request.job)
      if (memory === null) throw gone('this key')
      return toBytes(memory)
    }
    case 'keyed':
      return toBytes(await keyedHere(context, request.key, request.meaning))
    case 'times': {
      const bytes = await getKept(context.disk, folderFile(request.job, 'times.json'))
      if (bytes === null) throw gone('when this job began')
      return bytes
    }
    case 'put-job':
      return takeJob(context, body)
    case 'catalog': {
      const known = catalogs.get(request.node)
      if (known === null || catalogs.hash(request.node) !== request.hash) throw gone('this catalog')
      return encodeCatalog(known)
    }
    case 'scan':
      return encodeScanAnswer(
        await signalledWithin(context.clock, LIMITS.scanRpcMs, (signal) =>
          catalog.answerScan(request.inputs, request.walk, signal),
        ),
      )
    case 'manifest': {
      const manifest = await store.outputs.manifest(outputFile(request.job, request.task, 'manifest.json'))
      if (manifest === null) throw gone('this manifest')
      return Buffer.from(manifestText(manifest))
    }
    case 'round': {
      const { round, limits } = request
      const delta = { round, limits, outcome: { kind: 'open' }, tasks: [], reports: [] } as const
      context.dispatch({ type: 'message', from, message: { type: 'delta', job: request.job, delta } })
      return EMPTY
    }
    case 'life': {
      const member = context.state.members.get(from)
      if (member === undefined) return EMPTY
      const { record, beat } = member
      const later = beat !== null && laterLife(beat.incarnation, record.incarnation)
      return toBytes(later ? beat.incarnation : record.incarnation)
    }
    case 'story':
      return json(await story.of(request.job))
    case 'logs':
      return json(await readLogs(context, request.job))
    case 'shard':
      return shards.read(request)
    case 'lines':
      return shards.countLines(request)
    case 'part':
      return sendPart(context, request)
  }
}

async function sendJob({ store }: Context, id: JobId): Promise<Uint8Array> {
  const job = await store.records.body(id)
  if (job === null) throw gone('this job')
  return toBytes(job)
}

/** On disk before it is answered: the submitter counts on it. */
async function takeJob(context: Context, bytes: Uint8Array): Promise<Uint8Array> {
  const body = fromBytes(jobBody, bytes)
  const record = openJob(body)
  if (!context.state.jobs.has(record.id)) {
    await bringJob(context, record, body, forgottenRound(context, record.id))
  } else {
    const pin = pinnedUnder(record)
    if (pin !== null) context.dispatch({ type: 'pinned', job: record.id, pin })
  }
  return json(context.state.jobs.get(record.id)?.ledger.round ?? 1)
}

/** Read whole before its first bytes are given, so that damage is repaired here, and not handed on. */
async function sendPart(
  context: Context,
  { job, task, start, end }: Extract<Call, { call: 'part' }>,
): Promise<Answered> {
  const { state, disk } = context
  const name = outputFile(job, task, 'part')
  const total = await disk.size(name)
  const known = state.jobs.get(job)
  const output = agreed(known?.ledger.tasks[task])
  if (total === null || known === undefined || output === null) throw gone('this part')
  if (start === 0 && !(await isPart(context, name, output.part))) {
    await loseOutput(context, known, task, 'part')
    throw gone('this part')
  }
  const length = Math.min(end - start, LIMITS.rpcFrameBytesMax, total - start)
  return { body: length > 0 ? await disk.read(name, start, length) : EMPTY, total }
}
