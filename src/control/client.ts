import type { ClientRequest, IncomingMessage } from 'node:http'
import type { JobEvent, NodeApi, ResultChunk } from './api.ts'
import { ShoalError, errorFromJson, type ErrorJson } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { reasonOf } from '../words/reason.ts'
import {
  FRAME_CHUNK,
  FRAME_END,
  FRAME_ERROR,
  FRAME_HEADER_BYTES,
  VERSION_HEADER,
  type PlainMethod,
} from './protocol.ts'
import { http } from './http.ts'
import { findSocket } from './socket-path.ts'
import { VERSION } from './version.ts'

const OTHER_SPEECH = 'what answers there speaks otherwise than a node'

/** A node that says nothing for so long to a question it can always answer at once is taken for hung. */
const SILENCE_MS = 15_000

/**
 * The node of `home`, over its control socket. No connection is kept between calls.
 * Every call rejects with NO_NODE, at once, when no process is there, and with VERSION when it is of another version.
 */
export function connectControl(home: string): NodeApi {
  const call = <T>(method: PlainMethod, ...args: readonly unknown[]): Promise<T> => plainCall(home, method, args)
  const until = <T>(method: PlainMethod, signal: AbortSignal | undefined, ...args: readonly unknown[]): Promise<T> =>
    plainCall(home, method, args, signal)
  return {
    status: () => call('status'),
    members: () => call('members'),
    forgetMember: (node) => call('forgetMember', node),
    datasets: () => call('datasets'),
    forgetData: (dataset) => call('forgetData', dataset),
    freeze: (data) => call('freeze', data),
    snapshots: () => call('snapshots'),
    ticket: () => call('ticket'),
    doctor: () => call('doctor'),
    drain: () => call('drain'),
    explain: (request) => call('explain', request),
    submit: (request, signal) => until('submit', signal, request),
    jobs: () => call('jobs'),
    job: (id) => call('job', id),
    why: (id) => call('why', id),
    graph: (id) => call('graph', id),
    events: (id) => call('events', id),
    logs: (id) => call('logs', id),
    receipt: (id) => call('receipt', id),
    verify: (id, signal) => until('verify', signal, id),
    diff: (a, b) => call('diff', a, b),
    cancel: (id) => call('cancel', id),
    retry: (id) => call('retry', id),
    remove: (id) => call('remove', id),
    watch: (id, signal) => watchEvents(home, id, signal),
    result: (id, signal) => resultChunks(home, id, signal),
  }
}

async function plainCall<T>(
  home: string,
  method: PlainMethod,
  args: readonly unknown[],
  signal?: AbortSignal,
): Promise<T> {
  const quick = method === 'status' || method === 'members' || method === 'ticket'
  const response = await open(home, method, args, quick ? AbortSignal.timeout(SILENCE_MS) : (signal ?? null))
  const answer = answerOf(home, await readAll(home, response))
  if (!('value' in answer)) throw strange(home)
  return answer['value'] as T
}

/** Sends a request and resolves with its answer's head, unless that is an error. */
async function open(
  home: string,
  method: string,
  args: readonly unknown[],
  signal: AbortSignal | null,
): Promise<IncomingMessage> {
  const socketPath = findSocket(home)
  if (socketPath === null) throw noNode(home, 'no process holds this home')
  const body = JSON.stringify(args)
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request: ClientRequest = http.request({
      socketPath,
      path: `/${method}`,
      method: 'POST',
      agent: false,
      headers: { [VERSION_HEADER]: VERSION, 'content-length': Buffer.byteLength(body) },
      ...(signal === null ? {} : { signal }),
    })
    request.once('response', resolve)
    request.once('error', (error) => reject(noNode(home, whyNoAnswer(error), error)))
    request.end(body)
  })
  const theirs = response.headers[VERSION_HEADER]
  if (response.statusCode === 200 && theirs === VERSION) return response
  const text = await readAll(home, response)
  if (theirs !== undefined && theirs !== VERSION) {
    throw new ShoalError('VERSION', `this command is Shoal ${VERSION}, the node is Shoal ${String(theirs)}`, {
      try: [
        'start the node again with the version of this command',
        'use the command of the version that the node runs',
      ],
    })
  }
  throw errorOf(home, answerOf(home, text))
}

/** An object that a node sent. Throws NO_NODE where it is none: then it is no node that answers. */
function answerOf(home: string, text: string): Readonly<Record<string, unknown>> {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch (error) {
    throw strange(home, error)
  }
  if (typeof answer !== 'object' || answer === null) throw strange(home)
  return answer as Readonly<Record<string, unknown>>
}

function errorOf(home: string, answer: Readonly<Record<string, unknown>>): ShoalError {
  const { code, message, why, try: remedies, job, node } = answer
  const texts = [code, message, why ?? '', job ?? '', node ?? '', ...(Array.isArray(remedies) ? remedies : [null])]
  if (!texts.every((text) => typeof text === 'string')) return strange(home)
  return errorFromJson(answer as unknown as ErrorJson)
}

function strange(home: string, cause?: unknown): ShoalError {
  return noNode(home, OTHER_SPEECH, cause)
}

function whyNoAnswer(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') return 'no process holds this home'
  if (error.name === 'AbortError' || error.name === 'TimeoutError') {
    return `the node has not answered within ${SILENCE_MS / 1000} s`
  }
  if (error.code === 'ECONNRESET') return 'the node ended before it answered'
  return reasonOf(error, OTHER_SPEECH)
}

function noNode(home: string, why: string, cause?: unknown): ShoalError {
  return new ShoalError('NO_NODE', `no node answers for ${home}`, {
    why,
    try: [
      'shoal node --data NAME=DIR   starts one here (in another terminal)',
      '--home DIR   names the home of one that runs',
      '--local --data NAME=DIR   runs the job on this machine alone',
    ],
    cause,
  })
}

/** The bytes of an answer; the node's death on the way is NO_NODE. */
async function* bytesOf(home: string, response: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* response as AsyncIterable<Buffer>
  } catch (error) {
    throw noNode(home, 'the node ended while it answered', error)
  }
}

async function readAll(home: string, response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of bytesOf(home, response)) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

async function* watchEvents(home: string, id: string, signal: AbortSignal): AsyncGenerator<JobEvent> {
  try {
    const response = await open(home, 'watch', [id], signal)
    let last: JobEvent | null = null
    for await (const line of lines(bytesOf(home, response))) {
      const event = answerOf(home, line)
      if (event['schema'] === 'shoal.error/1') throw errorOf(home, event)
      if (event['schema'] !== 'shoal.event/1') throw strange(home)
      last = event as unknown as JobEvent
      yield last
    }
    if (last?.type !== 'outcome') throw noNode(home, 'the node ended while the job was being watched')
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

async function* lines(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  /** The beginning of a line whose end has not come yet. */
  let pieces: Buffer[] = []
  let length = 0
  for await (const chunk of bytes) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...pieces, chunk.subarray(start, end)]).toString('utf8')
      pieces = []
      length = 0
      start = end + 1
    }
    pieces.push(chunk.subarray(start))
    length += chunk.length - start
    if (length > LIMITS.rpcBodyBytesMax) throw new ShoalError('LIMIT', 'an event is larger than any event can be')
  }
}

/** Ends normally only after the END frame: a result cut short is an error, however clean the stream's end looks. */
async function* resultChunks(home: string, id: string, signal: AbortSignal): AsyncGenerator<ResultChunk> {
  let chunks = 0
  const response = await open(home, 'result', [id], signal)
  for await (const frame of frames(bytesOf(home, response))) {
    if (frame.kind === FRAME_CHUNK) {
      chunks++
      yield { partition: frame.partition, bytes: frame.bytes }
    } else if (frame.kind === FRAME_ERROR) {
      throw errorOf(home, answerOf(home, Buffer.from(frame.bytes).toString('utf8')))
    } else if (frame.kind === FRAME_END && frame.partition === chunks) {
      return
    } else {
      break
    }
  }
  throw noNode(home, 'the node ended while it sent the result: what came is not whole')
}

interface Frame {
  readonly kind: number
  readonly partition: number
  readonly bytes: Uint8Array
}

async function* frames(bytes: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  const pending: Buffer[] = []
  let have = 0
  let need = FRAME_HEADER_BYTES
  for await (const chunk of bytes) {
    pending.push(chunk)
    have += chunk.length
    while (have >= need) {
      const all = pending.length === 1 ? (pending[0] as Buffer) : Buffer.concat(pending)
      const end = FRAME_HEADER_BYTES + all.readUInt32BE(5)
      if (end > LIMITS.rpcBodyBytesMax) throw new ShoalError('LIMIT', 'a result frame is larger than any frame can be')
      pending.length = 0
      if (all.length >= end) {
        yield { kind: all.readUInt8(0), partition: all.readUInt32BE(1), bytes: all.subarray(FRAME_HEADER_BYTES, end) }
        pending.push(all.subarray(end))
        need = FRAME_HEADER_BYTES
      } else {
        pending.push(all)
        need = end
      }
      have = pending[0]?.length ?? 0
    }
  }
}
