/**
 * A node that is stopped inside a task (a laptop that sleeps, a machine that swaps) and wakes as a zombie: others take
 * the task over meanwhile, its own late output is the same, and it accuses nobody.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectControl } from '../../src/control/client.ts'
import { until } from './command.ts'
import { countWords, Mesh, records, resultOf, type MeshNode } from './mesh.ts'

/** Each line takes a while, so that the stop comes in the middle of the map. */
const SLOW_WORDS = `import { defineJob } from 'shoal/job'
export default defineJob({
  input: 'copies',
  params: { turns: '0' },
  map(line, { emit, params }) {
    const turns = Number(params.turns)
    let x = 1
    for (let i = 0; i < turns; i++) x = (Math.imul(x, 31) + i) | 0
    for (const word of line.match(/[A-Za-z]+/g) ?? []) emit(x === 0.5 ? '' : word, 1)
  },
  reduce(word, counts, { emit }) { let sum = 0; for (const count of counts) sum += count; emit(word, sum) },
})
`
const TURNS = 10_000_000
const text = Array.from({ length: 200 }, (_, i) => `word${(i * 3) % 91} line${i % 7}\n`).join('')
const words = countWords([text])

describe('a node that is stopped and goes on', { timeout: 300_000 }, () => {
  let mesh: Mesh
  let nodes: MeshNode[]

  beforeAll(async () => {
    mesh = new Mesh()
    const data = { 'copies,replicated': { 'a.txt': text } }
    nodes = await mesh.start({ name: 'submitter' }, { name: 'data-1', data }, { name: 'data-2', data })
  })
  afterAll(() => mesh?.end())

  /** Stops whoever is inside the map; where it was too quick, once more with more to do. */
  const stopInMap = async (job: string): Promise<{ id: string; zombie: MeshNode; task: number }> => {
    const submitter = connectControl(nodes[0]!.home)
    for (let turns = TURNS; ; turns *= 2) {
      const before = (await submitter.jobs()).map((known) => known.id)
      const submitting = nodes[0]!.submit(job, '--partitions', '3', '--param', `turns=${turns}`)
      // Before the command is back, which on a busy machine takes as long as the map.
      const id = await until('the job is there', async () => {
        return (await submitter.jobs()).find((known) => !before.includes(known.id))?.id ?? null
      })
      const { owner, task } = await until('somebody is inside the map', async () => {
        const [map] = (await submitter.job(id)).tasks
        return map!.owner === null ? null : { owner: map!.owner, task: map!.task }
      })
      const zombie = nodes.find(({ name }) => name === owner)!
      // Who is asked here must stay awake; it takes the task only where both holders were slow to.
      const stopped = zombie !== nodes[0] && process.kill(zombie.pid, 'SIGSTOP')
      const open = (await submitter.job(id)).tasks[task]!.digest === null
      expect(await submitting).toBe(id)
      if (stopped && open) return { id, zombie, task }
      if (stopped) process.kill(zombie.pid, 'SIGCONT')
    }
  }

  test('its task is taken over, the job ends without it, and its late output is the same', async () => {
    const { id, zombie, task } = await stopInMap(mesh.job('slow', SLOW_WORDS))
    const awake = nodes.filter((node) => node !== zombie)
    const waited = await awake[0]!.run('wait', id, '--timeout', '120s')
    expect(waited.code, waited.stderr).toBe(0)
    expect(records(await awake[1]!.ok('job', 'result', id))).toEqual(words)
    const { tasks } = await awake[0]!.job(id)
    expect(awake.map(({ name }) => name)).toContain(tasks[task]!.owner)
    expect((await awake[0]!.members()).find(({ name }) => name === zombie.name)!.state).toBe('away')

    process.kill(zombie.pid, 'SIGCONT')
    await mesh.ready()
    const outputs = await until('its attempt has ended', async () => {
      const events = (await zombie.events(id)).filter((event) => event.task === task)
      const ended = events.some(({ node, type }) => node === zombie.name && (type === 'done' || type === 'failed'))
      return ended ? events.filter(({ type }) => type === 'done').map((event) => event.text) : null
    })
    expect(new Set(outputs).size).toBe(1)
    for (const node of nodes) {
      expect(resultOf(await node.run('wait', id))).toBe(resultOf(waited))
      expect((await node.job(id)).tasks[task]).toMatchObject({ state: 'done', digest: tasks[task]!.digest })
    }
    expect(records(await zombie.ok('job', 'result', id))).toEqual(words)
  })
})
