/** What peers say of this node's own lives: believed as far as it can have been. */
import { expect, it } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import { OwnLife } from '../../src/runtime/peers/own-life.ts'
import { serveCalls } from '../../src/runtime/peers/rpc.ts'
import { toBytes } from '../../src/wire/codec.ts'
import { recordOf } from '../core/one-node.ts'
import { bench } from './peer.ts'

async function told(count: number): Promise<{ lives: unknown[]; dropped: readonly string[] }> {
  const node = await bench()
  const { context, peer } = node
  context.dispatch({ type: 'peer', peer, connected: true })
  context.dispatch({ type: 'message', from: peer, message: { type: 'records', records: [recordOf(peer)] } })
  node.peerServes = (stream) => void serveCalls(stream, context.clock, async () => toBytes({ count, nonce: 'theirs' }))
  await new OwnLife(context).ask()
  return { lives: node.events.filter(({ type }) => type === 'own-life'), dropped: node.dropped }
}

it('a later life is heard of, as where a home was set back', async () => {
  const incarnation = { count: 1 + LIMITS.livesAheadMax, nonce: 'theirs' }
  expect(await told(incarnation.count)).toEqual({ lives: [{ type: 'own-life', incarnation }], dropped: [] })
})

it('one that cannot have been is counted and dropped: no count is pushed to where it ends', async () => {
  for (const count of [2 + LIMITS.livesAheadMax, Number.MAX_SAFE_INTEGER])
    expect(await told(count)).toEqual({ lives: [], dropped: ['own-life'] })
})
