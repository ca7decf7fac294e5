import { describe, expect, test } from 'vitest'
import type { Effect } from '../../src/core/effects.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { NodeId } from '../../src/core/types.ts'
import { expectedResult } from './fake-work.ts'
import type { Behaviour, Execution } from './fake-tasks.ts'
import { expectAgreed, expectSealed, forSeeds, meshWithJob, STORM, type Mesh } from './mesh.ts'

const weather = (seed: number): object => (seed % 3 === 2 ? { network: STORM } : {})
const only =
  (matches: (e: Execution) => boolean, behaviour: Behaviour) =>
  (e: Execution): Behaviour =>
    matches(e) ? behaviour : {}

describe('user code that throws', () => {
  test('twice alike fails the job on all nodes, with the same error', () => {
    forSeeds((seed) => {
      const fail = (e: Execution): Behaviour =>
        e.task.index === 7 ? { fail: { blame: 'user', place: 'logs/part-7:3', message: `seen by ${e.node}` } } : {}
      const mesh = meshWithJob({ seed, ...weather(seed), behave: fail }, { holders: 2 })
      expect(expectAgreed(mesh)).toContain('"code":"JOB_THREW"')
      const tried = mesh.world.executions.filter((e) => e.task.index === 7)
      expect(tried.length).toBeLessThanOrEqual(4)
      expect(mesh.world.executions.filter((e) => e.end === 'running')).toEqual([])
    })
  })

  test('each time elsewhere in the data fails it at the fourth time', () => {
    forSeeds((seed) => {
      const fail = (e: Execution): Behaviour =>
        e.task.index === 7 ? { fail: { blame: 'user', place: `line ${e.nth}` } } : {}
      const mesh = meshWithJob({ seed, behave: fail }, { holders: 2 })
      expectAgreed(mesh)
      // A fifth may be under way on the other holder when the fourth fails.
      const failed = mesh.world.executions.filter((e) => e.task.index === 7 && e.end === 'failed')
      expect([4, 5]).toContain(failed.length)
    })
  })

  test('once, and not again, leaves the result exact', () => {
    forSeeds((seed) => {
      const once = only((e) => e.nth === 0 && e.task.index % 5 === 0, { fail: { blame: 'user', place: 'x' } })
      expectSealed(meshWithJob({ seed, ...weather(seed), behave: once }, { holders: 2 }))
    })
  })
})

describe('a node that fails by its own fault', () => {
  test('hands its tasks on: maps to other holders, reduces to the next in placement', () => {
    forSeeds((seed) => {
      const full = only((e) => e.node === 'n2', { fail: { blame: 'own', message: 'disk full' } })
      const mesh = meshWithJob({ seed, ...weather(seed), behave: full }, { holders: 2 })
      expectSealed(mesh)
    })
  })

  test('does so for more tasks than it may tell failures of', () => {
    forSeeds((seed) => {
      if (seed > 2) return
      const full = only((e) => e.node === 'n2', { ms: 50, fail: { blame: 'own' } })
      expectSealed(meshWithJob({ seed, behave: full }, { holders: 2, maps: 200, reduces: 20 }), 120_000)
    })
  })

  test('does the work itself once it can, where nobody else has the shards', () => {
    forSeeds((seed) => {
      const full = only((e) => e.node === 'n2' && e.at < 5_000, { fail: { blame: 'own' } })
      expectSealed(meshWithJob({ seed, behave: full }))
    })
  })

  test('gives reduces to members that joined after submission', () => {
    forSeeds((seed) => {
      const full = only((e) => e.node === 'n1' && e.task.step.kind === 'reduce', { fail: { blame: 'own' } })
      expectSealed(meshWithJob({ seed, behave: full }, { members: ['n1' as NodeId] }))
    })
  })
})

describe('an owner that lives and does not get on', () => {
  test('is backed up once, also where it is the only reducer', () => {
    forSeeds((seed) => {
      const stuck = only((e) => e.task.step.kind === 'reduce' && e.nth === 0, { hang: true })
      const mesh = meshWithJob({ seed, behave: stuck }, { holders: 2, reduces: 1 })
      expectSealed(mesh)
      expect(mesh.world.executions.filter((e) => e.task.step.kind === 'reduce')).toHaveLength(2)
    })
  })

  test('is backed up in a map', () => {
    forSeeds((seed) => {
      const stuck = only((e) => e.task.index === 5 && e.nth === 0, { hang: true })
      const mesh = meshWithJob({ seed, behave: stuck }, { holders: 2 })
      expectSealed(mesh)
      expect(mesh.world.executions.filter((e) => e.task.index === 5)).toHaveLength(2)
    })
  })
})

describe('a task that kills its node', () => {
  test('fails the job, after few deaths, whoever ran it', () => {
    forSeeds((seed) => {
      let mesh: Mesh | null = null
      const kill = (e: Execution): Behaviour => {
        if (e.task.index === 5)
          mesh?.world.agenda.after(150, () => {
            if (e.end !== 'running') return
            mesh?.world.kill(e.node)
            mesh?.world.agenda.after(1_000, () => mesh?.world.start(e.node))
          })
        return {}
      }
      mesh = meshWithJob({ seed, behave: kill }, { holders: 1 + (seed % 2) })
      const { world, job } = mesh
      world.runUntil(() => world.up.length === 5 && world.isOverEverywhere(job.id), 90_000)
      expect(expectAgreed(mesh)).toContain('"code":"TASK_POISON"')
      expect(world.executions.filter((e) => e.task.index === 5).length).toBeLessThanOrEqual(6)
    })
  })
})

describe('a task that kills its node for good', () => {
  test('fails the job while most nodes still live', () => {
    forSeeds((seed) => {
      let mesh: Mesh | null = null
      const kill = (e: Execution): Behaviour => {
        if (e.task.index === 5)
          // Late enough for a heartbeat that names the task.
          mesh?.world.agenda.after(LIMITS.heartbeatMs + 200, () => mesh?.world.kill(e.node, seed % 3 === 0))
        return e.task.index === 5 ? { ms: 60_000 } : {}
      }
      mesh = meshWithJob({ seed, nodes: 8, behave: kill }, { holders: 8 })
      const { world, job } = mesh
      world.runUntil(() => world.isOverEverywhere(job.id), 120_000)
      expect(expectAgreed(mesh)).toContain('"code":"TASK_POISON"')
      // One more than counts: the first may be backed up before it is known to be away.
      expect(world.up.length).toBeGreaterThanOrEqual(8 - LIMITS.deathsAlone - 2)
    })
  })
})

describe('a bug in Shoal', () => {
  const bug = { fail: { blame: 'own', code: 'INTERNAL', message: 'a broken invariant' } } as const

  test('that shows on two nodes alike ends the round', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed, behave: (e) => (e.task.index === 5 ? bug : {}) }, { holders: 2 })
      mesh.world.runUntil(() => mesh.world.isOverEverywhere(mesh.job.id), 60_000)
      expect(expectAgreed(mesh)).toContain('a broken invariant')
      expect(mesh.world.executions.filter((e) => e.task.index === 5)).toHaveLength(2)
    })
  })

  test('that shows on the only node that can run it is tried a few times', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed, nodes: 1, behave: (e) => (e.task.index === 5 ? bug : {}) })
      mesh.world.runUntil(() => mesh.world.isOverEverywhere(mesh.job.id), 60_000)
      expect(expectAgreed(mesh)).toContain('a broken invariant')
      expect(mesh.world.executions.filter((e) => e.task.index === 5)).toHaveLength(LIMITS.failuresAll)
    })
  })

  test('that shows once costs one more attempt', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed, behave: (e) => (e.task.index % 9 === 5 && e.nth === 0 ? bug : {}) })
      expectSealed(mesh)
    })
  })
})

describe('a nondeterministic task', () => {
  /** Runs map 3 on two nodes that do not see each other. */
  function disputed(seed: number, odd: () => boolean): Mesh {
    const salted = (e: Execution): Behaviour => ({ salt: odd() && e.task.index === 3 ? String(e.nth) : '' })
    const mesh = meshWithJob({ seed, behave: salted }, { holders: 2 })
    const { world } = mesh
    world.runUntil(() => world.executions.some((e) => e.task.index === 3 && e.end === 'done'), 20_000)
    const first = world.executions.find((e) => e.task.index === 3)!.node
    world.cut(
      [first],
      world.names.filter((name) => name !== first),
    )
    world.runUntil(() => world.executions.filter((e) => e.task.index === 3 && e.end === 'done').length > 1, 30_000)
    world.run((seed * 331) % 6_000)
    world.heal()
    return mesh
  }

  test('ends in CONFLICT or, if one side had sealed, DISPUTED, on all nodes', () => {
    forSeeds((seed) => expect(expectAgreed(disputed(seed, () => true))).toMatch(/"code":"CONFLICT"|"kind":"disputed"/))
  })

  test('is exact after a retry under which it behaves, whatever lies on the disks', () => {
    forSeeds((seed) => {
      let odd = true
      const mesh = disputed(seed, () => odd)
      const { world, job } = mesh
      if (expectAgreed(mesh).includes('disputed')) return
      odd = false
      world.tell(world.names[seed % 5]!, { type: 'retry', job: job.id })
      if (seed % 2 === 1) {
        const { node } = world.executions.filter((e) => e.task.index === 3)[seed % 4 === 1 ? 0 : 1]!
        world.run((seed * 31) % 1_000)
        world.kill(node)
        world.run(500)
        world.start(node)
      }
      world.runUntil(() => world.outcomesOf(job.id).every((outcome) => outcome?.kind === 'sealed'), 60_000)
      const result = expectedResult(job)
      expect(world.outcomesOf(job.id)).toEqual(world.up.map(() => ({ kind: 'sealed', result })))
    })
  })
})

describe('a retry', () => {
  test('opens the next round and computes nothing that was finished', () => {
    forSeeds((seed) => {
      let broken = true
      const fail = (e: Execution): Behaviour =>
        broken && e.task.index === 7 ? { fail: { blame: 'user', place: 'x' } } : {}
      const mesh = meshWithJob({ seed, behave: fail }, { holders: 1 + (seed % 2) })
      const { world, job } = mesh
      expect(expectAgreed(mesh)).toContain('failed')
      broken = false
      const before = world.executions.length
      const finished = new Set(world.executions.filter((e) => e.end === 'done').map((e) => e.task.index))
      world.tell(world.names[seed % 5]!, { type: 'retry', job: job.id })
      world.run(100)
      expectSealed(mesh)
      expect(world.executions.slice(before).filter((e) => finished.has(e.task.index))).toEqual([])
      expect(world.up.map((node) => world.state(node).jobs.get(job.id)!.ledger.round)).toEqual([2, 2, 2, 2, 2])
    })
  })

  test('asked for on two nodes at once opens one round', () => {
    forSeeds((seed) => {
      let broken = true
      const fail = (e: Execution): Behaviour =>
        broken && e.task.index === 7 ? { fail: { blame: 'user', place: 'x' } } : {}
      const mesh = meshWithJob({ seed, ...weather(seed), behave: fail }, { holders: 2 })
      const { world, job } = mesh
      expectAgreed(mesh)
      broken = false
      for (const node of ['n1', 'n4'] as NodeId[]) world.tell(node, { type: 'retry', job: job.id })
      world.run(3_000)
      expectSealed(mesh)
      expect(world.up.map((node) => world.state(node).jobs.get(job.id)!.ledger.round)).toEqual([2, 2, 2, 2, 2])
    })
  })
})

describe('a cancel', () => {
  test('that races the seal ends alike on all nodes: an exact result outranks a wish to stop', () => {
    const seen = new Set<string>()
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed, ...weather(seed) }, { holders: 2 })
      const { world, job } = mesh
      const reduced = (): number =>
        world.executions.filter((e) => e.task.step.kind === 'reduce' && e.end === 'done').length
      world.runUntil(() => reduced() >= 8 - (seed % 3), 30_000)
      world.tell(world.names[seed % 5]!, { type: 'cancel', job: job.id })
      seen.add(JSON.parse(expectAgreed(mesh)).kind)
      expect(world.executions.filter((e) => e.end === 'running')).toEqual([])
    })
    expect([...seen].sort()).toEqual(['cancelled', 'sealed'])
  })
})

describe('an output that is gone from its disk', () => {
  test('is computed again, and the result is exact', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed }, { holders: 2 })
      const { world, job } = mesh
      const done = (): readonly Execution[] =>
        world.executions.filter((e) => e.end === 'done' && e.task.step.kind === 'map')
      world.runUntil(() => done().length > 10 + seed, 20_000)
      const { node, task } = done()[seed % 10]!
      world.disk(node).lose(job.id, task.index)
      world.tell(node, { type: 'lost', job: job.id, task: task.index, what: 'output' })
      expectSealed(mesh)
      expect(world.executions.filter((e) => e.task.index === task.index).length).toBeLessThanOrEqual(2)
    })
  })
})

describe('after the seal', () => {
  test('every part is on two nodes, and runs are let go, also where only one member was there at submission', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed }, seed % 2 === 1 ? { members: ['n1' as NodeId] } : {})
      const { world, job } = mesh
      expectSealed(mesh)
      const areReleased = (): boolean =>
        world.up.every((node) => world.state(node).jobs.get(job.id)!.round.released.size > 0)
      expect(world.runUntil(areReleased, 30_000)).toBe(true)
      for (let part = 40; part < 48; part++)
        expect(world.up.filter((node) => world.disk(node).output(job.id, part) !== undefined).length).toBeGreaterThan(1)
      for (let map = 0; map < 40; map++)
        expect(world.up.filter((node) => world.disk(node).output(job.id, map) !== undefined)).toEqual([])
    })
  })

  test('the only holder of a part dies at once: no other result is ever told, and with the holder all is there again', () => {
    forSeeds((seed) => {
      let mesh: Mesh | null = null
      let victim: NodeId | null = null
      const holdersOf = (part: number): NodeId[] =>
        mesh!.world.up.filter((node) => mesh!.world.state(node).jobs.get(mesh!.job.id)?.has.has(part) ?? false)
      const watch = (_at: number, _node: NodeId, _event: unknown, effects: readonly Effect[]): void => {
        const isSeal = effects.some((effect) => effect.type === 'outcome' && effect.outcome.kind === 'sealed')
        if (!isSeal || victim !== null || mesh === null) return
        const lone = [40, 41, 42, 43, 44, 45, 46, 47].map(holdersOf).find((holders) => holders.length === 1)
        if (lone === undefined) return
        victim = lone[0]!
        mesh.world.agenda.after(0, () => mesh!.world.kill(victim!, seed % 2 === 0))
      }
      mesh = meshWithJob({ seed, watch })
      const { world, job } = mesh
      world.runUntil(() => victim !== null, 60_000)
      world.run(20_000)
      // Who died may have been the only one to know of the last output: then the others wait for it.
      const result = expectedResult(job)
      for (const outcome of world.outcomesOf(job.id))
        expect([{ kind: 'open' }, { kind: 'sealed', result }]).toContainEqual(outcome)
      world.start(victim!)
      expectSealed(mesh)
      const isWhole = (): boolean => [40, 41, 42, 43, 44, 45, 46, 47].every((part) => holdersOf(part).length > 1)
      expect(world.runUntil(isWhole, 60_000)).toBe(true)
      expectSealed(mesh)
    })
  })

  test('a job that one node forgets is forgotten by all, for good', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed, ...weather(seed) }, { holders: 2, maps: 10, reduces: 3 })
      const { world, job } = mesh
      const knowing = (): readonly NodeId[] => world.names.filter((node) => world.state(node).jobs.has(job.id))
      world.runUntil(() => knowing().length === 5, 20_000)
      world.run((seed * 397) % 5_000)
      world.tell(world.names[seed % 5]!, { type: 'forget', job: job.id })
      world.runUntil(() => knowing().length === 0, 30_000)
      world.run(10_000)
      expect(knowing()).toEqual([])
    })
  })

  test('a node that was down when the job was forgotten does not bring it back', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed }, { holders: 2, maps: 10, reduces: 3 })
      const { world, job } = mesh
      expectSealed(mesh)
      world.kill('n5' as NodeId)
      world.tell('n1' as NodeId, { type: 'forget', job: job.id })
      world.run(10_000)
      world.start('n5' as NodeId)
      world.run(10_000)
      expect(world.names.filter((node) => world.state(node).jobs.has(job.id))).toEqual([])
    })
  })
})
