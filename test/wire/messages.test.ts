import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import type { JobId } from '../../src/core/types.ts'
import { createMemoryIdentity } from '../../src/adapters/memory/mesh.ts'
import { toBytes, WireError } from '../../src/wire/codec.ts'
import { decodeMessage } from '../../src/wire/messages.ts'
import type { Signer } from '../../src/wire/signed.ts'

const job = 'ab'.repeat(32) as JobId
/** Signatures are not what is tested here. */
const signer: Signer = { sign: async () => new Uint8Array(64), verify: async () => true }

/** A delta with reports of different nodes, each of which has all tasks that a job can have. */
function deltaOf(reports: number): Uint8Array {
  const sealed = Array.from({ length: reports }, () => {
    const node = createMemoryIdentity().id
    const has = [[0, LIMITS.tasksMax - 1]]
    const body = { job, round: 1, node, incarnation: 1, seq: 1, has, failures: [] }
    return { bytes: toBytes(body), signature: new Uint8Array(64) }
  })
  return toBytes({ type: 'delta', job, delta: { round: 1, outcome: { kind: 'open' }, tasks: [], reports: sealed } })
}

describe('a message', () => {
  it('of a few bytes does not stand for more tasks than there is room for', async () => {
    const { id } = createMemoryIdentity()
    await expect(decodeMessage(signer, id, deltaOf(5))).rejects.toThrow('more tasks than are sent at once')
    await expect(decodeMessage(signer, id, deltaOf(5))).rejects.toBeInstanceOf(WireError)
  })
})
