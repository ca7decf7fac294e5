/** (b) Shuffle of payload that nothing compresses, fsyncs included, against a bare libp2p stream. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { prepareJob } from '../../src/index.ts'
import { input } from './generate.ts'
import { timedWell, withMesh, type BenchNode } from './mesh.ts'
import { median, rate, type Measurement } from './report.ts'
import type { Sizes } from './throughput.ts'

const STREAM = join(import.meta.dirname, 'libp2p-stream.ts')
const JOB = join(import.meta.dirname, 'jobs/shuffle.ts')

interface Moved {
  readonly bytes: number
  readonly milliseconds: number
}

export async function shuffle(sizes: Sizes): Promise<Measurement[]> {
  const folder = input(sizes.cache, 'noise', sizes.bytes, 8)
  const ratios: number[] = []
  const ours: Moved[] = []
  const theirs: Moved[] = []
  const settings = [{ data: [`noise=${folder}`] }, { data: [] }].map((one) => ({ ...one, slots: 1, memory: '512MB' }))
  await withMesh(sizes.cache, settings, async ([sender, receiver]) => {
    if (sender === undefined || receiver === undefined) return
    for (let pair = 0; pair < sizes.pairs; pair++) {
      const moved = await shuffleOnce(sender, receiver, sizes.bytes, pair)
      const bare = await streamOnce(sizes.cache, moved.bytes)
      ours.push(moved)
      theirs.push(bare)
      ratios.push(moved.bytes / moved.milliseconds / (bare.bytes / bare.milliseconds))
    }
  })
  const ratio = median(ratios)
  const middle = (all: readonly Moved[]): string =>
    rate(all[0]?.bytes ?? 0, median(all.map((moved) => (moved.milliseconds * (all[0]?.bytes ?? 0)) / moved.bytes)))
  return [
    {
      what: 'shuffle, incompressible',
      measured: middle(ours),
      against: `libp2p stream ${middle(theirs)}`,
      ratio,
      aim: '≥ 0.70',
      met: ratio >= 0.7,
    },
  ]
}

/**
 * The bytes that crossed (those of partitions that the other node reduced), and the time from submission until all of
 * them lay there: reading, sorting and compressing included, so the rate is a lower bound of the shuffle's own.
 */
async function shuffleOnce(sender: BenchNode, receiver: BenchNode, payload: number, pair: number): Promise<Moved> {
  const prepared = await prepareJob(JOB)
  const job = { ...prepared, params: { run: `${process.pid}-${pair}` } }
  const limits = { copies: 1, taskMemory: null, taskTimeoutMs: null }
  const started = performance.now()
  const { id } = await sender.api.submit({ job, key: null, allowPartial: false, waitForDataMs: 0, limits })
  await known(receiver, id)
  let ended = Number.NaN
  for await (const event of receiver.api.watch(id, new AbortController().signal)) {
    if (event.type === 'outcome') {
      if (event.state !== 'done') throw new Error(`the shuffle job ended ${event.state}: ${event.error?.message ?? ''}`)
      if (Number.isNaN(ended)) ended = performance.now()
      break
    }
    const phase = event.phases.find((one) => one.phase === 'shuffle')
    if (Number.isNaN(ended) && phase !== undefined && phase.total > 0 && phase.done === phase.total) {
      ended = performance.now()
    }
  }
  const { name } = await receiver.api.status()
  const reduces = (await receiver.api.job(id)).tasks.filter((task) => task.kind === 'reduce')
  const crossed = reduces.filter((task) => task.holders.includes(name)).length / reduces.length
  if (!(crossed > 0)) throw new Error('no partition was reduced on the other node; use a larger input')
  return { bytes: Math.round(payload * crossed), milliseconds: ended - started }
}

/** A job's record reaches the other node a moment after its submission. */
async function known(node: BenchNode, id: string): Promise<void> {
  for (let left = 200; left > 0; left--) {
    if ((await node.api.jobs()).some((job) => job.id === id)) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`${node.home} does not know the job`)
}

async function streamOnce(scratch: string, bytes: number): Promise<Moved> {
  const path = join(scratch, 'received')
  const receiver = spawn(process.execPath, [STREAM, 'receive', path, String(bytes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [address] = (await once(createInterface(receiver.stdout), 'line')) as [string]
    const sent = await timedWell(process.execPath, [STREAM, 'send', address, String(bytes)])
    return { bytes, milliseconds: Number(sent.output) }
  } finally {
    receiver.kill('SIGKILL')
    rmSync(path, { force: true })
  }
}
