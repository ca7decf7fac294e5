/** (e) Parquet read to records, by a warm node with one slot, against DuckDB and pyarrow reading the same to rows. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { tool, withMesh } from './mesh.ts'
import { median, seconds, type Measurement } from './report.ts'
import { runJob, type Sizes } from './throughput.ts'
import { timedWell } from './timed.ts'

const SCRIPT = join(import.meta.dirname, 'parquet.py')
const FULL_ROWS = 1_000_000
const WIDE_AIM_MS = 2_000

/** `PYTHON` names the Python that has pyarrow, DuckDB and numpy; without one nothing here can be measured. */
export async function parquet(sizes: Sizes): Promise<Measurement[]> {
  const python = process.env['PYTHON'] ?? tool('python3')
  if (python === undefined || spawnSync(python, ['-c', 'import duckdb, numpy, pyarrow']).status !== 0) {
    console.error('skipped: set PYTHON to a Python with duckdb, numpy and pyarrow')
    return []
  }
  const rows = sizes.pairs > 1 ? FULL_ROWS : FULL_ROWS / 10
  const mixed = await written(sizes, python, 'mixed', String(rows))
  const wide = await written(sizes, python, 'wide')
  return [
    ...(await against(sizes, python, mixed, `${rows.toLocaleString('en')} rows × 20 columns`, 'duckdb', 3)),
    ...(await against(sizes, python, mixed, `${rows.toLocaleString('en')} rows × 20 columns`, 'pyarrow', null)),
    ...(await against(sizes, python, wide, '100 rows × 8,000 columns', 'duckdb', null)),
  ]
}

async function written(sizes: Sizes, python: string, what: string, ...more: string[]): Promise<string> {
  const folder = join(sizes.cache, ['parquet', what, ...more].join('-'))
  const file = join(folder, 'rows.parquet')
  mkdirSync(folder, { recursive: true })
  if (!existsSync(file)) await timedWell(python, [SCRIPT, what, file, ...more])
  return folder
}

async function against(
  sizes: Sizes,
  python: string,
  folder: string,
  what: string,
  other: 'duckdb' | 'pyarrow',
  aim: number | null,
): Promise<Measurement[]> {
  const ours: number[] = []
  const theirs: number[] = []
  await withMesh(sizes.cache, [{ data: [`rows=${folder}`], slots: 1, memory: '512MB' }], async ([node]) => {
    if (node === undefined) return
    const output = join(sizes.cache, 'out/')
    await runJob(node, 'rows', output)
    for (let pair = 0; pair < sizes.pairs; pair++) {
      theirs.push((await timedWell(python, [SCRIPT, other, join(folder, 'rows.parquet')])).milliseconds)
      ours.push(await runJob(node, 'rows', output))
    }
  })
  const middle = median(ours)
  const ratio = median(ours.map((milliseconds, pair) => milliseconds / (theirs[pair] ?? Number.NaN)))
  const found = {
    what: `Parquet, ${what}, 1 slot`,
    measured: seconds(middle),
    against: `${other}, 1 thread, to rows ${seconds(median(theirs))}`,
    ratio,
  }
  if (folder.includes('wide')) return [{ ...found, aim: `< ${WIDE_AIM_MS / 1000} s`, met: middle < WIDE_AIM_MS }]
  return [{ ...found, aim: aim === null ? '' : `≤ ${aim}`, met: aim === null ? null : ratio <= aim }]
}
