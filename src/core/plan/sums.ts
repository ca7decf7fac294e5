/** What a result is made of, put together from manifests: pure sums in a fixed order. */
import { LIMITS } from '../limits.ts'
import type { Manifest, MapManifest, ReduceManifest, Skips, Snapshot, SplitFacts, StepFacts } from '../types.ts'
import { producersOver, readingSteps } from './graph.ts'
import { rankSplits } from './ranks.ts'
import type { Plan, PlannedTask, Step } from './steps.ts'

type Counters = Readonly<Record<string, number>>

/** A task, and what it has left. */
export interface Told {
  readonly task: PlannedTask
  readonly manifest: Manifest
}

export function addCounters(all: Iterable<Counters>): Record<string, number> {
  const sums = new Map<string, number>()
  for (const counters of all)
    for (const [name, n] of Object.entries(counters)) sums.set(name, (sums.get(name) ?? 0) + n)
  return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const NO_SKIPS: Skips = { count: 0, samples: [] }

/** The first samples, in the order given. */
function addSkips(all: readonly Skips[]): Skips {
  return {
    count: all.reduce((sum, { count }) => sum + count, 0),
    samples: all.flatMap(({ samples }) => samples).slice(0, LIMITS.skipSamplesPerJob),
  }
}

/** In the order given, which decides the samples. */
function addFacts(step: number, whole: boolean, all: readonly Omit<StepFacts, 'step' | 'whole'>[]): StepFacts {
  const sum = (of: (facts: (typeof all)[number]) => number): number => all.reduce((n, facts) => n + of(facts), 0)
  return {
    step,
    whole,
    bytes: sum((facts) => facts.bytes),
    records: sum((facts) => facts.records),
    gave: sum((facts) => facts.gave),
    counters: addCounters(all.map(({ counters }) => counters)),
    skips: addSkips(all.map(({ skips }) => skips)),
  }
}

/** What tasks of one step tell themselves; null of those that only sample keys, or make bounds of them. */
function ownFacts(snapshot: Snapshot, step: Step, told: readonly Told[], whole: boolean): StepFacts | null {
  if (step.gives === 'runs') {
    const maps = told.map(({ manifest }) => manifest as MapManifest)
    const splits = inOrder(snapshot, step, told).map(({ bytes, records, emitted, skips }) => ({
      bytes: step.readsShards ? bytes : 0,
      records,
      gave: emitted,
      counters: {},
      skips,
    }))
    const counters = addCounters(maps.map((map) => map.counters))
    return { ...addFacts(step.index, whole, splits), counters }
  }
  if (step.gives !== 'part') return null
  const reduces = told.map(({ manifest }) => manifest as ReduceManifest)
  return addFacts(
    step.index,
    whole,
    reduces.map(({ took, records, counters }) => ({
      bytes: 0,
      records: took.reduce((sum, over) => sum + over, 0),
      gave: records,
      counters,
      skips: NO_SKIPS,
    })),
  )
}

/** Splits of shards by their rank; what was read of other tasks, in their order. */
function inOrder(snapshot: Snapshot, step: Step, told: readonly Told[]): SplitFacts[] {
  const maps = told.map(({ manifest }) => manifest as MapManifest)
  if (!step.readsShards) return maps.flatMap(({ splits }) => splits)
  const ranks = rankSplits(
    snapshot,
    told.map(({ task }) => task),
    (t, s) => maps[t]!.splits[s]!.input,
  )
  const splits = maps.flatMap((map, t) => map.splits.map((facts, s) => ({ facts, rank: ranks[t]![s]! })))
  return splits.sort((a, b) => a.rank - b.rank).map(({ facts }) => facts)
}

/**
 * What all steps that a task depends on tell, of the outputs that it consumes, in the order of its producers. Over an
 * edge from one task to one it depends on one task of a step alone, and so on as far as such edges go back.
 */
export function upstreamOf(
  snapshot: Snapshot,
  plan: Plan,
  task: PlannedTask,
  consumed: readonly Told[],
): readonly StepFacts[] {
  const known = new Map<number, StepFacts>()
  const add = (facts: StepFacts): void => {
    if (known.get(facts.step)?.whole !== true) known.set(facts.step, facts)
  }
  let at = 0
  for (const edge of task.step.inputs) {
    const count = [...producersOver(plan, edge, task)].length
    const told = consumed.slice(at, (at += count))
    const step = plan.steps[edge.from]!
    const own = ownFacts(snapshot, step, told, count === step.count)
    if (own === null) continue
    add(own)
    for (const facts of together(
      told.map(({ manifest }) => upstreamIn(manifest)),
      count === step.count,
    ))
      add(facts)
  }
  return [...known.values()].sort((a, b) => a.step - b.step)
}

function upstreamIn(manifest: Manifest): readonly StepFacts[] {
  return 'upstream' in manifest ? manifest.upstream : []
}

/** What tasks of one step say of those before it; `all`: these are all its tasks. */
function together(said: readonly (readonly StepFacts[])[], all: boolean): StepFacts[] {
  const bySteps = new Map<number, StepFacts[]>()
  for (const one of said) for (const facts of one) bySteps.set(facts.step, [...(bySteps.get(facts.step) ?? []), facts])
  return [...bySteps].map(([step, facts]) => facts.find(({ whole }) => whole) ?? addFacts(step, all, facts))
}

/** An earlier format told of one step before it, and did not say which: the one that reads. */
function ofPlan(plan: Plan, facts: StepFacts): StepFacts {
  const [reading] = readingSteps(plan)
  return facts.step < plan.steps.length || reading === undefined ? facts : { ...facts, step: reading.index }
}

export interface Totals {
  /** By step, in the order of the plan. */
  readonly steps: readonly StepFacts[]
  readonly counters: Counters
  readonly skipped: Skips
  readonly bytes: number
  /** Records read of shards, and what was emitted of these. */
  readonly read: number
  readonly emitted: number
  /** What the steps that give the result took, and gave. */
  readonly reduced: number
  readonly out: number
}

/** The whole job, from the manifests of its outputs: all tasks of each step that gives part of the result. */
export function totals(snapshot: Snapshot, plan: Plan, outputs: readonly Told[]): Totals {
  const known = new Map<number, StepFacts>()
  for (const step of plan.steps) {
    const told = outputs.filter(({ task }) => task.step === step)
    if (told.length === 0) continue
    const own = ownFacts(snapshot, step, told, true)!
    const upstream = together(
      told.map(({ manifest }) => upstreamIn(manifest)),
      true,
    )
    for (const facts of [own, ...upstream.map((one) => ofPlan(plan, one))])
      if (!known.has(facts.step)) known.set(facts.step, facts)
  }
  const steps = [...known.values()].sort((a, b) => a.step - b.step)
  const over = (of: readonly Step[], what: (facts: StepFacts) => number): number =>
    of.reduce((sum, { index }) => sum + (known.has(index) ? what(known.get(index)!) : 0), 0)
  const reading = readingSteps(plan)
  const giving = plan.steps.filter(({ isOutput }) => isOutput)
  return {
    steps,
    counters: addCounters(steps.map(({ counters }) => counters)),
    skipped: addSkips(steps.map(({ skips }) => skips)),
    bytes: over(reading, (facts) => facts.bytes),
    read: over(reading, (facts) => facts.records),
    emitted: over(reading, (facts) => facts.gave),
    reduced: over(giving, (facts) => facts.records),
    out: over(giving, (facts) => facts.gave),
  }
}
