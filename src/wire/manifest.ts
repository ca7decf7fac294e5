/** What tasks produced, as peers and disks bring it: checked whole before anyone looks into it. */
import { z } from 'zod/mini'
import { LIMITS } from '../core/limits.ts'
import type { TaskManifest } from '../core/ledger/manifest.ts'
import { openEarlier } from './earlier-manifest.ts'
import { counters, partition, skips, splits } from './manifest-fields.ts'
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
const rows = z.strictObject({ root: digest, count: z.number().check(z.int(), z.gte(1), z.lte(LIMITS.partitionsMax)) })
const sides = z.optional(list(count, LIMITS.edgesMax))

const taskManifest = z.strictObject({
  consumed: z.union([digest, z.literal('')]),
  manifest: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('map'), splits, rows, took, sides, counters, upstream }),
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

/** The value as a manifest of one of the four kinds, or null. */
export function openManifest(value: unknown): TaskManifest | null {
  // The value itself, not the parser's copy: its digest is over all that is there.
  return taskManifest.safeParse(value).success ? (value as TaskManifest) : openEarlier(value)
}
