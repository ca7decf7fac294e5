import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { JobEvent, NodeApi, ResultChunk } from '../../src/control/api.ts'
import type { LocalNodeOptions } from '../../src/control/node-options.ts'
import { ask, follow, resultOf, type Via } from '../../src/cli/follow.ts'
import { main } from '../../src/cli/program.ts'
import { overrideInputs } from '../../src/cli/submission.ts'
import { ShoalError } from '../../src/core/errors.ts'
import { JOB_ID, OUTCOME, PREPARED, RECEIPT, fakeNode, lines, outside, progress, shoal, terminal } from './fake.ts'

const never = new AbortController().signal

/** Watches for ever, until its reader leaves. */
async function* endless(_id: string, signal: AbortSignal): AsyncGenerator<JobEvent> {
  yield progress(1, 4)
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
}

describe('a submission', () => {
  test('holds all that the flags say', async () => {
    const calls: unknown[][] = []
    const ran = await shoal(
      'run x.ts --key nov --param currency=USD --param day=a=b --partitions 7 --allow-partial --wait-for-data 5s'
        .split(' ')
        .concat('--copies 3 --task-memory 64MiB --task-timeout 2s --input purchases/2026-*.ndjson'.split(' ')),
      { calls },
    )
    expect(ran.code).toBe(0)
    expect(calls.find(([name]) => name === 'submit')?.[1]).toEqual({
      job: {
        ...PREPARED,
        params: { currency: 'USD', day: 'a=b' },
        partitions: 7,
        inputs: [{ alias: '', data: 'purchases/2026-*.ndjson', format: 'ndjson' }],
      },
      key: 'nov',
      allowPartial: true,
      waitForDataMs: 5000,
      limits: { copies: 3, taskMemory: 67_108_864, taskTimeoutMs: 2000 },
    })
  })

  test('a misspelt --param is warned of, one of another name is not; a wrong --progress makes no job', async () => {
    expect((await shoal(['run', 'x.ts', '--param', 'curency=USD'])).stderr).toContain('did you mean currency?')
    expect((await shoal(['run', 'x.ts', '--param', 'since=2026'])).stderr).not.toContain('did you mean')
    const calls: unknown[][] = []
    expect((await shoal(['run', 'x.ts', '--progress', 'loud'], { calls })).code).toBe(2)
    expect(calls.map(([name]) => name)).not.toContain('submit')
  })

  test('--input by alias, and what is wrong with one', () => {
    const two = [
      { alias: 'bank', data: 'bank/*.csv' },
      { alias: 'db', data: 'db' },
    ]
    expect(overrideInputs(two, ['db=db2/x=1.csv@abc']).map((input) => input.data)).toEqual([
      'bank/*.csv',
      'db2/x=1.csv@abc',
    ])
    expect(overrideInputs([{ alias: '', data: 'a' }], ['b/k=v.csv']).map((input) => input.data)).toEqual(['b/k=v.csv'])
    expect(() => overrideInputs(two, ['db2'])).toThrow(/say which/)
    expect(() => overrideInputs(two, ['bd=x'])).toThrow(/no input "bd"/)
    expect(() => overrideInputs(two, ['db=x', 'db=y'])).toThrow(/twice/)
    expect(() => overrideInputs([{ alias: '', data: 'a' }], ['x=b'])).toThrow(/no input "x"/)
    expect(() => overrideInputs(two, ['db='])).toThrow(/names no dataset/)
  })

  test('the id, warnings and what was found go to stderr', async () => {
    const answer = { id: JOB_ID, attached: true, knownHereOnly: true, warnings: ['a.log was written to a minute ago'] }
    const ran = await shoal(['run', 'x.ts'], { node: { submit: () => Promise.resolve(answer) } })
    expect(ran.stderr).toContain(`job ${JOB_ID}`)
    expect(ran.stderr).toContain('attached')
    expect(ran.stderr).toContain('known here only')
    expect(ran.stderr).toContain('warning: a.log was written to')
  })

  test('--detach prints the id alone', async () => {
    const ran = await shoal(['run', 'x.ts', '--detach'])
    expect(ran).toMatchObject({ code: 0, stdout: `${JOB_ID}\n` })
  })

  test('--dry-run explains and submits nothing', async () => {
    const calls: unknown[][] = []
    const ran = await shoal(['run', 'x.ts', '--dry-run', '--json'], { calls })
    expect(JSON.parse(ran.stdout)).toMatchObject({ schema: 'shoal.explain/1' })
    expect(calls.map(([name]) => name)).toEqual(['explain'])
  })

  test('-q and --json leave only the summary on stderr', async () => {
    for (const flag of ['-q', '--json']) {
      const { stderr } = await shoal(['run', 'x.ts', flag])
      expect(stderr).not.toContain('map 50%')
      expect(stderr).toMatch(/result sha256:[0-9a-f]{64}\n$/)
    }
  })

  test('--progress=json: events on stderr, data on stdout, the summary last', async () => {
    const ran = await shoal(['run', 'x.ts', '--progress=json'])
    expect(ran.stdout).toBe('a=1\nb=2\n')
    const events = ran.stderr.split('\n').filter((line) => line.startsWith('{'))
    expect(events.map((line) => JSON.parse(line) as JobEvent)).toEqual([progress(0, 4), progress(2, 4), OUTCOME])
    expect(ran.stderr).toMatch(/result sha256:[0-9a-f]{64}\n$/)
  })
})

describe('leaving', () => {
  test('the first Ctrl-C detaches: 130, and how to come back', async () => {
    const here = terminal()
    const code = main(
      ['run', 'x.ts'],
      here.io,
      outside({ watch: (id, signal) => (queueMicrotask(() => here.stop()), endless(id, signal)) }),
    )
    expect(await code).toBe(130)
    expect(here.stderr()).toContain(`shoal watch ${JOB_ID.slice(0, 12)}`)
    expect(here.stdout()).toBe('')
    expect(here.exits).toEqual([])
  })

  test('a second one within half a second is the same one; later it ends the process', async () => {
    let now = 1000
    const here = terminal({ now: () => now })
    const stuck = Promise.withResolvers<never>()
    const code = main(['run', 'x.ts'], here.io, outside({ receipt: () => stuck.promise }))
    await new Promise((resolve) => setImmediate(resolve))
    here.stop()
    now += 20
    here.stop()
    expect(here.exits).toEqual([])
    now += 480
    here.stop()
    expect(here.exits).toEqual([130])
    stuck.reject(new ShoalError('NO_NODE', 'x'))
    await code
  })

  test.each([
    ['run', 'x.ts'],
    ['wait', '7c'],
    ['watch', '7c'],
    ['job', 'result', '7c'],
  ])('%s %s --timeout: TIMEOUT, exit 5', async (...argv) => {
    const ran = await shoal([...argv, '--timeout', '20ms'], { node: { watch: endless } })
    expect(ran.code).toBe(5)
    expect(ran.stderr).toContain('error[TIMEOUT]')
    expect(ran.stderr).toContain('the job runs on')
    expect(ran.stderr).toContain('shoal wait')
  })

  test('before the node has answered a submission, Ctrl-C just leaves', async () => {
    const here = terminal()
    const code = main(
      ['run', 'x.ts'],
      here.io,
      outside({ submit: () => (queueMicrotask(() => here.stop('SIGTERM')), new Promise(() => {})) }),
    )
    expect(await code).toBe(143)
    expect(here.stderr()).toContain('shoal jobs')
  })
})

describe('a node that dies on the way', () => {
  const dead = (): never => {
    throw new ShoalError('NO_NODE', 'gone')
  }

  function via(...nodes: NodeApi[]): Via {
    let at = 0
    return {
      get node() {
        return nodes[at] as NodeApi
      },
      passing: true,
      next: () => Promise.resolve(++at < nodes.length),
      again: () => Promise.resolve(false),
    }
  }

  test('a simulator asks a node again that takes others for away, and gives up where it says so', async () => {
    let refusals = 2
    const node = fakeNode({
      receipt: () => {
        if (refusals-- > 0) throw new ShoalError('RESULT_LOST', 'part 0 of the result cannot be had')
        return Promise.resolve(RECEIPT)
      },
    })
    const patient = (times: number): Via => ({
      ...via(node),
      node,
      again: ({ code }) => Promise.resolve(code === 'RESULT_LOST' && times-- > 0),
    })
    expect(await ask(patient(2), never, (one) => one.receipt(JOB_ID))).toEqual(RECEIPT)
    refusals = 2
    await expect(ask(patient(1), never, (one) => one.receipt(JOB_ID))).rejects.toMatchObject({ code: 'RESULT_LOST' })
  })

  test('following goes on at the next one', async () => {
    const first = fakeNode({
      async *watch(): AsyncGenerator<JobEvent> {
        yield progress(1, 4)
        dead()
      },
    })
    const seen: JobEvent[] = []
    const view = { event: (event: JobEvent) => void seen.push(event), end: () => {} }
    expect(await follow(via(first, fakeNode()), JOB_ID, view, never)).toEqual(OUTCOME)
    expect(seen).toEqual([progress(1, 4), progress(0, 4), progress(2, 4), OUTCOME])
  })

  test('a result comes whole, each byte once, wherever it was cut and however it is chunked', async () => {
    const parts = ['a=1\nb=2\nc=3\n', '', 'd=4\ne=5\n']
    const records = (text: string): string[] => text.split(/(?<=\n)/).filter((line) => line !== '')
    async function* chunked(size: number, dieAfter: number): AsyncGenerator<ResultChunk> {
      let given = 0
      for (const [partition, text] of parts.entries()) {
        const all = records(text)
        for (let at = 0; at < Math.max(1, all.length); at += size) {
          if (given++ === dieAfter) dead()
          yield { partition, bytes: Buffer.from(all.slice(at, at + size).join('')) }
        }
      }
    }
    for (const size of [1, 2, 3]) {
      for (let cut = 0; cut < 7; cut++) {
        const nodes = via(
          fakeNode({ result: () => chunked(size, cut) }),
          fakeNode({ result: () => chunked(2, 2) }),
          fakeNode({ result: () => chunked(3, 99) }),
        )
        const got = ['', '', '']
        const order: number[] = []
        for await (const { partition, bytes } of resultOf(nodes, JOB_ID, never)) {
          got[partition] += Buffer.from(bytes).toString()
          order.push(partition)
        }
        expect(got, `chunks of ${size}, cut at ${cut}`).toEqual(parts)
        expect(order).toEqual(order.toSorted((a, b) => a - b))
        expect(new Set(order).size).toBe(3)
      }
    }
  })

  test('where there is no other node the error says how to go on', async () => {
    const ran = await shoal(['run', 'x.ts'], {
      node: {
        async *watch(): AsyncGenerator<JobEvent> {
          yield progress(1, 4)
          dead()
        },
      },
    })
    expect(ran.code).toBe(4)
    expect(ran.stderr).toContain('shoal watch')
  })

  test('the next node may have to learn of the job first', async () => {
    const gone = fakeNode({ watch: dead })
    const ignorant = fakeNode({
      watch: () => {
        throw new ShoalError('NO_SUCH_JOB', 'never heard of it')
      },
    })
    const silent = { event: () => {} }
    expect(await follow(via(gone, ignorant, ignorant, fakeNode()), JOB_ID, silent, never)).toEqual(OUTCOME)
    await expect(follow(via(ignorant, fakeNode()), JOB_ID, silent, never)).rejects.toMatchObject({
      code: 'NO_SUCH_JOB',
    })
  })

  test('other errors are not retried', async () => {
    const failing = fakeNode({ receipt: () => Promise.reject(new ShoalError('RESULT_LOST', 'x')) })
    await expect(ask(via(failing, fakeNode()), never, (node) => node.receipt('7c'))).rejects.toMatchObject({
      code: 'RESULT_LOST',
    })
    expect(lines('a')).toHaveLength(2)
  })
})

describe('--local', () => {
  test('a mesh of this process in a home that is gone afterwards', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-run-'))
    mkdirSync(join(folder, 'data'))
    let options: LocalNodeOptions | null = null
    let stopped = 0
    const ran = await shoal(
      ['run', 'x.ts', '--local', '--data', 'purchases=data', '--memory', '256MB', '--slots', '1'],
      {
        folder,
        engine: {
          startLocalNode: (given) => {
            options = given
            return Promise.resolve({
              api: fakeNode(),
              ended: new Promise(() => {}),
              stop: () => Promise.resolve(void stopped++),
            })
          },
        },
      },
    )
    expect(ran).toMatchObject({ code: 0, stdout: 'a=1\nb=2\n' })
    expect(options).toEqual({
      home: expect.any(String),
      warn: expect.any(Function),
      slots: 1,
      memory: 256_000_000,
      data: [{ name: 'purchases', dir: join(folder, 'data'), replicated: false }],
    })
    expect(stopped).toBe(1)
    expect(readdirSync(tmpdir())).not.toContain((options as unknown as LocalNodeOptions).home.split('/').at(-1))
    rmSync(folder, { recursive: true })
  })

  test('Ctrl-C while the job is still being bundled ends the mesh that has started, and its home is gone', async () => {
    const here = terminal({ folder: tmpdir() })
    const started = Promise.withResolvers<LocalNodeOptions>()
    let stopped = 0
    const ran = main(
      ['run', 'x.ts', '--local', '--data', 'purchases=.'],
      here.io,
      outside(fakeNode(), {
        prepareJob: () => new Promise(() => {}),
        startLocalNode: (given) => {
          started.resolve(given)
          return Promise.resolve({
            api: fakeNode(),
            ended: new Promise(() => {}),
            stop: () => Promise.resolve(void stopped++),
          })
        },
      }),
    )
    const { home } = await started.promise
    await new Promise((resolve) => setImmediate(resolve))
    here.stop()
    expect(await ran).toBe(130)
    expect(stopped).toBe(1)
    expect(readdirSync(tmpdir())).not.toContain(home.split('/').at(-1))
  })

  test('what excludes it', async () => {
    expect((await shoal(['run', 'x.ts', '--local', '--detach', '--data', 'a=/tmp'])).stderr).toContain('error[USAGE]')
    expect((await shoal(['run', 'x.ts', '--data', 'a=/tmp'])).stderr).toContain('--data goes with --local')
  })
})
