/** Streams that stay open for the next call. */
import { expect, it } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import type { ByteStream, Clock } from '../../src/ports.ts'
import { IdleStreams } from '../../src/runtime/peers/idle-streams.ts'
import { PROTOCOLS } from '../../src/runtime/peers/protocols.ts'
import { callPeer, serveCalls } from '../../src/runtime/peers/rpc.ts'
import { bench, type Bench, settled } from './peer.ts'

const ask = { call: 'life' } as const

/** A peer that answers each call with its number; gives the streams that were opened to it. */
function answering(node: Bench): ByteStream[] {
  const streams: ByteStream[] = []
  let calls = 0
  node.peerServes = (stream) => {
    streams.push(stream)
    serveCalls(stream, node.context.clock, () => Promise.resolve(Uint8Array.of(++calls))).catch(() => undefined)
  }
  return streams
}

const called = async (node: Bench): Promise<number> => (await callPeer(node.context, node.peer, ask)).body[0]!

it('calls one after the other take one stream, and those at once as many as they are', async () => {
  const node = await bench()
  const streams = answering(node)
  expect([await called(node), await called(node), await called(node)]).toEqual([1, 2, 3])
  expect(streams.length).toBe(1)
  expect((await Promise.all([called(node), called(node), called(node)])).toSorted((a, b) => a - b)).toEqual([4, 5, 6])
  expect(streams.length).toBe(3)
  await called(node)
  expect(streams.length).toBe(3)
})

it('a stream that the peer has given up is no failure: the call goes on a new one', async () => {
  const node = await bench()
  const streams = answering(node)
  await called(node)
  streams[0]!.abort('it forgot')
  await settled()
  expect(await called(node)).toBe(2)
  expect(streams.length).toBe(2)
})

it('an error that the peer answers leaves the stream in use', async () => {
  const node = await bench()
  const streams: ByteStream[] = []
  node.peerServes = (stream) => {
    streams.push(stream)
    void serveCalls(stream, node.context.clock, () => Promise.reject(new Error('not now')))
  }
  for (let i = 0; i < 3; i++) await expect(called(node)).rejects.toThrow()
  expect(streams.length).toBe(1)
})

it('what nobody needs for long is ended, and so is what is beyond a few', async () => {
  const node = await bench()
  let now = 0
  const clock = { ...node.context.clock, now: () => now } as Clock
  const idle = new IdleStreams(clock)
  const context = { ...node.context, idle }
  const streams = answering(node)
  const call = async (): Promise<unknown> => callPeer(context, node.peer, ask)
  await Promise.all(Array.from({ length: LIMITS.idleStreamsMax + 2 }, call))
  expect(streams.length).toBe(LIMITS.idleStreamsMax + 2)
  now += LIMITS.idleStreamMs / 2
  await call()
  now += LIMITS.idleStreamMs / 2 + 1
  idle.sweep()
  await settled()
  // The one that was used since is left.
  expect(idle.take(node.peer, PROTOCOLS.rpc)).not.toBeNull()
  expect(idle.take(node.peer, PROTOCOLS.rpc)).toBeNull()
})

it('with the connection they are forgotten', async () => {
  const node = await bench()
  const streams = answering(node)
  await called(node)
  node.context.idle.forget(node.peer)
  await called(node)
  expect(streams.length).toBe(2)
})
