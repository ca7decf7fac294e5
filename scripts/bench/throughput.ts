/** (a) Word count and revenue by warm nodes, against the plain loop, mawk, and sort with uniq. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { input, type InputKind } from './generate.ts'
import { tool, withMesh, type BenchNode } from './mesh.ts'
import { median, rate, seconds, type Measurement } from './report.ts'
import { timedWell } from './timed.ts'

export interface Sizes {
  readonly cache: string
  readonly bytes: number
  readonly wideBytes: number
  readonly pairs: number
  readonly tinyRuns: number
  /** How often what takes seconds is repeated. */
  readonly runs: number
  /** For how long an idle node is watched. */
  readonly idleMs: number
  readonly tinyFiles: number
}

const LOOP = join(import.meta.dirname, 'plain-loop.ts')
const jobFile = (name: string): string => join(import.meta.dirname, 'jobs', `${name}.ts`)

interface Work {
  readonly job: 'words' | 'revenue'
  readonly kind: InputKind
  readonly mawk: string
}

const WORKS: readonly Work[] = [
  {
    job: 'words',
    kind: 'words',
    mawk: '{ for (i = 1; i <= NF; i++) n[$i]++ } END { for (w in n) print w, n[w] }',
  },
  {
    job: 'revenue',
    kind: 'purchases',
    mawk: '{ split($0, f, /"user_id":"|","amount_cents":|,"ts"/); n[f[2]] += f[3] } END { for (u in n) print u, n[u] }',
  },
]

/** Runs differ in a parameter, else the second would find the first one's result. */
let runs = 0

/** Milliseconds of `shoal run` from exec to its end. */
export async function runJob(node: BenchNode, job: string, output: string, ...flags: string[]): Promise<number> {
  const identity = ['--param', `run=${process.pid}-${runs++}`]
  const common = ['--home', node.home, '--progress', 'none', '-o', output, '--overwrite']
  const { file, args } = node.subject
  return (await timedWell(file, [...args, 'run', jobFile(job), ...common, ...identity, ...flags])).milliseconds
}

export async function throughput(sizes: Sizes): Promise<Measurement[]> {
  const found: Measurement[] = []
  for (const work of WORKS) {
    const folder = input(sizes.cache, work.kind, sizes.bytes, 4)
    for (const [slots, aim] of [
      [1, 1.3],
      [2, 0.75],
    ] as const) {
      found.push(await againstLoop(sizes, work, folder, slots, aim))
    }
    found.push(...(await againstTools(sizes, work, folder, found.at(-2)?.measured ?? '')))
  }
  return found
}

async function againstLoop(sizes: Sizes, work: Work, folder: string, slots: number, aim: number): Promise<Measurement> {
  const loops: number[] = []
  const ours: number[] = []
  const setting = { data: [`${work.kind}=${folder}`], slots, memory: `${slots * 512}MB` }
  await withMesh(sizes.cache, [setting], async ([node]) => {
    if (node === undefined) return
    const output = join(sizes.cache, 'out/')
    await runJob(node, work.job, output) // warms the node and the page cache
    for (let pair = 0; pair < sizes.pairs; pair++) {
      loops.push((await timedWell(process.execPath, [LOOP, work.job, folder])).milliseconds)
      ours.push(await runJob(node, work.job, output))
    }
  })
  const ratio = median(ours.map((milliseconds, pair) => milliseconds / (loops[pair] ?? Number.NaN)))
  const middle = median(ours)
  return {
    what: `${work.job}, ${slots} slot${slots > 1 ? 's' : ''}`,
    measured: `${seconds(middle)} (${rate(sizes.bytes, middle)})`,
    against: `plain loop ${seconds(median(loops))}`,
    ratio,
    aim: `≤ ${aim}`,
    met: ratio <= aim,
  }
}

async function againstTools(sizes: Sizes, work: Work, folder: string, measured: string): Promise<Measurement[]> {
  const files = readdirSync(folder).map((name) => join(folder, name))
  const awk = tool('mawk', 'awk')
  const environment = { ...process.env, LC_ALL: 'C' }
  const found: Measurement[] = []
  const compare = async (name: string, file: string, args: readonly string[]): Promise<void> => {
    const times: number[] = []
    for (let i = 0; i < Math.min(3, sizes.pairs); i++)
      times.push((await timedWell(file, args, environment)).milliseconds)
    const theirs = median(times)
    const ours = Number.parseFloat(measured) * 1000
    found.push({
      what: `${work.job}, 1 slot`,
      measured,
      against: `${name} ${seconds(theirs)}`,
      ratio: ours / theirs,
      aim: '',
      met: null,
    })
  }
  if (awk !== undefined) await compare('mawk', awk, [work.mawk, ...files])
  if (work.job === 'words') {
    const pipeline = `cat ${files.map((path) => `'${path}'`).join(' ')} | tr ' ' '\\n' | sort | uniq -c`
    await compare('sort | uniq -c', '/bin/sh', ['-c', pipeline])
  }
  return found
}
