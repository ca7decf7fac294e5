/** What a control request may carry: the node's own code can rely on the types, whoever wrote to the socket. */
import { z } from 'zod/mini'
import type { SubmitRequest } from './api.ts'
import { ShoalError } from '../core/errors.ts'
import { misfitText } from '../words/reason.ts'

// Ranges are checked where a job is made; here only that each thing is of its kind. What is more is left alone.
const input = z.looseObject({
  alias: z.string(),
  data: z.string(),
  format: z.optional(z.string()),
  header: z.optional(z.boolean()),
  columns: z.optional(z.array(z.string())),
  delimiter: z.optional(z.string()),
  quote: z.optional(z.string()),
  escape: z.optional(z.string()),
  escapeIn: z.optional(z.string()),
  comment: z.optional(z.string()),
  skipLines: z.optional(z.number()),
  trim: z.optional(z.boolean()),
  null: z.optional(z.array(z.string())),
  ragged: z.optional(z.string()),
  numbers: z.optional(z.string()),
  timestamps: z.optional(z.string()),
  maps: z.optional(z.string()),
  hive: z.optional(z.boolean()),
  lineEnd: z.optional(z.string()),
  encoding: z.optional(z.string()),
})

const submission = z.looseObject({
  job: z.looseObject({
    name: z.string(),
    bundle: z.string(),
    sourceMap: z.string(),
    params: z.pipe(
      // A record of zod's leaves this key unseen, and so would the job.
      z.custom((given) => !(given instanceof Object && Object.hasOwn(given, '__proto__')), 'no parameter is __proto__'),
      z.record(z.string(), z.string()),
    ),
    inputs: z.array(input),
    partitions: z.nullable(z.number()),
    combine: z.boolean(),
    reduce: z.boolean(),
    sort: z.boolean(),
    onBadRecord: z.enum(['fail', 'skip']),
    format: z.nullable(z.string()),
  }),
  key: z.nullable(z.string()),
  allowPartial: z.boolean(),
  waitForDataMs: z.number(),
  limits: z.looseObject({
    copies: z.number(),
    taskMemory: z.nullable(z.number()),
    taskTimeoutMs: z.nullable(z.number()),
  }),
})

/** The arguments of a request. @throws ShoalError USAGE where the body is not a JSON list */
export function argumentsOf(body: string): readonly unknown[] {
  let args: unknown
  try {
    args = JSON.parse(body === '' ? '[]' : body)
  } catch (error) {
    throw new ShoalError('USAGE', 'a control request is not JSON', { cause: error })
  }
  if (!Array.isArray(args)) throw new ShoalError('USAGE', 'the arguments of a control request are a list')
  return args as readonly unknown[]
}

/** @throws ShoalError USAGE where this is no submission */
export function checkSubmission(value: unknown): asserts value is SubmitRequest {
  const parsed = submission.safeParse(value)
  if (!parsed.success)
    throw new ShoalError('USAGE', 'this is not a submission', { why: misfitText(parsed.error.issues) })
}
