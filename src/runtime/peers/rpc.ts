import { errorFromJson, type ErrorJson } from '../../core/errors.ts'
import { errorToJson } from '../../words/thrown.ts'
import { LIMITS } from '../../core/limits.ts'
import type { NodeId } from '../../core/types.ts'
import type { ByteStream, Clock } from '../../ports.ts'
import { WireError } from '../../wire/codec.ts'
import { answer, call, type Call } from '../../wire/rpc.ts'
import { PROTOCOLS } from './protocols.ts'
import { FramedStream, openFramed, type Reach } from './framed.ts'
import { within } from '../pause.ts'

const EMPTY = new Uint8Array()

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
  const work = async (): Promise<Answered> => {
    framed = await openFramed(reach, peer, PROTOCOLS.rpc)
    if (late) throw new WireError('no time is left')
    await framed.sendValue({ request, bodyBytes: body.length })
    await sendBody(framed, body)
    const head = await framed.receiveValue(answer, stillMs)
    const bytes = await receiveBody(framed, head.bodyBytes)
    await framed.end()
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
  } catch (error) {
    late = true
    ;(framed as FramedStream | null)?.abort(String(error))
    throw error
  }
}

/** Serves one call of a peer. */
export async function serveCall(stream: ByteStream, clock: Clock, respond: Answerer): Promise<void> {
  const framed = new FramedStream(stream, clock)
  try {
    const { request, bodyBytes } = await framed.receiveValue(call)
    const body = await receiveBody(framed, bodyBytes)
    try {
      const result = await respond(stream.peer, request, body)
      const { body: bytes, total } = result instanceof Uint8Array ? { body: result, total: 0 } : result
      await framed.sendValue({ ok: true, total, bodyBytes: bytes.length })
      await sendBody(framed, bytes)
    } catch (error) {
      await framed.sendValue({ ok: false, error: errorToJson(error), total: 0, bodyBytes: 0 })
    }
    await framed.end()
  } catch (error) {
    framed.abort(String(error))
    throw error
  }
}

async function sendBody(framed: FramedStream, body: Uint8Array): Promise<void> {
  for (let at = 0; at < body.length; at += LIMITS.shuffleFrameBytes)
    await framed.send(body.subarray(at, at + LIMITS.shuffleFrameBytes))
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
