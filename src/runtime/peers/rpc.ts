import { errorFromJson, type ErrorJson } from '../../core/errors.ts'
import { errorToJson } from '../../words/thrown.ts'
import { LIMITS } from '../../core/limits.ts'
import type { NodeId } from '../../core/types.ts'
import type { ByteStream, Clock } from '../../ports.ts'
import { fromBytes, toBytes, WireError } from '../../wire/codec.ts'
import { answer, call, type Answer, type Call } from '../../wire/rpc.ts'
import { PROTOCOLS } from './protocols.ts'
import { FramedStream } from './framed.ts'
import { onStream, type Reach } from './reach.ts'
import { within } from '../pause.ts'

const EMPTY = new Uint8Array()

interface Request {
  readonly bodyBytes: number
  readonly request: Call
}

export interface Answered {
  readonly body: Uint8Array
  readonly total: number
}

/** What a node answers to each call; a throw becomes the answer's error. */
export type Answerer = (from: NodeId, request: Call, body: Uint8Array) => Promise<Uint8Array | Answered>

/**
 * Calls a peer. Rejects with the peer's ShoalError, or with a WireError when the peer cannot be reached or is silent
 * for `timeoutMs`.
 */
export async function callPeer(
  reach: Reach,
  peer: NodeId,
  request: Call,
  body: Uint8Array = EMPTY,
  timeoutMs: number = LIMITS.rpcTimeoutMs,
  stillMs?: number,
): Promise<Answered> {
  let framed: FramedStream | null = null
  let late = false
  const ask = async (stream: FramedStream): Promise<{ head: Answer; bytes: Uint8Array }> => {
    framed = stream
    if (late) throw new WireError('no time is left')
    await sendWithBody(stream, { request, bodyBytes: body.length }, body)
    const head = await stream.receiveValue(answer, stillMs)
    return { head, bytes: await receiveBody(stream, head.bodyBytes) }
  }
  const work = async (): Promise<Answered> => {
    const { head, bytes } = await onStream(reach, peer, PROTOCOLS.rpc, ask)
    if (!head.ok) throw errorFromJson(head.error as ErrorJson)
    return { body: bytes, total: head.total }
  }
  try {
    return await within(
      reach.clock,
      timeoutMs,
      work(),
      () => {
        late = true
        framed?.abort('no answer within the time')
      },
      `${peer} gave no answer to ${request.call}`,
    )
  } finally {
    late = true
  }
}

/** Serves a peer's calls, one after the other, until the stream ends. */
export async function serveCalls(stream: ByteStream, clock: Clock, respond: Answerer): Promise<void> {
  const framed = new FramedStream(stream, clock)
  try {
    let next: Request | null = await framed.receiveValue(call)
    while (next !== null) {
      const body = await receiveBody(framed, next.bodyBytes)
      const { head, bytes } = await answerOf(respond, stream.peer, next.request, body)
      await sendWithBody(framed, head, bytes)
      const payload = await framed.receiveNext()
      next = payload === null ? null : fromBytes(call, payload)
    }
    await framed.end()
  } catch (error) {
    framed.abort(String(error))
    throw error
  }
}

async function answerOf(
  respond: Answerer,
  from: NodeId,
  request: Call,
  body: Uint8Array,
): Promise<{ head: Answer; bytes: Uint8Array }> {
  try {
    const result = await respond(from, request, body)
    const { body: bytes, total } = result instanceof Uint8Array ? { body: result, total: 0 } : result
    return { head: { ok: true, total, bodyBytes: bytes.length }, bytes }
  } catch (error) {
    return { head: { ok: false, error: errorToJson(error), total: 0, bodyBytes: 0 }, bytes: EMPTY }
  }
}

async function sendWithBody(framed: FramedStream, head: Request | Answer, body: Uint8Array): Promise<void> {
  let next = toBytes(head)
  for (let at = 0; at < body.length; at += LIMITS.shuffleFrameBytes) {
    await framed.sendMore(next)
    next = body.subarray(at, at + LIMITS.shuffleFrameBytes)
  }
  await framed.send(next)
}

async function receiveBody(framed: FramedStream, length: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for (let left = length; left > 0;) {
    const frame = await framed.receive()
    if (frame === null || frame.length > left) throw new WireError('a body that is not as long as was said')
    chunks.push(frame)
    left -= frame.length
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}
