import { z } from 'zod/mini'
import { hashText } from '../core/hash.ts'
import { jobId } from '../core/plan/job-id.ts'
import { LIMITS } from '../core/limits.ts'
import { CONTENTS } from '../core/look.ts'
import { plan } from '../core/plan/plan.ts'
import { refuseMisfits } from '../core/spec/misfits.ts'
import { READ_OPTIONS } from '../core/spec/read-options.ts'
import { SPEC } from '../core/spec/spec.ts'
import { graphMisfit } from '../core/spec/stages.ts'
import { reasonOf } from '../words/reason.ts'
import type { Digest, JobId, JobRecord, ReadOptions } from '../core/types.ts'
import { checked, WireError } from './codec.ts'
import { strictly } from './fields.ts'
import { count, digest, jobLimits, list, nodeId, text } from './shapes.ts'

const path = text(4096)
const name = text(LIMITS.namesBytesMax)
/** How an input is read, as a peer may ask for it. */
export const readOptions = strictly(READ_OPTIONS) as unknown as z.ZodMiniType<ReadOptions>

const witness = z.strictObject({ dev: text(24), ino: text(24), mtimeNs: text(24), ctimeNs: text(24) })
const cuts = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('lines'), header: z.optional(count) }),
  z.strictObject({ kind: z.literal('whole') }),
  z.strictObject({ kind: z.literal('offsets'), header: count, at: list(count, LIMITS.cutsPerShardMax) }),
  z.strictObject({
    kind: z.literal('row-groups'),
    groups: list(z.strictObject({ rows: count, bytes: count }), LIMITS.cutsPerShardMax),
  }),
])
const look = z.strictObject({
  compression: z.enum(['none', 'gzip', 'zstd']),
  encoding: z.enum(['utf-8', 'utf-16le', 'utf-16be']),
  lineEnd: z.enum(['lf', 'any']),
  content: z.enum(CONTENTS),
})
const shard = z.strictObject({
  dataset: name,
  path,
  size: count,
  hash: z.optional(digest),
  look: z.optional(look),
  cuts,
  copies: list(z.strictObject({ node: nodeId, root: text(64), witness }), LIMITS.membersMax).check(z.minLength(1)),
})
const omitted = z.strictObject({ dataset: name, path, node: nodeId, why: z.enum(['away', 'pending', 'unreadable']) })

/** More kinds than there are, and samples of each. */
const LEFT_OUT_KINDS_MAX = 32
const leftOut = z.strictObject({
  node: nodeId,
  kind: text(32),
  count,
  samples: list(text(LIMITS.errorTextBytesMax), LEFT_OUT_KINDS_MAX),
})

/** See `Agreed`. */
const agreed = z.strictObject({
  widened: list(
    z.tuple([text(LIMITS.columnsTextMax), z.enum(['int64', 'ms', 'us', 'ns'])]),
    LIMITS.inputColumnsMax,
  ).check(z.refine((all) => all.reduce((sum, [path]) => sum + path.length, 0) <= LIMITS.columnsTextMax)),
  lacking: list(text(1000), 10_000),
})

/** What follows --key. */
export const keyText: z.ZodMiniType<string> = text(1000)

const record = z.strictObject({
  id: digest,
  key: z.nullable(keyText),
  source: z.optional(digest),
  spec: strictly(SPEC),
  snapshot: z.strictObject({
    inputs: list(
      z.strictObject({
        alias: text(100),
        dataset: name,
        replicated: z.boolean(),
        shards: list(shard, LIMITS.shardsMax),
        omitted: list(omitted, LIMITS.shardsMax),
        agreed: z.optional(agreed),
        leftOut: z.optional(list(leftOut, LIMITS.membersMax * LEFT_OUT_KINDS_MAX)),
      }),
      100,
    ),
  }),
  members: list(nodeId, LIMITS.membersMax).check(z.minLength(1)),
  format: z.nullable(text(20)),
  limits: jobLimits,
}) as unknown as z.ZodMiniType<JobRecord>

/** A job as it travels: record as JSON, and its code. */
export interface JobBody {
  readonly record: string
  readonly bundle: string
  readonly sourceMap: string
}

export const jobBody = z.strictObject({
  record: text(LIMITS.rpcBodyBytesMax),
  bundle: text(LIMITS.bundleBytesMax),
  sourceMap: text(LIMITS.bundleBytesMax),
}) as unknown as z.ZodMiniType<JobBody>

const date = text(30).check(z.refine((t: string) => !Number.isNaN(Date.parse(t))))

/** When a job was submitted and ended, by the wall clock of whoever says it; ISO 8601. */
export interface JobTimes {
  readonly submitted: string
  readonly ended: string | null
}

export const jobTimes = z.strictObject({
  submitted: date,
  ended: z.nullable(date),
}) as unknown as z.ZodMiniType<JobTimes>

/** What stays of a job with a key that was forgotten: its record as JSON, the highest round that is over, its result. */
export interface KeyedMemory {
  readonly record: string
  readonly round: number
  readonly result: Digest | null
}

/** What a node says of a key; 'lost': it knows that there was a job under it, and not over what. */
export const keyedMemory = z.union([
  z.strictObject({ record: text(LIMITS.rpcBodyBytesMax), round: count, result: z.nullable(digest) }),
  z.literal('lost'),
]) as unknown as z.ZodMiniType<KeyedMemory | 'lost'>

/** Far above the files of any job and its packages. */
export const SOURCE_FILES_MAX = 100_000
/** Jobs under one key, alike but for their code, that a node tells of. */
export const JOBS_OF_KEY_MAX = 100

/** A job with a key, as a node tells of it to whoever submits one under that key that is alike but for its code. */
export interface KeyedJob {
  readonly id: JobId
  readonly code: Digest
  readonly source: Digest | null
  /** Where it has no source, and its source map is here with all texts: SHA-256 of each that the map has. */
  readonly files: readonly Digest[] | null
  readonly result: Digest | null
}

export const keyedJobs = list(
  z.strictObject({
    id: digest,
    code: digest,
    source: z.nullable(digest),
    files: z.nullable(list(digest, SOURCE_FILES_MAX)),
    result: z.nullable(digest),
  }),
  JOBS_OF_KEY_MAX,
) as unknown as z.ZodMiniType<readonly KeyedJob[]>

/**
 * A peer's job as a record that can be trusted: well formed, of the id that it names, with the code that it names, and
 * one that can be planned: in the core nothing of it throws any more.
 */
export function openJob(body: JobBody): JobRecord {
  const job = openJobRecord(body.record)
  if (hashText(body.bundle) !== job.spec.code) throw new WireError('a bundle that the job does not name')
  return job
}

/** The same of a record whose code may be missing. */
export function openJobRecord(text: string): JobRecord {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new WireError('a job record that is no JSON')
  }
  const job = checked(record, value)
  const { spec, snapshot } = job
  if (jobId(spec, snapshot, job.key, job.source) !== job.id) throw new WireError('a job record of another id')
  const isPinned = ({ alias, dataset }: JobRecord['spec']['inputs'][number], i: number): boolean =>
    snapshot.inputs[i]?.alias === alias && snapshot.inputs[i].dataset === dataset
  if (snapshot.inputs.length !== spec.inputs.length || !spec.inputs.every(isPinned))
    throw new WireError('a snapshot of other inputs than the job has')
  const misfit = graphMisfit(spec)
  if (misfit !== null) throw new WireError(`a job of stages that are none: ${misfit}`)
  try {
    refuseMisfits(spec, spec.stages === undefined ? spec.inputs.length : 0)
    for (const stage of spec.stages ?? []) refuseMisfits(stage, stage.reads.length)
    plan(spec, snapshot)
  } catch (error) {
    throw new WireError(`a job that cannot be planned: ${reasonOf(error, 'it has no plan')}`)
  }
  return job
}
