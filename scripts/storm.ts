/**
 * `npm run storm -- --minutes 10 --seed 1`: real nodes, jobs in flight from all of them, and kill -9, restarts and
 * SIGSTOP by one seed. Each job that says it is done is compared with a loop of our own; each other must say what it
 * waits for. Exit 1 on a wrong answer, on a job that failed though nothing is wrong with it, on silence, and on a node
 * that ended by itself.
 *
 * `npm run storm -- --rounds 100`: so many seeded runs of `shoal sim --kill` instead, one hash for all.
 */
import { parseArgs } from 'node:util'
import { seeded } from './bench/random.ts'
import { amount, whole } from './options.ts'
import { carryOut, prepareJobs, type Fate, type Jobs } from './storm/jobs.ts'
import { KINDS, makeOrders, ordersOf, type Kind, type Question } from './storm/orders.ts'
import { killRounds } from './storm/rounds.ts'
import { StormMesh } from './storm/weather.ts'

/** Jobs have so long after the storm. */
const CALM_MS = 180_000

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string' },
    every: { type: 'string', default: '4' },
    flight: { type: 'string', default: '3' },
    lines: { type: 'string', default: '6000' },
    keep: { type: 'boolean', default: false },
  },
})

// Before any node is started.
const seed = whole('seed', values.seed)
const lines = whole('lines', values.lines, 1)
const everyMs = amount('every', values.every, 0.1) * 1_000
const flight = whole('flight', values.flight, 1)
const stormMs = amount('minutes', values.minutes) * 60_000
const rounds = values.rounds === undefined ? null : whole('rounds', values.rounds, 1)

/** Five nodes: four with orders of their own, three of them with the mirrored ones as well, one without data. */
async function storm(milliseconds: number): Promise<number> {
  const random = seeded(seed)
  const mesh = new StormMesh(seeded(seed + 1))
  try {
    const files = makeOrders(seed, 12, lines)
    const own = (node: number): Record<string, string> =>
      Object.fromEntries(Object.entries(files).filter((_, i) => i % 4 === node))
    await mesh.start(
      [0, 1, 2, 3, 4].map((node) => ({
        name: `storm-${node}`,
        data: node === 4 ? {} : { orders: own(node), ...(node < 3 ? { 'mirrored,replicated': files } : {}) },
      })),
    )
    const jobs: Jobs = { storm: mesh, prepared: await prepareJobs(mesh), orders: ordersOf(files), partitions: 6 }
    const began = performance.now()
    const over = new AbortController()
    let last = Infinity
    const deadline = (): number => last
    const blowing = mesh.blow({ everyMs, spared: [] }, over.signal)
    const fates: Fate[] = []
    const lane = async (): Promise<void> => {
      while (performance.now() - began < milliseconds) {
        const salt = random.below(40)
        const question: Question = {
          kind: KINDS[random.below(KINDS.length)] as Kind,
          dataset: random.below(2) === 0 ? 'orders' : 'mirrored',
          salt,
        }
        // Under a key of its own each is computed anew, though others have asked the same.
        fates.push(told(await carryOut(jobs, question, `storm-${seed}-${fates.length}-${random.bits()}`, deadline)))
      }
    }
    const lanes = Promise.all(Array.from({ length: flight }, lane))
    await Promise.race([lanes, pause(milliseconds)])
    over.abort()
    await blowing
    last = performance.now() + CALM_MS
    await lanes
    return report(mesh, fates, performance.now() - began)
  } finally {
    if (!values.keep) await mesh.end()
  }
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
}

function told(fate: Fate): Fate {
  const { question, state, why, id, milliseconds } = fate
  const what = `${question.kind} of ${question.dataset} salt ${question.salt}`
  const line = `${(milliseconds / 1000).toFixed(1).padStart(6)} s  ${state.padEnd(7)} ${what}  ${id.slice(0, 12)}  ${why}`
  console.error(line.trimEnd())
  return fate
}

/** Prints the balance; 1 where something is not as promised. */
function report(mesh: StormMesh, fates: readonly Fate[], milliseconds: number): number {
  const of = (state: Fate['state']): Fate[] => fates.filter((fate) => fate.state === state)
  const blows = Object.entries(mesh.blows).map(([blow, count]) => `${count} × ${blow}`)
  console.log(`seed ${seed}, ${(milliseconds / 60_000).toFixed(1)} minutes, 5 nodes: ${blows.join(', ')}`)
  console.log(
    `${fates.length} jobs: ${of('right').length} right, ${of('wrong').length} wrong, ${of('failed').length} failed, ` +
      `${of('open').length} wait, ${of('refused').length} never taken`,
  )
  const unequal = unequalHashes(of('right'))
  const silent = of('open').filter(({ why }) => why === '')
  const unfair = of('failed').filter(({ why }) => !why.startsWith('TASK_POISON'))
  const bugs = mesh.nodes.flatMap(({ node }) => node.log.split('\n').filter((line) => line.includes('a bug in Shoal')))
  for (const { id, why } of [...of('wrong'), ...of('failed'), ...of('open')]) console.log(`${id.slice(0, 12)}  ${why}`)
  for (const line of [...unequal, ...mesh.fallen, ...bugs]) console.log(line)
  const bad = of('wrong').length + silent.length + unfair.length + unequal.length + mesh.fallen.length + bugs.length
  return bad > 0 ? 1 : 0
}

/** One question, one hash, however often it was computed and from whichever dataset: both have the same orders. */
function unequalHashes(fates: readonly Fate[]): string[] {
  const first = new Map<string, string | null>()
  return fates.flatMap(({ question: { kind, dataset, salt }, result }) => {
    const name = `${kind} of ${dataset}, salt ${salt}`
    const known = first.get(name)
    if (known === undefined) first.set(name, result)
    return known === undefined || known === result ? [] : [`${name}: ${String(known)} and ${String(result)}`]
  })
}

process.exitCode = rounds === null ? await storm(stormMs) : await killRounds(rounds, seed)
