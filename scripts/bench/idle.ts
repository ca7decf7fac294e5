/** (g) What nodes cost that have nothing to do: processor time over a minute, and memory after it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { withMesh } from './mesh.ts'
import { childrenOf, cpuMs, pssBytes } from './processes.ts'
import { mebibytes, median, type Measurement } from './report.ts'
import { installed, type Subject } from './subject.ts'
import type { Sizes } from './throughput.ts'
import { untilSaid } from './timed.ts'

const FEW = 3
const MANY = 16
const AIM_BYTES = 110 * 2 ** 20
/** What the start has set going is over by then. */
const SETTLED_MS = 10_000

export async function idle(sizes: Sizes): Promise<Measurement[]> {
  const subject = await installed()
  return [...(await amongFew(sizes, subject)), await amongMany(sizes, subject)]
}

/** Nodes as people start them: slots and memory are what a node takes by itself. */
async function amongFew(sizes: Sizes, subject: Subject): Promise<Measurement[]> {
  const settings = Array.from({ length: FEW }, () => ({ data: [] }))
  return await withMesh(
    sizes.cache,
    settings,
    async (nodes) => {
      const pids = nodes.map(({ pid }) => pid)
      const shares = await sharesOfACore(pids, sizes.idleMs)
      const bytes = median(pids.map(pssBytes))
      return [
        share(`idle node among ${FEW}`, shares, 0.5),
        {
          what: 'idle node: memory (PSS) of all its processes',
          measured: mebibytes(bytes),
          against: '',
          ratio: null,
          aim: `< ${mebibytes(AIM_BYTES)}`,
          met: bytes < AIM_BYTES,
        },
      ]
    },
    subject,
  )
}

async function amongMany(sizes: Sizes, { file, args }: Subject): Promise<Measurement> {
  const sim = await untilSaid(file, [...args, 'sim', '--nodes', String(MANY), 'up'], / nodes up in /)
  try {
    return share(`idle node among ${MANY}`, await sharesOfACore(childrenOf(sim.pid), sizes.idleMs), 1)
  } finally {
    await sim.end('SIGINT')
  }
}

async function sharesOfACore(pids: readonly number[], milliseconds: number): Promise<number[]> {
  await sleep(SETTLED_MS)
  const began = performance.now()
  const before = pids.map(cpuMs)
  await sleep(milliseconds)
  const after = pids.map(cpuMs)
  const passed = performance.now() - began
  return after.map((cpu, i) => (100 * (cpu - (before[i] ?? 0))) / passed)
}

function share(what: string, shares: readonly number[], aim: number): Measurement {
  const middle = median(shares)
  return {
    what: `${what}: CPU`,
    measured: `${middle.toFixed(2)} % of a core`,
    against: `highest of ${shares.length}: ${Math.max(...shares).toFixed(2)} %`,
    ratio: null,
    aim: `< ${aim} %`,
    met: middle < aim,
  }
}
