/** (b) Shuffle of payload that nothing compresses, fsyncs included, against a bare libp2p stream. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { prepareJob } from '../../src/index.ts'
import type { NodeApi } from '../../src/control/api.ts'
import { input } from './generate.ts'
import { timedWell, withMesh } from './mesh.ts'
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
  await withMesh(sizes.cache, settings, async ([node]) => {
    if (node === undefined) return
    for (let pair = 0; pair < sizes.pairs; pair++) {
      const moved = await shuffleOnce(node.api, pair)
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

/** Bytes of the shuffle, and the time from the first to the last of them, as the job's progress shows it. */
async function shuffleOnce(api: NodeApi, pair: number): Promise<Moved> {
  const prepared = await prepareJob(JOB)
  const job = { ...prepared, params: { run: `${process.pid}-${pair}` } }
  const limits = { copies: 1, taskMemory: null, taskTimeoutMs: null }
  const { id } = await api.submit({ job, key: null, allowPartial: false, waitForDataMs: 0, limits })
  let started = Number.NaN
  let ended = Number.NaN
  let bytes = 0
  for await (const event of api.watch(id, new AbortController().signal)) {
    if (event.type === 'outcome') {
      if (event.state !== 'done') throw new Error(`the shuffle job ended ${event.state}: ${event.error?.message ?? ''}`)
      break
    }
    const phase = event.phases.find((one) => one.phase === 'shuffle')
    const now = Date.parse(event.t)
    if (phase === undefined || phase.bytes === bytes) {
      if (bytes === 0) started = now
      continue
    }
    bytes = phase.bytes
    ended = now
  }
  if (!(ended > started)) throw new Error('the progress of the shuffle could not be seen; use a larger input')
  return { bytes, milliseconds: ended - started }
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
