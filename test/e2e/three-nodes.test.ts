/** Three nodes with data, a fourth that submits: one answer, told alike everywhere, equal to a loop's and to one node's. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type {
  DatasetInfo,
  JobDetail,
  JobSummary,
  MemberInfo,
  NodeStatus,
  Receipt,
  StoryEvent,
} from '../../src/control/api.ts'
import { until } from './command.ts'
import { countWords, Mesh, records, resultOf, WORD_COUNT, type Files, type MeshNode } from './mesh.ts'

const BOOKS = fileURLToPath(new URL('../../examples/data/books', import.meta.url))

/** A book's first lines: enough of real text, and quick. */
const books: [name: string, text: string][] = readdirSync(BOOKS)
  .sort()
  .slice(0, 6)
  .map((name) => [name, readFileSync(join(BOOKS, name), 'utf8').slice(0, 60_000)])

const share = (i: number): Files => Object.fromEntries(books.filter((_, b) => b % 3 === i))

/** Floats whose sum depends on the order of adding, in numbers that one file does not tell apart from another. */
const FLOATS = `import { defineJob } from 'shoal/job'
export default defineJob({
  input: 'numbers',
  map(line, { emit, random }) { const [k, v] = line.split(' '); emit(k, Number(v)); emit('random', random()) },
  combine: (a, b) => a + b,
  reduce(key, values, { emit }) { let sum = 0; for (const value of values) sum += value; emit(key, sum) },
})
`
/** State at module level: it must not outlive a split, else the number of nodes shows. */
const STATEFUL = `import { defineJob } from 'shoal/job'
const seen = new Set()
let calls = 0
export default defineJob({
  input: 'texts',
  map(line, { emit, shard }) {
    calls++
    for (const word of line.match(/[A-Za-z]+/g) ?? []) {
      if (!seen.has(word)) { seen.add(word); emit(word, shard.path + ':' + calls + ':' + new Date(2025, 2, 30, 2, 30).getTime()) }
    }
  },
  reduce(word, places, { emit }) { calls++; emit(word, [...places].join(' ') + ' ' + calls) },
})
`
const numbers = (seed: number): string => {
  let x = seed
  const lines: string[] = []
  for (let i = 0; i < 2000; i++) {
    x = (x * 48_271) % 2_147_483_647
    lines.push(`k${x % 50} ${(x / 1e7) ** ((x % 7) - 3)}`)
  }
  return `${lines.join('\n')}\n`
}

describe('three nodes with data, and a fourth', { timeout: 500_000 }, () => {
  let mesh: Mesh
  let nodes: MeshNode[]
  let wordCount: string
  let id: string
  let result: string

  beforeAll(async () => {
    mesh = new Mesh()
    wordCount = mesh.job('words', WORD_COUNT)
    nodes = await mesh.start(
      ...[0, 1, 2].map((i) => ({
        name: `data-${i + 1}`,
        data: { texts: share(i), numbers: { [`n${i}.txt`]: numbers(i + 7) } },
        environment: { TZ: ['Asia/Tokyo', 'America/New_York', 'Europe/Berlin'][i] },
        args: ['--memory', ['96MB', '300MB', '128MB'][i]!],
      })),
      { name: 'submitter' },
    )
  })
  afterAll(() => mesh?.end())

  /** The one answer of all nodes: what one of them knows a moment earlier, the others come to know. */
  const everywhere = async <T>(ask: (node: MeshNode) => Promise<T>): Promise<T> =>
    await until('all nodes say the same', async () => {
      const answers: T[] = []
      for (const node of nodes) answers.push(await ask(node))
      for (const answer of answers) expect(answer).toEqual(answers[0])
      return answers[0]!
    })

  test('the answer is what a loop counts, and the summary tells its hash', async () => {
    const ran = await nodes[3]!.run('run', wordCount, '--partitions', '3')
    expect(ran.stderr).toContain('6/6 shards')
    expect(ran.code).toBe(0)
    expect(records(ran.stdout)).toEqual(countWords(books.map(([, text]) => text)))
    result = resultOf(ran)
    id = (await nodes[0]!.jobs())[0]!.id
  })

  test('one node over all data by --local has the same result hash', async () => {
    const dir = mesh.folder('all-texts', Object.fromEntries(books))
    const ran = await mesh.command(['run', wordCount, '--partitions', '3', '--local', '--data', `texts=${dir}`])
    expect(ran.stderr).toContain('this machine only')
    expect(resultOf(ran)).toBe(result)
  })

  test('members, status and data ls tell the truth on every node', async () => {
    await mesh.ready()
    const members = await everywhere(async (node) => {
      const { members: told } = await node.json<{ members: MemberInfo[] }>('members')
      // A machine short of CPU makes a heartbeat late: a suspicion passes.
      if (told.some(({ state }) => state === 'suspect')) throw new Error(`${node.name} suspects a node`)
      return told
        .map(({ name, state, shards, bytes, id: peer, drained }) => ({ name, state, shards, bytes, peer, drained }))
        .sort((a, b) => a.name.localeCompare(b.name))
    })
    expect(members.map(({ name, state, shards }) => `${name} ${state} ${shards}`)).toEqual([
      'data-1 alive 3',
      'data-2 alive 3',
      'data-3 alive 3',
      'submitter alive 0',
    ])
    for (const node of nodes) {
      expect((await node.members()).filter((m) => m.self).map((m) => m.name)).toEqual([node.name])
      const status = await node.json<NodeStatus>('status')
      expect(status).toMatchObject({ schema: 'shoal.status/1', pid: node.pid, name: node.name, ready: true })
      expect(status.members).toBe(4)
      expect(status.listen.every((address) => address.endsWith(`/p2p/${status.id}`))).toBe(true)
    }
    const datasets = await everywhere(async (node) =>
      (await node.json<{ datasets: DatasetInfo[] }>('data', 'ls')).datasets.map(({ name, replicated, shards }) => ({
        name,
        replicated,
        shards: shards.map(({ path, bytes, state, holders }) => ({ path, bytes, state, holders })),
      })),
    )
    expect(
      datasets.find(({ name }) => name === 'texts')?.shards.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    ).toEqual(
      books.map(([path, text], b) => ({
        path,
        bytes: Buffer.byteLength(text),
        state: 'offered',
        holders: [`data-${(b % 3) + 1}`],
      })),
    )
  })

  test('jobs, show, receipt, why, events and result are the same from every node', async () => {
    const receipt = await everywhere((node) => node.json<Receipt>('job', 'receipt', id))
    expect(receipt).toMatchObject({ job: id, result, skipped: { count: 0 } })
    expect(receipt.coverage).toMatchObject({ shards: 6, of: 6, nodes: 3, omitted: [] })
    const words = countWords(books.map(([, text]) => text))
    expect(receipt.records.emitted).toBe(words.reduce((sum, [, count]) => sum + count, 0))
    expect(receipt.records.out).toBe(words.length)
    await everywhere(async (node) => {
      const { state, tasks } = await node.json<JobDetail>('job', 'show', id)
      return { state, tasks: tasks.map(({ kind, state: stands, digest, what }) => ({ kind, stands, digest, what })) }
    })
    await everywhere(async (node) =>
      (await node.json<{ jobs: JobSummary[] }>('jobs')).jobs.map((job) => [job.id, job.state, job.result]),
    )
    await everywhere((node) => node.ok('job', 'why', id))
    await everywhere((node) => node.ok('job', 'result', id))
    const events = await everywhere(async (node) =>
      (await node.json<{ events: StoryEvent[] }>('job', 'events', id)).events.map(
        ({ type, text }) => `${type} ${text}`,
      ),
    )
    expect(events.filter((line) => line.startsWith('submitted'))).toEqual(['submitted submitted on submitter'])
  })

  test('wait, watch and job result mirror the outcome; prefixes do', async () => {
    expect((await nodes[1]!.run('wait', id.slice(0, 8))).code).toBe(0)
    const watched = await nodes[2]!.run('--json', 'watch', id)
    const last = JSON.parse(watched.stdout.trim().split('\n').at(-1)!) as { type: string; summary: { result: string } }
    expect([watched.code, last.type, last.summary.result]).toEqual([0, 'outcome', result])
    const out = join(mesh.root, 'out')
    await nodes[0]!.ok('job', 'result', id.slice(0, 10), '-o', `${out}/`)
    expect(readdirSync(out).toSorted()).toEqual([
      '_SUCCESS',
      'part-00000.ndjson',
      'part-00001.ndjson',
      'part-00002.ndjson',
      'receipt.json',
    ])
    const parts = [0, 1, 2].map((i) => readFileSync(join(out, `part-0000${i}.ndjson`), 'utf8')).join('')
    expect(records(parts)).toEqual(countWords(books.map(([, text]) => text)))
    expect((JSON.parse(readFileSync(join(out, 'receipt.json'), 'utf8')) as { result: string }).result).toBe(result)
  })

  test('submitted again, it is the job that was there', async () => {
    const again = await nodes[1]!.submit(wordCount, '--partitions', '3')
    expect(again).toBe(id)
  })

  test.each([
    ['floats with a combiner and random', 'floats', FLOATS, 'numbers'],
    ['module-level state, dates', 'stateful', STATEFUL, 'texts'],
  ])('one hash on 1 node and on 4, in two time zones, with two --memory: %s', async (_, name, source, dataset) => {
    const job = mesh.job(name, source)
    const files =
      dataset === 'texts'
        ? Object.fromEntries(books)
        : Object.fromEntries([0, 1, 2].map((i) => [`n${i}.txt`, numbers(i + 7)]))
    const dir = mesh.folder(`all-${dataset}`, files)
    const onMesh = await nodes[3]!.run('run', job, '--partitions', '2')
    expect(onMesh.code, onMesh.stderr).toBe(0)
    const local = ['run', job, '--partitions', '2', '--local', '--data', `${dataset}=${dir}`]
    const tokyo = await mesh.command([...local, '--memory', '96MB', '--slots', '1'], { TZ: 'Asia/Tokyo' })
    const lima = await mesh.command([...local, '--memory', '800MB', '--slots', '4'], { TZ: 'America/Lima' })
    expect(tokyo.stderr + lima.stderr).not.toContain('error')
    expect([resultOf(tokyo), resultOf(lima)]).toEqual([resultOf(onMesh), resultOf(onMesh)])
    expect(tokyo.stdout).toBe(onMesh.stdout)
  })

  test('explain says who would run what; nothing runs', async () => {
    const before = (await nodes[0]!.jobs()).length
    const told = await nodes[3]!.json<{ shards: number; stages: { stage: string; tasks: number }[] }>(
      'explain',
      wordCount,
    )
    expect(told.shards).toBe(6)
    expect(told.stages.map(({ stage }) => stage)).toContain('map')
    const dry = await nodes[3]!.run('run', wordCount, '--dry-run')
    expect(dry.code).toBe(0)
    expect((await nodes[0]!.jobs()).length).toBe(before)
  })
})
