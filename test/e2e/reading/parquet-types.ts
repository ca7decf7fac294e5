/** Parquet files of the matrix, over a mesh whose submitter has none of them, and on this machine alone: one hash. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { records, resultOf, type Files } from '../mesh.ts'
import type { Suite, Warm } from './warm.ts'

const FIXTURES = join(import.meta.dirname, '../../fixtures/formats/parquet-matrix')
/** Of each kind some: encodings, codecs, nesting, other writers, times far away. */
const CHOSEN =
  /^(flat-.*-v[12]-zstd|lists|maps|structs|map-|pyarrow-|duckdb-many|polars-zstd|fastparquet-snappy|far-times|wide)/
const FILES = readdirSync(FIXTURES).filter((name) => CHOSEN.test(name) && name.endsWith('.parquet'))

/** Each file is a dataset of its own: their columns have nothing to do with one another. */
const JOB = `import { defineJob } from 'shoal/job'
export default defineJob({
  input: { ${FILES.map((_, i) => `f${i}: 'f${i}'`).join(', ')} },
  map: { ${FILES.map((_, i) => `f${i}(row, { emit }) { emit('${FILES[i]}', row) }`).join(', ')} },
  onBadRecord: 'skip',
  reduce(file, values, { emit }) {
    let n = 0
    for (const some of Object.values(values)) for (const row of some) emit([file, n++], row)
  },
})
`

export const parquetTypes: Suite = {
  name: 'Parquet files of the matrix',
  hands: () => {
    const hands: [Record<string, Files>, Record<string, Files>] = [{}, {}]
    for (const [i, file] of FILES.entries()) hands[i % 2]![`f${i}`] = { [file]: readFileSync(join(FIXTURES, file)) }
    return [{ data: hands[0] }, { data: hands[1] }]
  },
  tests,
}

function tests(warm: Warm): void {
  test('the same rows from three nodes and from one', async () => {
    expect(FILES.length).toBeGreaterThan(20)
    const job = warm.mesh.job('types', JOB)
    const spread = await warm.submitter.run('run', job)
    expect(spread.code, spread.stderr).toBe(0)

    const folder = join(warm.mesh.root, 'alone')
    const data = FILES.flatMap((file, i) => {
      mkdirSync(join(folder, `f${i}`), { recursive: true })
      copyFileSync(join(FIXTURES, file), join(folder, `f${i}`, file))
      return ['--data', `f${i}=${join(folder, `f${i}`)}`]
    })
    const alone = await warm.mesh.command(['run', job, '--local', ...data])
    expect(alone.code, alone.stderr).toBe(0)
    expect(resultOf(spread)).toBe(resultOf(alone))
    expect(spread.stdout).toBe(alone.stdout)
    const files = new Set(records(spread.stdout).map(([key]) => (key as readonly [string, number])[0]))
    // One of them has no rows.
    expect(files.size).toBe(FILES.length - 1)
  })
}
