/** What a control request may carry: the node's own code can rely on the types, whoever wrote to the socket. */
import { z } from 'zod/mini'
import type { PreparedInput, PreparedJob, Source, SubmitRequest } from './api.ts'
import { ShoalError } from '../core/errors.ts'
import type { FieldsOf } from '../core/spec/fields.ts'
import { READ_OPTIONS } from '../core/spec/read-options.ts'
import { SETTINGS } from '../core/spec/settings.ts'
import { GRAPH } from '../core/spec/stages.ts'
import { loosely } from './fields.ts'
import { misfitText } from '../words/reason.ts'

const INPUT: FieldsOf<PreparedInput> = {
  alias: { is: 'text', most: 100, needed: true },
  data: { is: 'text', most: 4096, needed: true },
  ...READ_OPTIONS,
}
const SOURCE: FieldsOf<Source> = {
  digest: { is: 'digest', needed: true },
  files: { is: 'list', of: { is: 'digest' }, most: 100_000, needed: true },
}
const JOB: FieldsOf<PreparedJob> = {
  bundle: { is: 'text', most: 'bundleBytesMax', needed: true },
  sourceMap: { is: 'text', most: 'bundleBytesMax', needed: true },
  source: { is: 'fields', fields: SOURCE },
  inputs: { is: 'list', of: { is: 'fields', fields: INPUT }, most: 100, needed: true },
  ...SETTINGS,
  ...GRAPH,
}

const submission = z.looseObject({
  job: loosely(JOB),
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
