/** What a node says of itself is believed from itself alone: nothing forged, changed or moved elsewhere gets in. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createMemoryIdentity } from '../../src/adapters/memory/mesh.ts'
import { makeBeat } from '../../src/core/members/beat.ts'
import { newState } from '../../src/core/state.ts'
import type { JobId, NodeId } from '../../src/core/types.ts'
import { toBytes, WireError } from '../../src/wire/codec.ts'
import { decodeMessage, encodeMessage } from '../../src/wire/messages.ts'
import { openRecord, openReport, signRecord, signReport, type Signer } from '../../src/wire/signed.ts'
import { hash } from '../core/fake-work.ts'
import { recordOf, reportOf } from '../core/one-node.ts'

const [own, other] = [createMemoryIdentity().id, createMemoryIdentity().id]
const [job, another] = [hash('job'), hash('another job')] as unknown as [JobId, JobId]

const signature = (by: NodeId, bytes: Uint8Array): Uint8Array =>
  createHash('sha512').update(`key of ${by}`).update(bytes).digest()

const signerOf = (id: NodeId): Signer => ({
  sign: async (bytes) => signature(id, bytes),
  verify: async (by, bytes, given) => Buffer.compare(signature(by, bytes), given) === 0,
})

const { bytes: _bytes, signature: _signature, ...record } = recordOf(own)
const { bytes: _reported, signature: _by, ...report } = reportOf(own, { has: [0, 1, 2, 5] })

/** Each is refused, and what it was made of is not. */
async function refused(
  open: (given: { bytes: Uint8Array; signature: Uint8Array }) => Promise<unknown>,
  sealed: {
    bytes: Uint8Array
    signature: Uint8Array
  },
): Promise<void> {
  await open(sealed)
  const changed = (bytes: Uint8Array): Uint8Array => {
    const digit = bytes.findLastIndex((byte) => byte >= 0x30 && byte <= 0x38)
    return bytes.with(digit, bytes[digit]! + 1)
  }
  await expect(open({ ...sealed, bytes: changed(sealed.bytes) })).rejects.toBeInstanceOf(WireError)
  await expect(open({ ...sealed, signature: changed(sealed.signature) })).rejects.toBeInstanceOf(WireError)
}

describe('a record', () => {
  it('is of the node that it is about', async () => {
    await refused((given) => openRecord(signerOf(other), given), await signRecord(signerOf(own), record))
    const forged = await signRecord(signerOf(other), record)
    await expect(openRecord(signerOf(other), forged)).rejects.toThrow('bad signature')
  })

  it('in a message of many is not relayed with the others where it is forged', async () => {
    const good = await signRecord(signerOf(other), { ...record, node: other })
    const forged = await signRecord(signerOf(other), record)
    const bytes = encodeMessage({ type: 'records', records: [good, forged] })
    await expect(decodeMessage(signerOf(own), other, bytes)).rejects.toThrow('bad signature')
  })
})

describe('a record of format 2', () => {
  it('says of JavaScript what runs it, and keeps its signature', async () => {
    const { runtimes: _runtimes, ...earlier } = { ...record, runtime: 'then' }
    const { bytes, signature: by } = await signRecord(signerOf(own), earlier as unknown as typeof record)
    const sealed = { bytes, signature: by }
    const opened = await openRecord(signerOf(other), sealed)
    expect(opened).toEqual({ ...record, runtimes: { js: 'then' }, ...sealed })
    await expect(
      openRecord(signerOf(other), await signRecord(signerOf(own), { ...record, ...earlier })),
    ).rejects.toBeInstanceOf(WireError)
  })
})

describe('a report', () => {
  it('is of its writer, of one job and one round', async () => {
    const sealed = await signReport(signerOf(own), job, 2, report)
    await refused((given) => openReport(signerOf(other), job, 2, given), sealed)
    await expect(openReport(signerOf(other), another, 2, sealed)).rejects.toThrow('another job or round')
    await expect(openReport(signerOf(other), job, 3, sealed)).rejects.toThrow('another job or round')
    expect(await openReport(signerOf(other), job, 2, sealed)).toMatchObject(report)
  })

  it('that is forged does not get in with a delta, nor one of an earlier round', async () => {
    const delta = (sealed: Awaited<ReturnType<typeof signReport>>, round: number): Uint8Array =>
      encodeMessage({ type: 'delta', job, delta: { round, outcome: { kind: 'open' }, tasks: [], reports: [sealed] } })
    const good = await signReport(signerOf(own), job, 1, report)
    await decodeMessage(signerOf(other), other, delta(good, 1))
    await expect(decodeMessage(signerOf(other), other, delta(good, 2))).rejects.toThrow('another job or round')
    const forged = await signReport(signerOf(other), job, 1, report)
    await expect(decodeMessage(signerOf(other), other, delta(forged, 1))).rejects.toThrow('bad signature')
  })

  it('and a record are signed for what they are: no signature serves for the other', async () => {
    const bytes = toBytes(record)
    const body = { ...report, job, round: 1, has: [] }
    const asRecord = { bytes, signature: await signerOf(own).sign(toBytes(['shoal/1/report', bytes])) }
    await expect(openRecord(signerOf(other), asRecord)).rejects.toThrow('bad signature')
    const asReport = {
      bytes: toBytes(body),
      signature: await signerOf(own).sign(toBytes(['shoal/1/node', toBytes(body)])),
    }
    await expect(openReport(signerOf(other), job, 1, asReport)).rejects.toThrow('bad signature')
  })
})

it('a heartbeat comes from the node itself', async () => {
  const self = { node: own, incarnation: { count: 1, nonce: 'n' }, slots: 1, runtimes: {} }
  const beat = makeBeat(newState(self, 0))
  for (const message of [{ type: 'beat', beat } as const, { type: 'hello', beat, jobs: '', nodes: '' } as const]) {
    expect((await decodeMessage(signerOf(other), own, encodeMessage(message))).type).toBe(message.type)
    await expect(decodeMessage(signerOf(other), other, encodeMessage(message))).rejects.toThrow('in another name')
  }
})
