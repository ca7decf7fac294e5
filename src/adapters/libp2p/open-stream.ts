import type { Connection } from '@libp2p/interface'
import { LIMITS } from '../../core/limits.ts'
import type { NodeId } from '../../core/types.ts'
import type { ByteStream } from '../../ports.ts'
import { toByteStream } from './stream.ts'

/**
 * Opens streams to peers, and counts them. libp2p checks its limit after the peer has: the stream above it is handed out
 * although the peer has reset it, and fails when it is used. So the count is kept here, and registered limits are twice
 * as high: a stream that was closed at this end may still be open at the other.
 */
export class StreamOpener {
  readonly #open = new Map<string, number>()

  /** Rejects when the peer does not speak the protocol, or `streamsPerProtocolMax` streams of it are open to the peer. */
  async open(connection: Connection, wireName: string, signal: AbortSignal | undefined): Promise<ByteStream> {
    const peer = connection.remotePeer.toString() as NodeId
    const release = this.#take(`${peer} ${wireName}`)
    try {
      const bound = AbortSignal.timeout(LIMITS.rpcTimeoutMs)
      const stream = await connection.newStream(wireName, {
        runOnLimitedConnection: true,
        signal: signal === undefined ? bound : AbortSignal.any([signal, bound]),
      })
      const bytes = toByteStream(stream, peer)
      if (stream.status !== 'open') throw new Error(`${peer} has reset the new stream`)
      stream.addEventListener('close', release)
      return bytes
    } catch (error) {
      release()
      throw error
    }
  }

  #take(key: string): () => void {
    const count = this.#open.get(key) ?? 0
    if (count >= LIMITS.streamsPerProtocolMax) throw new Error(`too many streams are open: ${count} to ${key}`)
    this.#open.set(key, count + 1)
    let held = true
    return () => {
      if (!held) return
      held = false
      const left = (this.#open.get(key) ?? 1) - 1
      if (left === 0) this.#open.delete(key)
      else this.#open.set(key, left)
    }
  }
}
