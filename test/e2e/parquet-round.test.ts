/** What `run -o` wrote as Parquet, one file or a folder, is the input of the next job: it emits the same records. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Mesh } from './mesh.ts'

const FIRST = `import { defineJob } from 'shoal/job'
export default defineJob({
  input: 'lines/*.txt',
  partitions: 3,
  map(line, { emit }) {
    const i = Number(line)
    emit(line, {
      count: i,
      huge: 2n ** 80n + BigInt(i),
      share: i / 4,
      at: new Date(i * 86400000),
      raw: Uint8Array.of(i % 256, 0),
      tags: i % 3 === 0 ? [] : ['a', null, String(i)],
      best: i % 5 === 0 ? null : { name: 'n' + i, marks: [{ of: i, good: i % 2 === 0 }] },
      pairs: [['k', i]],
      mixed: i % 2 === 0 ? 'text' : [1, { a: i }],
      // More names over all records than a group has fields: a map.
      most: { ['q' + i]: i + 0.5, all: null },
    })
  },
  reduce(key, values, { emit }) { for (const value of values) emit(key, value) },
})
`

const SECOND = `import { defineJob } from 'shoal/job'
export default defineJob({
  input: 'out/**',
  partitions: 3,
  map(row, { emit }) {
    const { key, ...value } = row
    emit(key, value)
  },
  reduce(key, values, { emit }) { for (const value of values) emit(key, value) },
})
`

let mesh: Mesh
beforeAll(() => {
  mesh = new Mesh()
})
afterAll(() => mesh?.end())

test.each(['out/a.parquet', 'out/'])('written to %s and read', { timeout: 120_000 }, async (target) => {
  const folder = join(mesh.root, target.replaceAll('/', '-'))
  mkdirSync(join(folder, 'lines'), { recursive: true })
  mkdirSync(join(folder, 'out'))
  writeFileSync(join(folder, 'lines', 'a.txt'), Array.from({ length: 300 }, (_, i) => `${i}\n`).join(''))
  const local = (
    job: string,
    data: string,
    ...more: string[]
  ): Promise<{ code: number | null; stdout: string; stderr: string }> =>
    mesh.command(['run', job, '--local', '--slots', '1', '--data', `${data}=${join(folder, data)}`, ...more])
  const [first, second] = [mesh.job('first', FIRST), mesh.job('second', SECOND)]

  const written = await local(first, 'lines', '-o', join(folder, target), '--format', 'parquet')
  expect(written.code, written.stderr).toBe(0)
  const [expected, read] = [await local(first, 'lines'), await local(second, 'out')]
  expect(read.code, read.stderr).toBe(0)
  expect(expected.stdout.split('\n')).toHaveLength(301)
  expect(read.stdout).toBe(expected.stdout)
})
