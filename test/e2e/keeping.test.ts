/** What is kept of jobs that are over: for how long, on which node, and what a key remembers beyond. Two nodes, then three. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until, type Ended } from './command.ts'
import { countWords, Mesh, records, resultOf, WORD_COUNT, type MeshNode } from './mesh.ts'

const TEXTS = ['one two two\nthree three three\n', 'four\nfour four four\n']
const LATE = 'five\n'

const folders = (node: MeshNode): readonly string[] => readdirSync(join(node.home, 'jobs'))

/** Restarts with these flags, and waits until the mesh is whole again. */
async function restart(mesh: Mesh, node: MeshNode, ...flags: readonly string[]): Promise<void> {
  await node.kill()
  node.start(flags)
  await mesh.ready()
}

/** All parts of the job lie on both nodes, so that one of them may go. */
async function copied(node: MeshNode, id: string): Promise<void> {
  await until('the parts are on two nodes', async () => {
    const parts = (await node.job(id)).tasks.filter(({ kind }) => kind === 'reduce')
    return parts.every(({ holders }) => holders.length >= 2) ? true : null
  })
}

describe('what is kept of a job that is over', { timeout: 400_000 }, () => {
  let mesh: Mesh
  let words: string
  let a: MeshNode
  let b: MeshNode
  let keyed: Ended
  const ids: Record<'plain' | 'keyed', string> = { plain: '', keyed: '' }

  beforeAll(async () => {
    mesh = new Mesh()
    words = mesh.job('words', WORD_COUNT)
    const nodes = await mesh.start(
      { name: 'a', data: { texts: { 'x.txt': TEXTS[0]! } } },
      { name: 'b', data: { texts: { 'x.txt': TEXTS[1]! } } },
    )
    a = nodes[0]!
    b = nodes[1]!
    ids.plain = await a.submit(words, '--partitions', '2')
    expect((await a.run('wait', ids.plain)).code).toBe(0)
    keyed = await a.run('run', words, '--partitions', '2', '--key', 'november')
    expect(keyed.code, keyed.stderr).toBe(0)
    ids.keyed = (await a.jobs()).find(({ id }) => id !== ids.plain)!.id
    for (const id of Object.values(ids)) await copied(a, id)
  })
  afterAll(() => mesh?.end())

  test('a node that joins later shows it, and reads its result when who submitted it is gone', async () => {
    const c = mesh.add({ name: 'c' })
    c.start(['--join', (await b.ok('ticket')).trim()])
    await mesh.ready()
    await until('c knows the jobs', async () => {
      const known = await c.jobs()
      return known.length === 2 && known.every(({ state }) => state === 'done') ? true : null
    })
    const dates = async (node: MeshNode): Promise<string> => {
      const { submitted, elapsedMs } = await node.job(ids.plain)
      return `${submitted} ${elapsedMs}`
    }
    expect([await dates(a), await dates(b)]).toContain(await dates(c))
    await a.kill()
    const detail = await c.job(ids.keyed)
    expect([detail.key, detail.result]).toEqual(['november', resultOf(keyed)])
    expect(await c.ok('job', 'result', ids.keyed)).toBe(keyed.stdout)
    expect((await c.receipt(ids.plain)).coverage).toMatchObject({ shards: 2, of: 2 })
    await until('the story of b is told', async () =>
      (await c.events(ids.plain)).some(({ node }) => node === 'b') ? true : null,
    )
    expect((await c.status()).disk).toMatchObject({ retentionMs: 7 * 86_400_000, most: null, early: 0 })
    await c.kill()
    a.start()
    await until('a is back', async () => ((await a.status()).ready ? true : null))
    const story = (await a.events(ids.plain)).map(({ node, type, text }) => `${node} ${type} ${text}`)
    expect(story).toContain('a submitted submitted on a')
    expect(story.filter((line) => line.startsWith('a outcome'))).toHaveLength(1)
  })

  test('a node forgets it by its own --retention, and takes it from no other', async () => {
    await restart(mesh, b, '--retention', '1s')
    await until('b has forgotten', async () => ((await b.jobs()).length === 0 && folders(b).length === 0 ? true : null))
    expect((await a.jobs()).map(({ id }) => id).toSorted()).toEqual(Object.values(ids).toSorted())
    expect(await a.ok('job', 'result', ids.keyed)).toBe(keyed.stdout)
    expect((await b.run('job', 'show', ids.plain)).code).toBe(2)
    await restart(mesh, a, '--retention', '1s')
    await until('a has forgotten', async () => ((await a.jobs()).length === 0 && folders(a).length === 0 ? true : null))
  })

  test('a key gives its result again, over the snapshot of then; without a key the data of now count', async () => {
    await Promise.all([a.kill(), b.kill()])
    for (const node of [a, b]) node.start()
    a.write('texts', 'late.txt', LATE)
    await mesh.ready()
    await until('the file is seen', async () =>
      (await b.datasets()).find(({ name }) => name === 'texts')!.shards.length === 3 ? true : null,
    )
    const again = await b.run('run', words, '--partitions', '2', '--key', 'november')
    expect(again.code, again.stderr).toBe(0)
    expect(again.stderr).toContain('was forgotten')
    expect([resultOf(again), again.stdout]).toEqual([resultOf(keyed), keyed.stdout])
    expect((await b.job(ids.keyed)).round).toBe(2)
    const fresh = await b.run('run', words, '--partitions', '2')
    expect(records(fresh.stdout)).toEqual(countWords([...TEXTS, LATE]))
  })

  test('and after rm, too; where its data has changed since there is no result, and never another', async () => {
    expect((await a.run('job', 'rm', ids.keyed)).code).toBe(0)
    await until('b drops it too', async () => ((await b.run('job', 'show', ids.keyed)).code === 2 ? true : null))
    const again = await a.run('run', words, '--partitions', '2', '--key', 'november')
    expect([again.code, again.stdout]).toEqual([0, keyed.stdout])
    expect((await b.run('job', 'rm', ids.keyed)).code).toBe(0)
    await until('a drops it too', async () => ((await a.run('job', 'show', ids.keyed)).code === 2 ? true : null))
    b.write('texts', 'x.txt', 'six six\n')
    const lost = await b.run('--json', 'run', words, '--partitions', '2', '--key', 'november')
    expect([lost.code, lost.stdout], lost.stderr).toEqual([3, ''])
    expect(lost.stderr).toContain('"RESULT_LOST"')
  })
})
