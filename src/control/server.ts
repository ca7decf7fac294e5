import { chmodSync, rmSync } from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { finished } from 'node:stream/promises'
import type { NodeApi } from './api.ts'
import { ShoalError } from '../core/errors.ts'
import { asShoalError, errorToJson } from '../words/thrown.ts'
import { LIMITS } from '../core/limits.ts'
import { reasonOf } from '../words/reason.ts'
import {
  FRAME_CHUNK,
  FRAME_END,
  FRAME_ERROR,
  METHODS,
  VERSION_HEADER,
  frameHeader,
  type PlainMethod,
} from './protocol.ts'
import { http } from './http.ts'
import { argumentsOf, checkSubmission } from './request.ts'
import { forgetSocket, makeRuntimeFolder, pointToSocket, socketPath } from './socket-path.ts'
import { VERSION } from './version.ts'

const READY_POLL_MS = 50
/** Answers under way at close get so long to leave. */
const CLOSE_GRACE_MS = 500

export interface ControlServer {
  readonly path: string
  close(): Promise<void>
}

/**
 * Serves `api` on the control socket of `home` (folder 0700, socket 0600). Calls that need a ready node wait up to
 * `readyWaitMs` for it.
 * @throws ShoalError HOME_IN_USE when a node answers there already, NODE_SETUP when the socket cannot be made.
 */
export async function serveControl(
  api: NodeApi,
  home: string,
  readyWaitMs: number = LIMITS.readyWaitMs,
): Promise<ControlServer> {
  const path = socketPath(home)
  makeRuntimeFolder(dirname(path))
  if (await answers(path)) throw new ShoalError('HOME_IN_USE', `another node runs on ${home}`)
  rmSync(path, { force: true })
  const server = http.createServer((request, response) => void answer({ api, readyWaitMs }, request, response))
  server.requestTimeout = 0
  await listen(server, path)
  chmodSync(path, 0o600)
  pointToSocket(home, path)
  return { path, close: () => close(server, home) }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new ShoalError('NODE_SETUP', `cannot listen on ${path}`, {
          why: reasonOf(error, 'the system refuses it'),
          cause: error,
        }),
      ),
    )
    server.listen(path, resolve)
  })
}

async function close(server: Server, home: string): Promise<void> {
  forgetSocket(home)
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
  const force = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
  await closed
  clearTimeout(force)
}

interface Served {
  readonly api: NodeApi
  readonly readyWaitMs: number
}

async function answer(served: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  response.on('error', () => gone.abort())
  response.setHeader(VERSION_HEADER, VERSION)
  try {
    checkVersion(request)
    const method = (request.url ?? '').slice(1)
    const args = await readArguments(request)
    if (method === 'watch') await streamEvents(served, stringArgument(args), gone.signal, response)
    else if (method === 'result') await streamResult(served, stringArgument(args), gone.signal, response)
    else await answerPlain(served, method, args, gone.signal, response)
  } catch (error) {
    if (!gone.signal.aborted) sendError(response, error)
  }
}

function checkVersion(request: IncomingMessage): void {
  const theirs = request.headers[VERSION_HEADER]
  if (theirs === VERSION) return
  throw new ShoalError('VERSION', `this command is Shoal ${String(theirs)}, the node is Shoal ${VERSION}`, {
    try: ['start the node again with the version of the command', 'use the command of the version that the node runs'],
  })
}

async function readArguments(request: IncomingMessage): Promise<readonly unknown[]> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LIMITS.rpcBodyBytesMax) {
      throw new ShoalError('LIMIT', `the request is larger than ${LIMITS.rpcBodyBytesMax} bytes`)
    }
    chunks.push(chunk)
  }
  return argumentsOf(Buffer.concat(chunks).toString('utf8'))
}

function stringArgument(args: readonly unknown[]): string {
  const [id] = args
  if (args.length !== 1 || typeof id !== 'string') throw new ShoalError('USAGE', 'the request takes one id')
  return id
}

async function answerPlain(
  served: Served,
  method: string,
  args: readonly unknown[],
  gone: AbortSignal,
  response: ServerResponse,
): Promise<void> {
  if (!Object.hasOwn(METHODS, method)) throw new ShoalError('USAGE', `the node has no method ${JSON.stringify(method)}`)
  const name = method as PlainMethod
  const { takes, early, long } = METHODS[name]
  const fits = takes.length === args.length && takes.every((type, i) => typeof args[i] === type && args[i] !== null)
  if (!fits) throw new ShoalError('USAGE', `${name} takes (${takes.join(', ')})`)
  if (name === 'submit' || name === 'explain') checkSubmission(args[0])
  if (!early) await whenReady(served, gone)
  const call = served.api[name] as (this: NodeApi, ...args: readonly unknown[]) => Promise<unknown>
  const value = await call.call(served.api, ...args, ...(long ? [gone] : []))
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ value: value ?? null }))
}

/**
 * Waits up to `readyWaitMs` for the node to be ready.
 * @throws ShoalError NOT_READY when it was told to join a mesh and has never met a member.
 */
async function whenReady({ api, readyWaitMs }: Served, gone: AbortSignal): Promise<void> {
  const deadline = performance.now() + readyWaitMs
  for (;;) {
    const status = await api.status()
    if (status.ready || gone.aborted) return
    if (performance.now() >= deadline) {
      if (status.joined) return
      throw new ShoalError('NOT_READY', 'the node has not met any member of its mesh', {
        why: status.why,
        try: [
          'start the node that it was told to join',
          'give it a fresh ticket: `shoal ticket` on a member prints one',
        ],
        node: status.name,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS))
  }
}

async function streamEvents(served: Served, id: string, gone: AbortSignal, response: ServerResponse): Promise<void> {
  await whenReady(served, gone)
  response.setHeader('content-type', 'application/x-ndjson')
  for await (const event of served.api.watch(id, gone)) await write(response, `${JSON.stringify(event)}\n`, gone)
  response.end()
}

async function streamResult(served: Served, id: string, gone: AbortSignal, response: ServerResponse): Promise<void> {
  await whenReady(served, gone)
  response.setHeader('content-type', 'application/octet-stream')
  let chunks = 0
  for await (const { partition, bytes } of served.api.result(id, gone)) {
    await write(response, frameHeader(FRAME_CHUNK, partition, bytes.length), gone)
    if (bytes.length > 0) await write(response, bytes, gone)
    chunks++
  }
  if (gone.aborted) return
  response.end(frameHeader(FRAME_END, chunks, 0))
  await finished(response)
}

/** Writes with back-pressure: resolves once the socket takes more, or the other side has gone. */
function write(response: ServerResponse, data: string | Uint8Array, gone: AbortSignal): Promise<void> {
  if (gone.aborted || response.write(data)) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      gone.removeEventListener('abort', done)
      resolve()
    }
    response.once('drain', done)
    gone.addEventListener('abort', done)
  })
}

/** An error before the first byte is the answer; later it is the last line or frame of the stream. */
function sendError(response: ServerResponse, error: unknown): void {
  const json = JSON.stringify(errorToJson(error))
  if (!response.headersSent) {
    response.statusCode = asShoalError(error).exit === 70 ? 500 : 400
    response.setHeader('content-type', 'application/json')
    response.end(json)
  } else if (response.getHeader('content-type') === 'application/octet-stream') {
    const bytes = Buffer.from(json)
    response.write(frameHeader(FRAME_ERROR, 0, bytes.length))
    response.end(bytes)
  } else {
    response.end(`${json}\n`)
  }
}
