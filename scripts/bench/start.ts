/** (f) A node from exec to ready, and what it burns until then and after; many of them at once. */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuMs } from './processes.ts'
import { median, within, type Measurement } from './report.ts'
import { CHECKOUT, installed, type Subject } from './subject.ts'
import type { Sizes } from './throughput.ts'
import { untilSaid } from './timed.ts'

const FIRST_MS = 6_000
const MANY = 16
const CHECKOUT_MAX = 1.5

interface Started {
  readonly ready: number
  readonly cpu: number
  /** Of its first six seconds. */
  readonly cpuAfter: number
}

export async function start(sizes: Sizes): Promise<Measurement[]> {
  const subject = await installed()
  const ours: Started[] = []
  const checkouts: number[] = []
  for (let run = 0; run < sizes.runs; run++) {
    ours.push(await startOne(sizes, subject, true))
    checkouts.push((await startOne(sizes, CHECKOUT, false)).ready)
  }
  const readies = ours.map(({ ready }) => ready)
  const ratio = median(checkouts) / median(readies)
  return [
    within('node: exec to ready', readies, 400),
    within(
      'node: its CPU until then',
      ours.map(({ cpu }) => cpu),
      500,
    ),
    within(
      'node: its CPU in its first 6 s',
      ours.map(({ cpuAfter }) => cpuAfter),
      700,
    ),
    {
      ...within('node by `npm run -s shoal`: exec to ready', checkouts, null),
      ratio,
      aim: `≤ ${CHECKOUT_MAX}`,
      met: ratio <= CHECKOUT_MAX,
    },
    within(`${MANY} nodes by \`sim\`, all ready`, await startMany(sizes, subject), 10_000),
  ]
}

async function startOne(sizes: Sizes, { file, args }: Subject, watches: boolean): Promise<Started> {
  const home = mkdtempSync(join(sizes.cache, 'start-'))
  const flags = ['--home', home, '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--slots', '2', '--memory', '256MB']
  const node = await untilSaid(file, [...args, 'node', ...flags], /^ready /m)
  try {
    const cpu = cpuMs(node.pid)
    if (watches) await sleep(FIRST_MS - node.milliseconds)
    return { ready: node.milliseconds, cpu, cpuAfter: cpuMs(node.pid) }
  } finally {
    await node.end('SIGTERM')
    rmSync(home, { recursive: true, force: true })
  }
}

async function startMany(sizes: Sizes, { file, args }: Subject): Promise<number[]> {
  const times: number[] = []
  for (let run = 0; run < Math.min(3, sizes.runs); run++) {
    const sim = await untilSaid(file, [...args, 'sim', '--nodes', String(MANY), 'up'], / nodes up in /)
    times.push(sim.milliseconds)
    await sim.end('SIGINT')
  }
  return times
}
