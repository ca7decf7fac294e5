/** Gives shards that this node offers to nodes that have a slot for their tasks, where this one has none. */
import { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Shard } from '../../core/types.ts'
import type { ShardAsk } from '../../wire/rpc.ts'
import type { Context } from '../context.ts'
import { copiesHere } from '../home/copies.ts'
import type { Answered } from './rpc.ts'
import { Turns } from './turns.ts'

const EMPTY = new Uint8Array()

/** A copy of a shard on this node. */
type Copy = Shard['copies'][number]

export class ShardServer {
  readonly #context: Context
  readonly #turns = new Turns(LIMITS.shardReadsMax)
  /** Lines of whole blocks of pinned files: a file is counted once, however many of its splits are asked for. */
  readonly #lines = new Map<string, number>()

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Bytes [start, end) of a shard in the job's snapshot, at most LIMITS.rpcFrameBytesMax. Throws NO_SUCH_JOB where the
   * job is not known here, and SHARD_CHANGED where the file is not the pinned one, or is offered no more: nothing else
   * of this disk can be asked for.
   */
  async read(ask: ShardAsk): Promise<Answered> {
    const { shard, copy } = this.#find(ask)
    const end = Math.min(ask.end, shard.size, ask.start + LIMITS.rpcFrameBytesMax)
    if (ask.start >= end) return { body: EMPTY, total: shard.size }
    const read = (): Promise<Uint8Array> => this.#context.catalog.readPinned(shard, copy, ask.start, end)
    return { body: await this.#turns.take(read), total: shard.size }
  }

  /** Lines that end in [start, end), at most LIMITS.splitBytes of it, as `total`. Throws what `read` throws. */
  async countLines(ask: ShardAsk): Promise<Answered> {
    const { shard, copy } = this.#find(ask)
    const end = Math.min(ask.end, shard.size, ask.start + LIMITS.splitBytes)
    const key = `${copy.root}/${shard.path}/${Object.values(copy.witness).join(':')}/${ask.start}-${end}`
    const known = this.#lines.get(key)
    if (known !== undefined) return { body: EMPTY, total: known }
    const lines = await this.#turns.take(() => this.#context.catalog.countLines(shard, copy, ask.start, end))
    if (this.#lines.size >= LIMITS.lineCountsKept) this.#lines.clear()
    this.#lines.set(key, lines)
    return { body: EMPTY, total: lines }
  }

  #find({ job: id, input, shard: index }: ShardAsk): { shard: Shard; copy: Copy } {
    const { state, name } = this.#context
    const shard = state.jobs.get(id)?.record.snapshot.inputs[input]?.shards[index]
    if (shard === undefined) throw new ShoalError('NO_SUCH_JOB', 'this job, or its shard, is not known here')
    const [copy] = copiesHere(this.#context, shard)
    if (copy === undefined)
      throw new ShoalError('NO_DATA', `${shard.dataset}/${shard.path} is none of the shards of ${name}`)
    return { shard, copy }
  }
}
