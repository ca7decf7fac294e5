/** What tasks produced, as peers and disks bring it: checked whole before anyone looks into it. */
import { z } from 'zod/mini'
import { LIMITS } from '../core/limits.ts'
import type { TaskManifest } from '../core/ledger/manifest.ts'
import { openEarlier } from './earlier-manifest.ts'
import { counters, partition, runs, skips, splits } from './manifest-fields.ts'
import { count, digest, list } from './shapes.ts'

const stepFacts = z.strictObject({
  step: count,
  whole: z.boolean(),
  bytes: count,
  records: count,
  gave: count,
  counters,
  skips,
})
const upstream = list(stepFacts, LIMITS.stepsMax)
const took = list(count, LIMITS.edgesMax)
const sides = z.optional(list(count, LIMITS.edgesMax))

const taskManifest = z.strictObject({
  consumed: z.union([digest, z.literal('')]),
  manifest: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('map'), splits, runs, took, sides, counters, upstream }),
    z.strictObject({ kind: z.literal('sample'), splits, took, sides, keys: count, bytes: count, digest }),
    z.strictObject({ kind: z.literal('bounds'), consumed: digest, bounds: list(z.string(), LIMITS.partitionsMax) }),
    z.strictObject({
      kind: z.literal('reduce'),
      partition,
      consumed: digest,
      took,
      sides,
      groups: count,
      records: count,
      bytes: count,
      part: digest,
      counters,
      upstream,
    }),
  ]),
}) as unknown as z.ZodMiniType<TaskManifest>

/** The value as a manifest, or null: of one of the four kinds, its runs by partition ascending. */
export function openManifest(value: unknown): TaskManifest | null {
  // The value itself, not the parser's copy: its digest is over all that is there.
  const opened = taskManifest.safeParse(value).success ? (value as TaskManifest) : openEarlier(value)
  if (opened === null) return null
  const { manifest } = opened
  if (
    manifest.kind === 'map' &&
    !manifest.runs.every((run, i) => i === 0 || manifest.runs[i - 1]!.partition < run.partition)
  )
    return null
  return opened
}
