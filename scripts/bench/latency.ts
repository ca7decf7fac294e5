/** (c) A tiny job and a chain of stages on five warm nodes, from the first byte on the control socket to the last of the answer and from exec; and without a mesh. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepareJob } from '../../src/index.ts'
import { withMesh, type BenchNode } from './mesh.ts'
import { within, type Measurement } from './report.ts'
import { installed, type Subject } from './subject.ts'
import { runJob, type Sizes } from './throughput.ts'
import { timedWell } from './timed.ts'

const NODES = 5
const JOB = join(import.meta.dirname, 'jobs/words.ts')
const CHAIN = join(import.meta.dirname, 'jobs/chain.ts')
/** Stages between the first and the last of the longer chain. */
const LINKS = 8

export async function latency(sizes: Sizes): Promise<Measurement[]> {
  const subject = await installed()
  return [...(await warm(sizes, subject)), await alone(sizes, subject)]
}

async function warm(sizes: Sizes, subject: Subject): Promise<Measurement[]> {
  const settings = Array.from({ length: NODES }, (_, index) => {
    const folder = join(sizes.cache, `tiny-${index}`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `part-${index}.txt`), `a few words of node ${index}\n`.repeat(20))
    return { data: [`words=${folder}`], slots: 1, memory: '128MB' }
  })
  return await withMesh(
    sizes.cache,
    settings,
    async ([node]) => {
      if (node === undefined) return []
      const job = await prepareJob(JOB)
      await once(node, { ...job, params: { run: 'warm' } })
      const socket: number[] = []
      for (let i = 0; i < sizes.tinyRuns; i++) socket.push(await once(node, { ...job, params: { run: `tiny ${i}` } }))
      const exec: number[] = []
      for (let i = 0; i < sizes.tinyRuns; i++) exec.push(await runJob(node, 'words', join(sizes.cache, 'tiny-out/')))
      return [
        within('tiny job, 5 nodes, from the socket', socket, 150),
        within('tiny job, 5 nodes, from exec', exec, 250),
        within('a stage of 1 KB between two others, 5 nodes', await link(node, sizes.tinyRuns), 60),
      ]
    },
    subject,
  )
}

/** What a stage adds to a job: a chain of many of them beside one of a single stage, pair by pair. */
async function link(node: BenchNode, runs: number): Promise<number[]> {
  const time = async (links: number, run: string): Promise<number> => {
    const params = { links: String(links), run }
    return await once(node, { ...(await prepareJob(CHAIN, params)), params })
  }
  await time(LINKS, 'warm')
  const times: number[] = []
  for (let i = 0; i < runs; i++) times.push(((await time(LINKS, `${i}`)) - (await time(0, `${i}`))) / LINKS)
  return times
}

async function alone(sizes: Sizes, { file, args }: Subject): Promise<Measurement> {
  const data = ['--data', `words=${join(sizes.cache, 'tiny-0')}`]
  const output = ['--progress', 'none', '-o', join(sizes.cache, 'tiny-out/'), '--overwrite']
  const times: number[] = []
  for (let i = 0; i < sizes.tinyRuns; i++)
    times.push((await timedWell(file, [...args, 'run', JOB, '--local', ...data, ...output])).milliseconds)
  return within('tiny job, `run --local`: exec to end', times, 350)
}

async function once({ api }: BenchNode, job: Parameters<BenchNode['api']['submit']>[0]['job']): Promise<number> {
  const started = performance.now()
  const signal = new AbortController().signal
  const limits = { copies: 2, taskMemory: null, taskTimeoutMs: null }
  const { id } = await api.submit({ job, key: null, allowPartial: false, waitForDataMs: 0, limits })
  for await (const event of api.watch(id, signal)) {
    if (event.type !== 'outcome') continue
    if (event.state !== 'done') throw new Error(`the tiny job ended ${event.state}: ${event.error?.message ?? ''}`)
    break
  }
  let bytes = 0
  for await (const chunk of api.result(id, signal)) bytes += chunk.bytes.length
  if (bytes === 0) throw new Error('the tiny job gave nothing')
  return performance.now() - started
}
