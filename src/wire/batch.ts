/** The exchange of task outputs between two nodes: a batch = one task's output → one owner. */
import { z } from 'zod/mini'
import { LIMITS } from '../core/limits.ts'
import { outputOf, type TaskListing, type TaskManifest } from '../core/ledger/manifest.ts'
import type { Listing } from '../core/plan/files.ts'
import { areRowsOf, type HashText, rootIn } from '../core/plan/rows.ts'
import type { Digest, JobId, TaskIndex } from '../core/types.ts'
import { WireError } from './codec.ts'
import { openManifest } from './manifest.ts'
import { openProof, openRows, PROOF_BYTES_MAX, ROWS_BYTES_MAX } from './rows.ts'
import { bytesOf, count, digest, list, text } from './shapes.ts'

const fileName = z.string().check(z.regex(/^(run-\d{1,4}|keys|part)$/))
const tasks = list(z.number().check(z.int(), z.gte(0), z.lt(LIMITS.tasksMax)), LIMITS.partitionsMax)

export interface BatchFile {
  readonly name: string
  /** Bytes on disk. */
  readonly size: number
}

/** Opens a batch; nothing else flows before it is answered. */
export interface BatchHeader {
  readonly job: JobId
  readonly task: TaskIndex
  readonly digest: Digest
  readonly consumers: readonly TaskIndex[]
  /** The TaskManifest as JSON text; its digest is `digest`. */
  readonly manifest: string
  /** Where the output is runs: the rows of those that the consumers read, as wire/rows.ts has them, of a copy all rows … */
  readonly rows: Uint8Array
  /** … and the hashes that prove them, one after the other. */
  readonly proof: Uint8Array
  readonly files: readonly BatchFile[]
}

export const batchHeader = z.strictObject({
  job: digest,
  task: count,
  digest,
  consumers: tasks,
  manifest: text(LIMITS.rpcBodyBytesMax),
  rows: bytesOf(ROWS_BYTES_MAX),
  proof: bytesOf(PROOF_BYTES_MAX),
  files: list(z.strictObject({ name: fileName, size: count }), LIMITS.partitionsMax),
}) as unknown as z.ZodMiniType<BatchHeader>

export type BatchAnswer = 'ready' | 'later' | 'gone' | 'have'

export const batchAnswer = z.strictObject({
  answer: z.enum(['ready', 'later', 'gone', 'have']),
}) as unknown as z.ZodMiniType<{
  answer: BatchAnswer
}>

/** Closes a batch: without it nothing of the batch counts, however cleanly the stream ended. */
export interface BatchEnd {
  readonly end: true
  readonly files: readonly { readonly name: string; readonly size: number; readonly crc: number }[]
}

export const batchEnd = z.strictObject({
  end: z.literal(true),
  files: list(z.strictObject({ name: fileName, size: count, crc: count }), LIMITS.partitionsMax),
}) as unknown as z.ZodMiniType<BatchEnd>

export const batchAck = z.strictObject({ ack: z.boolean(), why: z.optional(text(500)) }) as unknown as z.ZodMiniType<{
  ack: boolean
  why?: string
}>

/** What a puller asks for: with `copy` the whole output, else what these consumers need of it. */
export interface PullRequest {
  readonly job: JobId
  readonly task: TaskIndex
  readonly digest: Digest
  readonly consumers: readonly TaskIndex[]
  readonly copy: boolean
}

export const pullRequest = z.strictObject({
  job: digest,
  task: count,
  digest,
  consumers: tasks,
  copy: z.boolean(),
}) as unknown as z.ZodMiniType<PullRequest>

export const pullAnswer = z.strictObject({ answer: z.enum(['ready', 'gone']) }) as unknown as z.ZodMiniType<{
  answer: 'ready' | 'gone'
}>

/** The manifest in a header, whole and of a known form, checked against the digest that names it. Throws WireError. */
export function manifestOf(header: BatchHeader): TaskManifest {
  let value: unknown
  try {
    value = JSON.parse(header.manifest)
  } catch {
    throw new WireError('a manifest that cannot be read')
  }
  const manifest = openManifest(value)
  if (manifest === null) throw new WireError('a manifest of an unknown form')
  if (outputOf(manifest).digest !== header.digest) throw new WireError('a manifest that its digest does not name')
  return manifest
}

/** What a header says of the output, its rows as they came: only `checkRows` believes them. Throws WireError. */
export function listingOf(header: BatchHeader): TaskListing {
  const rows = openRows(header.rows)
  if (rows === null) throw new WireError('rows that cannot be read')
  return { ...manifestOf(header), rows }
}

/** Throws WireError where the rows are not those of the manifest. */
export function checkRows({ proof: packed }: BatchHeader, { manifest, rows }: Listing, hash: HashText): void {
  const proof = openProof(packed)
  if (proof === null) throw new WireError('a proof that cannot be read')
  const root = rootIn(manifest)
  const areProved = root === null ? rows.length === 0 && proof.length === 0 : areRowsOf(root, rows, proof, hash)
  if (!areProved) throw new WireError('rows that are not those of their manifest')
}
