import { expect, it } from 'vitest'
import type { SnapshotInput } from '../../src/core/types.ts'
import { Frozen } from '../../src/runtime/home/frozen.ts'
import { parseInput } from '../../src/runtime/api/submit.ts'
import { bench } from './peer.ts'

const INPUT: SnapshotInput = { alias: '', dataset: 'd', replicated: false, shards: [], omitted: [] }

it('DATASET[/GLOB][@SNAPSHOT]: only hex digits after an @ in a glob are a snapshot', async () => {
  const frozen = new Frozen((await bench()).context.disk)
  const { id } = await frozen.freeze('d', INPUT)
  const parse = (data: string): unknown => {
    const { dataset, glob, frozen: pinned } = parseInput({ alias: '', data }, frozen)
    return [dataset, glob, pinned]
  }
  expect(parse('d')).toEqual(['d', '', undefined])
  expect(parse('d/a/b*.csv')).toEqual(['d', 'a/b*.csv', undefined])
  expect(parse('d/user@host.log')).toEqual(['d', 'user@host.log', undefined])
  expect(parse('d/x@')).toEqual(['d', 'x@', undefined])
  expect(parse(`d@${id.slice(0, 8)}`)).toEqual(['d', '', id])
  expect(parse(`d/user@host.log@${id}`)).toEqual(['d', 'user@host.log', id])
  expect(() => parse('d@')).toThrow(/no frozen snapshot/)
  expect(() => parse('d@latest')).toThrow(/no frozen snapshot/)
})
