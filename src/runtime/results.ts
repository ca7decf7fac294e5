/** Streams a sealed result: each part from this disk or from a holder, checked by its hash while it flows. */
import type { ResultChunk } from '../control/api.ts'
import { ShoalError } from '../core/errors.ts'
import { agreed, type Output } from '../core/ledger.ts'
import { LIMITS } from '../core/limits.ts'
import type { JobState } from '../core/state.ts'
import type { NodeId, TaskIndex } from '../core/types.ts'
import { PartReader } from '../data/part.ts'
import { nameOf, type Context } from './context.ts'
import { isPart, storedBytesMax } from './check-files.ts'
import { sourcesOf } from './part-sources.ts'
import { callPeer } from './rpc.ts'

/** Whole records of every part in partition order. Throws RESULT_LOST or DAMAGED; ends early when the signal fires. */
export async function* resultOf(
  context: Context,
  job: JobState,
  signal: AbortSignal,
): AsyncGenerator<ResultChunk, void, undefined> {
  const { first, count } = job.plan
  for (let task = first.reduce; task < first.reduce + count.reduce; task++) {
    const output = agreed(job.ledger.tasks[task])
    if (output === null) throw lost(job, task, 'its output is not known')
    const { name, temporary } = await locate(context, job, task)
    try {
      yield* readPart(context, name, task - first.reduce, output, signal)
    } catch (error) {
      // From now on others are asked for it, and a copy of theirs takes its place.
      if (!temporary && error instanceof ShoalError && error.code === 'DAMAGED')
        context.dispatch({ type: 'lost', job: job.record.id, task, what: 'output' })
      throw error
    } finally {
      if (temporary) await context.disk.remove(name)
    }
    if (signal.aborted) return
  }
}

async function* readPart(
  context: Context,
  name: string,
  partition: number,
  output: Output,
  signal: AbortSignal,
): AsyncGenerator<ResultChunk, void, undefined> {
  const reader = new PartReader(context.disk.open(name), `part ${partition}`)
  try {
    let empty = true
    for (let block = reader.nextBlock(); block !== null; block = reader.nextBlock()) {
      empty = false
      // A copy: the block is a Buffer, whose own slice() would show the bytes that come next.
      yield { partition, bytes: new Uint8Array(block) }
      if (signal.aborted) return
    }
    if (empty) yield { partition, bytes: new Uint8Array() }
    if (reader.facts?.part !== output.part)
      throw new ShoalError('DAMAGED', `part ${partition} of the result is damaged on ${context.name}`, {
        try: ['again: another node is asked for it now'],
      })
  } finally {
    reader.close()
  }
}

/** A part's file on this disk, fetched there first where only others hold it. */
async function locate(context: Context, job: JobState, task: TaskIndex): Promise<{ name: string; temporary: boolean }> {
  const { store, disk } = context
  const own = store.output(job.record.id, task, 'part')
  if (job.has.has(task)) {
    if ((await disk.size(own)) !== null) return { name: own, temporary: false }
    context.dispatch({ type: 'lost', job: job.record.id, task, what: 'output' })
  }
  let why = 'no other node is alive'
  for (const holder of sourcesOf(context, job, task)) {
    try {
      const name = await fetchPart(context, job, task, holder)
      if (await isPart(context, name, agreed(job.ledger.tasks[task])!.part)) return { name, temporary: true }
      await disk.remove(name)
      why = `what ${nameOf(context, holder)} has is damaged`
    } catch (error) {
      context.dropped('fetch-part', error)
      why = `${nameOf(context, holder)} does not give it: ${error instanceof Error ? error.message : String(error)}`
    }
  }
  throw lost(job, task, why)
}

let fetches = 0

async function fetchPart(context: Context, job: JobState, task: TaskIndex, holder: NodeId): Promise<string> {
  const { disk } = context
  const name = `fetched/${process.pid}-${++fetches}`
  const writer = await disk.create(name)
  try {
    const most = storedBytesMax(agreed(job.ledger.tasks[task])?.bytes ?? 0)
    for (let start = 0, total = 1; start < total;) {
      const end = start + LIMITS.rpcFrameBytesMax
      const answer = await callPeer(context, holder, { call: 'part', job: job.record.id, task, start, end })
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

function lost(job: JobState, task: TaskIndex, why: string): ShoalError {
  const partition = task - job.plan.first.reduce
  return new ShoalError('RESULT_LOST', `part ${partition} of the result cannot be had`, {
    why,
    job: job.record.id,
    try: [
      'start the nodes that hold it',
      `shoal job rm ${job.record.id.slice(0, 12)}   and run it again, to compute it anew`,
    ],
  })
}
