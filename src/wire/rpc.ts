/** Calls between nodes, one after the other on a stream: a request with an optional body, an answer with an optional body. */
import { z } from 'zod/mini'
import { LIMITS } from '../core/limits.ts'
import type { ErrorJson } from '../core/errors.ts'
import type { Digest, JobId, JobLimits, NodeId, ReadOptions } from '../core/types.ts'
import { keyText, readOptions } from './job.ts'
import { count, digest, errorJson, jobLimits, list, nodeId, text } from './shapes.ts'

export interface ScanAsk {
  readonly dataset: string
  readonly glob: string
  readonly options: ReadOptions
}

/** Bytes [start, end) of a shard, by its place in the job's snapshot. */
export interface ShardAsk {
  readonly job: JobId
  readonly input: number
  readonly shard: number
  readonly start: number
  readonly end: number
}

export type Call =
  /** Body: a JobBody. */
  | { readonly call: 'job'; readonly job: JobId }
  /** Body: the KeyedMemory of a job with a key that was forgotten. */
  | { readonly call: 'key'; readonly job: JobId }
  /** Body: the KeyedJobs under this key that mean this but for their code, see `meaningOf`. */
  | { readonly call: 'keyed'; readonly key: string; readonly meaning: Digest }
  /** Body: when the job was submitted and ended, as that node knows it (a Times, JSON). */
  | { readonly call: 'times'; readonly job: JobId }
  /** With a JobBody; answered once it is on disk, with the round that is open (JSON). */
  | { readonly call: 'put-job' }
  /** Body: the catalog whose SHA-256 is `hash`. */
  | { readonly call: 'catalog'; readonly node: NodeId; readonly hash: Digest }
  /** Body: a ScanAnswer. */
  | { readonly call: 'scan'; readonly inputs: readonly ScanAsk[]; readonly walk: number | null }
  /** Body: the task's manifest as JSON. */
  | { readonly call: 'manifest'; readonly job: JobId; readonly task: number }
  /** "This round of the job is open, under these limits": answered once it is known, so that who asks next is told of it. */
  | { readonly call: 'round'; readonly job: JobId; readonly round: number; readonly limits: JobLimits }
  /** Body: the latest life of the caller that the answerer has heard of; empty if none. */
  | { readonly call: 'life' }
  /** Body: this node's part of the job's story (JSON). */
  | { readonly call: 'story'; readonly job: JobId }
  /** Body: console output of the job's tasks that ran here (JSON). */
  | { readonly call: 'logs'; readonly job: JobId }
  /** Body: the bytes, as many as one answer takes; `total` is the shard's size. */
  | ({ readonly call: 'shard' } & ShardAsk)
  /** `total`: how many lines end within. */
  | ({ readonly call: 'lines' } & ShardAsk)
  /** Body: bytes [start, end) of a part's file. */
  | { readonly call: 'part'; readonly job: JobId; readonly task: number; readonly start: number; readonly end: number }

const shardAsk = { job: digest, input: count, shard: count, start: count, end: count }

export const call = z.strictObject({
  bodyBytes: z.number().check(z.int(), z.gte(0), z.lte(LIMITS.rpcBodyBytesMax)),
  request: z.discriminatedUnion('call', [
    z.strictObject({ call: z.literal('job'), job: digest }),
    z.strictObject({ call: z.literal('key'), job: digest }),
    z.strictObject({ call: z.literal('keyed'), key: keyText, meaning: digest }),
    z.strictObject({ call: z.literal('times'), job: digest }),
    z.strictObject({ call: z.literal('put-job') }),
    z.strictObject({ call: z.literal('catalog'), node: nodeId, hash: digest }),
    z.strictObject({
      call: z.literal('scan'),
      inputs: list(z.strictObject({ dataset: text(200), glob: text(4096), options: readOptions }), 100),
      walk: z.nullable(count),
    }),
    z.strictObject({ call: z.literal('manifest'), job: digest, task: count }),
    z.strictObject({ call: z.literal('round'), job: digest, round: count, limits: jobLimits }),
    z.strictObject({ call: z.literal('life') }),
    z.strictObject({ call: z.literal('story'), job: digest }),
    z.strictObject({ call: z.literal('logs'), job: digest }),
    z.strictObject({ call: z.literal('shard'), ...shardAsk }),
    z.strictObject({ call: z.literal('lines'), ...shardAsk }),
    z.strictObject({ call: z.literal('part'), job: digest, task: count, start: count, end: count }),
  ]),
}) as unknown as z.ZodMiniType<{ bodyBytes: number; request: Call }>

/** `ok` false: `error` says why; a job, output or catalog that is not here is NO_SUCH_JOB or RESULT_LOST. */
export interface Answer {
  readonly ok: boolean
  readonly error?: ErrorJson
  /** Of a part: the length of its file. */
  readonly total: number
  readonly bodyBytes: number
}

export const answer = z.strictObject({
  ok: z.boolean(),
  error: z.optional(errorJson),
  total: count,
  bodyBytes: z.number().check(z.int(), z.gte(0), z.lte(LIMITS.rpcBodyBytesMax)),
}) as unknown as z.ZodMiniType<Answer>

/** Far above what a node keeps of a job's story. */
const STORY_EVENTS_MAX = 200_000

/** What a peer tells of a job, as JSON, by call. Further fields are those of a later version. */
export const TOLD: Readonly<Partial<Record<Call['call'], z.ZodMiniType>>> = {
  story: list(
    z.looseObject({
      t: text(100),
      node: text(1000),
      task: z.nullable(count),
      attempt: z.nullable(text(1000)),
      type: text(1000),
      text: z.string(),
    }),
    STORY_EVENTS_MAX,
  ),
  logs: list(z.looseObject({ task: count, node: text(1000), text: z.string() }), LIMITS.tasksMax),
}
