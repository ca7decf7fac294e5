import type { StreamMuxerFactory } from '@libp2p/interface'
import { yamux, type YamuxMuxerInit } from '@libp2p/yamux'

/** What of yamux's muxer and streams is no part of their types. */
interface MakesStreams {
  _newStream(...args: unknown[]): WindowedStream
}

interface WindowedStream {
  readonly state: number
  readonly recvWindow: number
  readonly recvWindowCapacity: number
  sendWindowUpdate(): void
}

const ESTABLISHED = 3

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
      sparingly(muxer as unknown as MakesStreams)
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

/**
 * yamux's specification lets a receiver wait until half of the window is used before it opens it again; 8.0.3 does so for
 * each frame, which for messages of a few hundred bytes is one write more for each that is received. A sender that waits
 * for room has used all of the window, so this holds up nobody.
 */
function sparingly(muxer: MakesStreams): void {
  const make = muxer._newStream.bind(muxer)
  muxer._newStream = (...args) => {
    const stream = make(...args)
    const update = stream.sendWindowUpdate.bind(stream)
    stream.sendWindowUpdate = () => {
      // Before that it carries the stream's opening, or the answer to it.
      if (stream.state !== ESTABLISHED || stream.recvWindowCapacity < stream.recvWindow / 2) update()
    }
    return stream
  }
}
