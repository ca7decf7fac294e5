/**
 * A job of several stages on three nodes, of which one is killed in a later stage: the example `recommend`, whose whole
 * answer is compared with Python's, and whose hash with that of one node, and of none.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CASES } from '../examples/cases.ts'
import { until } from './command.ts'
import { type Files, Mesh, type MeshNode, records, resultOf } from './mesh.ts'

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url))
const JOB = join(EXAMPLES, 'recommend.ts')
const RETAIL = join(EXAMPLES, 'data/retail')
const answer = readFileSync(join(EXAMPLES, 'expected/recommend.tsv'), 'utf8').trimEnd().split('\n').sort()

/** Its pairs are garbage by the hundred megabytes; 128 MB a task are just enough for them, or just not. */
const ROOMY = ['--memory', '256MB']

const files = (of: (index: number) => boolean): Files =>
  Object.fromEntries(
    readdirSync(RETAIL)
      .filter((_, i) => of(i))
      .map((name) => [name, readFileSync(join(RETAIL, name))]),
  )

describe('a node dies in a later stage', { timeout: 400_000 }, () => {
  let mesh: Mesh
  let nodes: MeshNode[]

  beforeAll(async () => {
    mesh = new Mesh()
    // Each file is on two of them: whatever dies with the one, the others can make again.
    const data = (n: number): Files => files((i) => i % 3 !== n)
    nodes = await mesh.start(
      ...[0, 1, 2].map((n) => ({ name: `node-${n}`, data: { 'retail,replicated': data(n) }, args: ROOMY })),
    )
  })
  afterAll(() => mesh?.end())

  test('the answer is that of one node, and of an independent program', async () => {
    // With six partitions on three nodes each has two of every stage.
    const [witness, victim] = nodes as [MeshNode, MeshNode]
    victim.holdFirst('pairs')
    const id = await witness.submit(JOB)
    const held = await victim.held()
    expect(held).toMatch(/^pairs /)
    const task = await until('the task is told of', async () => {
      const told = (await witness.events(id)).find(
        ({ node, type, text }) => node === victim.name && type === 'started' && text.startsWith(held),
      )
      return told?.task ?? null
    })
    expect((await witness.job(id)).tasks[task]).toMatchObject({ digest: null })
    await victim.kill()

    const waited = await witness.run('wait', id, '--timeout', '120s')
    expect(waited.code, waited.stderr).toBe(0)
    const { tasks } = await witness.job(id)
    expect(tasks[task]).toMatchObject({ state: 'done' })
    expect(tasks[task]!.owner).not.toBe(victim.name)
    const { counters, result } = await witness.receipt(id)
    const all = records(await witness.ok('job', 'result', id)).map(([key, value]) => ({ key, value }))
    const { lines } = CASES.find(({ name }) => name === 'recommend')!
    expect(lines(all, counters).sort()).toEqual(answer)
    expect(result).toBe(resultOf(waited))

    const one = new Mesh()
    try {
      const [alone] = await one.start({ name: 'alone', data: { retail: files(() => true) }, args: ROOMY })
      expect(resultOf(await alone!.run('run', JOB))).toBe(result)
    } finally {
      await one.end()
    }
    expect(resultOf(await mesh.command(['run', JOB, '--local', '--data', `retail=${RETAIL}`]))).toBe(result)
  })
})
