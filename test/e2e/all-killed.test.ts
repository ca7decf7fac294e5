/**
 * All five nodes are killed with SIGKILL at a moment that a seed draws, inside a job, and started again in an order that
 * it draws too: the job goes on, and its answer is the one of an undisturbed run. More seeds: SHOAL_SEEDS=50.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from './command.ts'
import { countWords, Mesh, records, resultOf, type Files, type MeshNode } from './mesh.ts'

const SEEDS = Number(process.env['SHOAL_SEEDS'] || 2)

/** A few milliseconds of work for each line: the job takes long enough for a moment to be drawn in it. */
const SLOW_COUNT = `import { defineJob } from 'shoal/job'
const work = (ms: number): number => { let x = 0; for (let i = 0; i < ms * 100_000; i++) x = (x * 31 + i) | 0; return x }
export default defineJob({
  input: 'texts',
  map(line, { emit }) { if (work(2) === 0.5) emit('never', 0); for (const word of line.match(/[A-Za-z]+/g) ?? []) emit(word, 1) },
  combine: (a, b) => a + b,
  reduce(word, counts, { emit }) { work(2); let sum = 0; for (const count of counts) sum += count; emit(word, sum) },
})
`

/** A generator of the numbers of one seed (mulberry32). */
function random(seed: number): () => number {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const NODES = 5
const words = (node: number, file: number): string =>
  Array.from(
    { length: 150 },
    (_, i) => `the ${'abcdefghij'[i % 10]} of ${node} ${'klmno'[(i * 7 + file) % 5]} word`,
  ).join('\n')
const filesOf = (node: number): Files =>
  Object.fromEntries([0, 1].map((file) => [`n${node}-${file}.txt`, words(node, file)]))

describe('all nodes killed at once', { timeout: 600_000 }, () => {
  const mesh = new Mesh()
  let job: string
  let nodes: MeshNode[]
  let expected: string
  let took: number

  const sources = Array.from({ length: NODES }, (_, n) => filesOf(n))

  beforeAll(async () => {
    job = mesh.job('slow', SLOW_COUNT)
    nodes = await mesh.start(...sources.map((texts, n) => ({ name: `node-${n}`, data: { texts } })))
    const folder = mesh.folder('all', Object.assign({}, ...sources) as Files)
    expected = resultOf(await mesh.command(['run', job, '--partitions', '6', '--local', '--data', `texts=${folder}`]))
    const began = performance.now()
    const first = await nodes[0]!.run('run', job, '--partitions', '6', '--key', 'undisturbed')
    took = performance.now() - began
    expect(resultOf(first)).toBe(expected)
  })
  afterAll(() => mesh.end())

  test.each(Array.from({ length: SEEDS }, (_, seed) => seed))('seed %d', async (seed) => {
    const draw = random(seed)
    const id = await nodes[Math.floor(draw() * NODES)]!.submit(job, '--partitions', '6', '--key', `seed ${seed}`)
    await sleep(draw() * took)
    await Promise.all(nodes.map((node) => node.kill()))
    const order = nodes.map((node) => ({ node, turn: draw() })).sort((a, b) => a.turn - b.turn)
    for (const { node } of order) {
      node.start()
      await sleep(draw() * 500)
    }
    await mesh.ready()
    const readers = [nodes[seed % NODES]!, nodes[(seed + 2) % NODES]!]
    for (const node of readers) {
      const waited = await until('it knows the job', async () => {
        const ended = await node.run('wait', id, '--timeout', '120s')
        return ended.code === 2 ? null : ended
      })
      if (waited.code !== 0) throw new Error(`${node.name}: ${waited.stderr}\n${await node.ok('job', 'why', id)}`)
      expect(resultOf(waited)).toBe(expected)
    }
    const texts = sources.flatMap((files) => Object.values(files) as string[])
    expect(records(await readers[0]!.ok('job', 'result', id))).toEqual(countWords(texts))
    // An append that the kill has torn looks like damage at the end of a log, and is named; nothing else is damaged.
    for (const node of nodes) expect(node.log.replaceAll(/^.*\.log is damaged.*$/gm, '')).not.toContain('is damaged')
  })
})
