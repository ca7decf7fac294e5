/** (b) Shuffle of payload that nothing compresses, fsyncs included, against a bare libp2p stream. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { prepareJob } from '../../src/index.ts'
import { input } from './generate.ts'
import { withMesh, type BenchNode } from './mesh.ts'
import { median, rate, type Measurement } from './report.ts'
import type { Sizes } from './throughput.ts'
import { timedWell } from './timed.ts'

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
  await withMesh(sizes.cache, settings, async ([sender]) => {
    if (sender === undefined) return
    for (let pair = 0; pair < sizes.pairs; pair++) {
      const moved = await shuffleOnce(sender, pair)
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
 * The bytes that crossed, and the time for which batches were under way, from header to ACK: the other side's fsyncs are
 * in it, reading and sorting the input is not. As the sender tells it, batch by batch, in the job's story.
 */
async function shuffleOnce(sender: BenchNode, pair: number): Promise<Moved> {
  const prepared = await prepareJob(JOB)
  const job = { ...prepared, params: { run: `${process.pid}-${pair}` } }
  const limits = { copies: 1, taskMemory: null, taskTimeoutMs: null }
  const { id } = await sender.api.submit({ job, key: null, allowPartial: false, waitForDataMs: 0, limits })
  for await (const event of sender.api.watch(id, new AbortController().signal))
    if (event.type === 'outcome' && event.state !== 'done')
      throw new Error(`the shuffle job ended ${event.state}: ${event.error?.message ?? ''}`)
  let bytes = 0
  let milliseconds = 0
  for (const { type, text } of await sender.api.events(id)) {
    const told = type === 'pushed' ? /: (\d+) bytes in (\d+) ms$/.exec(text) : null
    if (told === null) continue
    bytes += Number(told[1])
    milliseconds += Number(told[2])
  }
  if (bytes === 0) throw new Error('nothing crossed: use a larger input')
  return { bytes, milliseconds }
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
