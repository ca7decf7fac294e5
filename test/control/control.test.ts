import { lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { JobEvent, NodeApi, ResultChunk } from '../../src/control/api.ts'
import { connectControl } from '../../src/control/client.ts'
import { serveControl, type ControlServer } from '../../src/control/server.ts'
import { findSocket, pointToSocket, socketPath } from '../../src/control/socket-path.ts'
import { VERSION } from '../../src/control/version.ts'
import { ShoalError } from '../../src/core/errors.ts'
import { DETAIL, JOB_ID, OUTCOME, PREPARED, RECEIPT, STATUS, SUMMARY, fakeNode, progress } from '../cli/fake.ts'

const homes: string[] = []
const servers: ControlServer[] = []

function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'shoal-control-'))
  homes.push(home)
  return home
}

async function serve(
  changes: Partial<NodeApi> = {},
  calls: unknown[][] = [],
  home: string = newHome(),
  readyWaitMs: number = 10_000,
): Promise<NodeApi> {
  servers.push(await serveControl(fakeNode(changes, calls), home, readyWaitMs))
  return connectControl(home)
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true })
})

const never = new AbortController().signal

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

async function failure(work: Promise<unknown>): Promise<ShoalError> {
  try {
    await work
  } catch (error) {
    expect(error).toBeInstanceOf(ShoalError)
    return error as ShoalError
  }
  throw new Error('it did not fail')
}

describe('plain calls', () => {
  test('every method reaches the node with its arguments, and its answer comes back', async () => {
    const calls: unknown[][] = []
    const node = await serve({}, calls)
    const submission = { job: PREPARED, key: null, allowPartial: false, waitForDataMs: 0, limits: DETAIL.limits }
    expect(await node.status()).toEqual(STATUS)
    expect(await node.members()).toEqual(await fakeNode().members())
    expect(await node.datasets()).toEqual(await fakeNode().datasets())
    expect(await node.snapshots()).toEqual(await fakeNode().snapshots())
    expect(await node.freeze('purchases')).toEqual(await fakeNode().freeze(''))
    expect(await node.ticket()).toBe('shoal1ticket')
    expect(await node.doctor()).toEqual(await fakeNode().doctor())
    expect(await node.explain(submission)).toEqual(await fakeNode().explain(submission))
    expect(await node.submit(submission)).toEqual(await fakeNode().submit(submission))
    expect(await node.jobs()).toEqual([SUMMARY])
    expect(await node.job('7c')).toEqual(DETAIL)
    expect(await node.why('7c')).toEqual(await fakeNode().why('7c'))
    expect(await node.events('7c')).toEqual(await fakeNode().events('7c'))
    expect(await node.logs('7c')).toEqual(await fakeNode().logs('7c'))
    expect(await node.receipt('7c')).toEqual(RECEIPT)
    for (const call of [node.cancel('7c'), node.retry('7c'), node.remove('7c'), node.drain()]) await call
    await node.forgetMember('data-9')
    await node.forgetData('old')
    const sent = calls.filter(([name]) => name !== 'status')
    expect(sent).toContainEqual(['submit', submission])
    expect(sent).toContainEqual(['forgetMember', 'data-9'])
    expect(sent).toContainEqual(['forgetData', 'old'])
    expect(sent).toContainEqual(['job', '7c'])
    expect(sent).toContainEqual(['drain'])
  })

  test('who leaves a call that takes long ends it', async () => {
    const began = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const node = await serve({
      verify: (_id, signal) => {
        signal?.addEventListener('abort', () => ended.resolve())
        began.resolve()
        return new Promise(() => {})
      },
    })
    const asker = new AbortController()
    const asked = failure(node.verify('7c', asker.signal))
    await began.promise
    asker.abort()
    await ended.promise
    await asked
  })

  test('an error keeps code, reason, remedies and job', async () => {
    const node = await serve({
      receipt: () =>
        Promise.reject(new ShoalError('RESULT_LOST', 'gone', { why: 'two disks', try: ['retry'], job: JOB_ID })),
    })
    const error = await failure(node.receipt('7c'))
    expect(error).toMatchObject({
      code: 'RESULT_LOST',
      message: 'gone',
      why: 'two disks',
      try: ['retry'],
      job: JOB_ID,
      exit: 3,
    })
  })

  test('what is no operating error is a bug: INTERNAL', async () => {
    const node = await serve({ jobs: () => Promise.reject(new TypeError('x is not a function')) })
    expect(await failure(node.jobs())).toMatchObject({ code: 'INTERNAL', exit: 70, message: 'x is not a function' })
  })

  test('a large bundle passes', async () => {
    const calls: unknown[][] = []
    const node = await serve({}, calls)
    const bundle = 'é'.repeat(3_000_000)
    const submission = {
      job: { ...PREPARED, bundle },
      key: null,
      allowPartial: false,
      waitForDataMs: 0,
      limits: DETAIL.limits,
    }
    await node.submit(submission)
    expect(calls.find(([name]) => name === 'submit')).toEqual(['submit', submission])
  })
})

describe('no node', () => {
  test('a home without a process: NO_NODE at once', async () => {
    expect(await failure(connectControl(newHome()).status())).toMatchObject({ code: 'NO_NODE', exit: 4 })
    expect(await failure(all(connectControl(newHome()).watch('7c', never)))).toMatchObject({ code: 'NO_NODE' })
  })

  test('a home whose node died: NO_NODE at once', async () => {
    const home = newHome()
    pointToSocket(home, join(home, 'nobody.sock'))
    expect(await failure(connectControl(home).jobs())).toMatchObject({ code: 'NO_NODE', exit: 4 })
  })

  test('a node that dies while it answers: NO_NODE, also for a stream that has begun', async () => {
    const home = newHome()
    const path = join(home, 's')
    const server = createServer((_, response) => {
      response.setHeader('shoal-version', VERSION)
      response.write(`${JSON.stringify(progress(1, 4))}\n`)
      setImmediate(() => response.destroy())
    })
    await new Promise<void>((resolve) => void server.listen(path, resolve))
    pointToSocket(home, path)
    expect(await failure(all(connectControl(home).watch('7c', never)))).toMatchObject({ code: 'NO_NODE' })
    expect(await failure(connectControl(home).status())).toMatchObject({ code: 'NO_NODE' })
    server.close()
  })
})

describe('readiness', () => {
  test('early questions are answered before the node is ready, the others wait for it', async () => {
    let asked = 0
    const node = await serve({
      status: () => Promise.resolve({ ...STATUS, ready: ++asked > 3, joined: false, why: 'has met no one' }),
    })
    expect(await node.ticket()).toBe('shoal1ticket')
    expect(asked).toBe(0)
    expect(await node.jobs()).toEqual([SUMMARY])
    expect(asked).toBe(4)
  })

  test('told to join and never met a member: NOT_READY after 10 s; else the node answers', async () => {
    const asked = (joined: boolean, why: string): Promise<NodeApi> =>
      serve({ status: () => Promise.resolve({ ...STATUS, ready: false, joined, why }) }, [], newHome(), 120)
    const [stranger, lonely] = [await asked(false, 'silent'), await asked(true, 'trying')]
    const [error, jobs] = await Promise.all([failure(stranger.jobs()), lonely.jobs()])
    expect(error).toMatchObject({ code: 'NOT_READY', exit: 4, why: 'silent' })
    expect(jobs).toEqual([SUMMARY])
  })
})

describe('versions', () => {
  test('a node of another version: VERSION', async () => {
    const home = newHome()
    const path = join(home, 's')
    const server = createServer((_, response) => {
      response.setHeader('shoal-version', '99.0.0')
      response.end('{"value":1}')
    })
    await new Promise<void>((resolve) => void server.listen(path, resolve))
    pointToSocket(home, path)
    expect(await failure(connectControl(home).status())).toMatchObject({ code: 'VERSION', exit: 7 })
    server.close()
  })

  test('a command of another version is told so by the node', async () => {
    const home = newHome()
    await serve({}, [], home)
    const text = await new Promise<string>((resolve, reject) => {
      const call = request({
        socketPath: findSocket(home) as string,
        path: '/status',
        method: 'POST',
        headers: { 'shoal-version': '0.0.0' },
      })
      call.on('error', reject)
      call.on('response', (response) => {
        response.setEncoding('utf8').on('data', resolve)
      })
      call.end('[]')
    })
    expect(JSON.parse(text)).toMatchObject({ schema: 'shoal.error/1', code: 'VERSION', exit: 7 })
  })
})

describe('streams', () => {
  test('watch gives every event in order', async () => {
    const node = await serve()
    expect(await all(node.watch('7c', never))).toEqual([progress(0, 4), progress(2, 4), OUTCOME])
  })

  test('watch ends quietly when its reader leaves, and the node is told', async () => {
    const left = Promise.withResolvers<void>()
    const node = await serve({
      async *watch(_id: string, signal: AbortSignal): AsyncGenerator<JobEvent> {
        yield progress(1, 4)
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        left.resolve()
      },
    })
    const leave = new AbortController()
    for await (const event of node.watch('7c', leave.signal)) {
      expect(event).toEqual(progress(1, 4))
      leave.abort()
    }
    await left.promise
  })

  test('watch that ends without an outcome is NO_NODE; an error on the way is that error', async () => {
    const cut = await serve({
      async *watch(): AsyncGenerator<JobEvent> {
        yield progress(1, 4)
      },
    })
    expect(await failure(all(cut.watch('7c', never)))).toMatchObject({ code: 'NO_NODE' })
    const failing = await serve({
      async *watch(): AsyncGenerator<JobEvent> {
        yield progress(1, 4)
        throw new ShoalError('NO_SUCH_JOB', 'dropped')
      },
    })
    expect(await failure(all(failing.watch('7c', never)))).toMatchObject({ code: 'NO_SUCH_JOB' })
  })

  test('result gives every byte, empty partitions too, with back-pressure', async () => {
    const sizes = [0, 1, 9, 65_536, 3_000_001, 0, 17]
    const chunks = sizes.map((size, i) => ({ partition: i, bytes: Buffer.alloc(size, i + 1) }))
    const node = await serve({
      async *result(): AsyncGenerator<ResultChunk> {
        yield* chunks
      },
    })
    const got = await all(node.result('7c', never))
    expect(got.map(({ partition, bytes }) => [partition, bytes.length])).toEqual(sizes.map((size, i) => [i, size]))
    for (const [i, { bytes }] of got.entries()) expect(Buffer.compare(bytes, chunks[i]?.bytes as Buffer)).toBe(0)
  })

  test('a result that fails on the way fails with its cause', async () => {
    const node = await serve({
      async *result(): AsyncGenerator<ResultChunk> {
        yield { partition: 0, bytes: Buffer.from('abc') }
        throw new ShoalError('RESULT_LOST', 'part 1 is gone')
      },
    })
    expect(await failure(all(node.result('7c', never)))).toMatchObject({
      code: 'RESULT_LOST',
      message: 'part 1 is gone',
    })
  })

  test('a result cut short is an error, however clean the end looks', async () => {
    const home = newHome()
    const path = join(home, 's')
    const server = createServer((_, response) => {
      response.setHeader('shoal-version', VERSION)
      response.end(Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 1, 65]))
    })
    await new Promise<void>((resolve) => void server.listen(path, resolve))
    pointToSocket(home, path)
    expect(await failure(all(connectControl(home).result('7c', never)))).toMatchObject({ code: 'NO_NODE' })
    server.close()
  })
})

describe('the socket', () => {
  test('folder 0700, socket 0600, path short whatever the home', async () => {
    const home = newHome()
    await serve({}, [], home)
    const path = findSocket(home) as string
    expect(lstatSync(path).mode & 0o777).toBe(0o600)
    expect(lstatSync(dirname(path)).mode & 0o777).toBe(0o700)
    expect(Buffer.byteLength(socketPath(`/${'deep/'.repeat(60)}home`, {}))).toBeLessThan(104)
    expect(Buffer.byteLength(socketPath('/h', { XDG_RUNTIME_DIR: `/${'r'.repeat(120)}` }))).toBeLessThan(104)
    expect(socketPath('/h', { XDG_RUNTIME_DIR: '/run/user/7' })).toMatch(/^\/run\/user\/7\/shoal\//)
  })

  test('a second node on one home: HOME_IN_USE; a socket left by a dead one is replaced', async () => {
    const home = newHome()
    await serve({}, [], home)
    expect(await failure(serveControl(fakeNode(), home))).toMatchObject({ code: 'HOME_IN_USE', exit: 2 })
    const other = newHome()
    writeFileSync(socketPath(other), '')
    const node = await serve({}, [], other)
    expect(await node.status()).toEqual(STATUS)
  })

  test('after close nothing answers, and the home says so', async () => {
    const home = newHome()
    const server = await serveControl(fakeNode(), home)
    await server.close()
    expect(findSocket(home)).toBeNull()
    expect(await failure(connectControl(home).status())).toMatchObject({ code: 'NO_NODE' })
  })

  test('rubbish on the socket is answered with an error and hurts nobody', async () => {
    const home = newHome()
    const node = await serve({}, [], home)
    const post = (path: string, body: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const call = request({
          socketPath: findSocket(home) as string,
          path,
          method: 'POST',
          headers: { 'shoal-version': VERSION },
        })
        call.on('error', reject)
        call.on('response', (response) => void response.setEncoding('utf8').on('data', resolve))
        call.end(body)
      })
    expect(await post('/constructor', '[]')).toContain('USAGE')
    expect(await post('/job', '[{"a":1}]')).toContain('USAGE')
    expect(await post('/job', '{}')).toContain('USAGE')
    expect(await post('/watch', '[]')).toContain('USAGE')
    expect(await post('/job', 'not json')).toContain('shoal.error/1')
    expect(await node.status()).toEqual(STATUS)
  })
})
