/** Shapes of what crosses the wire, down to lengths and ranges: the gateway where bytes from a peer become core types. */
import { z } from 'zod/mini'
import { CODES, type Code } from '../core/codes.ts'
import type { ErrorJson } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Delta, Failure, Output, Report, TaskState } from '../core/ledger/ledger.ts'
import type { Beat, NodeRecord } from '../core/members/membership.ts'
import type { Outcome } from '../core/ledger/outcome.ts'
import type { Digest, JobLimits, NodeId } from '../core/types.ts'

export const text = (max: number): z.ZodMiniType<string> => z.string().check(z.maxLength(max))
export const count: z.ZodMiniType<number> = z.number().check(z.int(), z.gte(0), z.lte(Number.MAX_SAFE_INTEGER))
export const digest: z.ZodMiniType<Digest> = z
  .string()
  .check(z.regex(/^[0-9a-f]{64}$/)) as unknown as z.ZodMiniType<Digest>
export const nodeId: z.ZodMiniType<NodeId> = z
  .string()
  .check(z.regex(/^[1-9A-HJ-NP-Za-km-z]{40,64}$/)) as unknown as z.ZodMiniType<NodeId>
export const list = <T>(of: z.ZodMiniType<T>, max: number): z.ZodMiniType<T[]> => z.array(of).check(z.maxLength(max))
const taskIndex = z.number().check(z.int(), z.gte(0), z.lt(LIMITS.tasksMax))
export const bytesOf = (max: number): z.ZodMiniType<Uint8Array> =>
  z.instanceof(Uint8Array).check(z.refine((b: Uint8Array) => b.length <= max)) as unknown as z.ZodMiniType<Uint8Array>
export const signature: z.ZodMiniType<Uint8Array> = bytesOf(256)
export const signedBytes: z.ZodMiniType<Uint8Array> = bytesOf(LIMITS.rpcFrameBytesMax)

export const incarnation: z.ZodMiniType<{ count: number; nonce: string }> = z.strictObject({
  count: count,
  nonce: text(64),
})

const code = z.string().check(z.refine((c: string) => Object.hasOwn(CODES, c))) as unknown as z.ZodMiniType<Code>

export const errorJson = z.strictObject({
  schema: z.literal('shoal.error/1'),
  code,
  message: text(LIMITS.errorTextBytesMax),
  why: z.optional(text(LIMITS.errorTextBytesMax)),
  try: list(text(LIMITS.errorTextBytesMax), 8),
  retryable: z.boolean(),
  exit: count,
  job: z.optional(text(100)),
  node: z.optional(text(100)),
}) as unknown as z.ZodMiniType<ErrorJson>

const nodeFields = {
  node: nodeId,
  incarnation,
  version: count,
  name: text(LIMITS.namesBytesMax),
  addresses: list(text(300), 32),
  slots: count,
  memory: count,
  shoal: text(50),
  drained: z.boolean(),
  catalog: z.strictObject({ version: count, hash: digest, shards: count, bytes: count }),
}
const runtime = text(300)

/** Up to format 2 a record lies in homes that says of JavaScript alone what runs it. */
export const nodeRecord = z.union([
  z.strictObject({ ...nodeFields, runtimes: z.record(text(50), runtime).check(z.refine(isSmall)) }),
  z.pipe(
    z.strictObject({ ...nodeFields, runtime }),
    z.transform(({ runtime: js, ...rest }) => ({ ...rest, runtimes: { js } })),
  ),
]) as unknown as z.ZodMiniType<NodeRecord>

/** More kinds of programs than there will be. */
function isSmall(kinds: Readonly<Record<string, string>>): boolean {
  return Object.keys(kinds).length <= 20
}

const RUNNING_MAX = 1024

/** By job: its id takes more room than all that is said of a task. */
const runningByJob = list(z.tuple([digest, list(z.tuple([taskIndex, count, count]), RUNNING_MAX)]), RUNNING_MAX).check(
  z.refine((jobs) => jobs.reduce((sum, [, tasks]) => sum + tasks.length, 0) <= RUNNING_MAX),
)
const running = z.pipe(
  runningByJob,
  z.transform((jobs) =>
    jobs.flatMap(([job, tasks]) => tasks.map(([task, units, bytes]) => ({ job, task, units, bytes }))),
  ),
)

export const beat = z.strictObject({
  node: nodeId,
  incarnation,
  seq: count,
  record: count,
  busy: count,
  running,
}) as unknown as z.ZodMiniType<Beat>

/** A heartbeat in the form that `beat` reads. */
export function beatBody({ running: all, ...rest }: Beat): object {
  const jobs = new Map<Digest, [number, number, number][]>()
  for (const { job, task, units, bytes } of all) jobs.set(job, [...(jobs.get(job) ?? []), [task, units, bytes]])
  return { ...rest, running: [...jobs] }
}

const claim = z.strictObject({
  term: count.check(z.lte(LIMITS.termMax)),
  rank: count,
  owner: nodeId,
  incarnation: count,
})
const maybeDigest = z.union([digest, z.literal('')])
const outputFields = { digest, input: digest, consumed: maybeDigest, part: maybeDigest, bytes: count }
const presentOutput = z.strictObject({
  ...outputFields,
  read: count,
  took: list(count, LIMITS.edgesMax),
  gave: count,
  earlier: z.optional(z.literal(true)),
})
/** Of format 2, in ledgers of jobs that ended then: what a map read and emitted, what a reduce gave and took. */
const earlierOutput = z.pipe(
  z.strictObject({ ...outputFields, records: count, weight: count }),
  z.transform(({ records, weight, ...rest }) => {
    const earlier = true as const
    if (rest.part !== '') return { ...rest, read: 0, took: [weight], gave: records, earlier }
    return { ...rest, read: records, took: rest.consumed === '' ? [] : [0], gave: weight, earlier }
  }),
)
const output = z.union([presentOutput, earlierOutput]) as unknown as z.ZodMiniType<Output>
export const taskState: z.ZodMiniType<TaskState> = z.strictObject({
  claim: z.nullable(claim),
  output: z.nullable(z.union([output, z.strictObject({ conflict: z.tuple([output, output]) })])),
}) as unknown as z.ZodMiniType<TaskState>

const failure = z.strictObject({
  task: taskIndex,
  attempt: text(100),
  term: count,
  blame: z.enum(['user', 'input', 'own', 'death']),
  place: text(LIMITS.errorTextBytesMax),
  error: errorJson,
}) as unknown as z.ZodMiniType<Failure>

/** `has` travels as ascending ranges [from, to]. */
export const reportBody = z.strictObject({
  job: digest,
  round: count,
  node: nodeId,
  incarnation: count,
  seq: count,
  has: list(z.tuple([taskIndex, taskIndex]), LIMITS.tasksMax),
  failures: list(failure, LIMITS.failuresPerNode),
}) as unknown as z.ZodMiniType<ReportBody>

export interface ReportBody extends Omit<Report, 'has'> {
  readonly job: Digest
  readonly round: number
  readonly has: readonly (readonly [number, number])[]
}

export const outcome = z.union([
  z.strictObject({ kind: z.literal('open') }),
  z.strictObject({ kind: z.literal('cancelled') }),
  z.strictObject({ kind: z.literal('failed'), error: errorJson }),
  z.strictObject({ kind: z.literal('sealed'), result: digest, again: z.optional(count) }),
  z.strictObject({ kind: z.literal('disputed'), results: z.tuple([digest, digest]) }),
  z.strictObject({ kind: z.literal('key-conflict'), snapshots: z.tuple([digest, digest]) }),
]) as unknown as z.ZodMiniType<Outcome>

export const jobLimits = z.strictObject({
  copies: z.number().check(z.int(), z.gte(1), z.lte(LIMITS.copiesMax)),
  taskMemory: z.nullable(count),
  taskTimeoutMs: z.nullable(count),
}) as unknown as z.ZodMiniType<JobLimits>

/** A delta on the wire: reports are still signed bytes, checked one by one in signed.ts. */
export interface WireDelta extends Omit<Delta, 'reports'> {
  readonly reports: readonly Signed[]
}

export interface Signed {
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
}

export const signed = z.strictObject({ bytes: signedBytes, signature }) as unknown as z.ZodMiniType<Signed>

export const wireDelta = z.strictObject({
  round: count,
  outcome,
  tasks: list(z.tuple([taskIndex, taskState]), LIMITS.tasksMax),
  reports: list(signed, LIMITS.membersMax),
  limits: z.optional(jobLimits),
}) as unknown as z.ZodMiniType<WireDelta>
