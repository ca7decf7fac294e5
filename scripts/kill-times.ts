/**
 * `npm run kill-times -- --rounds 8 --seed 1`: what it costs when one of five real nodes dies in the midst of its work.
 * Of each pair of equal jobs one loses a node, by SIGKILL or by SIGSTOP: then its connections stay open, and nothing comes
 * any more. Each answer is compared with a loop of our own. Exit 1 on a wrong one.
 *
 * `npm run kill-times -- --simulated`: the same of simulated control planes, in no time.
 */
import { parseArgs } from 'node:util'
import type { JobDetail } from '../src/control/api.ts'
import { prepareJob } from '../src/index.ts'
import { until } from '../test/e2e/command.ts'
import { seeded, type Random } from './bench/random.ts'
import { whole } from './options.ts'
import { heading, medianAndWorst, row, type Cost } from './storm/costs.ts'
import { compare, prepareJobs, requestFor, type Jobs } from './storm/jobs.ts'
import { makeOrders, ordersOf, type Question } from './storm/orders.ts'
import { simulatedKill } from './storm/simulated-kills.ts'
import { StormMesh, type StormNode } from './storm/weather.ts'

const NODES = 5
const FILES = 40
const ORDERS = 50
/** Above half of what is packed into one task. */
const FILE_BYTES = 2.5 * 2 ** 20
const SIMULATED_SEEDS = 21

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    // With these, a file takes about a third of a second of a core of 2020.
    turns: { type: 'string', default: '6000000' },
    simulated: { type: 'boolean', default: false },
  },
})

const BUSY = `import { defineJob } from 'shoal/job'
export default defineJob({
  input: 'mirrored/*.ndjson',
  params: { salt: '0' },
  map({ user, cents }, { emit, params }) {
    let x = cents
    for (let i = 0; i < ${whole('turns', values.turns)}; i++) x = (Math.imul(x, 31) + i) | 0
    emit(x === 0.5 ? '' : user + '/' + params.salt, cents)
  },
  combine: (a, b) => a + b,
  reduce(user, all, { emit }) { let sum = 0; for (const cents of all) sum += cents; emit(user, sum) },
})
`

const BLOWS = ['SIGKILL', 'SIGSTOP'] as const
type Blow = (typeof BLOWS)[number]

interface Ran {
  readonly milliseconds: number
  readonly cost: Omit<Cost, 'later'> | null
  /** '', or the first difference. */
  readonly wrong: string
}

class Bench {
  readonly #jobs: Jobs
  readonly #random: Random
  #salt = 0

  constructor(jobs: Jobs, random: Random) {
    this.#jobs = jobs
    this.#random = random
  }

  /** One job from submission to its end, with or without a blow in the midst of it. */
  async run(blow: Blow | null): Promise<Ran> {
    const { storm } = this.#jobs
    const observer = await storm.anyone()
    const question: Question = { kind: 'sums', dataset: 'mirrored', salt: ++this.#salt }
    const began = performance.now()
    const { id } = await observer.api.submit(requestFor(this.#jobs, question, `kill-times-${this.#salt}`))
    const ended = endOf(observer, id)
    const struck = blow === null ? null : await this.#strike(blow, observer, id)
    const milliseconds = (await ended) - began
    const cost = struck === null ? null : await costOf(struck, observer, id)
    const wrong = await compare(observer.api, id, question, this.#jobs)
    if (struck !== null) await mend(storm, struck.victim)
    return { milliseconds, cost, wrong }
  }

  /** Hits one of those that map, once a third to a half of the maps are done. */
  async #strike(blow: Blow, observer: StormNode, id: string): Promise<Struck> {
    const { storm } = this.#jobs
    const enough = FILES / 3 + this.#random.below(FILES / 6)
    const detail = await until('the job is in the midst of its work', async () => {
      const found = await observer.api.job(id)
      return mapsOf(found).filter(({ digest }) => digest !== null).length >= enough ? found : null
    })
    const working = storm.nodes.filter((node) => node !== observer && openTasks(detail, node).length > 0)
    const victim = working[this.#random.below(working.length)]
    if (victim === undefined) throw new Error('nobody works')
    const at = Date.now()
    if (blow === 'SIGKILL') await victim.node.kill()
    else victim.pause()
    const survivors = storm.nodes.filter((node) => node !== victim)
    return { victim, at, tasks: openTasks(detail, victim), detected: (await awayAt(survivors, victim)) - at }
  }
}

interface Struck {
  readonly victim: StormNode
  /** By the clock of this machine, by which all nodes date their events. */
  readonly at: number
  readonly tasks: readonly number[]
  readonly detected: number
}

const mapsOf = ({ tasks }: JobDetail): JobDetail['tasks'] => tasks.filter(({ kind }) => kind === 'map')

const openTasks = (detail: JobDetail, { name }: StormNode): number[] =>
  mapsOf(detail).flatMap(({ task, owner, digest }) => (owner === name && digest === null ? [task] : []))

async function endOf(node: StormNode, id: string): Promise<number> {
  for await (const event of node.api.watch(id, new AbortController().signal))
    if (event.type === 'outcome' && event.state !== 'done') throw new Error(`the job is ${event.state}`)
  return performance.now()
}

/** When a survivor holds it for away, late by the time of a look. */
function awayAt(survivors: readonly StormNode[], { name: victim }: StormNode): Promise<number> {
  return until(`${victim} is away`, async () => {
    const told = await Promise.all(survivors.map(({ api }) => api.members()))
    return told.flat().some(({ name, state }) => name === victim && state === 'away') ? Date.now() : null
  })
}

async function costOf(
  { victim, at, tasks, detected }: Struck,
  observer: StormNode,
  id: string,
): Promise<Omit<Cost, 'later'>> {
  const events = await observer.api.events(id)
  const whenAll = (type: string): number | null => {
    const first = tasks.map((task) => {
      const told = events.filter((event) => event.task === task && event.type === type && event.node !== victim.name)
      return Math.min(...told.map(({ t }) => Date.parse(t)).filter((t) => t > at))
    })
    const last = Math.max(...first)
    return Number.isFinite(last) ? last - at : null
  }
  return { detected, begun: whenAll('started'), done: whenAll('done') }
}

async function mend(storm: StormMesh, victim: StormNode): Promise<void> {
  if (victim.paused) victim.resume()
  else victim.node.start()
  await storm.ready()
}

async function killTimes(rounds: number, seed: number): Promise<number> {
  const storm = new StormMesh(seeded(seed + 1))
  try {
    const files = makeOrders(seed, FILES, ORDERS)
    // Each file is on two of the nodes.
    const own = (node: number): Record<string, string> =>
      Object.fromEntries(
        Object.entries(files).flatMap(([path, text], i) =>
          i % NODES === node || (i + 1) % NODES === node ? [[path, padded(text)]] : [],
        ),
      )
    await storm.start(
      Array.from({ length: NODES }, (_, node) => ({
        name: `node-${node}`,
        data: { 'mirrored,replicated': own(node) },
      })),
    )
    const prepared = { ...(await prepareJobs(storm)), sums: await prepareJob(storm.mesh.job('busy', BUSY)) }
    const bench = new Bench({ storm, prepared, orders: ordersOf(files), partitions: 10 }, seeded(seed))
    // The first job finds everything cold.
    const wrong = [(await bench.run(null)).wrong]
    const whole: number[] = []
    const costs: Record<Blow, Cost[]> = { SIGKILL: [], SIGSTOP: [] }
    for (let round = 0; round < rounds; round++)
      for (const blow of BLOWS) {
        const { hit, spared } = await pairOf(bench, blow, round % 2 === 0)
        wrong.push(hit.wrong, spared.wrong)
        whole.push(spared.milliseconds)
        costs[blow].push({ ...hit.cost!, later: hit.milliseconds - spared.milliseconds })
        console.error(row(`${blow} ${round + 1}`, costs[blow].slice(-1)))
      }
    report(costs, whole)
    return balance(wrong)
  } finally {
    await storm.end()
  }
}

/** One after the other, now this first and now that: whatever else the machine does comes over both alike. */
async function pairOf(bench: Bench, blow: Blow, isHitFirst: boolean): Promise<{ hit: Ran; spared: Ran }> {
  const [first, second] = [await bench.run(isHitFirst ? blow : null), await bench.run(isHitFirst ? null : blow)]
  return isHitFirst ? { hit: first, spared: second } : { hit: second, spared: first }
}

function report(costs: Readonly<Record<Blow, readonly Cost[]>>, whole: readonly number[]): void {
  console.log(heading('seconds, median / worst'))
  for (const blow of BLOWS) console.log(row(`${blow}, ${costs[blow].length} rounds`, costs[blow]))
  console.log(`a job in which nobody dies takes ${medianAndWorst(whole)}`)
}

/** Prints which answers are right; 1 where one is not. */
function balance(wrong: readonly string[]): number {
  const differences = wrong.filter((difference) => difference !== '')
  console.log(`${wrong.length - differences.length} of ${wrong.length} answers are right`)
  for (const difference of differences) console.log(difference)
  return differences.length > 0 ? 1 : 0
}

/** Small files would be packed into one task: blanks behind each order make each of them large. */
function padded(text: string): string {
  return text.replaceAll('\n', `${' '.repeat(FILE_BYTES / ORDERS)}\n`)
}

function simulated(): number {
  const seeds = Array.from({ length: SIMULATED_SEEDS }, (_, seed) => seed)
  console.log(heading('seconds, median / worst'))
  for (const [what, silently] of [
    ['connections close', false],
    ['silence', true],
  ] as const)
    console.log(
      row(
        what,
        seeds.map((seed) => simulatedKill(seed, silently)),
      ),
    )
  return 0
}

process.exitCode = values.simulated
  ? simulated()
  : await killTimes(whole('rounds', values.rounds, 1), whole('seed', values.seed))
