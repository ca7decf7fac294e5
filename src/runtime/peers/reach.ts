/** How streams to peers are had: new ones, or those that stay open from before. */
import { LIMITS } from '../../core/limits.ts'
import type { NodeId } from '../../core/types.ts'
import type { Clock, Mesh } from '../../ports.ts'
import { WireError } from '../../wire/codec.ts'
import { within } from '../pause.ts'
import { FramedStream } from './framed.ts'
import type { IdleStreams } from './idle-streams.ts'

/** What it takes to reach a peer. */
export interface Reach {
  readonly mesh: Mesh
  readonly clock: Clock
  readonly idle: IdleStreams
}

/** Opens a stream within LIMITS.rpcTimeoutMs; one that comes later is reset, not forgotten. */
export async function openFramed(
  { mesh, clock }: Pick<Reach, 'mesh' | 'clock'>,
  peer: NodeId,
  protocol: string,
): Promise<FramedStream> {
  const tooLate = new AbortController()
  const opening = mesh.open(peer, protocol, tooLate.signal)
  const giveUp = (): void => {
    tooLate.abort(new WireError('no stream within the time'))
    opening.then(
      (stream) => stream.abort('it came too late'),
      () => undefined,
    )
  }
  const stream = await within(clock, LIMITS.rpcTimeoutMs, opening, giveUp, 'no stream within the time')
  return new FramedStream(stream, clock)
}

/**
 * Does work on an idle stream, or on a new one. An idle one may be gone at the other side: where nothing was heard on it
 * the work is begun anew on a new one, so that it must be work that can be done twice.
 */
export async function onStream<T>(
  reach: Reach,
  peer: NodeId,
  protocol: string,
  work: (stream: FramedStream) => Promise<T>,
): Promise<T> {
  const idle = reach.idle.take(peer, protocol)
  if (idle !== null) {
    const { heard } = idle
    try {
      return await workOn(reach, idle, protocol, work)
    } catch (error) {
      if (idle.heard > heard) throw error
    }
  }
  return workOn(reach, await openFramed(reach, peer, protocol), protocol, work)
}

async function workOn<T>(
  reach: Reach,
  stream: FramedStream,
  protocol: string,
  work: (stream: FramedStream) => Promise<T>,
): Promise<T> {
  try {
    const result = await work(stream)
    reach.idle.give(stream, protocol)
    return result
  } catch (error) {
    stream.abort(String(error))
    throw error
  }
}
