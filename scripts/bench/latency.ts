/** (c) A tiny job on five warm nodes: from the first byte on the control socket to the last of the answer, and from exec. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepareJob } from '../../src/index.ts'
import { withMesh, type BenchNode } from './mesh.ts'
import { median, type Measurement } from './report.ts'
import { runJob, type Sizes } from './throughput.ts'

const NODES = 5
const AIM_MS = 500

export async function latency(sizes: Sizes): Promise<Measurement[]> {
  const settings = Array.from({ length: NODES }, (_, index) => {
    const folder = join(sizes.cache, `tiny-${index}`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `part-${index}.txt`), `a few words of node ${index}\n`.repeat(20))
    return { data: [`words=${folder}`], slots: 1, memory: '128MB' }
  })
  return await withMesh(sizes.cache, settings, async ([node]) => {
    if (node === undefined) return []
    const job = await prepareJob(join(import.meta.dirname, 'jobs/words.ts'))
    await once(node, { ...job, params: { run: 'warm' } })
    const socket: number[] = []
    for (let i = 0; i < sizes.tinyRuns; i++) socket.push(await once(node, { ...job, params: { run: `tiny ${i}` } }))
    const exec: number[] = []
    for (let i = 0; i < sizes.tinyRuns; i++) exec.push(await runJob(node, 'words', join(sizes.cache, 'tiny-out/')))
    const line = (what: string, times: readonly number[], aim: boolean): Measurement => ({
      what,
      measured: `${median(times).toFixed(0)} ms`,
      against: `slowest of ${times.length}: ${Math.max(...times).toFixed(0)} ms`,
      ratio: null,
      aim: aim ? `< ${AIM_MS} ms` : '',
      met: aim ? median(times) < AIM_MS : null,
    })
    return [line('tiny job, 5 nodes, from the socket', socket, true), line('tiny job, 5 nodes, from exec', exec, false)]
  })
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
