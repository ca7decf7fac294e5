/**
 * Cables that are pulled and packets that do not pass, under real nodes in network namespaces (see namespaces.ts): three
 * with a cable each, `one` and `two` with data. Whatever is cut while they work, the answer is the one that a loop gives.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { NodeApi } from '../../src/control/api.ts'
import { connectControl } from '../../src/control/client.ts'
import { until } from './command.ts'
import { countWords, Mesh, records, resultOf, type Files, type MeshNode } from './mesh.ts'
import { Lan, sayLoudly, whyNoNamespaces, type Place } from './namespaces.ts'

const why = whyNoNamespaces()
if (why !== null) sayLoudly('nodes whose network is cut (test/e2e/cuts.test.ts)', why)

/** Counts words, and for each line of a.txt as much work beside that as it is told. */
const SLOW_WORDS = `import { defineJob } from 'shoal/job'
export default defineJob({
  input: 'texts',
  params: { turns: '0' },
  map(line, { emit, params, shard }) {
    const turns = shard.path === 'a.txt' ? Number(params.turns) : 0
    let x = 1
    for (let i = 0; i < turns; i++) x = (Math.imul(x, 31) + i) | 0
    for (const word of line.match(/[A-Za-z]+/g) ?? []) emit(x === 0.5 ? '' : word, 1)
  },
  combine: (a, b) => a + b,
  reduce(word, counts, { emit }) { let sum = 0; for (const count of counts) sum += count; emit(word, sum) },
})
`
/** About a hundredth of a second on a machine of 2020. */
const TURN = 10_000_000
const LINES = 200

const text = (seed: number): string =>
  Array.from({ length: LINES }, (_, i) => `word${(i * seed) % 91} line${i % 7} seed${seed}\n`).join('')

const texts = { 'a.txt': text(3), 'b.txt': text(5), 'c.txt': text(7) }
const words = countWords(Object.values(texts))
const PARTITIONS = ['--partitions', '6']

describe.skipIf(why !== null)('the network is cut', { timeout: 300_000 }, () => {
  let lan: Lan
  let mesh: Mesh
  let job: string
  let expected: string
  let places: [Place, Place, Place]
  let one: MeshNode
  let two: MeshNode
  let three: MeshNode
  const api = (node: MeshNode): NodeApi => connectControl(node.home)

  beforeAll(async () => {
    lan = new Lan()
    mesh = new Mesh()
    job = mesh.job('words', SLOW_WORDS)
    const local = await mesh.command([
      ...['run', job, ...PARTITIONS, '--local', '--data', `texts=${mesh.folder('all', texts)}`],
    ])
    expected = resultOf(local)
    expect(records(local.stdout)).toEqual(words)
    places = [lan.place(), lan.place(), lan.place()]
    const own = (...names: (keyof typeof texts)[]): Record<string, Files> => ({
      texts: Object.fromEntries(names.map((name) => [name, texts[name]])),
    })
    const nodes = await mesh.start(
      { name: 'three', ...places[2] },
      { name: 'one', data: own('a.txt'), ...places[0] },
      { name: 'two', data: own('b.txt', 'c.txt'), ...places[1] },
    )
    three = nodes[0]!
    one = nodes[1]!
    two = nodes[2]!
  })
  afterAll(async () => {
    await mesh?.end()
    lan?.end()
  })
  afterEach(async () => {
    lan.heal()
    await mesh.ready()
  })

  const submit = (from: MeshNode, key: string, ...more: readonly string[]): Promise<string> =>
    from.submit(job, ...PARTITIONS, '--key', key, ...more)

  /** The job ends with the one answer, and every node says so. */
  const expectDone = async (id: string, ...nodes: readonly MeshNode[]): Promise<void> => {
    for (const node of nodes.length > 0 ? nodes : [one, two, three]) {
      const waited = await node.run('wait', id, '--timeout', '120s')
      if (waited.code !== 0) throw new Error(`${node.name}: ${waited.stderr}\n${await node.ok('job', 'why', id)}`)
      expect(resultOf(waited)).toBe(expected)
      expect(records(await node.ok('job', 'result', id))).toEqual(words)
    }
  }

  /** Submits at `three`, and cuts while `one` is inside its map; where it was too quick, once more with more to do. */
  const cutInMap = async (key: string, cut: () => void): Promise<string> => {
    for (let turns = TURN; ; turns *= 2) {
      const before = (await api(three).jobs()).map((known) => known.id)
      const submitting = submit(three, `${key}-${turns}`, '--param', `turns=${turns}`)
      // Before the command is back, which on a busy machine takes as long as the map.
      const id = await until('the job is there', async () => {
        return (await api(three).jobs()).find((known) => !before.includes(known.id))?.id ?? null
      })
      await until('one is inside its map', async () => {
        const { tasks } = await api(three).job(id)
        return tasks.some(({ kind, owner }) => kind === 'map' && owner === 'one') ? true : null
      })
      cut()
      const { tasks } = await api(three).job(id)
      expect(await submitting).toBe(id)
      if (tasks.some(({ kind, owner, digest }) => kind === 'map' && owner === 'one' && digest === null)) return id
      lan.heal()
      await mesh.ready()
    }
  }

  test('the only holder of a shard is cut off: the job waits, says for what and whom, and ends after the heal', async () => {
    const id = await cutInMap('holder', () => lan.unplug(places[0]))
    await until('the job waits', async () => ((await api(three).job(id)).state === 'waiting' ? true : null))
    for (const node of [two, three]) {
      const said = await until(`${node.name} says what it waits for`, async () => {
        const told = await node.why(id)
        return told.includes('texts/a.txt') ? told : null
      })
      expect(said).toMatch(/\bone\b/)
    }
    // Neither side takes its part for the whole, nor can the other's data be had.
    for (const node of [one, two, three]) expect((await api(node).job(id)).result).toBeNull()
    const refused = await three.run('run', job, '--key', 'meanwhile')
    expect([refused.code, refused.stderr.includes('one')]).toEqual([3, true])
    lan.heal()
    await expectDone(id)
  })

  test('two nodes that cannot reach each other work over the third', async () => {
    await Promise.all([one.kill(), two.kill()])
    lan.cut(places[0], places[1])
    one.start()
    two.start()
    await mesh.ready()
    const id = await submit(three, 'relayed', '--copies', '1')
    // Parts that only the other has come over the third, too.
    await expectDone(id)
    const { tasks } = await one.job(id)
    expect(new Set(tasks.filter(({ kind }) => kind === 'reduce').map(({ owner }) => owner)).size).toBeGreaterThan(1)
    expect(lan.dropped(places[0]) + lan.dropped(places[1])).toBeGreaterThan(0)
  })

  test('packets pass one way only', async () => {
    const id = await cutInMap('one-way', () => lan.cutOneWay(places[0], places[1]))
    await expectDone(id)
  })

  test('a node that others cannot dial', async () => {
    lan.refuseDials(places[1])
    await Promise.all([two.kill(), three.kill()])
    three.start()
    two.start()
    await mesh.ready()
    await expectDone(await submit(three, 'undialled'))
  })
})
