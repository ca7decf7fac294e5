/** What a result is made of, put together from manifests: pure sums in a fixed order. */
import { LIMITS } from '../limits.ts'
import { rankSplits } from '../plan/ranks.ts'
import type { PlannedTask } from '../plan/steps.ts'
import type { MapManifest, ReduceManifest, Skips, Snapshot, Upstream } from '../types.ts'

export function addCounters(all: Iterable<Readonly<Record<string, number>>>): Record<string, number> {
  const sums = new Map<string, number>()
  for (const counters of all)
    for (const [name, n] of Object.entries(counters)) sums.set(name, (sums.get(name) ?? 0) + n)
  return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** A task that read shards, and what it told. */
export interface Told {
  readonly task: PlannedTask
  readonly manifest: MapManifest
}

/** What tasks that read shards together tell; in task order. Samples of skipped records are the first in split order. */
export function upstreamOf(snapshot: Snapshot, told: readonly Told[]): Upstream {
  const maps = told.map(({ manifest }) => manifest)
  const tasks = told.map(({ task }) => task)
  const ranks = rankSplits(snapshot, tasks, (t, s) => maps[t]!.splits[s]!.input)
  const splits = maps.flatMap((map, t) => map.splits.map((facts, s) => ({ facts, rank: ranks[t]![s]! })))
  splits.sort((a, b) => a.rank - b.rank)
  const sum = (of: (facts: (typeof splits)[number]['facts']) => number): number =>
    splits.reduce((n, s) => n + of(s.facts), 0)
  return {
    shards: snapshot.inputs.reduce((n, input) => n + input.shards.length, 0),
    bytes: sum((f) => f.bytes),
    records: sum((f) => f.records),
    emitted: sum((f) => f.emitted),
    counters: addCounters(maps.map((map) => map.counters)),
    skips: {
      count: sum((f) => f.skips.count),
      samples: splits.flatMap((s) => s.facts.skips.samples).slice(0, LIMITS.skipSamplesPerJob),
    },
  }
}

export interface Totals {
  readonly upstream: Upstream
  readonly counters: Readonly<Record<string, number>>
  readonly skipped: Skips
  readonly reduced: number
  readonly out: number
}

/** The whole job, from its reduce manifests in partition order (at least one). */
export function totals(reduces: readonly ReduceManifest[]): Totals {
  const { upstream } = reduces[0]!
  return {
    upstream,
    counters: addCounters([upstream.counters, ...reduces.map((r) => r.counters)]),
    skipped: upstream.skips,
    reduced: reduces.reduce((n, r) => n + r.weight, 0),
    out: reduces.reduce((n, r) => n + r.records, 0),
  }
}
