/** What happens to a simulated mesh: jobs and faults as plain data, drawn from a seed, so that a schedule can be shrunk. */
import type { Millis } from '../../src/core/types.ts'
import { Random } from './random.ts'

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
  /** Its code is no function: each execution of a map gives something else. It must never be sealed of two executions. */
  readonly unsteady: boolean
}

/** `at`: when it begins. `for`: how long it lasts. Nodes go by number. */
export type Fault = { readonly at: Millis; readonly for: Millis } & (
  | { readonly kind: 'crash' | 'power' | 'wipe' | 'rollback' | 'upgrade'; readonly node: number }
  | { readonly kind: 'pause' | 'full' | 'stuck' | 'drain' | 'absent' | 'gone'; readonly node: number }
  | { readonly kind: 'cancel'; readonly node: number; readonly job: string }
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

export function drawScenario({ seed, nodes: wanted, unsteady: always = false }: ScenarioOptions): Scenario {
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
    unsteady: unsteady && i === 0,
  }))
  const count = random.pick([0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 12])
  // One disk at most is lost or set back: a job is promised to outlive that, and not two.
  const fragile = random.below(nodes)
  const faults = Array.from({ length: count }, () => drawFault(random, nodes, jobs, fragile))
  const replicas = Math.min(nodes, random.between(unsteady ? 2 : 1, 3))
  // Work that is done twice: both sides of a cut do it, and then meet; or what nodes hear of each other comes late, in
  // another order, or not at all.
  if (unsteady && nodes > 1) {
    const side = random.between(1, nodes - 1)
    const at = jobs[0]!.at
    if (random.chance(0.3))
      faults.push({ at, for: 7_500, kind: 'cut', left: range(0, side), right: range(side, nodes), oneWay: false })
    else
      faults.push(
        { at, for: 6_000, kind: 'delay', low: 200, high: 2_500 },
        { at, for: 6_000, kind: 'gossip', loss: 0.7, duplicate: 0.2, late: 0 },
      )
  }
  // Somebody cancels a job that is about to end.
  if (random.chance(0.15)) {
    const { at, name } = random.pick(jobs)
    faults.push({ at: at + random.between(100, 1_200), for: 0, kind: 'cancel', node: random.below(nodes), job: name })
  }
  // One machine that never comes back: only where every shard lies on another one, too.
  if (replicas > 1 && nodes > 2 && jobs.every((job) => job.replicated) && random.chance(0.5))
    faults.push({ at: random.between(500, 4_000), for: 0, kind: 'gone', node: random.below(nodes) })
  return {
    seed,
    nodes,
    slots: random.between(1, 3),
    replicas,
    jobs,
    faults: faults.sort((a, b) => a.at - b.at),
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

function drawFault(random: Random, nodes: number, jobs: readonly SimJob[], fragile: number): Fault {
  const node = random.below(nodes)
  // Much happens in a job's first seconds.
  const job = random.pick(jobs)
  const at = random.chance(0.6) ? job.at + random.between(0, 2_500) : random.between(0, TROUBLE)
  const span = random.pick([200, 800, 2_000, 4_000, 7_000, 10_000])
  const base = { at, for: span }
  switch (random.below(26)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return { ...base, kind: 'crash', node }
    case 4:
      // The submitter, as soon as it has said yes.
      return { at: job.at + random.between(0, 300), for: span, kind: 'crash', node: job.node }
    case 5:
    case 6:
      return { ...base, kind: 'power', node }
    case 7:
      return { ...base, kind: 'wipe', node: fragile }
    case 8:
      return { ...base, kind: 'rollback', node: fragile }
    case 9:
      return { ...base, kind: 'upgrade', node }
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
        at: job.at + random.between(0, 400),
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
        { ...base, at: 0, kind: 'absent', node },
        { ...base, kind: 'delay', low: 50, high: random.pick([200, 1_500]) },
      ])
  }
}

/** For people: `3.2 s crash n2 for 4 s`. */
export function describeFault(fault: Fault): string {
  const { at, for: span, kind, ...rest } = fault
  const what = Object.entries(rest).map(([name, value]) =>
    name === 'node' ? `n${String(value)}` : `${name} ${JSON.stringify(value)}`,
  )
  return [`${at} ms`, kind, ...what, `for ${span} ms`].join(' ')
}
