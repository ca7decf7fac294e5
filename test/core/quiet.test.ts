/** A mesh in which nothing changes goes quiet, and wakes at the first event; who is not heard is asked for. */
import { describe, expect, test } from 'vitest'
import { livenessOf } from '../../src/core/candidates.ts'
import type { Effect } from '../../src/core/effects.ts'
import type { Event } from '../../src/core/events.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { step } from '../../src/core/machine.ts'
import type { Millis, NodeId } from '../../src/core/types.ts'
import { makeJob } from './fake-work.ts'
import { World } from './harness.ts'
import { forSeeds } from './mesh.ts'
import { OneNode, only, recordOf } from './one-node.ts'

const [n1, n2, n3, n4] = ['n1', 'n2', 'n3', 'n4'] as [NodeId, NodeId, NodeId, NodeId]

/** A node that has been left alone for so long that it is quiet. */
function quietNode(...peers: readonly NodeId[]): OneNode {
  const node = new OneNode(n1, peers)
  node.pass(LIMITS.quietAfterMs + 1_000, ...peers)
  expect(node.state.quiet).toBe(true)
  return node
}

/** Lets time pass as a node does, with ticks only when they are due; gives each tick's time and effects. */
function ticks(node: OneNode, duration: Millis): { readonly at: Millis; readonly effects: Effect[] }[] {
  const end = node.now + duration
  const list: { at: Millis; effects: Effect[] }[] = []
  while (node.state.tickDue <= end) {
    node.now = node.state.tickDue
    list.push({ at: node.now, effects: node.give({ type: 'tick', stalled: 0 }) })
  }
  node.now = end
  return list
}

describe('a quiet node', () => {
  test('says to each peer that it lives, opens a round of anti-entropy with one, and gossips nothing', () => {
    const node = quietNode(n2, n3)
    const hellos: NodeId[] = []
    for (let turn = 0; turn < 6; turn++) {
      const said = node.pass(LIMITS.quietBeatMs, n2, n3)
      expect(only(said, 'gossip')).toEqual([])
      const sent = only(said, 'send')
      expect(new Set(sent.map(({ to }) => to))).toEqual(new Set([n2, n3]))
      expect(sent.map(({ message }) => message.type).toSorted()).toEqual(['beat', 'hello'])
      hellos.push(sent.find(({ message }) => message.type === 'hello')!.to)
    }
    expect(hellos.slice(0, 4)).toEqual([hellos[0], hellos[1], hellos[0], hellos[1]])
    expect(hellos[0]).not.toBe(hellos[1])
  })

  test('ticks when a heartbeat is due, and no sooner', () => {
    const node = quietNode(n2)
    ticks(node, LIMITS.quietBeatMs)
    node.hear(n2)
    const [first] = ticks(node, LIMITS.quietBeatMs)
    node.hear(n2)
    const [second] = ticks(node, LIMITS.quietBeatMs)
    expect(second!.at - first!.at).toBe(LIMITS.quietBeatMs)
  })

  test('is not late by ticking rarely, and is when a tick that was due comes late', () => {
    const node = quietNode(n2)
    const grace = node.state.graceUntil
    node.now = node.state.tickDue - 1
    node.hear(n2)
    expect([node.state.graceUntil, node.state.strain]).toEqual([grace, 0])
    node.now = node.state.tickDue + LIMITS.stallMs + 1
    node.hear(n2)
    expect(node.state.graceUntil).toBe(node.now + LIMITS.awayAfterMs)
  })

  test.each<[string, (node: OneNode) => Event]>([
    [
      'a job',
      () => ({
        type: 'job',
        record: makeJob({ maps: 1, reduces: 1, members: [n2] }),
        kept: [],
        holding: [],
        deaths: [],
      }),
    ],
    ['a peer that comes', () => ({ type: 'peer', peer: n4, connected: true })],
    ['a peer that goes', () => ({ type: 'peer', peer: n2, connected: false })],
    [
      'a new record',
      () => ({ type: 'message', from: n2, message: { type: 'records', records: [recordOf(n2, { version: 2 })] } }),
    ],
    ['being asked for', () => ({ type: 'message', from: n2, message: { type: 'unheard', nodes: [n3, n1] } })],
    ['drain', () => ({ type: 'drain' })],
  ])('is woken by %s: it says that it lives within half a second, and to all', (_, event) => {
    const node = quietNode(n2, n3)
    ticks(node, 300)
    const heardBy = (effects: readonly Effect[]): Set<NodeId> => {
      const heard = new Set(only(effects, 'send').flatMap(({ to, message }) => (message.type === 'beat' ? to : [])))
      const gossips = only(effects, 'gossip').some(({ message }) => message.type === 'beat')
      return gossips ? new Set([n2, n3]) : heard
    }
    const at = node.now
    const given = node.give(event(node))
    expect(node.state.quiet).toBe(false)
    expect(node.state.tickDue).toBeLessThanOrEqual(at + LIMITS.tickMs)
    const rest = ticks(node, LIMITS.heartbeatMs).flatMap(({ effects }) => effects)
    expect([...heardBy([...given, ...rest])]).toEqual(expect.arrayContaining([n2, n3]))
  })

  test('sleeps on when it hears what it knows', () => {
    const node = quietNode(n2, n3)
    node.hear(n2, n3)
    node.give({ type: 'message', from: n2, message: { type: 'records', records: [recordOf(n2)] } })
    node.give({ type: 'message', from: n2, message: { type: 'unheard', nodes: [n3] } })
    node.give({ type: 'own-life', incarnation: node.state.self.incarnation })
    expect(node.state.quiet).toBe(true)
  })
})

test('who lives and is connected to it only over others keeps a node awake, since it hears gossip alone', () => {
  const node = new OneNode(n1, [n2, n3])
  node.give({ type: 'peer', peer: n3, connected: false })
  node.pass(LIMITS.quietAfterMs * 3, n2, n3)
  expect(node.state.quiet).toBe(false)
  // Away: it is waited for no more.
  node.pass(LIMITS.awayAfterMs + LIMITS.quietAfterMs, n2)
  expect(node.state.quiet).toBe(true)
})

test('a member that falls silent is asked for by name, in time to answer, and by its own clock alone', () => {
  const node = quietNode(n2, n3)
  node.hear(n2, n3)
  const silent = node.now
  const asked: Millis[] = []
  while (node.now < silent + LIMITS.awayAfterMs + 2_000) {
    for (const { at, effects } of ticks(node, 500))
      for (const { message } of only(effects, 'gossip'))
        if (message.type === 'unheard') {
          expect(message.nodes).toEqual([n3])
          asked.push(at)
        }
    node.hear(n2)
  }
  expect(asked[0]! - silent).toBe(LIMITS.unheardMs)
  expect(asked.length).toBe(3)
  expect(livenessOf(node.state, n3)).toBe('away')
})

describe('a mesh that is quiet', () => {
  /** What n3 sends to n1 does not arrive; what it gossips does, over others. */
  const deaf = (seed: number): World =>
    new World({ nodes: 4, seed, lost: (from, to, gossip) => !gossip && from === n3 && to === n1 })

  test('takes nobody for away, not even where packets pass in one direction only', () => {
    forSeeds((seed) => {
      for (const world of [new World({ nodes: 4, seed }), deaf(seed)]) {
        world.run(20_000)
        for (let spent = 0; spent < 60_000; spent += 250) {
          world.run(250)
          for (const node of world.names)
            for (const other of world.names) expect(livenessOf(world.state(node), other)).not.toBe('away')
        }
      }
    })
  })

  test('sends a tenth of what one says in which something goes on, and all of its nodes are quiet', () => {
    const world = new World({ nodes: 8, seed: 1 })
    world.run(5_000)
    const awake = world.messages
    world.run(20_000)
    expect(world.names.every((node) => world.state(node).quiet)).toBe(true)
    const before = world.messages
    world.run(5_000)
    expect(world.messages - before).toBeLessThan(awake)
  })

  test('notices who dies as soon as one that is awake', () => {
    forSeeds((seed) => {
      for (const silently of [false, true]) {
        const world = new World({ nodes: 5, seed })
        world.run(20_000 + ((seed * 137) % 1_000))
        expect(world.names.every((node) => world.state(node).quiet)).toBe(true)
        const from = world.now
        world.kill(n3, silently)
        const all = (): boolean => world.up.every((node) => livenessOf(world.state(node), n3) === 'away')
        expect(world.runUntil(all, 20_000)).toBe(true)
        expect(world.now - from).toBeLessThanOrEqual(
          (silently ? 1 : 0.5) * LIMITS.awayAfterMs + LIMITS.heartbeatMs + 100,
        )
      }
    })
  })
})

test('a tick that comes early changes nothing for a quiet node', () => {
  const node = quietNode(n2)
  const due = node.state.nextBeat
  expect(step(node.state, node.now + 10, { type: 'tick', stalled: 0 })).toEqual([])
  expect(node.state.nextBeat).toBe(due)
})
