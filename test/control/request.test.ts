import { expect, it } from 'vitest'
import { checkSubmission } from '../../src/control/request.ts'
import { type Field, mayBeAbsent } from '../../src/core/spec/fields.ts'
import { READ_OPTIONS } from '../../src/core/spec/read-options.ts'
import { SETTINGS } from '../../src/core/spec/settings.ts'

const job = {
  ...{ name: 'n', bundle: 'b', sourceMap: '', params: {}, inputs: [{ alias: '', data: 'd' }], partitions: null },
  ...{ combine: false, reduce: true, sort: false, onBadRecord: 'fail', format: null },
}

function check(change: object): void {
  const limits = { copies: 2, taskMemory: null, taskTimeoutMs: null }
  checkSubmission({ job: { ...job, ...change }, key: null, allowPartial: false, waitForDataMs: 0, limits })
}

const refusal = (why: string): Error => expect.objectContaining({ code: 'USAGE', why }) as Error

it('a submission has parameters that are text, whatever their names', () => {
  const params = (text: string): void => check({ params: JSON.parse(text) as unknown })
  expect(() => params('{"since": "2026", "constructor": "x"}')).not.toThrow()
  for (const text of ['{"__proto__": null}', '{"__proto__": "x"}'])
    expect(() => params(text), text).toThrow(refusal('job.params: no parameter is __proto__'))
  expect(() => params('{"since": 2026}')).toThrow(refusal('job.params.since is no text'))
  for (const text of ['[]', 'null']) expect(() => params(text), text).toThrow(refusal('job.params is no object'))
})

it('every field is of its kind, and one that is always there is there', () => {
  for (const [name, field] of Object.entries<Field>(SETTINGS)) {
    expect(() => check({ [name]: [] }), name).toThrow(expect.objectContaining({ code: 'USAGE' }))
    if (mayBeAbsent(field)) expect(() => check({ [name]: undefined }), name).not.toThrow()
    else expect(() => check({ [name]: undefined }), name).toThrow(expect.objectContaining({ code: 'USAGE' }))
    if (field.default === null) expect(() => check({ [name]: null }), name).not.toThrow()
  }
  for (const name of Object.keys(READ_OPTIONS)) {
    const input = (value: unknown): object => ({ inputs: [{ alias: '', data: 'd', [name]: value }] })
    expect(() => check(input({})), name).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(() => check(input(undefined)), name).not.toThrow()
  }
})

it('bounds are left to who makes the job; of words, those that nobody asks for again', () => {
  expect(() =>
    check({
      ...{ partitions: -1, format: 'xml', more: 1 },
      inputs: [{ alias: '', data: 'd', format: 'xml', delimiter: '::', skipLines: -1, null: [], more: 1 }],
    }),
  ).not.toThrow()
  expect(() => check({ onBadRecord: 'pass' })).toThrow(refusal('job.onBadRecord is not as it should be'))
})
