/** How an awake node's heartbeats leave it: on streams where all are near, by gossip where somebody hears nothing else. */
import { expect, test } from 'vitest'
import type { Effect } from '../../src/core/effects.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { Millis, NodeId } from '../../src/core/types.ts'
import { OneNode, only, recordOf } from './one-node.ts'

const [n1, n2, n3, n4] = ['n1', 'n2', 'n3', 'n4'] as [NodeId, NodeId, NodeId, NodeId]

/** A node that is kept awake, past the time after it has met its peers. */
function awakeNode(...peers: readonly NodeId[]): OneNode {
  const node = new OneNode(n1, peers)
  pass(node, LIMITS.quietAfterMs + 1_000, ...peers)
  return node
}

/** Lets time pass while something goes on; gives what was done. */
function pass(node: OneNode, duration: Millis, ...heard: readonly NodeId[]): Effect[] {
  const effects: Effect[] = []
  for (const end = node.now + duration; node.now < end;) {
    node.give({ type: 'drop', job: '0'.repeat(64) as never })
    effects.push(...node.pass(LIMITS.heartbeatMs, ...heard))
  }
  return effects
}

const gossiped = (effects: readonly Effect[]): number =>
  only(effects, 'gossip').filter(({ message }) => message.type === 'beat').length
const sentTo = (effects: readonly Effect[], to: NodeId): number =>
  only(effects, 'send').filter((effect) => effect.to === to && effect.message.type === 'beat').length

test('where all that it knows are connected each hears it on its stream, as often as by gossip', () => {
  const said = pass(awakeNode(n2, n3), 5_000, n2, n3)
  expect(gossiped(said)).toBe(0)
  for (const peer of [n2, n3]) expect(sentTo(said, peer)).toBe(10)
})

test('who is new is told by gossip at first, whatever its connection carries', () => {
  const node = awakeNode(n2, n3)
  node.give({ type: 'message', from: n2, message: { type: 'records', records: [recordOf(n4)] } })
  node.give({ type: 'peer', peer: n4, connected: true })
  expect(gossiped(pass(node, LIMITS.quietAfterMs, n2, n3, n4))).toBeGreaterThanOrEqual(5)
  expect(gossiped(pass(node, 5_000, n2, n3, n4))).toBeLessThanOrEqual(1)
})

test('a member that lives and is not connected hears each by gossip; one that is away one in two seconds', () => {
  const node = awakeNode(n2, n3)
  node.give({ type: 'peer', peer: n3, connected: false })
  expect(gossiped(pass(node, 5_000, n2, n3))).toBe(10)
  pass(node, LIMITS.awayAfterMs, n2)
  const said = pass(node, 10_000, n2)
  expect(gossiped(said)).toBe(5)
  expect(sentTo(said, n2)).toBe(15)
})

test('who is asked for by gossip answers by gossip, at once and for a minute', () => {
  const node = awakeNode(n2, n3)
  node.give({ type: 'message', from: n2, message: { type: 'unheard', nodes: [n3] } })
  expect(gossiped(pass(node, 2_000, n2, n3))).toBe(0)
  expect(gossiped(node.give({ type: 'message', from: n2, message: { type: 'unheard', nodes: [n1] } }))).toBe(1)
  expect(gossiped(pass(node, LIMITS.unheardGossipMs - 1_000, n2, n3))).toBeGreaterThan(100)
  pass(node, 2_000, n2, n3)
  expect(gossiped(pass(node, 5_000, n2, n3))).toBe(0)
})
