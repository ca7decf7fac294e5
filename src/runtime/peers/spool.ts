/**
 * Reading splits that lie elsewhere: the bytes that a task is going to read come over from a holder, into a file of
 * this node's home that lives as long as the attempt. The task then reads that file as it would read the shard.
 */
import { isLive } from '../../core/members/liveness.ts'
import { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { rendezvous } from '../../core/plan/placement.ts'
import { headerBytesOf } from '../../core/plan/splits.ts'
import { shardOf } from '../../core/plan/ranks.ts'
import { reasonOf } from '../../words/reason.ts'
import type { JobState } from '../../core/state.ts'
import type { Bytes, NodeId, Shard, Split, TaskIndex } from '../../core/types.ts'
import { neededPieces, type Piece } from '../../data/formats/needed.ts'
import { resolveReadOptions } from '../../data/formats/options.ts'
import type { RandomAccess } from '../../data/formats/source.ts'
import type { Spool } from '../../core/plan/work.ts'
import { nameOf, type Context } from '../context.ts'
import { callPeer } from './rpc.ts'
import { folderFile } from '../home/folder.ts'

/** What an attempt brings over: where its files go, and whom it tells of each piece. */
export interface Spooling {
  readonly attempt: string
  /** Called for each piece that has come; throws where the attempt is to end. */
  moved(bytes: Bytes): void
}

/** The folder of an attempt's spool files, to be removed when it has ended. */
export function spoolFolder(job: JobState, attempt: string): string {
  return folderFile(job.record.id, `spool/${attempt}`)
}

/** Nodes that have the shard and live, another one first for each task. */
export function givers(context: Context, job: JobState, task: TaskIndex, shard: Shard): NodeId[] {
  const { state } = context
  const live = [...new Set(shard.copies.map(({ node }) => node))].filter(
    (node) => node !== state.self.node && isLive(state, node),
  )
  return rendezvous(`${job.record.id}/${task}`, live)
}

/**
 * Brings what a split needs onto this disk, from the first holder that gives it. Throws SHARD_CHANGED where a holder
 * says so, LIMIT where it is more than LIMITS.spoolBytesMax, and NO_NODE, naming holder and reason, where none can give it.
 */
export async function spoolSplit(
  context: Context,
  job: JobState,
  task: TaskIndex,
  split: Split,
  name: string,
  spooling: Spooling,
): Promise<Spool> {
  const shard = shardOf(job.record.snapshot, split)
  let failure: unknown = new ShoalError('NO_NODE', `no live node has ${shard.dataset}/${shard.path}`)
  for (const from of givers(context, job, task, shard)) {
    try {
      return await spoolFrom(context, job, split, from, name, spooling)
    } catch (error) {
      spooling.moved(0)
      failure = asRefusal(context, shard, from, error)
    }
  }
  throw failure
}

/**
 * What is said of a try that failed. What the holder says of its shard, and what this node's disk says, stands as it
 * is.
 */
function asRefusal(context: Context, shard: Shard, from: NodeId, error: unknown): unknown {
  if (error instanceof ShoalError && (error.code === 'SHARD_CHANGED' || error.code === 'LIMIT')) return error
  if (error instanceof Error && 'syscall' in error) return error
  const why = reasonOf(error, 'the exchange with it failed')
  return new ShoalError(
    'NO_NODE',
    `${shard.dataset}/${shard.path} cannot be read from ${nameOf(context, from)} over a stream`,
    { why, cause: error },
  )
}

async function spoolFrom(
  context: Context,
  job: JobState,
  split: Split,
  from: NodeId,
  name: string,
  spooling: Spooling,
): Promise<Spool> {
  const { disk } = context
  const shard = shardOf(job.record.snapshot, split)
  const options = resolveReadOptions(shard.path, job.record.spec.inputs[split.input]!.options, shard.look)
  const remote = new RemoteShard(context, job, split, shard, from)
  const pieces = await neededPieces({
    source: remote,
    start: split.start,
    end: split.end,
    rowGroups: shard.cuts.kind === 'row-groups',
    headerBytes: headerBytesOf(shard.cuts),
    options,
    name: `${shard.dataset}/${shard.path}`,
  })
  const needed = pieces.reduce((sum, { length }) => sum + length, 0)
  if (needed > LIMITS.spoolBytesMax)
    throw new ShoalError('LIMIT', `${shard.dataset}/${shard.path} is too large to be read over a stream`, {
      why: `${needed} bytes of it would have to come; at most ${LIMITS.spoolBytesMax}`,
      try: [`slots on ${nameOf(context, from)}`, 'a file that can be read in parts: not compressed, or smaller ones'],
    })
  const isCutAnywhere = options.compression === 'none' && options.format !== 'parquet'
  const writer = await disk.create(name)
  try {
    for await (const bytes of remote.chunks(pieces)) {
      await writer.write(bytes)
      spooling.moved(bytes.length)
    }
    await writer.commit()
  } catch (error) {
    await writer.discard()
    throw error
  }
  return { pieces, linesBefore: isCutAnywhere ? await remote.linesBefore(split.start) : 0 }
}

/** A shard on another node. Each read is checked there, before its first and after its last byte. */
class RemoteShard implements RandomAccess {
  readonly size: Bytes
  readonly #context: Context
  readonly #from: NodeId
  readonly #shard: { readonly job: JobState['record']['id']; readonly input: number; readonly shard: number }

  constructor(context: Context, job: JobState, { input, shard }: Split, { size }: Shard, from: NodeId) {
    this.size = size
    this.#context = context
    this.#from = from
    this.#shard = { job: job.record.id, input, shard }
  }

  async read(offset: Bytes, length: Bytes): Promise<Uint8Array> {
    const end = Math.min(this.size, offset + length)
    const parts: Uint8Array[] = []
    for (let at = offset; at < end; at += LIMITS.rpcFrameBytesMax)
      parts.push(await this.#part(at, Math.min(end, at + LIMITS.rpcFrameBytesMax)))
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  /** The bytes of these pieces in order; the next are on their way while some are written. */
  async *chunks(pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
    const asks = pieces.flatMap(({ offset, length }) =>
      Array.from({ length: Math.ceil(length / LIMITS.rpcFrameBytesMax) }, (_, i) => {
        const start = offset + i * LIMITS.rpcFrameBytesMax
        return { start, end: Math.min(offset + length, start + LIMITS.rpcFrameBytesMax) }
      }),
    )
    const ask = (i: number): Promise<Uint8Array> | null => {
      const range = asks[i]
      if (range === undefined) return null
      const part = this.#part(range.start, range.end)
      // Whoever stops early does not wait for it.
      part.catch(() => {})
      return part
    }
    let next = ask(0)
    for (let i = 0; next !== null; i++) {
      const part = next
      next = ask(i + 1)
      yield await part
    }
  }

  /** Lines that begin before the first record at or after `start`, as `Places` counts them. */
  async linesBefore(start: Bytes): Promise<number> {
    if (start === 0) return 0
    let lines = 0
    for (let at = 0; at < start; at += LIMITS.splitBytes) {
      const ask = { call: 'lines', ...this.#shard, start: at, end: Math.min(start, at + LIMITS.splitBytes) } as const
      lines += (await callPeer(this.#context, this.#from, ask, undefined, LIMITS.shardCallMs)).total
    }
    const [last] = await this.#part(start - 1, start)
    return last === 0x0a ? lines : lines + 1
  }

  async #part(start: Bytes, end: Bytes): Promise<Uint8Array> {
    const ask = { call: 'shard', ...this.#shard, start, end } as const
    const { body } = await callPeer(this.#context, this.#from, ask, undefined, LIMITS.shardCallMs)
    if (body.length !== end - start) throw new Error(`${body.length} bytes came instead of ${end - start}`)
    return body
  }
}
