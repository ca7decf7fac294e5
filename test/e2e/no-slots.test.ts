/** Nodes that hold data and have no slot: others run their tasks, on bytes that come over a stream. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ExplainAnswer } from '../../src/control/api.ts'
import { Mesh, records, resultOf, type Files, type MeshNode } from './mesh.ts'

const PARQUET = fileURLToPath(new URL('../fixtures/formats/parquet/', import.meta.url))

/** Rows of a table with text, numbers, and a line break inside quotes now and then. */
const csv = (seed: number): string => {
  const rows = Array.from({ length: 3_000 }, (_, i) => {
    const k = (i * seed) % 17
    return i % 50 === 0 ? `k${k},"${i}\n${i}"` : `k${k},${i}`
  })
  return `key,value\n${rows.join('\n')}\n`
}
const ndjson = (seed: number): string =>
  Array.from({ length: 3_000 }, (_, i) => JSON.stringify({ key: `k${(i * seed) % 13}`, value: i })).join('\n')

/** More than one split, with a line now and then that is no JSON: its number counts from the file's first line. */
const long = (): string => {
  const pad = 'x'.repeat(50_000)
  const lines = Array.from({ length: 1_500 }, (_, i) => (i % 400 === 399 ? `no JSON ${i}` : JSON.stringify({ i, pad })))
  return `${lines.join('\n')}\n`
}

const SUM = `import { defineJob } from 'shoal/job'
export default defineJob({
  input: { table: 'tables', lines: 'lines', packed: 'packed' },
  map: {
    table(row, { emit, shard }) { emit(shard.path + row.key, row.value) },
    lines(row, { emit }) { emit(row.key, row.value) },
    packed(row, { emit }) { emit('packed ' + row.key, row.value) },
  },
  reduce(key, values, { emit }) {
    const all = [...values.table, ...values.lines, ...values.packed].map(String)
    emit(key, all.join(' '))
  },
})
`
const ROWS = `import { defineJob } from 'shoal/job'
export default defineJob({
  input: 'rows',
  map(row, { emit, shard }) { emit(shard.path, JSON.stringify(row, (_, v) => (typeof v === 'bigint' ? String(v) : v))) },
})
`
const PLACES = `import { defineJob } from 'shoal/job'
export default defineJob({
  input: { data: 'long/*.ndjson' },
  onBadRecord: 'skip',
  map(row, { emit }) { emit(row.i % 7, row.i) },
  combine: (a, b) => a + b,
  reduce(key, sums, { emit }) { let sum = 0; for (const s of sums) sum += s; emit(key, sum) },
})
`

describe('a node without slots', { timeout: 300_000 }, () => {
  let mesh: Mesh
  let holder: MeshNode
  let worker: MeshNode
  const data: Record<string, Files> = {
    tables: { 'a.csv': csv(3), 'b.csv': csv(5) },
    lines: { 'c.ndjson': ndjson(7), 'sub/empty.ndjson': '' },
    packed: { 'd.ndjson.gz': gzipSync(ndjson(11)) },
    rows: {
      'rowgroups.parquet': readFileSync(join(PARQUET, 'rowgroups.parquet')),
      'struct_strings.parquet': readFileSync(join(PARQUET, 'struct_strings.parquet')),
    },
    long: { 'e.ndjson': long() },
  }

  beforeAll(async () => {
    mesh = new Mesh()
    ;[holder, worker] = (await mesh.start(
      { name: 'holder', data, args: ['--slots', '0'] },
      { name: 'worker' },
      { name: 'other' },
    )) as [MeshNode, MeshNode, MeshNode]
  })
  afterAll(() => mesh?.end())

  const locally = async (job: string): Promise<string> => {
    const offers = Object.keys(data).flatMap((name) => ['--data', `${name}=${holder.data(name)}`])
    return resultOf(await mesh.command(['run', job, '--local', '--memory', '128MB', '--slots', '1', ...offers]))
  }

  test.each([
    ['CSV with a header, NDJSON and gzip', 'sum', SUM],
    ['Parquet', 'rows', ROWS],
  ])('others read its %s over a stream, and the result is the same as on one machine', async (_what, name, source) => {
    const job = mesh.job(name, source)
    const ended = await worker.run('run', job)
    expect(ended.code).toBe(0)
    expect(records(ended.stdout).length).toBeGreaterThan(0)
    expect(resultOf(ended)).toBe(await locally(job))
  })

  test('a bad record keeps its line, though the lines before its split never came', async () => {
    const job = mesh.job('places', PLACES)
    const ended = await holder.run('run', job)
    expect(ended.code).toBe(0)
    const { id } = (await worker.jobs()).find(({ name }) => name.includes('places'))!
    const { skipped } = await worker.receipt(id)
    const lines = long().split('\n')
    const bad = lines.flatMap((line, i) => (line.startsWith('no JSON') ? [`long/e.ndjson:${i + 1}`] : []))
    expect(skipped.samples.map(({ place }) => place).sort()).toEqual([...bad].sort())
    expect(resultOf(ended)).toBe(await locally(job))
    const owners = (await worker.job(id)).tasks.map((task) => task.owner)
    expect(owners).not.toContain('holder')
  })

  test('explain says who reads what from whom', async () => {
    const answer = JSON.parse(await worker.ok('--json', 'explain', mesh.job('sum', SUM))) as ExplainAnswer
    expect(answer.streamed.map(({ from }) => from)).toEqual(answer.streamed.map(() => 'holder'))
    expect(answer.streamed.reduce((n, { bytes }) => n + bytes, 0)).toBe(answer.bytes)
    const maps = answer.stages.find(({ stage }) => stage === 'map')!
    expect(maps.nodes.map(({ name }) => name)).not.toContain('holder')
  })
})
