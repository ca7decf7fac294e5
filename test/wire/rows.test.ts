import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import { rowsOf } from '../../src/core/plan/rows.ts'
import type { RunRow } from '../../src/core/types.ts'
import { findRow, openProof, openRows, packProof, packRows } from '../../src/wire/rows.ts'
import { hash } from '../core/fake-work.ts'

const most = Number.MAX_SAFE_INTEGER
const rows = rowsOf(
  [
    { partition: 1, records: 1, weight: 2, bytes: 3, digest: hash('one') },
    { partition: 2, records: most, weight: most, bytes: most, digest: hash('two') },
  ],
  4,
)
const packed = Buffer.from(packRows(rows))
const changed = (at: number, byte: number): Uint8Array => packed.subarray().with(at, byte)

describe('rows as bytes', () => {
  it('are the rows again, all or one', () => {
    expect(openRows(packed)).toEqual(rows)
    expect(openRows(packRows([]))).toEqual([])
    expect([-1, 0, 1, 2, 3, 4].map((partition) => findRow(packed, partition))).toEqual([null, ...rows, null])
    const some = packRows([rows[0]!, rows[3]!])
    expect([0, 1, 2, 3].map((partition) => findRow(some, partition))).toEqual([rows[0], null, null, rows[3]])
  })

  it('of all partitions that a job may have are fewer than fit into a frame', () => {
    const all = packRows(rowsOf([], LIMITS.partitionsMax))
    expect(openRows(all)!.length).toBe(LIMITS.partitionsMax)
    expect(all.length).toBeLessThan(LIMITS.rpcFrameBytesMax / 8)
    expect(openRows(Buffer.concat([all, packRows([{ ...rows[0]!, partition: LIMITS.partitionsMax }])]))).toBeNull()
  })

  it.each<[string, Uint8Array]>([
    ['cut', packed.subarray(1)],
    ['out of order', packRows([rows[1]!, rows[0]!])],
    ['there twice', packRows([rows[1]!, rows[1]!])],
    ['of a partition that no job has', changed(0, 1)],
    ['with counts that are no safe numbers', changed(2 * 60 + 4, 0xff)],
    ['empty, and with records', changed(11, 1)],
    ['empty, and with bytes', changed(27, 1)],
    ['without records, and not empty', packRows([{ ...(rows[1] as RunRow), records: 0 }])],
  ])('are none where they are %s', (_how, bytes) => {
    expect(openRows(bytes)).toBeNull()
  })
})

it('a proof as bytes is the proof again', () => {
  const proof = [hash('a'), hash('b')]
  expect(openProof(packProof(proof))).toEqual(proof)
  expect(openProof(packProof([]))).toEqual([])
  expect(openProof(packProof(proof).subarray(1))).toBeNull()
  expect(openProof(new Uint8Array(32 * (LIMITS.partitionsMax + 1)))).toBeNull()
})
