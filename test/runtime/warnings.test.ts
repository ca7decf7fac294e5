/** What the operator of a node is told: each thing once, and a full disk each time that it begins to be one. */
import { expect, it } from 'vitest'
import { systemError } from '../../src/adapters/memory/disk.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { Warnings } from '../../src/runtime/home/warnings.ts'
import { bench } from './peer.ts'

it('a line is told once, and stays', async () => {
  const { context } = await bench()
  const told: string[] = []
  const warnings = new Warnings(context.clock, '/home', (line) => void told.push(line))
  for (const line of ['one', 'two', 'one']) warnings.say(line)
  expect(told).toEqual(['one', 'two'])
  expect(warnings.list()).toEqual(told)
})

it('a disk that refuses is warned of when that begins, and listed as long as it goes on', async () => {
  const { context } = await bench()
  let now = 0
  const told: string[] = []
  const warnings = new Warnings({ ...context.clock, now: () => now }, '/home', (line) => void told.push(line))
  const full = systemError('ENOSPC', 'jobs')
  warnings.failed(new Error('a peer that went away'))
  expect(warnings.list()).toEqual([])
  for (let i = 0; i < 5; i++) {
    warnings.failed(full)
    now += LIMITS.refusalLastsMs / 2
  }
  expect(told).toHaveLength(1)
  expect(told[0]).toMatch(/^\/home: no space is left .*; make room/)
  expect(warnings.list()).toEqual(told)
  now += LIMITS.refusalLastsMs
  expect(warnings.list()).toEqual([])
  warnings.failed(full)
  expect(told).toHaveLength(2)
})
