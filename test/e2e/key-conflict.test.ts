/**
 * One key, two snapshots: two nodes of one mesh that have not met yet run the same job under the same key, each over what
 * it has itself. Then a third node knows both, and no node says any more that there is a result under that key.
 */
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until, type Ended } from './command.ts'
import { countWords, Mesh, records, resultOf, WORD_COUNT, type MeshNode } from './mesh.ts'

const TEXTS = ['one two two\nthree three three\n', 'four\nfour four four\n'] as const

interface Failure {
  readonly code: string
  readonly exit: number
}

const failure = ({ stderr }: Ended): Failure => JSON.parse(stderr.trim().split('\n').at(-1)!) as Failure

describe('one key over two snapshots', { timeout: 400_000 }, () => {
  let mesh: Mesh
  let words: string
  let a: MeshNode
  let b: MeshNode
  let c: MeshNode
  /** Done on both sides, still running on one, and forgotten by a person on one. */
  const ids = { november: '', december: '', october: '' }

  /** Starts alone; with the mesh key of a node that it is never told of. */
  const alone = async (name: string, text: string, keyOf?: MeshNode): Promise<MeshNode> => {
    const node = mesh.add({ name, data: { texts: { 'x.txt': text } } })
    if (keyOf !== undefined) {
      mkdirSync(node.home, { recursive: true, mode: 0o700 })
      copyFileSync(join(keyOf.home, 'mesh.key'), join(node.home, 'mesh.key'))
    }
    node.start()
    await until(`${name} is ready`, async () => {
      const { ready, datasets } = await node.status()
      return ready && datasets.every(({ pending }) => pending === 0) ? true : null
    })
    return node
  }

  const run = (node: MeshNode, key: keyof typeof ids | 'january'): Promise<Ended> =>
    node.run('--json', 'run', words, '--partitions', '2', '--progress', 'none', '--key', key)

  beforeAll(async () => {
    mesh = new Mesh()
    words = mesh.job('words', WORD_COUNT)
    a = await alone('a', TEXTS[0])
    b = await alone('b', TEXTS[1], a)
  })
  afterAll(() => mesh?.end())

  test('apart, each has a result of its own, and nothing to object to', async () => {
    for (const key of ['november', 'october'] as const) {
      const ran = await Promise.all([run(a, key), run(b, key)])
      expect(ran.map(({ stdout }) => records(stdout))).toEqual(TEXTS.map((text) => countWords([text])))
      const known = await Promise.all([a, b].map(async (node) => (await node.jobs()).map(({ id }) => id)))
      ids[key] = known[0]!.find((id) => !Object.values(ids).includes(id))!
      expect(known[1]).toContain(ids[key])
    }
    expect((await a.run('job', 'rm', ids.october)).code).toBe(0)
    await a.restart({ hold: true })
    await until('a is back', async () => ((await a.status()).ready ? true : null))
    ids.december = await a.submit(words, '--partitions', '2', '--key', 'december')
    expect(await a.held()).toMatch(/^map /)
    expect((await run(b, 'december')).code).toBe(0)
    expect((await b.job(ids.december)).state).toBe('done')
  })

  test('once they have met, every node says KEY_CONFLICT, of what was done and of what still ran', async () => {
    c = mesh.add({ name: 'c' })
    c.start(['--join', (await a.ok('ticket')).trim(), '--join', (await b.ok('ticket')).trim()])
    await mesh.ready()
    for (const id of [ids.november, ids.december]) {
      const shown = await Promise.all(
        [a, b, c].map((node) =>
          until(`${node.name} knows of the conflict`, async () => {
            const { state, result, error } = await node.job(id)
            return state === 'disputed' ? { result, code: error?.code, why: error?.why } : null
          }),
        ),
      )
      expect(shown[0]).toMatchObject({ result: null, code: 'KEY_CONFLICT' })
      expect(shown).toEqual([shown[0], shown[0], shown[0]])
      for (const node of [a, b, c]) {
        const commands = id === ids.november ? [['wait'], ['watch'], ['job', 'result'], ['job', 'receipt']] : [['wait']]
        for (const command of commands) {
          const ended = await node.run('--json', ...command, id)
          expect([node.name, ...command, ended.code, failure(ended)]).toMatchObject([
            ...[node.name, ...command, 1],
            { code: 'KEY_CONFLICT', exit: 1 },
          ])
          expect(ended.stdout.includes('"value"')).toBe(false)
        }
        expect(await node.ok('job', 'show', id)).toContain('KEY_CONFLICT')
        expect(await node.ok('job', 'why', id)).toContain('two snapshots')
      }
    }
  })

  test('the key stays without a result: run and retry give none, nor does the task that was still open', async () => {
    await a.restart()
    await mesh.ready()
    for (const node of [a, c]) {
      for (const key of ['november', 'december'] as const) {
        const again = await run(node, key)
        expect([again.code, again.stdout, failure(again).code]).toEqual([1, '', 'KEY_CONFLICT'])
        const retried = await node.run('--json', 'job', 'retry', ids[key])
        expect([retried.code, failure(retried).code]).toEqual([1, 'KEY_CONFLICT'])
        expect(await node.job(ids[key])).toMatchObject({ state: 'disputed', round: 1, result: null })
      }
    }
  })

  test('so does one that a person had forgotten on one side before', async () => {
    await until('nobody has it any more', async () =>
      (await Promise.all([a, b, c].map(async (node) => (await node.run('job', 'show', ids.october)).code))).every(
        (code) => code === 2,
      )
        ? true
        : null,
    )
    for (const node of [a, b, c]) {
      const again = await run(node, 'october')
      expect([again.code, again.stdout, failure(again).code]).toEqual([1, '', 'KEY_CONFLICT'])
    }
  })

  test('a fresh key works, over what both have', async () => {
    const fresh = await run(c, 'january')
    expect(fresh.code, fresh.stderr).toBe(0)
    expect(records(fresh.stdout)).toEqual(countWords(TEXTS))
    const attached = await a.run('run', words, '--partitions', '2', '--key', 'january')
    expect([resultOf(attached), attached.stdout]).toEqual([
      resultOf(await b.run('wait', (await b.jobs()).find(({ state }) => state === 'done')!.id)),
      fresh.stdout,
    ])
  })
})
