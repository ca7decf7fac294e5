/** What tasks produced, as peers and disks bring it: checked whole before anyone looks into it. */
import { z } from 'zod/mini'
import { LIMITS } from '../core/limits.ts'
import type { TaskManifest } from '../core/ledger/manifest.ts'
import { count, digest, list, text } from './shapes.ts'

/** Counters are checked by hand: zod's record skips the key `__proto__`, and a job may have a counter of that name. */
function hasSoundProto(given: unknown): boolean {
  const proto = given instanceof Object ? Object.getOwnPropertyDescriptor(given, '__proto__') : undefined
  return proto === undefined || typeof proto.value === 'number'
}

const counters = z.pipe(z.custom(hasSoundProto), z.record(text(LIMITS.counterNameBytesMax), z.number()))
// The task that makes samples bounds their size; this bound only refuses absurd ones.
const sample = text(LIMITS.errorTextBytesMax + LIMITS.pathBytesMax)
const skips = z.strictObject({
  count,
  samples: list(z.strictObject({ place: sample, reason: sample, record: sample }), LIMITS.skipSamplesPerJob),
})
const splits = list(
  z.strictObject({ input: digest, bytes: count, records: count, emitted: count, skips }),
  LIMITS.packSplitsMax,
)
const partition = z.number().check(z.int(), z.gte(0), z.lt(LIMITS.partitionsMax))
const runs = list(
  z.strictObject({ partition, records: count, weight: count, bytes: count, digest }),
  LIMITS.partitionsMax,
)
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

const taskManifest = z.strictObject({
  consumed: z.union([digest, z.literal('')]),
  manifest: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('map'), splits, runs, took, counters, upstream }),
    z.strictObject({ kind: z.literal('sample'), splits, took, keys: count, bytes: count, digest }),
    z.strictObject({ kind: z.literal('bounds'), consumed: digest, bounds: list(z.string(), LIMITS.partitionsMax) }),
    z.strictObject({
      kind: z.literal('reduce'),
      partition,
      consumed: digest,
      took,
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
  if (!taskManifest.safeParse(value).success) return null
  // The value itself, not the parser's copy: its digest is over all that is there.
  const opened = value as TaskManifest
  const { manifest } = opened
  if (
    manifest.kind === 'map' &&
    !manifest.runs.every((run, i) => i === 0 || manifest.runs[i - 1]!.partition < run.partition)
  )
    return null
  return opened
}
