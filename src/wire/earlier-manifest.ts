/**
 * Manifests of format 2, as they lie in homes and are named by the ledgers of jobs that ended then: they counted what went
 * in and out of a job of one stage. They are read as what they say now, and keep the digest that they had.
 *
 * Not those of maps, which listed their runs in full: no task of this format reads such runs, and result, receipt and
 * proof of a job that ended need none of them. Where runs are wanted again, maps run again.
 */
import { z } from 'zod/mini'
import type { TaskManifest } from '../core/ledger/manifest.ts'
import { LIMITS } from '../core/limits.ts'
import type { Digest, Manifest, ReduceManifest, SampleManifest, Skips } from '../core/types.ts'
import { counters, partition, skips, splits } from './manifest-fields.ts'
import { count, digest } from './shapes.ts'

interface EarlierUpstream {
  readonly bytes: number
  readonly records: number
  readonly emitted: number
  readonly counters: Readonly<Record<string, number>>
  readonly skips: Skips
}

type EarlierForm =
  | Omit<SampleManifest, 'took'>
  | (Omit<ReduceManifest, 'took' | 'upstream'> & { readonly weight: number; readonly upstream: EarlierUpstream })

interface Earlier {
  readonly consumed: Digest | ''
  readonly manifest: EarlierForm
}

const upstream = z.strictObject({ shards: count, bytes: count, records: count, emitted: count, counters, skips })
const earlier = z.strictObject({
  consumed: z.union([digest, z.literal('')]),
  manifest: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('sample'), splits, keys: count, bytes: count, digest }),
    z.strictObject({
      ...{ kind: z.literal('reduce'), partition, consumed: digest, weight: count, groups: count, records: count },
      ...{ bytes: count, part: digest, counters, upstream },
    }),
  ]),
}) as unknown as z.ZodMiniType<Earlier>

/** The steps of a job of one stage: what a reduce told of its maps is told of the step that reads, wherever it stands. */
export const READING_STEP: number = LIMITS.stepsMax

/** null where it is none, or of a map. (That of bounds is as it was.) */
export function openEarlier(value: unknown): TaskManifest | null {
  if (!earlier.safeParse(value).success) return null
  const { consumed, manifest } = value as Earlier
  return { consumed, manifest: upgraded(manifest), earlier: value as object }
}

function upgraded(manifest: EarlierForm): Manifest {
  switch (manifest.kind) {
    case 'sample':
      return { ...manifest, took: [] }
    case 'reduce': {
      const { weight, upstream: told, ...rest } = manifest
      const { bytes, records, emitted, counters: counted, skips: skipped } = told
      const facts = { step: READING_STEP, whole: true, bytes, records, gave: emitted }
      return { ...rest, took: [weight], upstream: [{ ...facts, counters: counted, skips: skipped }] }
    }
  }
}
