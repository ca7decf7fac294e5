/** What stands in manifests of any format. */
import { z } from 'zod/mini'
import { LIMITS } from '../core/limits.ts'
import type { Partition, Skips, SplitFacts } from '../core/types.ts'
import { count, digest, list, text } from './shapes.ts'

/** Counters are checked by hand: zod's record skips the key `__proto__`, and a job may have a counter of that name. */
function hasSoundProto(given: unknown): boolean {
  const proto = given instanceof Object ? Object.getOwnPropertyDescriptor(given, '__proto__') : undefined
  return proto === undefined || typeof proto.value === 'number'
}

export const counters: z.ZodMiniType<Record<string, number>> = z.pipe(
  z.custom(hasSoundProto),
  z.record(text(LIMITS.counterNameBytesMax), z.number()),
) as unknown as z.ZodMiniType<Record<string, number>>
// The task that makes samples bounds their size; this bound only refuses absurd ones.
const sample = text(LIMITS.errorTextBytesMax + LIMITS.pathBytesMax)
export const skips: z.ZodMiniType<Skips> = z.strictObject({
  count,
  samples: list(z.strictObject({ place: sample, reason: sample, record: sample }), LIMITS.skipSamplesPerJob),
}) as unknown as z.ZodMiniType<Skips>

export const splits: z.ZodMiniType<SplitFacts[]> = list(
  z.strictObject({ input: digest, bytes: count, records: count, emitted: count, skips }),
  LIMITS.packSplitsMax,
) as unknown as z.ZodMiniType<SplitFacts[]>

export const partition: z.ZodMiniType<Partition> = z
  .number()
  .check(z.int(), z.gte(0), z.lt(LIMITS.partitionsMax)) as unknown as z.ZodMiniType<Partition>
