import { expect, test } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import type { NodeId } from '../../src/core/types.ts'
import { makeJob } from './fake-work.ts'
import { only, OneNode } from './one-node.ts'

test('beyond the bound the job that ended first is forgotten; open ones never are', () => {
  const n1 = 'n1' as NodeId
  const node = new OneNode(n1, [], 0)
  const jobs = Array.from({ length: LIMITS.jobsKeptMax + 1 }, (_, i) =>
    makeJob({ maps: 1, reduces: 1, members: [n1], name: `job ${i}` }),
  )
  for (const job of jobs) node.add(job)
  node.pass(LIMITS.tickMs)
  expect(node.state.jobs.size).toBe(LIMITS.jobsKeptMax + 1)
  for (const ended of [jobs[7]!, jobs[3]!]) {
    node.give({ type: 'cancel', job: ended.id })
    node.pass(LIMITS.tickMs)
  }
  expect(only(node.effects, 'drop').map((effect) => effect.job)).toEqual([jobs[7]!.id])
  expect(node.state.jobs.size).toBe(LIMITS.jobsKeptMax)
})
