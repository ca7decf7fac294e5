/** Streams a sealed result: each part from this disk or from a holder, checked by its hash while it flows. */
import { createHash } from 'node:crypto'
import type { ResultChunk } from '../../control/api.ts'
import { ShoalError } from '../../core/errors.ts'
import { agreed, type Output } from '../../core/ledger/ledger.ts'
import { LIMITS } from '../../core/limits.ts'
import { reasonOf } from '../../words/reason.ts'
import { isRemade } from '../../core/outcome/remake.ts'
import type { JobState } from '../../core/state.ts'
import type { Bytes, NodeId, TaskIndex } from '../../core/types.ts'
import { PartReader } from '../../data/part.ts'
import { nameOf, type Context } from '../context.ts'
import { isPart, loseOutput, storedBytesMax } from '../home/check-files.ts'
import { isDamaged } from '../home/kept.ts'
import { outputTasks } from '../../core/plan/graph.ts'
import { readingMs } from '../peers/framed.ts'
import { sourcesOf } from '../peers/part-sources.ts'
import { callPeer } from '../peers/rpc.ts'
import { outputFile } from '../home/folder.ts'
import { partText } from '../stage-names.ts'

/**
 * Whole records of every part, output by output in partition order. Throws RESULT_LOST where a part cannot be had whole from anyone; ends
 * early when the signal fires.
 */
export async function* resultOf(
  context: Context,
  job: JobState,
  signal: AbortSignal,
): AsyncGenerator<ResultChunk, void, undefined> {
  for (const [place, { index: task }] of outputTasks(job.plan).entries()) {
    const output = agreed(job.ledger.tasks[task])
    if (output === null) throw lostPart(job, task, 'its output is not known')
    yield* partOf(context, job, task, place, output, signal)
    if (signal.aborted) return
  }
}

/**
 * One part, from this disk or from a holder. A block that is damaged shows it before it is given, and another holder's
 * copy goes on behind what was given: the records are the same.
 */
async function* partOf(
  context: Context,
  job: JobState,
  task: TaskIndex,
  place: number,
  output: Output,
  signal: AbortSignal,
): AsyncGenerator<ResultChunk, void, undefined> {
  const hash = createHash('sha256')
  let given = 0
  for (;;) {
    const { name, temporary } = await locate(context, job, task)
    try {
      for await (const chunk of readPart(context, name, place, given)) {
        given += chunk.bytes.length
        hash.update(chunk.bytes)
        yield chunk
        if (signal.aborted) return
      }
      break
    } catch (error) {
      // What came from elsewhere was read whole before.
      if (temporary || !isLostHere(error)) throw error
      await loseOutput(context, job, task, 'part')
      if (job.has.has(task)) throw error
    } finally {
      if (temporary) await context.disk.remove(name)
    }
  }
  if (hash.digest('hex') === output.part) return
  // The part is undamaged, and not the one that the ledger names: records that were given already must not be used.
  await loseOutput(context, job, task, 'part')
  throw new ShoalError('DAMAGED', `${partText(job, job.plan.tasks[task]!)} is damaged on ${context.name}`, {
    job: job.record.id,
    try: ['again: another node is asked for it now'],
  })
}

function isLostHere(error: unknown): boolean {
  return isDamaged(error) || (error as NodeJS.ErrnoException).code === 'ENOENT'
}

/** Blocks of whole records behind the first `given` bytes; at least one, which may be empty. Throws DAMAGED. */
async function* readPart(
  context: Context,
  name: string,
  partition: number,
  given: Bytes,
): AsyncGenerator<ResultChunk, void, undefined> {
  const reader = new PartReader(context.disk.open(name), `part ${partition}`)
  try {
    let at = 0
    for (let block = reader.nextBlock(); block !== null; block = reader.nextBlock()) {
      const skip = Math.min(block.length, Math.max(0, given - at))
      at += block.length
      // A copy: the block is a Buffer, whose own slice() would show the bytes that come next.
      if (skip < block.length) yield { partition, bytes: new Uint8Array(block.subarray(skip)) }
    }
    if (at === 0) yield { partition, bytes: new Uint8Array() }
  } finally {
    reader.close()
  }
}

/** A part's file on this disk, fetched there first where only others hold it. */
async function locate(context: Context, job: JobState, task: TaskIndex): Promise<{ name: string; temporary: boolean }> {
  const { disk } = context
  const own = outputFile(job.record.id, task, 'part')
  if (job.has.has(task)) {
    if ((await disk.size(own)) !== null) return { name: own, temporary: false }
    await loseOutput(context, job, task, 'part')
  }
  const damaged = context.damage.list().some(({ file }) => file === own)
  let why = damaged ? 'it is damaged on this node, and no other node is alive' : 'no other node is alive'
  for (const holder of sourcesOf(context, job, task)) {
    try {
      const name = await fetchPart(context, job, task, holder)
      if (await isPart(context, name, agreed(job.ledger.tasks[task])!.part)) return { name, temporary: true }
      await disk.remove(name)
      why = `what ${nameOf(context, holder)} has is damaged`
    } catch (error) {
      context.dropped('fetch-part', error)
      why = `${nameOf(context, holder)} does not give it: ${reasonOf(error, 'the exchange with it failed')}`
    }
  }
  throw lostPart(job, task, why)
}

let fetches = 0

async function fetchPart(context: Context, job: JobState, task: TaskIndex, holder: NodeId): Promise<string> {
  const { disk } = context
  const name = `fetched/${process.pid}-${++fetches}`
  const writer = await disk.create(name)
  try {
    const bytes = agreed(job.ledger.tasks[task])?.bytes ?? 0
    const most = storedBytesMax(bytes)
    for (let start = 0, total = 1; start < total;) {
      const end = start + LIMITS.rpcFrameBytesMax
      const request = { call: 'part', job: job.record.id, task, start, end } as const
      const patience = readingMs(start === 0 ? bytes : 0, LIMITS.rpcTimeoutMs)
      const answer = await callPeer(context, holder, request, undefined, patience, patience)
      if (answer.body.length === 0) throw new Error('the part became shorter')
      if (start + answer.body.length > most) throw new Error('the part is longer than it can be')
      await writer.write(answer.body)
      total = answer.total
      start += answer.body.length
    }
    await writer.commit()
    return name
  } catch (error) {
    await writer.discard()
    throw error
  }
}

export function lostPart(job: JobState, task: TaskIndex, why: string): ShoalError {
  const id = job.record.id.slice(0, 12)
  const hopeless = job.round.hopeless === null ? '' : `; it could not be made again: ${job.round.hopeless.message}`
  return new ShoalError('RESULT_LOST', `${partText(job, job.plan.tasks[task]!)} cannot be had`, {
    why: why + hopeless,
    job: job.record.id,
    try: isRemade(job)
      ? [`shoal wait ${id}   it is being made again`]
      : ['start the nodes that hold it', `shoal job retry ${id}   makes what is lost again, over the same snapshot`],
  })
}
