/** (i) Many small files: README's example on a warm node, and twenty thousand tiny ones without a mesh. */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { gzipFiles, sumByUser } from './gzip-files.ts'
import { withMesh } from './mesh.ts'
import { median, seconds, within, type Measurement } from './report.ts'
import { installed, type Subject } from './subject.ts'
import type { Sizes } from './throughput.ts'
import { ENVIRONMENT, ROOT, timedWell } from './timed.ts'

const EXAMPLE = join(ROOT, 'examples/revenue.ts')
const PURCHASES = join(ROOT, 'examples/data/purchases')
const TRAFFIC = join(import.meta.dirname, 'jobs/traffic.ts')
/** The aims are of so many files. */
const FILES = 20_000

export async function small(sizes: Sizes): Promise<Measurement[]> {
  const subject = await installed()
  return [await example(sizes, subject), ...(await tiny(sizes, subject))]
}

/** Under a key of its own each run computes its result anew. */
async function example(sizes: Sizes, subject: Subject): Promise<Measurement> {
  const files = readdirSync(PURCHASES, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.gz'))
  const setting = { data: [`purchases=${PURCHASES}`] }
  const times = await withMesh(
    sizes.cache,
    [setting],
    async ([node]) => {
      const found: number[] = []
      const output = join(sizes.cache, 'example-out/')
      for (let run = 0; node !== undefined && run <= sizes.tinyRuns; run++) {
        const flags = ['--home', node.home, '--progress', 'none', '-o', output, '--overwrite', '--key', `run-${run}`]
        const { milliseconds } = await timedWell(subject.file, [...subject.args, 'run', EXAMPLE, ...flags])
        if (run > 0) found.push(milliseconds)
      }
      return found
    },
    subject,
  )
  return within(`the ${files.length} files of the example, warm node`, times, 500)
}

async function tiny(sizes: Sizes, subject: Subject): Promise<Measurement[]> {
  const folder = gzipFiles(sizes.cache, sizes.tinyFiles)
  const output = join(sizes.cache, 'traffic-out')
  const began = performance.now()
  const expected = sumByUser(folder)
  const loop = performance.now() - began
  const runs: Planned[] = []
  for (let run = 0; run < Math.min(3, sizes.runs); run++) {
    rmSync(output, { recursive: true, force: true })
    runs.push(await runTiny(subject, folder, output))
    compare(output, expected)
  }
  const wholes = runs.map(({ end }) => end)
  const name = `${sizes.tinyFiles.toLocaleString('en')} tiny .gz files, --local`
  const isFull = sizes.tinyFiles === FILES
  return [
    {
      ...within(name, wholes, isFull ? 12_000 : null),
      against: `plain loop ${seconds(loop)}`,
      ratio: median(wholes) / loop,
    },
    within(
      `${name}: scan, snapshot and plan`,
      runs.map(({ planned }) => planned),
      isFull ? 3_000 : null,
    ),
  ]
}

/** Milliseconds from exec. */
interface Planned {
  /** Until the first event of the job, which says how many tasks there are. */
  readonly planned: number
  readonly end: number
}

async function runTiny({ file, args }: Subject, folder: string, output: string): Promise<Planned> {
  const flags = ['--local', '--data', `traffic=${folder}`, '--progress', 'json', '-o', `${output}/`]
  const started = performance.now()
  const child = spawn(file, [...args, 'run', TRAFFIC, ...flags], {
    cwd: ROOT,
    env: ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let planned: number | null = null
  const said: string[] = []
  createInterface(child.stderr).on('line', (line) => {
    if (planned === null && line.includes('"type":"progress"')) planned = performance.now() - started
    said.push(line.slice(0, 500))
    if (said.length > 20) said.shift()
  })
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code !== 0 || planned === null) throw new Error(`the run ended with ${String(code)}:\n${said.join('\n')}`)
  return { planned, end: performance.now() - started }
}

function compare(output: string, expected: ReadonlyMap<string, number>): void {
  const parts = readdirSync(output).filter((name) => name.startsWith('part-'))
  const lines = parts.flatMap((name) => readFileSync(join(output, name), 'utf8').split('\n'))
  const records = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as { key: string; value: number })
  const isRight = records.length === expected.size && records.every(({ key, value }) => expected.get(key) === value)
  if (!isRight) throw new Error(`${output} differs from what the plain loop gives`)
}
