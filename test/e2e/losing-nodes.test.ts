/**
 * kill -9 in the middle of a job, and restarts: the answer does not change. A victim keeps its first attempt open (the
 * simulator's switch), so each kill hits a task that had begun and not ended; the job's events say so before the kill.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from './command.ts'
import { countWords, Mesh, records, resultOf, WORD_COUNT, type Files, type MeshNode } from './mesh.ts'

const BOOKS = fileURLToPath(new URL('../../examples/data/books', import.meta.url))
const books: [name: string, text: string][] = readdirSync(BOOKS)
  .sort()
  .slice(0, 4)
  .map((name) => [name, readFileSync(join(BOOKS, name), 'utf8').slice(0, 30_000)])
const all: Files = Object.fromEntries(books)
const PARTITIONS = ['--partitions', '8']

describe('nodes that die', { timeout: 500_000 }, () => {
  let mesh: Mesh
  let expected: string
  let words: string
  /** Two with data, two without: all of them reduce. */
  let data: [MeshNode, MeshNode]
  let reducer: MeshNode
  let submitter: MeshNode

  beforeAll(async () => {
    mesh = new Mesh()
    words = mesh.job('words', WORD_COUNT)
    const local = await mesh.command([
      ...['run', words, ...PARTITIONS, '--local', '--data', `texts=${mesh.folder('all', all)}`],
    ])
    expected = resultOf(local)
    expect(records(local.stdout)).toEqual(countWords(books.map(([, text]) => text)))
    const own = (i: number): Files => Object.fromEntries(books.filter((_, b) => b % 2 === i))
    const nodes = await mesh.start(
      { name: 'data-1', data: { texts: own(0), 'copies,replicated': all } },
      { name: 'data-2', data: { texts: own(1), 'copies,replicated': all } },
      { name: 'reducer' },
      { name: 'submitter' },
    )
    data = [nodes[0]!, nodes[1]!]
    reducer = nodes[2]!
    submitter = nodes[3]!
  })
  afterAll(() => mesh?.end())

  /** Ends the victim within its task; answers the task. */
  const killInTask = async (id: string, victim: MeshNode, witness: MeshNode): Promise<number> => {
    const held = await victim.held()
    const [stage = '', which = ''] = held.split(' ')
    const task = await until('the task is told of', async () => {
      const mine = (await witness.events(id)).filter((event) => event.node === victim.name)
      return mine.find(({ type, text }) => type === 'started' && text.startsWith(`${stage} ${which}`))?.task ?? null
    })
    const ended = (await witness.events(id)).filter(
      (e) => e.task === task && (e.type === 'done' || e.type === 'failed'),
    )
    expect(ended, `${victim.name} has not ended ${held}`).toEqual([])
    expect((await witness.job(id)).tasks[task]).toMatchObject({ digest: null })
    await victim.kill()
    return task
  }

  /** The job ends with the one answer, and every node that lives says so. */
  const expectDone = async (id: string): Promise<void> => {
    for (const node of mesh.nodes.filter((one) => one.running)) {
      const waited = await node.run('wait', id, '--timeout', '120s')
      if (waited.code !== 0) throw new Error(`${node.name}: ${waited.stderr}\n${await node.ok('job', 'why', id)}`)
      expect(resultOf(waited)).toBe(expected)
    }
    const [reader] = mesh.nodes.filter((one) => one.running)
    expect(records(await reader!.ok('job', 'result', id))).toEqual(countWords(books.map(([, text]) => text)))
    const receipt = await reader!.receipt(id)
    expect(receipt).toMatchObject({ result: expected, coverage: { shards: 4, of: 4, omitted: [] } })
  }

  test('a mapper whose shards have another holder', async () => {
    // Both holders may begin at the same moment, and else the quicker one is done before the kill.
    for (const node of data) node.holdFirst()
    const id = await submitter.submit(words, ...PARTITIONS, '--input', 'copies')
    const victim = await until('the owner of the map is known, and is in it', async () => {
      const { owner } = (await submitter.job(id)).tasks[0]!
      const node = data.find(({ name }) => name === owner)
      return node !== undefined && (await node.held()) === 'map 1/1' ? node : null
    })
    const other = data.find((node) => node !== victim)!
    other.release()
    const task = await killInTask(id, victim, submitter)
    if (other.holding) {
      await other.restart()
      await mesh.ready()
    }
    await expectDone(id)
    const { tasks } = await submitter.job(id)
    expect(tasks[task]).toMatchObject({ kind: 'map', state: 'done', owner: other.name })
    expect((await submitter.receipt(id)).takenOver).toBeGreaterThan(0)
    victim.start()
    await mesh.ready()
  })

  test('the only holder of a shard, which comes back: ports, addresses and answer stay', async () => {
    const [victim, other] = data
    await victim.atRest()
    await victim.restart({ hold: true })
    await mesh.ready()
    const { id: peer } = await victim.status()
    const listen = await victim.listens()
    const id = await submitter.submit(words, ...PARTITIONS)
    const task = await killInTask(id, victim, other)
    const waiting = await until('the job waits for the victim', async () => {
      const { state } = await submitter.job(id)
      return state === 'waiting' ? await submitter.why(id) : null
    })
    expect(waiting).toContain(victim.name)
    expect(waiting).toContain('texts/')
    expect((await submitter.run('wait', id, '--timeout', '1s')).code).toBe(5)
    victim.start()
    await mesh.ready()
    await expectDone(id)
    expect([(await victim.status()).id, await victim.listens()]).toEqual([peer, listen])
    expect((await submitter.job(id)).tasks[task]).toMatchObject({ state: 'done', owner: victim.name })
  })

  test('a reducer, after the maps have ended', async () => {
    await reducer.atRest()
    await reducer.restart({ hold: true })
    await mesh.ready()
    const id = await submitter.submit(words, ...PARTITIONS, '--key', 'reducer')
    const held = await reducer.held()
    expect(held).toMatch(/^reduce /)
    const task = await killInTask(id, reducer, submitter)
    expect((await submitter.job(id)).tasks.filter(({ kind }) => kind === 'map').map((t) => t.state)).toEqual([
      'done',
      'done',
    ])
    await expectDone(id)
    const { tasks } = await submitter.job(id)
    expect(tasks[task]!.owner).not.toBe(reducer.name)
    reducer.start()
    await mesh.ready()
    expect(records(await reducer.ok('job', 'result', id))).toEqual(countWords(books.map(([, text]) => text)))
  })

  test('the submitter, inside a task of its own', async () => {
    await submitter.atRest()
    await submitter.restart({ hold: true })
    await mesh.ready()
    const id = await submitter.submit(words, ...PARTITIONS, '--key', 'submitter')
    await killInTask(id, submitter, data[0])
    await expectDone(id)
  })

  test('the submitter, right after --detach has returned', async () => {
    submitter.start()
    await mesh.ready()
    const id = await submitter.submit(words, ...PARTITIONS, '--key', 'detached')
    await submitter.kill()
    await expectDone(id)
    submitter.start()
    await mesh.ready()
    expect(resultOf(await submitter.run('wait', id))).toBe(expected)
  })

  test('a live node that gets on with nothing holds up nobody', async () => {
    await reducer.atRest()
    await reducer.restart({ hold: true })
    await mesh.ready()
    const id = await submitter.submit(words, ...PARTITIONS, '--key', 'stuck')
    expect(await reducer.held()).toMatch(/^reduce /)
    await expectDone(id)
    await reducer.restart()
    await mesh.ready()
  })

  test('all nodes are killed inside a job and started again: they find each other, and the job ends', async () => {
    await Promise.all(mesh.nodes.map((node) => node.kill()))
    for (const node of mesh.nodes) node.start()
    await mesh.ready()
    const addresses = new Map<string, readonly string[]>()
    for (const node of mesh.nodes) addresses.set(node.name, await node.listens())
    for (const node of data) await node.atRest()
    for (const node of data) await node.restart({ hold: true })
    await mesh.ready()
    const id = await submitter.submit(words, ...PARTITIONS, '--key', 'all')
    await data[0].held()
    await Promise.all(mesh.nodes.map((node) => node.kill()))
    for (const node of mesh.nodes) node.start()
    await mesh.ready()
    for (const node of mesh.nodes) expect(await node.listens()).toEqual(addresses.get(node.name))
    await expectDone(id)
  })

  test('the only holder of a replicated file, which does not come back: a node with a copy that joined later', async () => {
    const text = books[0]![1]
    const [holder] = await mesh.start({ name: 'holder', data: { 'mirror,replicated': { 'a.txt': text } } })
    await holder!.restart({ hold: true })
    await mesh.ready()
    const id = await submitter.submit(words, ...PARTITIONS, '--input', 'mirror')
    await killInTask(id, holder!, submitter)
    await until('the job waits for the holder', async () =>
      (await submitter.job(id)).state === 'waiting' ? true : null,
    )
    await mesh.start({ name: 'latecomer', data: { 'mirror,replicated': { 'a.txt': text } } })
    const waited = await submitter.run('wait', id, '--timeout', '120s')
    expect(waited.code, waited.stderr).toBe(0)
    expect(records(await submitter.ok('job', 'result', id))).toEqual(countWords([text]))
    expect((await submitter.job(id)).tasks[0]).toMatchObject({ kind: 'map', state: 'done', owner: 'latecomer' })
  })

  test('a node that gets INT hands over, exits 0 after 30 s at the latest, and its shards count as away', async () => {
    const [leaving, staying] = data
    const began = performance.now()
    expect(await leaving.stop('SIGINT')).toBe(0)
    // 30 s, and what a machine that is loaded tenfold takes to end a process.
    expect(performance.now() - began).toBeLessThan(50_000)
    await until('it is away', async () => {
      const found = (await staying.members()).find(({ name }) => name === leaving.name)
      return found?.state === 'away' ? true : null
    })
    const refused = await submitter.run('--json', 'run', words, '--key', 'drained', '--timeout', '30s')
    expect(refused.code).toBe(3)
    expect(JSON.parse(refused.stderr.trim().split('\n').at(-1)!)).toMatchObject({ code: 'INCOMPLETE', exit: 3 })
    expect(refused.stderr).toContain(leaving.name)
  })

  test('`shoal drain` ends a node with 0', async () => {
    const code = submitter.ended
    expect((await submitter.run('drain')).code).toBe(0)
    expect(await code).toBe(0)
    expect((await submitter.run('status')).code).toBe(4)
  })
})
