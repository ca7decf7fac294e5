/**
 * `npm run soak -- --minutes 60 --seed 1`: small jobs back to back on four nodes, one of which is killed and started
 * again every so often. What the spared node uses is read all the time, and must not grow in the second half of half an
 * hour or more. Each answer is compared with a loop of our own. Exit 1 on a wrong answer, and on anything that grows.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { seeded } from './bench/random.ts'
import { amount, whole } from './options.ts'
import { read, slopeAnHour, type Reading } from './storm/gauge.ts'
import { carryOut, prepareJobs, type Fate, type Jobs } from './storm/jobs.ts'
import { KINDS, makeOrders, ordersOf, type Kind } from './storm/orders.ts'
import { StormMesh, type StormNode } from './storm/weather.ts'

const NODES = 4
const MIB = 2 ** 20
/** Jobs under way at the end have so long. */
const GRACE_MS = 180_000

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    every: { type: 'string', default: '20' },
    retention: { type: 'string' },
    samples: { type: 'string', default: '30' },
    lanes: { type: 'string', default: '3' },
  },
})

// Before any node is started.
const everyMs = amount('every', values.every, 0.1) * 1_000
const samples = whole('samples', values.samples, 1)
const lanes = whole('lanes', values.lanes, 1)

async function soak(minutes: number, seed: number): Promise<number> {
  const random = seeded(seed)
  const mesh = new StormMesh(seeded(seed + 1))
  try {
    const files = makeOrders(seed, 8, 100)
    const own = (node: number): Record<string, string> =>
      Object.fromEntries(Object.entries(files).filter((_, i) => i % NODES === node))
    const args = values.retention === undefined ? [] : ['--retention', values.retention]
    await mesh.start(
      Array.from({ length: NODES }, (_, node) => ({
        name: `soak-${node}`,
        args,
        data: { orders: own(node), ...(node < 3 ? { 'mirrored,replicated': files } : {}) },
      })),
    )
    const jobs: Jobs = { storm: mesh, prepared: await prepareJobs(mesh), orders: ordersOf(files), partitions: 4 }
    const spared = mesh.nodes[0] as StormNode
    const over = new AbortController()
    const blowing = mesh.blow({ everyMs, spared: [spared.name] }, over.signal)
    const began = performance.now()
    const passed = (): number => (performance.now() - began) / 60_000
    const fates: Fate[] = []
    const readings: Reading[] = []
    const gauging = gauge(spared, readings, minutes / samples, passed, () => fates.length, over.signal)
    const bad: string[] = []
    const lane = async (): Promise<void> => {
      while (passed() < minutes) {
        const kind = KINDS[random.below(KINDS.length)] as Kind
        const dataset = random.below(2) === 0 ? 'orders' : 'mirrored'
        const question = { kind, dataset, salt: random.below(40) } as const
        const key = `soak-${seed}-${random.bits()}`
        const fate = await carryOut(jobs, question, key, () => began + minutes * 60_000 + GRACE_MS)
        fates.push(fate)
        if (fate.state !== 'right') bad.push(`${fate.id.slice(0, 12)} ${fate.state} ${fate.why}`)
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    over.abort()
    await Promise.all([blowing, gauging])
    return report(mesh, fates, readings, bad)
  } finally {
    await mesh.end()
  }
}

async function gauge(
  node: StormNode,
  readings: Reading[],
  everyMinutes: number,
  passed: () => number,
  jobs: () => number,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    const reading = await read(node, passed(), jobs()).catch(() => null)
    if (reading !== null) {
      readings.push(reading)
      console.error(line(reading))
    }
    await sleep(everyMinutes * 60_000, undefined, { signal: over }).catch(() => {})
  }
}

/** A process warms up first: before this, what it grows by says nothing. */
const JUDGED_MINUTES = 30

const HEADING = '  min   jobs  known   RSS MiB  files  streams  conns  disk MiB  on disk'

function line(reading: Reading): string {
  const { minutes, jobs, known, memory, files, streams, connections, disk, diskFiles } = reading
  return [
    minutes.toFixed(1).padStart(5),
    String(jobs).padStart(6),
    String(known).padStart(6),
    (memory / MIB).toFixed(1).padStart(9),
    String(files).padStart(6),
    String(streams).padStart(8),
    String(connections).padStart(6),
    (disk / MIB).toFixed(1).padStart(9),
    String(diskFiles).padStart(8),
  ].join(' ')
}

/** What may grow in an hour, by the second half of the readings. */
const FLAT: readonly (readonly [what: string, of: (reading: Reading) => number, most: number])[] = [
  ['RSS, MiB', ({ memory }) => memory / MIB, 20],
  ['open files', ({ files }) => files, 10],
  ['open streams', ({ streams }) => streams, 10],
]

function report(mesh: StormMesh, fates: readonly Fate[], readings: readonly Reading[], bad: string[]): number {
  console.log(HEADING)
  for (const reading of readings) console.log(line(reading))
  const half = readings.slice(Math.floor(readings.length / 2))
  const [first, last] = [half[0], half.at(-1)]
  if (first === undefined || last === undefined) throw new Error('no readings')
  for (const [what, of, most] of FLAT) {
    const slope = slopeAnHour(half, of)
    console.log(`${what}: ${slope >= 0 ? '+' : ''}${slope.toFixed(1)} an hour over the second half`)
    if (slope > most && last.minutes >= JUDGED_MINUTES) bad.push(`${what} grows`)
  }
  const perJob = (last.disk - first.disk) / Math.max(1, last.jobs - first.jobs)
  console.log(`disk: ${(perJob / 1024).toFixed(1)} KiB a job over the second half`)
  const blows = Object.entries(mesh.blows).map(([blow, count]) => `${count} × ${blow}`)
  console.log(
    `${fates.length} jobs, ${fates.filter(({ state }) => state === 'right').length} right; ${blows.join(', ')}`,
  )
  for (const finding of [...bad, ...mesh.fallen]) console.log(finding)
  return bad.length + mesh.fallen.length > 0 ? 1 : 0
}

process.exitCode = await soak(amount('minutes', values.minutes), whole('seed', values.seed))
