import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import type { JobRecord, NodeId } from '../../src/core/types.ts'
import { makeJob } from './fake-work.ts'
import { World } from './harness.ts'
import { expectSealed, forSeeds, meshWithJob, STORM } from './mesh.ts'

const weather = (seed: number): object => (seed % 2 === 1 ? { network: STORM } : {})
const isKind = (kind: string) => (e: { task: { step: { kind: string } } }) => e.task.step.kind === kind

describe('a job of 40 maps and 8 reduces on five nodes gives the exact result on all of them', () => {
  test('when all goes well, each task once', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed })
      expectSealed(mesh)
      expect(mesh.world.executions).toHaveLength(48)
    })
  })

  test('with 30 % of messages lost and 20 % doubled', () => {
    forSeeds((seed) => expectSealed(meshWithJob({ seed, network: STORM }, { holders: 1 + (seed % 2) })))
  })

  test('the same seed gives the same history', () => {
    const history = (): unknown => {
      const mesh = meshWithJob({ seed: 7, network: STORM }, { holders: 2 })
      mesh.world.run(15_000)
      return mesh.world.executions.map(({ node, task, at, end }) => [node, task.index, at, end])
    }
    expect(history()).toEqual(history())
  })

  test('when a node is killed while it maps, for good', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed, ...weather(seed) }, { holders: 2 })
      mesh.world.runUntil(() => mesh.world.executions.length > 10, 10_000)
      mesh.world.run((seed * 97) % 1_500)
      mesh.world.kill(mesh.world.names[seed % 5]!, seed % 3 === 0)
      expectSealed(mesh)
    })
  })

  test('when a node is killed while it reduces, for good', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed, ...weather(seed) }, { holders: 2 })
      mesh.world.runUntil(() => mesh.world.executions.some(isKind('reduce')), 20_000)
      mesh.world.run((seed * 31) % 300)
      mesh.world.kill(mesh.world.names[seed % 5]!, seed % 3 === 0)
      expectSealed(mesh)
    })
  })

  test('when two nodes that share no shard are killed one after the other', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed }, { holders: 2 })
      mesh.world.run(300 + ((seed * 37) % 3_000))
      mesh.world.kill(mesh.world.names[seed % 5]!)
      mesh.world.run((seed * 211) % 6_000)
      mesh.world.kill(mesh.world.names[(seed + 2) % 5]!)
      expectSealed(mesh)
    })
  })

  test('when a node that alone has its shards is killed and comes back', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed, ...weather(seed) })
      mesh.world.run(200 + ((seed * 37) % 3_000))
      const node = mesh.world.names[seed % 5]!
      mesh.world.kill(node, seed % 3 === 0)
      mesh.world.run(100 + ((seed * 991) % 8_000))
      mesh.world.start(node)
      expectSealed(mesh)
    })
  })

  test('when all nodes are killed at once and started again', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed })
      mesh.world.run(100 + ((seed * 137) % 3_000))
      for (const node of mesh.world.names) mesh.world.kill(node)
      mesh.world.run(500)
      for (const node of mesh.world.names) mesh.world.start(node)
      expectSealed(mesh)
    })
  })

  test('when the submitter dies as soon as one more node has the job', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed, ...weather(seed) }, { holders: 2 })
      const { world, job } = mesh
      world.runUntil(() => world.up.some((n) => n !== 'n1' && world.state(n).jobs.has(job.id)), 10_000)
      world.kill('n1' as NodeId)
      expectSealed(mesh)
    })
  })

  test('when the mesh is cut in two and heals', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed }, { holders: 1 + (seed % 2) })
      mesh.world.run((seed * 137) % 3_000)
      mesh.world.cut(mesh.world.names.slice(0, 2), mesh.world.names.slice(2))
      mesh.world.run(1_000 + ((seed * 1_171) % 15_000))
      mesh.world.heal()
      expectSealed(mesh)
    })
  })

  test('when two of them can never reach each other, and both see the rest', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed })
      mesh.world.run((seed * 137) % 3_000)
      mesh.world.cut(['n1' as NodeId], ['n2' as NodeId])
      expectSealed(mesh)
    })
  })

  test('when a node sleeps, is taken over, and comes back as a zombie', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed }, { holders: 2 })
      mesh.world.run((seed * 137) % 3_000)
      mesh.world.sleep(mesh.world.names[seed % 5]!, 8_000)
      expectSealed(mesh)
    })
  })
})

describe('a cut mesh', () => {
  test('never seals a part as the whole', () => {
    forSeeds((seed) => {
      const { world, job } = meshWithJob({ seed })
      world.run(200)
      world.cut(world.names.slice(0, 2), world.names.slice(2))
      world.run(30_000)
      expect(world.outcomesOf(job.id).filter((outcome) => outcome !== null && outcome.kind !== 'open')).toEqual([])
    })
  })
})

describe('a sorted job (sample, bounds, map, reduce)', () => {
  test('gives the exact result', () => {
    forSeeds((seed) => expectSealed(meshWithJob({ seed, ...weather(seed) }, { sort: true, holders: 1 + (seed % 2) })))
  })

  test('when a node is killed while it maps within the bounds', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed }, { sort: true, holders: 2 })
      mesh.world.runUntil(() => mesh.world.executions.some(isKind('map')), 20_000)
      mesh.world.kill(mesh.world.names[seed % 5]!)
      expectSealed(mesh)
    })
  })

  test('is shared out: a slow node keeps nobody waiting', () => {
    forSeeds((seed) => {
      const behave = (e: { node: string }): object => ({ ms: e.node === 'n1' ? 4_000 : 400 })
      const mesh = meshWithJob({ seed, behave }, { sort: true, holders: 2 })
      expectSealed(mesh, 20_000)
    })
  })
})

describe('slots', () => {
  test('work is shared: little is done twice, and 200 tasks of five nodes take about their share of the time', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed }, { maps: 200, reduces: 10, holders: 2 })
      const from = mesh.world.now
      expectSealed(mesh)
      expect(mesh.world.executions.length).toBeLessThanOrEqual(210 * 1.05)
      // 200 maps of 0.4 s and 10 reduces on 10 slots: 8.4 s, and what it takes to agree.
      expect(mesh.world.now - from).toBeLessThan(8_400 * 1.3 + 1_000)
    })
  })

  test('an idle node takes what a slow holder has not begun', () => {
    forSeeds((seed) => {
      const behave = (e: { node: string }): object => ({ ms: e.node === 'n1' ? 5_000 : 300 })
      const mesh = meshWithJob({ seed, nodes: 2, behave }, { holders: 2 })
      expectSealed(mesh)
      const slow = mesh.world.executions.filter((e) => e.node === 'n1' && e.task.step.kind === 'map')
      expect(slow.length).toBeLessThanOrEqual(6)
    })
  })

  test('a tiny job does not wait behind a big one', () => {
    forSeeds((seed) => {
      const mesh = meshWithJob({ seed }, { name: 'big', maps: 300, holders: 2 })
      const { world } = mesh
      world.run(3_000)
      const tiny = makeJob({ name: 'tiny', maps: 5, reduces: 1, members: world.names, holders: 2 })
      world.submit('n3' as NodeId, tiny)
      const from = world.now
      expectSealed({ world, job: tiny })
      // Its maps wait for one task of the big job (0.6 s), run, and are reduced.
      expect(world.now - from).toBeLessThan(4_000)
      expectSealed(mesh)
    })
  })

  test('all are filled at once, also where finished jobs are kept', () => {
    const world = new World({ nodes: 1, seed: 1, slots: 16 })
    const { names } = world
    const jobOf = (name: string, maps: number): JobRecord =>
      makeJob({ name, maps, reduces: 1, members: names, copies: 1 })
    for (let i = 0; i < 3; i++) {
      const mesh = { world, job: jobOf(`old ${i}`, 2) }
      world.submit(names[0]!, mesh.job)
      expectSealed(mesh)
    }
    const job = jobOf('new', 16)
    world.submit(names[0]!, job)
    world.run(LIMITS.tickMs)
    expect(world.state(names[0]!).running.size).toBe(16)
  })
})
