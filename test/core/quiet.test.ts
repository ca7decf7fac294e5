/** A mesh in which nothing changes goes quiet, and wakes at the first event; who is not heard is asked for. */
import { describe, expect, test } from 'vitest'
import { livenessOf } from '../../src/core/members/liveness.ts'
import type { Effect } from '../../src/core/effects.ts'
import type { Event } from '../../src/core/events.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { Message } from '../../src/core/messages.ts'
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

/** Heartbeats among effects; a round of anti-entropy begins with one. */
const beatsIn = (effects: readonly { readonly message: Message }[]): number =>
  effects.filter(({ message }) => message.type === 'beat').length

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

  test.each<[string, (node: OneNode) => Event, boolean?]>([
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
    ['a peer that goes', () => ({ type: 'peer', peer: n2, connected: false }), true],
    [
      'a new record',
      () => ({ type: 'message', from: n2, message: { type: 'records', records: [recordOf(n2, { version: 2 })] } }),
    ],
    ['being asked for', () => ({ type: 'message', from: n2, message: { type: 'unheard', nodes: [n3, n1] } }), true],
    ['drain', () => ({ type: 'drain' })],
  ])('is woken by %s: its next heartbeat comes at once or half a second later', (_, event, gossips = false) => {
    const node = quietNode(n2, n3)
    ticks(node, 300)
    const at = node.now
    const given = node.give(event(node))
    expect(node.state.quiet).toBe(false)
    expect(node.state.tickDue).toBeLessThanOrEqual(at + LIMITS.tickMs)
    const rest = ticks(node, LIMITS.heartbeatMs).flatMap(({ effects }) => effects)
    const said = [...given, ...rest]
    expect(beatsIn(only(said, 'send').filter(({ to }) => to === n3))).toBe(1)
    expect(beatsIn(only(said, 'gossip'))).toBe(gossips ? 1 : 0)
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

describe('a node that is awake', () => {
  /** Of four seconds, in which a new job keeps it awake. */
  const saidBy = (node: OneNode, ...alive: readonly NodeId[]): { direct: number; gossip: number } => {
    node.add(makeJob({ maps: 1, reduces: 1, members: [n2] }))
    const said = node.pass(4_000, ...alive)
    expect(node.state.quiet).toBe(false)
    return { direct: beatsIn(only(said, 'send').filter(({ to }) => to === n2)), gossip: beatsIn(only(said, 'gossip')) }
  }

  test('says to each peer that it lives, and gossips it while a member has no connection', () => {
    expect(saidBy(new OneNode(n1, [n2, n3]), n2, n3)).toEqual({ direct: 8, gossip: 0 })
    const apart = new OneNode(n1, [n2, n3])
    apart.give({ type: 'peer', peer: n3, connected: false })
    const { direct, gossip } = saidBy(apart, n2, n3)
    expect(direct).toBe(8)
    expect(gossip).toBeGreaterThanOrEqual(3)
    expect(gossip).toBeLessThanOrEqual(4)
  })

  test('does not gossip it for who was just met, and does so for who is not connected after a while', () => {
    const node = new OneNode(n1, [n2])
    node.give({ type: 'message', from: n2, message: { type: 'records', records: [recordOf(n3)] } })
    expect(beatsIn(only(node.pass(LIMITS.meetMs - 500, n2), 'gossip'))).toBe(0)
    expect(beatsIn(only(node.pass(1_000, n2), 'gossip'))).toBe(1)
  })

  test('stays awake until who was met has heard of it by gossip', () => {
    const node = new OneNode(n1, [n2])
    node.give({ type: 'message', from: n2, message: { type: 'records', records: [recordOf(n3)] } })
    node.pass(LIMITS.quietAfterMs + LIMITS.meetMs - 500, n2)
    expect(node.state.quiet).toBe(false)
    node.pass(1_000, n2)
    expect(node.state.quiet).toBe(true)
  })

  test('gossips it for a while when somebody asks for it, though all are connected', () => {
    const node = new OneNode(n1, [n2, n3])
    node.give({ type: 'message', from: n3, message: { type: 'unheard', nodes: [n1] } })
    expect(saidBy(node, n2, n3).gossip).toBeGreaterThanOrEqual(3)
    node.pass(LIMITS.askedMs, n2, n3)
    expect(saidBy(node, n2, n3).gossip).toBe(0)
  })

  test('gossips it alone where it has many peers', () => {
    const many = Array.from({ length: LIMITS.directPeersMax + 1 }, (_, i) => `n${i + 2}` as NodeId)
    expect(saidBy(new OneNode(n1, many), ...many)).toEqual({ direct: 0, gossip: 8 })
  })
})

test('who is not heard over a connection that has just opened is asked for, and no longer than it may take', () => {
  const node = new OneNode(n1, [n2])
  node.give({ type: 'message', from: n2, message: { type: 'records', records: [recordOf(n3)] } })
  node.give({ type: 'peer', peer: n3, connected: true })
  const asks = (duration: Millis): number =>
    only(node.pass(duration, n2), 'gossip').filter(({ message }) => message.type === 'unheard').length
  expect(asks(LIMITS.unheardMs - 100)).toBe(0)
  expect(asks(200)).toBe(1)
  expect(asks(LIMITS.askedMs)).toBeGreaterThan(4)
  expect(asks(LIMITS.askedMs)).toBe(0)
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
