/** What tasks produced, as peers and disks bring it: checked whole before anyone looks into it. */
import { z } from 'zod/mini'
import { LIMITS } from '../core/limits.ts'
import type { TaskManifest } from '../core/ledger/manifest.ts'
import { count, digest, list, text } from './shapes.ts'

/** A record of zod's leaves `__proto__` unseen, and a job may have a counter of that name. */
function hasSoundProto(given: unknown): boolean {
  const proto = given instanceof Object ? Object.getOwnPropertyDescriptor(given, '__proto__') : undefined
  return proto === undefined || typeof proto.value === 'number'
}

const counters = z.pipe(z.custom(hasSoundProto), z.record(text(LIMITS.counterNameBytesMax), z.number()))
// Samples are cut where they are made; this only keeps absurd ones out.
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
const rows = z.strictObject({ root: digest, count: z.number().check(z.int(), z.gte(1), z.lte(LIMITS.partitionsMax)) })
const upstream = z.strictObject({ shards: count, bytes: count, records: count, emitted: count, counters, skips })

const taskManifest = z.strictObject({
  consumed: z.union([digest, z.literal('')]),
  manifest: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('map'), splits, rows, counters }),
    z.strictObject({ kind: z.literal('sample'), splits, keys: count, bytes: count, digest }),
    z.strictObject({ kind: z.literal('bounds'), consumed: digest, bounds: list(z.string(), LIMITS.partitionsMax) }),
    z.strictObject({
      kind: z.literal('reduce'),
      partition,
      consumed: digest,
      weight: count,
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
  return taskManifest.safeParse(value).success ? (value as TaskManifest) : null
}
