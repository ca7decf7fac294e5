/** A job of several stages with two outputs on two nodes: what is written, what is told of it, and how it fails. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GraphAnswer, JobDetail, Receipt, VerifyAnswer } from '../../src/control/api.ts'
import { Mesh, records, resultOf, type MeshNode } from './mesh.ts'

interface Purchase {
  readonly user: string
  readonly cents: number
}

const purchases = (file: number): Purchase[] =>
  Array.from({ length: 200 }, (_, i) => ({ user: `u${(i * 7 + file) % 40}`, cents: (i * 31 + file * 17) % 500 }))
const users = Array.from({ length: 35 }, (_, i) => ({ user: `u${i}`, country: ['DE', 'FR', 'US'][i % 3]! }))
const ndjson = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** `reduce` is that of the join. */
const jobOf = (outputs: string, reduce: string = ''): string => `
import { cogroup, defineJob, kv, rows, stage } from 'shoal/job'
const spend = stage('spend', {
  input: rows<{ user: string; cents: number }>('purchases'),
  emits: kv<string, number>(),
  map: ({ user, cents }, { emit }) => emit(user, cents),
  combine: (a, b) => a + b,
  partitions: 3,
})
const homes = stage('homes', {
  input: rows<{ user: string; country: string }>('users'),
  emits: kv<string, string>(),
  map: ({ user, country }, { emit }) => emit(user, country),
  partitions: 3,
})
const joined = cogroup('joined', {
  input: { spend, homes },
  emits: kv<string, number>(),
  reduce(user, { spend: cents, homes: countries }, { emit }) {
    ${reduce}
    const [country = 'unknown'] = countries
    for (const n of cents) emit(country, n)
  },
})
const totals = stage('totals', {
  input: joined,
  emits: kv<string, number>(),
  side: { homes },
  map: (country, cents, { emit, side }) => emit(country, side.homes.get('u1')[0] === 'FR' ? cents : 0),
  aggregate: 'sum',
  sort: true,
  partitions: 2,
})
export default defineJob({ ${outputs} })
`

/** The same in a loop. */
function expectedTotals(): Record<string, number> {
  const countries = new Map(users.map(({ user, country }) => [user, country]))
  const sums = new Map<string, number>()
  for (const { user, cents } of [...purchases(0), ...purchases(1)]) {
    const country = countries.get(user) ?? 'unknown'
    sums.set(country, (sums.get(country) ?? 0) + cents)
  }
  return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)))
}

describe('a job of several stages, and of two outputs', { timeout: 240_000 }, () => {
  let mesh: Mesh
  let nodes: readonly [MeshNode, MeshNode]
  let id = ''
  let out = ''

  beforeAll(async () => {
    mesh = new Mesh()
    const [a, b] = await mesh.start(
      { name: 'data-1', data: { purchases: { 'p0.ndjson': ndjson(purchases(0)) } } },
      {
        name: 'data-2',
        data: { purchases: { 'p1.ndjson': ndjson(purchases(1)) }, users: { 'u.ndjson': ndjson(users) } },
      },
    )
    nodes = [a!, b!]
  })
  afterAll(() => mesh?.end())

  const partsIn = (output: string): string[] =>
    readdirSync(join(out, output)).filter((name) => name.startsWith('part-'))
  const written = (output: string): [key: unknown, value: unknown][] =>
    partsIn(output).flatMap((name) => records(readFileSync(join(out, output, name), 'utf8')))

  test('each output is written to a folder of its own, and holds what a loop computes', async () => {
    out = join(mesh.root, 'out')
    const ran = await nodes[0].run('run', mesh.job('two', jobOf('outputs: { totals, homes }')), '-o', `${out}/`)
    expect(ran.stderr).toMatch(/ stage [1-4]\/4 (homes|spend|joined|totals) /)
    expect(ran.code).toBe(0)
    id = (await nodes[0].jobs())[0]!.id
    expect(readdirSync(out).sort()).toEqual(['_SUCCESS', 'homes', 'receipt.json', 'totals'])
    expect(partsIn('homes')).toHaveLength(3)
    expect(Object.fromEntries(written('totals'))).toEqual(expectedTotals())
    const homes = written('homes').map(([user, country]) => ({ user, country }))
    expect(homes).toHaveLength(users.length)
    expect(homes).toEqual(expect.arrayContaining(users))
  })

  test('the hash of an output is that of a job with this output alone', async () => {
    const receipt = JSON.parse(readFileSync(join(out, 'receipt.json'), 'utf8')) as Receipt
    const alone = await nodes[1].run('run', mesh.job('one', jobOf('output: totals')))
    expect(records(alone.stdout)).toEqual(Object.entries(expectedTotals()))
    expect(receipt.outputs!.map(({ output }) => output)).toEqual(['homes', 'totals'])
    expect(receipt.outputs![1]!.result).toBe(resultOf(alone))
    expect(receipt.outputs![1]!.result).not.toBe(receipt.result)
  })

  test('every node proves it: each output, and the records of each step', async () => {
    for (const node of nodes) {
      const { ok, checks } = await node.json<VerifyAnswer>('job', 'verify', id)
      expect(checks.filter((check) => !check.ok)).toEqual([])
      expect(ok).toBe(true)
      expect(checks.filter(({ name }) => name.startsWith('output ')).map(({ name }) => name)).toEqual([
        'output homes',
        'output totals',
      ])
      expect(checks.filter(({ name }) => name === 'balance').map(({ detail }) => detail)).toContain(
        'joined reduce: 75 records in, 40 out',
      )
      expect(checks.map(({ detail }) => detail)).toContain('homes table reduce: 35 records in, 35 out')
    }
  })

  test('job graph tells what has gone from stage to stage, on any node', async () => {
    for (const node of nodes) {
      const { stages } = await node.json<GraphAnswer>('job', 'graph', id)
      const [reduce] = stages.find(({ stage }) => stage === 'joined')!.steps
      expect(reduce).toMatchObject({ step: 'reduce', tasks: 3, done: 3, gave: 40 })
      expect(reduce!.reads.map(({ how, went }) => [how, went.records])).toEqual([
        ['same', 35],
        ['same', 40],
      ])
      const shuffled = stages
        .flatMap(({ steps }) => steps.flatMap(({ reads }) => reads))
        .filter(({ how }) => how === 'hash')
      expect(shuffled.map(({ went }) => went.records)).toEqual([35, 35, 400])
    }
  })

  test('partitionBy writes folders, each record to its own, and each folder in one file', async () => {
    const place = join(mesh.root, 'folders')
    const by =
      'partitionBy: (user, country) => ({ country: country === "FR" ? null : country, "of": user.slice(0, 2) + ":" })'
    const source = jobOf(`outputs: { totals, people: { stage: homes, ${by} } }`)
    const ran = await nodes[1].run('run', mesh.job('folders', source), '-o', `${place}/`)
    expect(ran.code).toBe(0)
    const expected = new Map<string, [string, string][]>()
    for (const { user, country } of users) {
      const value = country === 'FR' ? '__HIVE_DEFAULT_PARTITION__' : country
      const folder = `country=${value}/of=${user.slice(0, 2)}%3A`
      expected.set(folder, [...(expected.get(folder) ?? []), [user, country]])
    }
    const folders = readdirSync(join(place, 'people'), { recursive: true, encoding: 'utf8' })
    const files = folders.filter((path) => path.endsWith('.ndjson')).map((path) => path.split('/part-'))
    expect(files.map(([folder]) => folder!).toSorted()).toEqual([...expected.keys()].toSorted())
    for (const [folder, number] of files) {
      const text = readFileSync(join(place, 'people', `${folder!}/part-${number!}`), 'utf8')
      expect(records(text)).toHaveLength(expected.get(folder!)!.length)
      expect(Object.fromEntries(records(text))).toEqual(Object.fromEntries(expected.get(folder!)!))
    }
    expect(folders.filter((path) => !path.includes('='))).toEqual(['_SUCCESS'])
    const detail = (await nodes[0].jobs()).find(({ name }) => name === 'folders')!
    expect(detail.outputs).toEqual([
      { output: 'people', stage: 'people.folders', partitions: 3, folders: true },
      { output: 'totals', stage: 'totals', partitions: 2 },
    ])
    expect((await nodes[0].json<VerifyAnswer>('job', 'verify', detail.id)).ok).toBe(true)
  })

  test('an error names the stage in which it happened', async () => {
    const broken = jobOf('output: totals', "if (user === 'u12') throw new Error('no such user')")
    const ran = await nodes[0].run('run', mesh.job('broken', broken))
    expect(ran.code).toBe(1)
    expect(ran.stderr).toMatch(
      /error\[JOB_THREW\]: broken\.ts:\d+:\d+: no such user\n {2}why: {2}in the reduce of stage joined\n/,
    )
    expect(ran.stderr).toContain('key "u12"')
    const failed = (await nodes[1].jobs()).find(({ name }) => name === 'broken')!
    expect(await nodes[1].ok('job', 'why', failed.id)).toContain('no such user: in the reduce of stage joined')
    const { tasks } = await nodes[1].json<JobDetail>('job', 'show', failed.id)
    const blamed = tasks.filter(({ failures }) => failures.length > 0).map(({ stage, kind }) => `${stage} ${kind}`)
    expect(new Set(blamed)).toEqual(new Set(['joined reduce']))
  })
})
