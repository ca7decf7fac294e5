/** The control socket, at both ends: what is written to it by whoever may, and what a command reads from it. */
import { createServer, connect, type Server, type Socket } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectControl } from '../../../src/control/client.ts'
import { argumentsOf, checkSubmission } from '../../../src/control/request.ts'
import { METHODS } from '../../../src/control/protocol.ts'
import { serveControl } from '../../../src/control/server.ts'
import { pointToSocket } from '../../../src/control/socket-path.ts'
import { VERSION } from '../../../src/control/version.ts'
import type { SubmitRequest } from '../../../src/control/api.ts'
import { ShoalError } from '../../../src/core/errors.ts'
import { DETAIL, fakeNode, OUTCOME, PREPARED, progress, STATUS } from '../../cli/fake.ts'
import { mutateValue } from '../mutate-value.ts'
import { mutate } from '../mutate.ts'
import type { Random } from '../random.ts'
import { holds, orShoalError, target, type Target } from '../target.ts'
import { jsonInput } from './cbor.ts'

const SUBMISSION: SubmitRequest = {
  job: { ...PREPARED, inputs: [{ alias: '', data: 'logs/*.csv', format: 'csv', columns: ['a'], header: false }] },
  key: null,
  allowPartial: false,
  waitForDataMs: 0,
  limits: DETAIL.limits,
}

// ---- the node's end

function post(path: string, body: string): string {
  const head = `POST /${path} HTTP/1.1\r\nhost: x\r\nshoal-version: ${VERSION}\r\nconnection: close`
  return `${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

function requestInput(random: Random): Uint8Array {
  const method = random.pick([...Object.keys(METHODS), 'watch', 'result'])
  const takes = METHODS[method as keyof typeof METHODS]?.takes ?? ['string']
  let args: unknown = takes.map((type) => (type === 'string' ? '7c1e' : SUBMISSION))
  if (random.chance(0.7)) args = mutateValue(random, args, [SUBMISSION])
  const text = JSON.stringify(args) ?? ''
  const body = random.chance(0.2) ? Buffer.from(mutate(random, [Buffer.from(text)])).toString('latin1') : text
  const whole = Buffer.from(post(method, body))
  return random.chance(0.3) ? mutate(random, [new Uint8Array(whole)]) : whole
}

/** What a node does first with a submission: it takes each field for what its type says. */
function use({ job, key, limits, waitForDataMs, allowPartial }: SubmitRequest): void {
  const texts = [job.name, job.bundle, job.sourceMap, key ?? '', job.format ?? '', ...Object.values(job.params)]
  for (const input of job.inputs) texts.push(input.alias, input.data, input.delimiter ?? '', ...(input.columns ?? []))
  for (const text of texts) Buffer.byteLength(text)
  const numbers = [limits.copies, limits.taskMemory ?? 0, limits.taskTimeoutMs ?? 0, waitForDataMs, job.partitions ?? 0]
  holds(
    numbers.every((n) => typeof n === 'number') && typeof allowPartial === 'boolean',
    'a submission is of its types',
  )
}

interface Home {
  readonly folder: string
  readonly path: string
  stop(): Promise<void>
}

let served: Promise<Home> | null = null

async function serve(): Promise<Home> {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-fuzz-node-'))
  const node = fakeNode({
    submit: async (request) => {
      use(request)
      return { id: '7c', attached: false, knownHereOnly: false, warnings: [] }
    },
  })
  const server = await serveControl(node, folder, 0)
  const stop = async (): Promise<void> => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { folder, path: server.path, stop }
}

/** All that comes back until the other side closes. */
function exchange(path: string, request: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(path)
    const answer: Buffer[] = []
    socket.on('data', (chunk: Buffer) => answer.push(chunk))
    socket.once('close', () => resolve(Buffer.concat(answer).toString('latin1')))
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error)
    })
    // The end of what is said, too: else a body that is promised and never comes is waited for.
    socket.end(request)
  })
}

async function checkRequest(bytes: Uint8Array): Promise<void> {
  served ??= serve()
  const { path } = await served
  const answer = await exchange(path, bytes)
  holds(!answer.includes('"code":"INTERNAL"'), `a request is answered as a bug in Shoal: ${answer.slice(-300)}`)
}

// ---- the command's end

const ANSWERS = [
  JSON.stringify({ value: STATUS }),
  `${JSON.stringify(progress(1, 4))}\n${JSON.stringify(OUTCOME)}\n`,
  JSON.stringify({ schema: 'shoal.error/1', code: 'NO_SUCH_JOB', message: 'm', try: ['t'], retryable: false, exit: 4 }),
]
const FRAMES = [Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 2, 5, 5]), Buffer.from([2, 0, 0, 0, 1, 0, 0, 0, 0])]

const response = (status: string, body: Uint8Array): Uint8Array =>
  new Uint8Array(
    Buffer.concat([
      Buffer.from(`HTTP/1.1 ${status}\r\nshoal-version: ${VERSION}\r\nconnection: close\r\n`),
      Buffer.from(`content-length: ${body.length}\r\n\r\n`),
      body,
    ]),
  )

/** The first byte says what the command asks for. */
function answerInput(random: Random): Uint8Array {
  const bodies = [...ANSWERS.map((text) => new Uint8Array(Buffer.from(text))), new Uint8Array(Buffer.concat(FRAMES))]
  let body: Uint8Array = random.pick(bodies)
  const json = random.pick(ANSWERS)
  if (random.chance(0.3)) body = mutate(random, bodies)
  else if (random.chance(0.5) && !json.includes('\n'))
    body = Buffer.from(JSON.stringify(mutateValue(random, JSON.parse(json))) ?? '')
  const whole = response(random.pick(['200 OK', '200 OK', '400 Bad Request', '500 Oops']), body)
  const asked = Uint8Array.of(random.below(256))
  return new Uint8Array(Buffer.concat([asked, random.chance(0.3) ? mutate(random, [whole]) : whole]))
}

interface Impostor extends Home {
  /** What it says to whoever connects next. */
  says: Uint8Array
}

let impostor: Promise<Impostor> | null = null

async function imitate(): Promise<Impostor> {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-fuzz-command-'))
  const path = join(folder, 's')
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(one.says))
  })
  const one: Impostor = {
    folder,
    path,
    says: new Uint8Array(0),
    stop: async () => {
      await new Promise<void>((resolve) => void server.close(() => resolve()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await new Promise<void>((resolve) => void server.listen(path, resolve))
  pointToSocket(folder, path)
  return one
}

async function drained(pieces: AsyncIterable<unknown>): Promise<void> {
  const all = pieces[Symbol.asyncIterator]()
  while ((await all.next()).done !== true);
}

async function checkAnswer(bytes: Uint8Array): Promise<void> {
  impostor ??= imitate()
  const other = await impostor
  other.says = bytes.subarray(1)
  const node = connectControl(other.folder)
  const never = new AbortController().signal
  try {
    const asked = (bytes[0] ?? 0) % 3
    if (asked === 0) await node.status()
    else await drained(asked === 1 ? node.watch('7c', never) : node.result('7c', never))
  } catch (error) {
    if (!(error instanceof ShoalError)) throw error
    // An error that the other side has told of may be of any code.
    const told = Buffer.from(other.says).toString('latin1').includes('"code"')
    holds(told || error.code !== 'INTERNAL', `a command takes an answer for a bug in Shoal: ${error.message}`)
  }
}

const stopOf = async (home: Promise<Home> | null): Promise<void> => (await home)?.stop()

export const CONTROL: readonly Target[] = [
  target('control-request', {
    what: 'control/server: requests on the control socket',
    input: requestInput,
    check: checkRequest,
    stop: async () => {
      const home = served
      served = null
      await stopOf(home)
    },
    quick: 300,
  }),
  target('control-answer', {
    what: 'control/client: what a command reads from the control socket',
    input: answerInput,
    check: checkAnswer,
    stop: async () => {
      const home = impostor
      impostor = null
      await stopOf(home)
    },
    quick: 300,
  }),
  target('control-arguments', {
    what: 'control/request: what a request carries',
    input: jsonInput([[SUBMISSION], ['7c']]),
    check: (bytes) => {
      orShoalError(['USAGE'], () => {
        const [request] = argumentsOf(Buffer.from(bytes).toString())
        checkSubmission(request)
        use(request)
      })
    },
  }),
]
