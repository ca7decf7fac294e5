/** A peer that lives, takes a stream, and says nothing more: nothing here may wait for it for ever. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import type { Digest } from '../../src/core/types.ts'
import { PROTOCOLS } from '../../src/runtime/peers/protocols.ts'
import { Receiver } from '../../src/runtime/peers/receiver.ts'
import { Sender } from '../../src/runtime/peers/sender.ts'
import { serveCalls } from '../../src/runtime/peers/rpc.ts'
import { hash, makeJob } from '../core/fake-work.ts'
import { bench, settled } from './peer.ts'

const digest = hash('an output') as Digest

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const standStill = async (): Promise<void> => {
  await settled()
  await vi.advanceTimersByTimeAsync(LIMITS.streamStillMs + 1)
  await settled()
}

describe('a peer that stands still', () => {
  it.each(['before its answer', 'before the header that it has announced'])('ends a pull %s', async (when) => {
    const node = await bench()
    const job = makeJob({ maps: 1, reduces: 1, members: [node.self, node.peer] })
    node.context.dispatch({ type: 'job', record: job, kept: [], holding: [], deaths: [] })
    new Receiver(node.context).pull({
      type: 'pull',
      job: job.id,
      task: 0,
      digest,
      from: node.peer,
      consumers: [1],
      copy: false,
    })
    const stream = await node.nextStream()
    await stream.receive()
    if (when !== 'before its answer') await stream.sendValue({ answer: 'ready' })
    await standStill()
    expect(node.events.at(-1)).toMatchObject({ type: 'pull-ended', task: 0, end: 'failed' })
  })

  it('may rest between batches, as a push stream does', async () => {
    const node = await bench()
    const receiver = new Receiver(node.context)
    node.onStream = (_protocol, stream) => void receiver.servePush(stream)
    const stream = await node.open('push')
    await settled()
    // Between batches a push stream may rest for as long as it likes.
    await standStill()
    expect(node.dropped).toEqual([])
    await stream.send(new Uint8Array(10))
    await settled()
    expect(node.dropped).toEqual(['push-stream'])
  })

  it('ends a call that it has begun and a pull that it has opened', async () => {
    const node = await bench()
    const sender = new Sender(node.context)
    const ended: string[] = []
    node.onStream = (protocol, stream) => {
      if (protocol === PROTOCOLS.pull) void sender.servePull(stream).then(() => ended.push('pull'))
      else
        serveCalls(stream, node.context.clock, () => Promise.reject(new Error('no'))).then(
          () => ended.push('call'),
          () => ended.push('call'),
        )
    }
    await node.open('pull')
    await node.open('rpc')
    await standStill()
    expect(ended.sort()).toEqual(['call', 'pull'])
  })
})
