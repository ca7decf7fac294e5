/**
 * A job belongs to the mesh, not to whoever submitted it: any node follows it, ends it, and tells of it later, and two
 * who submit the same at the same moment have submitted one job.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from './command.ts'
import { countWords, Mesh, records, resultOf, WORD_COUNT, type MeshNode } from './mesh.ts'

const BOOKS = fileURLToPath(new URL('../../examples/data/books', import.meta.url))
const books: [name: string, text: string][] = readdirSync(BOOKS)
  .sort()
  .slice(0, 2)
  .map((name) => [name, readFileSync(join(BOOKS, name), 'utf8').slice(0, 20_000)])
const words = countWords(books.map(([, text]) => text))
const PARTITIONS = ['--partitions', '4']

interface Outcome {
  readonly type: string
  readonly summary: { readonly id: string; readonly result: string }
}

describe('a job whose submitter is gone', { timeout: 300_000 }, () => {
  let mesh: Mesh
  let job: string
  let data: [MeshNode, MeshNode]
  let submitter: MeshNode
  /** Of the jobs that were submitted by `submitter`, and of which it has died. */
  const orphans: string[] = []

  beforeAll(async () => {
    mesh = new Mesh()
    job = mesh.job('words', WORD_COUNT)
    const nodes = await mesh.start(
      { name: 'submitter' },
      { name: 'data-1', data: { texts: Object.fromEntries([books[0]!]) } },
      { name: 'data-2', data: { texts: Object.fromEntries([books[1]!]) } },
    )
    submitter = nodes[0]!
    data = [nodes[1]!, nodes[2]!]
  })
  afterAll(() => mesh?.end())

  test('it is watched to its end, and its result fetched, at another node; `run` says under which id', async () => {
    // Inside a task, and kept there until the node is started again.
    await data[0].restart({ hold: true })
    await mesh.ready()
    const detached = await submitter.submit(job, ...PARTITIONS, '--key', 'watched')
    await data[0].held()
    const running = submitter.run('run', job, ...PARTITIONS, '--key', 'cut off')
    const attached = await until('the other job is known', async () => {
      const found = (await data[1].jobs()).find(({ id }) => id !== detached)
      return found?.id ?? null
    })
    orphans.push(detached, attached)
    const watching = data[1].run('--json', 'watch', detached)
    await submitter.kill()

    const cutOff = await running
    expect(cutOff.code).toBe(4)
    expect(cutOff.stderr).toContain(attached.slice(0, 12))

    await data[0].restart()
    const watched = await watching
    const last = JSON.parse(watched.stdout.trim().split('\n').at(-1)!) as Outcome
    expect([watched.code, last.type, last.summary.id]).toEqual([0, 'outcome', detached])
    for (const id of orphans) {
      const waited = await data[1].run('wait', id, '--timeout', '120s')
      expect(waited.code, waited.stderr).toBe(0)
      expect(resultOf(waited)).toBe(last.summary.result)
      expect(records(await data[1].ok('job', 'result', id))).toEqual(words)
    }
    await mesh.ready()
  })

  test('what has ended is told of by every node', async () => {
    expect(submitter.running).toBe(false)
    for (const id of orphans) {
      const told = await Promise.all(
        data.map(async (node) => ({
          listed: (await node.jobs()).filter((one) => one.id === id).map(({ state, result }) => [state, result]),
          tasks: (await node.job(id)).tasks.map(({ kind, state, digest, what }) => [kind, state, digest, what]),
          receipt: await node.receipt(id),
          why: await node.why(id),
          records: records(await node.ok('job', 'result', id)),
        })),
      )
      expect(told[0]!.records).toEqual(words)
      expect(told[0]!.receipt.coverage).toMatchObject({ shards: 2, of: 2, nodes: 2, omitted: [] })
      for (const other of told) expect(other).toEqual(told[0])
    }
  })

  test.each([[[]], [['--key', 'both']]])('submitted at two nodes at once it is one job: %s', async (key) => {
    const before = (await data[0].jobs()).length
    const ended = await Promise.all(
      data.map((node) => node.run('--json', 'run', job, '--partitions', '3', '--progress', 'none', ...key)),
    )
    expect(ended.map(({ code }) => code)).toEqual([0, 0])
    expect(ended.map(({ stdout }) => records(stdout))).toEqual([words, words])
    for (const node of data) {
      const made = await until('both are told', async () => {
        const jobs = (await node.jobs()).filter(({ partitions }) => partitions === 3)
        return jobs.every(({ state }) => state === 'done') ? await node.jobs() : null
      })
      expect(made.length).toBe(before + 1)
    }
  })
})
