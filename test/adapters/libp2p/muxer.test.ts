/** A connection that closes under a stream that is just being opened: the process must live on. */
import { multiaddrConnectionPair } from '@libp2p/utils'
import { yamux } from '@libp2p/yamux'
import { expect, it } from 'vitest'
import { steadyYamux } from '../../../src/adapters/libp2p/muxer.ts'

/** Opens a stream and closes the connection in the same turn; what the microtask after that threw. */
async function thrownAfterClose(make: () => ReturnType<ReturnType<typeof steadyYamux>>): Promise<unknown[]> {
  const [connection] = multiaddrConnectionPair()
  const muxer = make().createStreamMuxer(connection)
  const thrown: unknown[] = []
  const before = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => thrown.push(error))
  try {
    const opened = muxer.createStream()
    // Closed for writing already, while its muxer has not been told: as when the peer was killed.
    const closed = connection.close()
    const stream = await opened
    await closed
    await new Promise((resolve) => setImmediate(resolve))
    expect(stream.status).not.toBe('open')
    return thrown
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of before) process.on('uncaughtException', listener)
  }
}

it('the trap is there in yamux itself', async () => {
  expect(await thrownAfterClose(yamux({ enableKeepAlive: false }))).toMatchObject([{ name: 'StreamStateError' }])
})

it('and is not in ours: the stream has ended, and nothing was thrown', async () => {
  expect(await thrownAfterClose(steadyYamux({ enableKeepAlive: false }))).toEqual([])
})
