import { z } from 'zod/mini'
import { LIMITS } from '../core/limits.ts'
import type { SignedReport } from '../core/ledger/ledger.ts'
import type { Message } from '../core/messages.ts'
import type { NodeId } from '../core/types.ts'
import { fromBytes, toBytes, WireError } from './codec.ts'
import {
  beat,
  beatBody,
  count,
  digest,
  list,
  nodeId,
  signed,
  text,
  wireDelta,
  type Signed,
  type WireDelta,
} from './shapes.ts'
import { openRecord, openReport, type Signer } from './signed.ts'

/** Bounds what decoding reports takes: one of a few bytes may name all tasks of a job. Nodes send one at a time. */
const REPORTED_TASKS_MAX = 4 * LIMITS.tasksMax

const hash = text(40)
const stamp = z.tuple([nodeId, count, count])

const wireMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('beat'), beat }),
  z.strictObject({ type: z.literal('hello'), beat, jobs: hash, nodes: hash }),
  z.strictObject({
    type: z.literal('stamps'),
    jobs: list(z.tuple([digest, count, hash, count]), LIMITS.jobsKeptMax),
    nodes: list(stamp, LIMITS.membersMax),
  }),
  z.strictObject({
    type: z.literal('ranges'),
    job: digest,
    round: count,
    steps: list(list(count, LIMITS.syncRanges), LIMITS.stepsMax),
    reports: list(stamp, LIMITS.membersMax),
    reply: z.boolean(),
    pin: z.optional(digest),
  }),
  z.strictObject({ type: z.literal('delta'), job: digest, delta: wireDelta, pin: z.optional(digest) }),
  z.strictObject({ type: z.literal('records'), records: list(signed, LIMITS.membersMax) }),
  z.strictObject({ type: z.literal('want-records'), nodes: list(nodeId, LIMITS.membersMax) }),
  z.strictObject({ type: z.literal('unheard'), nodes: list(nodeId, LIMITS.unheardMax) }),
  z.strictObject({ type: z.literal('dropped'), job: digest, round: count, expired: z.boolean() }),
]) as unknown as z.ZodMiniType<WireMessage>

type WireMessage =
  | Exclude<Message, { type: 'delta' | 'records' }>
  | (Omit<Extract<Message, { type: 'delta' }>, 'delta'> & { readonly delta: WireDelta })
  | { readonly type: 'records'; readonly records: readonly Signed[] }

const seal = ({ bytes, signature }: Signed): Signed => ({ bytes, signature })

/** A message as bytes; of records and reports only what was signed is sent. */
export function encodeMessage(message: Message): Uint8Array {
  if (message.type === 'records') return toBytes({ ...message, records: message.records.map(seal) })
  if (message.type === 'delta')
    return toBytes({ ...message, delta: { ...message.delta, reports: message.delta.reports.map(seal) } })
  if (message.type === 'beat' || message.type === 'hello') return toBytes({ ...message, beat: beatBody(message.beat) })
  return toBytes(message)
}

/**
 * A peer's bytes as a message. Throws WireError for anything malformed, wrongly signed, or said in another node's name:
 * heartbeats and claims of life come from the node itself only.
 */
export async function decodeMessage(signer: Signer, from: NodeId, bytes: Uint8Array): Promise<Message> {
  const message = fromBytes(wireMessage, bytes)
  if ((message.type === 'beat' || message.type === 'hello') && message.beat.node !== from)
    throw new WireError('a heartbeat in another name')
  if (message.type === 'records')
    return { type: 'records', records: await Promise.all(message.records.map((r) => openRecord(signer, r))) }
  if (message.type === 'delta') {
    const { job, delta, pin } = message
    const reports: SignedReport[] = []
    let tasks = 0
    for (const sealed of delta.reports) {
      const report = await openReport(signer, job, delta.round, sealed)
      tasks += report.has.length
      if (tasks > REPORTED_TASKS_MAX) throw new WireError('reports of more tasks than are sent at once')
      reports.push(report)
    }
    return { type: 'delta', job, delta: { ...delta, reports }, ...(pin === undefined ? {} : { pin }) }
  }
  return message
}
