/** What happens to a simulated mesh: jobs and faults as plain data, drawn from a seed, so that a schedule can be shrunk. */
import type { Millis } from '../../src/core/types.ts'
import { drawGraph, type SimGraph } from './graphs.ts'
import { Random } from './random.ts'
import type { SimCode } from './workload.ts'

export interface SimJob {
  readonly at: Millis
  /** Where it is submitted; asked again elsewhere while that node is down. */
  readonly node: number
  readonly name: string
  readonly replicated: boolean
  readonly shards: number
  readonly partitions: number
  readonly combine: boolean
  readonly key: string | null
  readonly copies: number
  readonly sort: boolean
  readonly code: SimCode
  /** null: it has one stage, which counts words. */
  readonly graph: SimGraph | null
}

/**
 * `at`: when it begins, counted from the start, or from when the job `after` was submitted, or, with `stage`, from when
 * that stage of it has given its first part. `for`: how long it lasts. Nodes go by number.
 */
export type Fault = {
  readonly at: Millis
  readonly for: Millis
  readonly after: string | null
  readonly stage?: number
} & (
  | { readonly kind: 'crash' | 'power' | 'wipe' | 'rollback'; readonly node: number }
  /** Another version runs there meanwhile: one that executes no tasks of this one, or (`wire`) does not even talk to it. */
  | { readonly kind: 'upgrade'; readonly node: number; readonly wire: boolean }
  | { readonly kind: 'pause' | 'full' | 'stuck' | 'drain' | 'absent' | 'gone'; readonly node: number }
  /** Somebody copies all of the replicated dataset to a node: jobs may have been pinned before. */
  | { readonly kind: 'copies'; readonly node: number }
  /** `dies`: that node is killed as soon as it has said yes. */
  | { readonly kind: 'cancel' | 'remove'; readonly node: number; readonly job: string; readonly dies: boolean }
  /** Somebody cancels a job as soon as any node has sealed it. */
  | { readonly kind: 'cancel-at-seal'; readonly node: number; readonly job: string }
  | { readonly kind: 'deaf' | 'mute'; readonly node: number }
  | { readonly kind: 'rot'; readonly node: number; readonly files: 'data' | 'ledger' | 'any' }
  | { readonly kind: 'slow'; readonly node: number; readonly times: number }
  | { readonly kind: 'skew'; readonly node: number; readonly rate: number }
  | { readonly kind: 'jump'; readonly node: number; readonly by: Millis; readonly wall: boolean }
  | {
      readonly kind: 'cut'
      readonly left: readonly number[]
      readonly right: readonly number[]
      readonly oneWay: boolean
    }
  | { readonly kind: 'gossip'; readonly loss: number; readonly duplicate: number; readonly late: number }
  | { readonly kind: 'streams'; readonly short: number; readonly reset: number; readonly window: number }
  | { readonly kind: 'delay'; readonly low: Millis; readonly high: Millis }
  | { readonly kind: 'failing'; readonly node: number; readonly chance: number }
)

export interface Scenario {
  readonly seed: number
  readonly nodes: number
  readonly slots: number
  /** A node that only holds data: it has no slots. */
  readonly slotless: number | null
  /** How many nodes hold each shard of the replicated dataset. */
  readonly replicas: number
  readonly jobs: readonly SimJob[]
  readonly faults: readonly Fault[]
}

export interface ScenarioOptions {
  readonly seed: number
  /** Absent: drawn, 2 to 6. */
  readonly nodes?: number | undefined
  /** The first job's code is no function; else that is so for one seed of five. */
  readonly unsteady?: boolean
}

/** How long faults go on; then the mesh heals. */
const TROUBLE: Millis = 12_000

/** Jobs of several stages with odd seeds; what else a seed draws does not depend on that. */
export function drawScenario(options: ScenarioOptions): Scenario {
  const scenario = drawFlat(options)
  return options.seed % 2 === 0 ? scenario : withGraphs(scenario)
}

function drawFlat({ seed, nodes: wanted, unsteady: always = false }: ScenarioOptions): Scenario {
  const random = new Random(seed, 'scenario')
  const nodes = wanted ?? random.between(2, 6)
  const unsteady = random.chance(always ? 1 : 0.2)
  const jobs = Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, (_, i): SimJob => ({
    at: random.between(300, i === 0 ? 600 : 5_000),
    node: random.below(nodes),
    name: `job-${i}`,
    replicated: unsteady || random.chance(0.5),
    shards: random.between(1, 3 * nodes),
    partitions: random.between(1, 5),
    combine: random.chance(0.5),
    key: random.chance(0.2) ? `key-${i}` : null,
    copies: random.between(1, 3),
    sort: random.chance(0.25),
    code: unsteady && i === 0 ? random.pick(['unsteady', 'unsteady-once']) : random.chance(0.06) ? 'throws' : 'steady',
    graph: null,
  }))
  const count = random.pick([0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 12])
  // One disk at most is lost or set back: a job is promised to outlive that, and not two.
  const fragile = random.below(nodes)
  const faults = Array.from({ length: count }, () => drawFault(random, nodes, jobs, fragile))
  const replicas = Math.min(nodes, random.between(unsteady ? 2 : 1, 3))
  // Work that is done twice: both sides of a cut do it, and then meet, when all is done or in the midst of it; or what
  // nodes hear of each other comes late, in another order, or not at all.
  if (unsteady && nodes > 1) {
    const side = random.between(1, nodes - 1)
    const base = { at: 0, after: jobs[0]!.name }
    const span = random.pick([7_500, random.between(100, 800), 0])
    if (span > 0)
      faults.push({ ...base, for: span, kind: 'cut', left: range(0, side), right: range(side, nodes), oneWay: false })
    else
      faults.push(
        { ...base, for: 6_000, kind: 'delay', low: random.pick([1, 200]), high: 2_500 },
        { ...base, for: 6_000, kind: 'gossip', loss: random.pick([0.3, 0.5, 0.7]), duplicate: 0.2, late: 0 },
      )
  }
  // All machines are upgraded one by one, to a version that does not talk to the one before; and back.
  if (nodes > 1 && random.chance(0.06)) {
    const [at, step] = [random.between(300, 3_000), random.between(300, 1_500)]
    for (const node of range(0, nodes))
      faults.push({ at: at + node * step, for: nodes * step, after: null, kind: 'upgrade', node, wire: true })
  }
  // Somebody cancels a job that is about to end.
  if (random.chance(0.15)) {
    const { name } = random.pick(jobs)
    const base = { at: random.between(0, 1_200), for: 0, after: name }
    const dies = new Random(seed, 'cancel').chance(0.5)
    faults.push({ ...base, kind: 'cancel', node: random.below(nodes), job: name, dies })
  }
  const last = new Random(seed, 'last moment')
  if (last.chance(0.25)) {
    const { name } = last.pick(jobs)
    faults.push({ at: 0, for: 0, after: name, kind: 'cancel-at-seal', node: last.below(nodes), job: name })
  }
  // Somebody removes a job, over or not (then it is cancelled before); a stream of its own, so that what else a seed
  // draws stays.
  const removal = new Random(seed, 'removal')
  if (removal.chance(0.2)) {
    const { name } = removal.pick(jobs)
    const at = removal.pick([removal.between(100, 2_500), removal.between(1_000, 12_000)])
    const base = { at, for: 0, after: name, dies: removal.chance(0.5) }
    faults.push({ ...base, kind: 'remove', node: removal.below(nodes), job: name })
  }
  // One machine that never comes back: only where every shard lies on another one, too.
  if (replicas > 1 && nodes > 2 && jobs.every((job) => job.replicated) && random.chance(0.5))
    faults.push({ at: random.between(500, 4_000), for: 0, after: null, kind: 'gone', node: fragile })
  const slots = random.between(1, 3)
  const slotless = nodes > 1 && random.chance(0.15) ? random.below(nodes) : null
  const able = range(0, nodes).filter((node) => node !== slotless && node !== fragile)
  const replicated = jobs.filter((job) => job.replicated)
  if (able.length > 0 && replicated.length > 0 && random.chance(0.2)) {
    const base = { at: random.between(0, 2_500), for: 0, after: random.pick(replicated).name }
    faults.push({ ...base, kind: 'copies', node: random.pick(able) })
  }
  return { seed, nodes, slots, slotless, replicas, jobs, faults: faults.sort((a, b) => a.at - b.at) }
}

/** The first job is a graph, and others may be; faults come in the midst of its stages, too. */
function withGraphs(scenario: Scenario): Scenario {
  const random = new Random(scenario.seed, 'graphs')
  const { nodes } = scenario
  // Where every shard lies on another machine, too, one may be lost for good at any moment.
  const isLoss = nodes > 2 && random.chance(0.5)
  const jobs = scenario.jobs.map((job, i): SimJob => {
    const replicated = isLoss || job.replicated
    if (i > 0 && random.chance(0.5)) return { ...job, replicated }
    const graph = drawGraph(random, job.shards, job.partitions)
    const code = job.code === 'steady' && random.chance(0.12) ? 'miscounts' : job.code
    return { ...job, replicated, code, graph }
  })
  const [first] = jobs as [SimJob]
  const last = first.graph!.stages.length - 1
  const inTheMidst = (): Pick<Fault, 'after' | 'at' | 'stage'> => {
    return { after: first.name, at: random.between(0, 600), stage: random.below(last + 1) }
  }
  const faults = scenario.faults.map((fault): Fault =>
    MOMENTARY.has(fault.kind) && random.chance(0.4) ? { ...fault, ...inTheMidst() } : fault,
  )
  const isLost = ({ kind }: Fault): boolean => kind === 'gone'
  const fragile = faults.find(({ kind }) => LOSING.has(kind)) as (Fault & { readonly node: number }) | undefined
  if (isLoss && !faults.some(isLost))
    faults.push({ ...inTheMidst(), for: 0, kind: 'gone', node: fragile?.node ?? random.below(nodes) })
  return { ...scenario, jobs, replicas: isLoss ? Math.max(2, scenario.replicas) : scenario.replicas, faults }
}

/** Faults of one node that may come in the midst of a stage. */
const MOMENTARY: ReadonlySet<Fault['kind']> = new Set<Fault['kind']>([
  ...(['crash', 'power', 'wipe', 'upgrade', 'pause', 'full', 'stuck', 'drain', 'gone', 'rot', 'deaf', 'mute'] as const),
  ...(['slow', 'failing'] as const),
])
/** Of one node at most a disk is lost or damaged beyond what it says itself. */
const LOSING: ReadonlySet<Fault['kind']> = new Set<Fault['kind']>(['wipe', 'rollback'])

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

function drawFault(random: Random, nodes: number, jobs: readonly SimJob[], fragile: number): Fault {
  const node = random.below(nodes)
  // Much happens in a job's first seconds.
  const job = random.pick(jobs)
  const after = random.chance(0.6) ? job.name : null
  const at = random.between(0, after === null ? TROUBLE : 2_500)
  const span = random.pick([200, 800, 2_000, 4_000, 7_000, 10_000])
  const base = { at, for: span, after }
  switch (random.below(26)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return { ...base, kind: 'crash', node }
    case 4:
      // The submitter, as soon as it has said yes.
      return { at: random.between(0, 300), for: span, after: job.name, kind: 'crash', node: job.node }
    case 5:
    case 6:
      return { ...base, kind: 'power', node }
    case 7:
      return { ...base, kind: 'wipe', node: fragile }
    case 8:
      return { ...base, kind: 'rollback', node: fragile }
    case 9:
      return { ...base, kind: 'upgrade', node, wire: random.chance(0.4) }
    case 10:
    case 11:
      return { ...base, kind: 'pause', node }
    case 12:
      return { ...base, kind: 'full', node }
    case 13:
      return random.chance(0.3)
        ? { ...base, kind: 'rot', node: fragile, files: 'any' }
        : { ...base, kind: 'rot', node, files: random.pick(['data', 'ledger']) }
    case 14:
      return { ...base, kind: 'rot', node, files: 'data' }
    case 15:
      return { ...base, kind: 'slow', node, times: random.pick([3, 10, 30]) }
    case 16:
      return { ...base, kind: 'skew', node, rate: random.pick([0.5, 0.9, 1.1, 2]) }
    case 17:
      return {
        ...base,
        kind: 'jump',
        node,
        by: random.pick([-3_600_000, 2_000, 60_000, 3_600_000]),
        wall: random.chance(0.5),
      }
    case 18: {
      const all = range(0, nodes).sort(() => random.next() - 0.5)
      const left = all.splice(0, random.between(1, Math.max(1, nodes - 1)))
      // Two sides, or only some pairs of them.
      const right = random.chance(0.7) ? all : all.slice(0, 1)
      return { ...base, kind: 'cut', left, right, oneWay: random.chance(0.3) }
    }
    case 19:
      return { ...base, kind: 'gossip', loss: random.pick([0.1, 0.5, 1]), duplicate: 0.2, late: random.pick([0, 0.2]) }
    case 20:
    case 21:
    case 22:
      return {
        ...base,
        at: random.between(0, 400),
        after: job.name,
        kind: 'streams',
        short: random.pick([0, 0.3, 0.8]),
        reset: random.pick([0, 0.1, 0.3]),
        window: random.pick([100, 4_000, 1_000_000]),
      }
    case 23:
      return { ...base, kind: random.pick(['deaf', 'mute'] as const), node }
    case 24:
      return random.chance(0.5) ? { ...base, kind: 'stuck', node } : { ...base, kind: 'failing', node, chance: 0.5 }
    default:
      return random.pick<Fault>([
        { ...base, kind: 'drain', node },
        { ...base, at: 0, after: null, kind: 'absent', node },
        { ...base, kind: 'delay', low: 50, high: random.pick([200, 1_500]) },
      ])
  }
}

/** For people: `320 ms after job-0 crash n2 for 4000 ms`. */
export function describeFault(fault: Fault): string {
  const { at, for: span, after, stage, kind, ...rest } = fault
  const what = Object.entries(rest).map(([name, value]) =>
    name === 'node' ? `n${String(value)}` : `${name} ${JSON.stringify(value)}`,
  )
  const within = stage === undefined ? '' : `stage ${stage} of `
  const when = `${at} ms${after === null ? '' : ` after ${within}${after}`}`
  return [when, kind, ...what, `for ${span} ms`].join(' ')
}
