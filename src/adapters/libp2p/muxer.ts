import type { StreamMuxerFactory } from '@libp2p/interface'
import { yamux, type YamuxMuxerInit } from '@libp2p/yamux'

/**
 * yamux that survives its peer's death. A stream's first frame leaves in a microtask; when the connection has closed by
 * then, yamux 8.0.3 throws where nobody can catch it, and the process ends: one node's kill took another one along.
 * Here a frame for a closed connection is dropped, and its stream waits, as for a full connection, for the muxer to be
 * told of the close, which ends the stream with an error.
 */
export function steadyYamux(init: YamuxMuxerInit): () => StreamMuxerFactory {
  const make = yamux(init)
  return () => {
    const factory = make()
    const create = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (connection) => {
      const muxer = create(connection)
      const send = muxer.send.bind(muxer)
      muxer.send = (data) => {
        try {
          return send(data)
        } catch (error) {
          if ((error as Error).name === 'StreamStateError') return false
          throw error
        }
      }
      return muxer
    }
    return factory
  }
}
