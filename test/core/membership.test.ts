import { describe, expect, test } from 'vitest'
import { livenessOf } from '../../src/core/members/liveness.ts'
import { LIMITS } from '../../src/core/limits.ts'
import {
  hear,
  laterLife,
  liveness,
  newerRecord,
  nextLiveness,
  type Beat,
  type Member,
} from '../../src/core/members/membership.ts'
import type { NodeId } from '../../src/core/types.ts'
import { only, OneNode, recordOf } from './one-node.ts'

const n1 = 'n1' as NodeId
const n2 = 'n2' as NodeId
const n3 = 'n3' as NodeId

const member = (over: Partial<Member> = {}): Member => ({
  node: n2,
  record: recordOf(n2),
  beat: null,
  heardAt: 0,
  connected: true,
  metAt: 0,
  openedAt: 0,
  closedAt: -Infinity,
  moved: new Map(),
  ...over,
})
const beat = (over: Partial<Beat> = {}): Beat => ({
  node: n2,
  incarnation: { count: 1, nonce: 'a' },
  seq: 1,
  record: 1,
  busy: 0,
  running: [],
  ...over,
})

describe('liveness', () => {
  const { suspectAfterMs: s, awayAfterMs: a } = LIMITS
  test.each([
    [0, true, 0, 'alive'],
    [s, true, 0, 'alive'],
    [s + 1, true, 0, 'suspect'],
    [a, true, 0, 'suspect'],
    [a + 1, true, 0, 'away'],
    // A closed connection halves the patience.
    [s / 2 + 1, false, 0, 'suspect'],
    [a / 2, false, 0, 'suspect'],
    [a / 2 + 1, false, 0, 'away'],
    // What this node slept through counts for nobody.
    [a + 60_000, true, 60_000, 'suspect'],
    [a + 60_001, true, 60_000, 'away'],
  ])('after %d ms of silence (connected: %s), listened to since %d, is %s', (silent, connected, listened, expected) => {
    expect(liveness(member({ connected, closedAt: connected ? -Infinity : 0 }), silent, listened, 1)).toBe(expected)
  })

  test.each([[{}], [{ connected: false, closedAt: 0 }], [{ heardAt: 700 }]])(
    'changes when it says that it will: %o',
    (over) => {
      const silent = member(over)
      const seen: string[] = []
      for (let now = 0; now !== Infinity; now = nextLiveness(silent, now, 300, 2)) {
        if (now > 0) expect(liveness(silent, now - 1, 300, 2)).toBe(seen.at(-1))
        seen.push(liveness(silent, now, 300, 2))
      }
      expect(seen).toEqual(['alive', 'suspect', 'away'])
    },
  )

  test('of a member never heard is away', () => {
    expect(liveness(member({ heardAt: -Infinity }), 0, 1_000, 1)).toBe('away')
  })

  test('is judged more slowly by who does not keep up', () => {
    expect(liveness(member(), 3 * a, 0, 3)).toBe('suspect')
    expect(liveness(member(), 3 * a + 1, 0, 3)).toBe('away')
  })

  test('of a member that was never connected, or is heard over others since its connection closed, is judged by full silence', () => {
    expect(liveness(member({ connected: false }), a, 0, 1)).toBe('suspect')
    const closed = { connected: false, closedAt: 1_000 }
    const { heartbeatMs } = LIMITS
    expect(liveness(member({ ...closed, heardAt: 1_000 + heartbeatMs }), 1_000 + heartbeatMs + a / 2 + 1, 0, 1)).toBe(
      'away',
    )
    expect(liveness(member({ ...closed, heardAt: 1_001 + heartbeatMs }), 1_001 + heartbeatMs + a, 0, 1)).toBe('suspect')
  })

  test.each([60_000, 3_600_000])(
    'a node that was stalled for %d ms accuses nobody until it has listened for a full suspicion time, and no longer',
    (stall) => {
      const node = new OneNode(n1, [n2])
      node.now += stall
      node.give({ type: 'tick', stalled: stall })
      const awake = node.now
      while (livenessOf(node.state, n2) !== 'away') node.pass(LIMITS.tickMs)
      expect(node.now - awake).toBeGreaterThan(LIMITS.awayAfterMs)
      expect(node.now - awake).toBeLessThanOrEqual(LIMITS.awayAfterMs * 2)
    },
  )

  test('a message that comes before the tick that tells of the stall accuses nobody, either', () => {
    const node = new OneNode(n1, [n2, n3])
    node.now += 60_000
    node.hear(n3)
    expect(livenessOf(node.state, n2)).toBe('alive')
    node.give({ type: 'tick', stalled: 60_000 })
    expect(livenessOf(node.state, n2)).toBe('alive')
  })

  test('a node whose ticks come late is more patient, within bounds, and less so again with time', () => {
    const node = new OneNode(n1, [n2])
    const patienceShown = (): number => {
      const heard = node.state.members.get(n2)!.heardAt
      const probe = structuredClone(node.state)
      for (probe.now = heard; livenessOf(probe, n2) !== 'away';) probe.now += 50
      return Math.round((probe.now - heard) / LIMITS.awayAfterMs)
    }
    expect(patienceShown()).toBe(1)
    const seen: number[] = []
    for (let late = 0; late < 5; late++) {
      node.now += LIMITS.tickMs + LIMITS.lagMs
      node.give({ type: 'tick', stalled: LIMITS.lagMs })
      node.hear(n2)
      seen.push(patienceShown())
    }
    expect(seen).toEqual([2, 3, 4, 1 + LIMITS.strainMax, 1 + LIMITS.strainMax])
    node.pass(LIMITS.strainMax * LIMITS.strainEaseMs + 1_000, n2)
    expect(patienceShown()).toBe(1)
  })

  test('heartbeats that come in order keep a member alive, repeated ones do not', () => {
    const m = member()
    expect(hear(m, beat({ seq: 5 }), 100)).toBe(true)
    expect(hear(m, beat({ seq: 5 }), 200)).toBe(false)
    expect(hear(m, beat({ seq: 4 }), 300)).toBe(false)
    expect(m.heardAt).toBe(100)
    expect(hear(m, beat({ seq: 6 }), 400)).toBe(true)
    expect(m.heardAt).toBe(400)
  })

  test('a later life counts from its first heartbeat, an earlier one no more', () => {
    const m = member()
    hear(m, beat({ seq: 90 }), 100)
    expect(hear(m, beat({ incarnation: { count: 2, nonce: 'b' }, seq: 1 }), 200)).toBe(true)
    expect(hear(m, beat({ seq: 99 }), 300)).toBe(false)
    expect(m.heardAt).toBe(200)
  })
})

describe('progress in heartbeats', () => {
  const running = (units: number): Partial<Beat> => ({ running: [{ job: 'j' as never, task: 4, units, bytes: 0 }] })
  test('moves when it changes, and once more when the task is named no more', () => {
    const m = member()
    hear(m, beat({ seq: 1, ...running(10) }), 100)
    hear(m, beat({ seq: 2, ...running(10) }), 200)
    expect(m.moved.get('j/4')?.at).toBe(100)
    hear(m, beat({ seq: 3, ...running(11) }), 300)
    expect(m.moved.get('j/4')?.at).toBe(300)
    hear(m, beat({ seq: 4 }), 400)
    hear(m, beat({ seq: 5 }), 500)
    expect(m.moved.get('j/4')?.at).toBe(400)
    hear(m, beat({ seq: 6 }), 500 + LIMITS.standstillMs)
    expect(m.moved.size).toBe(0)
  })
})

describe('records', () => {
  test('are newer by life, then by version; lives by count, then by nonce', () => {
    const life = (count: number, nonce: string, version: number): ReturnType<typeof recordOf> =>
      recordOf(n2, { incarnation: { count, nonce }, version })
    expect(newerRecord(life(1, 'a', 2), life(1, 'a', 1))).toBe(true)
    expect(newerRecord(life(2, 'a', 1), life(1, 'z', 9))).toBe(true)
    expect(newerRecord(life(1, 'a', 1), life(1, 'a', 1))).toBe(false)
    expect(laterLife({ count: 1, nonce: 'b' }, { count: 1, nonce: 'a' })).toBe(true)
  })

  const said = (node: OneNode, from: NodeId, ...records: ReturnType<typeof recordOf>[]): unknown =>
    node.give({ type: 'message', from, message: { type: 'records', records } })

  test('a member whose record comes from a third node, after its connection, counts as connected', () => {
    const node = new OneNode(n1, [n3])
    node.give({ type: 'peer', peer: n2, connected: true })
    said(node, n3, recordOf(n2))
    expect(node.state.members.get(n2)?.connected).toBe(true)
    node.give({ type: 'peer', peer: n2, connected: false })
    expect(node.state.members.get(n2)?.connected).toBe(false)
  })

  test('another record of this node itself: of the same count or a higher one its home was set back, of a lower one it is old', () => {
    const problems = (count: number): string[] => {
      const node = new OneNode(n1, [n2])
      said(node, n2, recordOf(n1, { incarnation: { count, nonce: 'other' } }))
      return only(node.effects, 'identity').map((effect) => effect.problem)
    }
    expect([problems(0), problems(1), problems(2)]).toEqual([[], ['behind'], ['behind']])
  })

  test('a later life of this node is raised above once, however many tell of it; one that rises in turn is a clone', () => {
    const node = new OneNode(n1, [n2, n3])
    const problems = (): string[] => only(node.effects, 'identity').map((effect) => effect.problem)
    const told = (count: number): void => {
      for (const peer of [n2, n3]) said(node, peer, recordOf(n1, { incarnation: { count, nonce: `other ${count}` } }))
    }
    const expected: string[] = []
    for (let raise = 0, count = 7; raise <= LIMITS.raisesMax; raise++, count += 2) {
      told(count)
      expected.push(raise < LIMITS.raisesMax ? 'behind' : 'twice')
      expect(problems()).toEqual(expected)
      node.give({ type: 'reborn', incarnation: { count: count + 1, nonce: `own ${raise}` } })
    }
  })

  test('a forgotten member comes back only by its own word', () => {
    const node = new OneNode(n1, [n2, n3])
    node.give({ type: 'forget-member', node: n2 })
    said(node, n3, recordOf(n2, { version: 5 }))
    expect(node.state.members.has(n2)).toBe(false)
    said(node, n2, recordOf(n2))
    expect(node.state.members.has(n2)).toBe(true)
  })

  test('a heartbeat that names a newer record, or a node not known, asks for it', () => {
    const node = new OneNode(n1, [n2])
    const asked = (): NodeId[] =>
      only(node.effects.splice(0), 'send').flatMap(({ message }) =>
        message.type === 'want-records' ? message.nodes : [],
      )
    asked()
    node.hear(n2)
    expect(asked()).toEqual([])
    node.hear({ node: n2, record: 2 })
    expect(asked()).toEqual([n2])
    node.hear(n3)
    expect(asked()).toEqual([n3])
  })

  test('a record is asked for once, while the answer may be on its way, and again if none has come', () => {
    const node = new OneNode(n1, [n2, n3])
    const asked = (): NodeId[] =>
      only(node.effects.splice(0), 'send').flatMap(({ message }) =>
        message.type === 'want-records' ? message.nodes : [],
      )
    asked()
    node.hear({ node: n2, record: 2 })
    const stamps = { type: 'stamps', jobs: [], nodes: [[n2, 1, 2]] } as const
    node.give({ type: 'message', from: n3, message: stamps })
    node.hear({ node: n2, record: 2 })
    expect(asked()).toEqual([n2])
    node.now += LIMITS.syncIntervalMs
    node.hear({ node: n2, record: 2 })
    expect(asked()).toEqual([n2])
    said(node, n2, recordOf(n2, { version: 2 }))
    node.hear({ node: n2, record: 3 })
    expect(asked()).toEqual([n2])
  })
})
