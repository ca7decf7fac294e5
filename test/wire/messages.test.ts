import { describe, expect, it } from 'vitest'
import { makeBeat } from '../../src/core/members/beat.ts'
import { hashText } from '../../src/core/hash.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { newState } from '../../src/core/state.ts'
import type { JobId } from '../../src/core/types.ts'
import { createMemoryIdentity } from '../../src/adapters/memory/mesh.ts'
import { toBytes, WireError } from '../../src/wire/codec.ts'
import { decodeMessage, encodeMessage } from '../../src/wire/messages.ts'
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

  it('that is a heartbeat names all that a large machine runs, and fits into gossip', async () => {
    const { id } = createMemoryIdentity()
    const state = newState(
      { node: id, incarnation: { count: 3, nonce: 'a'.repeat(16) }, slots: 1_000, runtimes: {} },
      0,
    )
    const run = (count: number, jobs: number): void => {
      for (let i = 0; i < count; i++) {
        const at = { startedAt: 0, movedAt: 0, stopping: false, round: 1, term: 1, kind: 'map' as const }
        const of = hashText(String(i % jobs)) as JobId
        const moved = { units: Number.MAX_SAFE_INTEGER, bytes: 123_456_789_012 }
        state.running.set(`${count}-${i}`, { ...at, ...moved, attempt: `${i}`, job: of, task: 90_000 + i })
      }
    }
    run(500, 4)
    const beat = makeBeat(state)
    expect(beat.running).toHaveLength(500)
    const bytes = encodeMessage({ type: 'beat', beat })
    expect(bytes.length).toBeLessThanOrEqual(LIMITS.gossipBytesMax)
    const heard = (await decodeMessage(signer, id, bytes)) as { readonly beat: typeof beat }
    const sorted = (running: typeof beat.running) => running.toSorted((a, b) => a.task - b.task)
    expect(sorted(heard.beat.running)).toEqual(sorted(beat.running))
    // What does not fit is left out; that the node lives is heard all the same.
    run(1_000, 1_000)
    const full = makeBeat(state)
    expect(full.busy).toBe(1_500)
    expect(encodeMessage({ type: 'beat', beat: full }).length).toBeLessThanOrEqual(LIMITS.gossipBytesMax)
  })
})
