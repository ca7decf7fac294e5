import { expect, it } from 'vitest'
import { checkSubmission } from '../../src/control/request.ts'

const submission = (params: string): unknown =>
  JSON.parse(`{
    "job": {"name": "n", "bundle": "b", "sourceMap": "", "params": ${params}, "inputs": [], "partitions": null,
      "combine": false, "reduce": true, "sort": false, "onBadRecord": "fail", "format": null},
    "key": null, "allowPartial": false, "waitForDataMs": 0,
    "limits": {"copies": 2, "taskMemory": null, "taskTimeoutMs": null}
  }`)

it('a submission has parameters that are text, whatever their names', () => {
  expect(() => checkSubmission(submission('{"since": "2026", "constructor": "x"}'))).not.toThrow()
  for (const params of ['{"since": 2026}', '{"__proto__": null}', '{"__proto__": "x"}', '[]', 'null'])
    expect(() => checkSubmission(submission(params)), params).toThrow(expect.objectContaining({ code: 'USAGE' }))
})
