/** The real command line in real processes: every command that the help lists, over two nodes on this machine. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TREE } from '../../src/cli/commands.ts'
import { freshMain } from '../../scripts/fresh-build.ts'
import type { DiffAnswer, JobSummary, MemberInfo, NodeStatus, Receipt, VerifyAnswer } from '../../src/control/api.ts'

const MAIN = freshMain()
const JOB = `
import { defineJob } from 'shoal/job'
export default defineJob({
  input: 'sales',
  map(sale, { emit }) { console.log('sale'); emit(sale.who, BigInt(sale.cents)) },
  combine: (a, b) => a + b,
  reduce(who, cents, { emit }) { let sum = 0n; for (const c of cents) sum += c; emit(who, sum) },
})
`

let root = ''
const nodes: ChildProcess[] = []
const driven = new Set<string>()

interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function shoal(argv: readonly string[], input = ''): Ran {
  for (const { path } of TREE.commands)
    if (`${argv.filter((word) => !word.startsWith('-')).join(' ')} `.includes(`${path} `)) driven.add(path)
  const ran = spawnSync(process.execPath, [MAIN, ...argv], {
    cwd: root,
    encoding: 'utf8',
    input,
    env: { PATH: process.env['PATH'], HOME: root },
    timeout: 90_000,
  })
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr }
}

const at = (node: number, ...argv: string[]): Ran => shoal([...argv, '--home', `home-${node}`])

function json<T>(ran: Ran): T {
  expect(ran.stderr).toBe('')
  return JSON.parse(ran.stdout) as T
}

async function startNode(i: number, ...argv: string[]): Promise<void> {
  driven.add('node')
  const words = ['node', '--home', `home-${i}`, '--name', `data-${i}`, '--data', `sales=sales-${i}`, '--no-mdns']
  const child = spawn(process.execPath, [MAIN, ...words, '--memory', '128MB', ...argv], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: root },
  })
  nodes.push(child)
  let said = ''
  for await (const chunk of child.stderr as AsyncIterable<Buffer>) {
    said += chunk.toString()
    if (/^ready/m.test(said)) break
  }
  expect(said).toMatch(/^ready/m)
  child.stderr?.resume()
}

/** What the job must find, by a plain loop over the same sales. */
const expected = new Map<string, number>()

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'shoal-cli-'))
  for (const i of [1, 2]) {
    mkdirSync(join(root, `sales-${i}`))
    for (const file of ['a', 'b', 'c']) {
      const sales = Array.from({ length: 50 }, (_, n) => ({ who: `user-${(n * i) % 7}`, cents: n * 100 + i }))
      for (const { who, cents } of sales) expected.set(who, (expected.get(who) ?? 0) + cents)
      writeFileSync(
        join(root, `sales-${i}`, `${file}.ndjson`),
        sales.map((sale) => `${JSON.stringify(sale)}\n`).join(''),
      )
    }
  }
  writeFileSync(join(root, 'job.ts'), JOB)
  await startNode(1, '--listen', '/ip4/127.0.0.1/tcp/0')
  writeFileSync(join(root, 'ticket'), at(1, 'ticket').stdout)
  await startNode(2, '--listen', '/ip4/127.0.0.1/tcp/0', '--join', '@ticket')
})

afterAll(() => {
  for (const node of nodes) node.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true, maxRetries: 5 })
})

function answerIn(text: string): Map<string, number> {
  const records = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { key: string; value: number })
  return new Map(records.map(({ key, value }) => [key, value]))
}

let id = ''
let result = ''

describe('two nodes', () => {
  test('each knows both', () => {
    const { members } = json<{ members: MemberInfo[] }>(at(2, 'members', '--json'))
    expect(new Map(members.map((member) => [member.name, member.state]))).toEqual(
      new Map([
        ['data-1', 'alive'],
        ['data-2', 'alive'],
      ]),
    )
    expect(json<NodeStatus>(at(1, 'status', '--json'))).toMatchObject({
      schema: 'shoal.status/1',
      ready: true,
      name: 'data-1',
    })
    expect(at(1, 'data', 'ls', '-q').stdout).toBe('sales\n')
  })

  test('explain says who would run what, and runs nothing', () => {
    expect(at(1, 'explain', 'job.ts').stdout).toMatch(/map/)
    expect(json<{ jobs: JobSummary[] }>(at(1, 'jobs', '--json')).jobs).toEqual([])
  })

  test('run gives the answer of a plain loop', () => {
    const ran = at(1, 'run', 'job.ts', '-o', 'out/')
    expect(ran.stderr).toMatch(/6\/6 shards .* result sha256:[0-9a-f]{64}\n$/)
    expect(ran).toMatchObject({ code: 0, stdout: '' })
    result = /sha256:[0-9a-f]{64}/.exec(ran.stderr)?.[0] ?? ''
    expect(answerIn(readFileSync(join(root, 'out', 'part-00000.ndjson'), 'utf8'))).toEqual(expected)
    expect(readdirSync(join(root, 'out')).toSorted()).toEqual(['_SUCCESS', 'part-00000.ndjson', 'receipt.json'])
    expect((JSON.parse(readFileSync(join(root, 'out', 'receipt.json'), 'utf8')) as Receipt).result).toBe(result)
  })

  test('the other node tells the same story', () => {
    id = at(2, 'jobs', '-q').stdout.trim()
    expect(id).toMatch(/^[0-9a-f]{64}$/)
    expect(json<Receipt>(at(2, 'job', 'receipt', id.slice(0, 8), '--json'))).toMatchObject({ job: id, result })
    expect(json<JobSummary>(at(2, 'job', 'show', id, '--json'))).toMatchObject({ id, state: 'done', result })
    expect(at(2, 'job', 'why', id).code).toBe(0)
    expect(at(2, 'job', 'graph', id, '--format', 'mermaid').stdout).toMatch(/^flowchart TB\n.*\["map 2\/2"\]/s)
    expect(at(2, 'job', 'events', id).stdout).toContain('sealed')
    expect(at(2, 'job', 'logs', id).stdout).toContain('sale')
    expect(answerIn(at(2, 'job', 'result', id).stdout)).toEqual(expected)
    expect(at(2, 'wait', id).stderr).toContain(result)
    expect(at(2, 'watch', id).stderr).toContain(result)
  })

  test('its receipt follows from the bytes that are there', () => {
    const verified = json<VerifyAnswer>(at(2, 'job', 'verify', id, '--json'))
    expect(verified).toMatchObject({ ok: true, job: id, result })
    expect(verified.checks.map((check) => check.name)).toEqual([
      'parts',
      'result hash',
      'manifests',
      'consumed',
      'balance',
    ])
    expect(at(1, 'job', 'verify', id).stdout).toMatch(/^ok +parts/)
    expect(at(1, 'job', 'diff', id, id).stdout).toBe('one job: nothing differs\n')
  })

  test('submitting it again finds the first one', () => {
    expect(at(2, 'run', 'job.ts', '--detach').stdout).toBe(`${id}\n`)
    expect(at(1, 'job', 'cancel', id).code).toBe(0)
    expect(at(1, 'wait', id).code).toBe(0)
    expect(at(1, 'job', 'retry', id).code).toBe(0)
    expect(at(1, 'wait', id).stderr).toContain(result)
  })

  test('a frozen snapshot stays what it was', () => {
    const snapshot = at(1, 'data', 'freeze', 'sales').stdout.trim()
    expect(at(1, 'data', 'show').stdout).toContain(snapshot)
    expect(at(1, 'run', 'job.ts', '--input', `sales@${snapshot.slice(0, 12)}`).stderr).toContain(result)
    const [pinned = ''] = at(1, 'jobs', '-q')
      .stdout.split('\n')
      .filter((job) => job !== id)
    const difference = json<DiffAnswer>(at(2, 'job', 'diff', id, pinned, '--json'))
    expect(difference.fields.map(({ field }) => field)).toEqual(['inputs'])
    expect(difference).toMatchObject({ same: false, changed: { count: 0 }, result: { equal: true }, parts: [] })
  })

  test('what is misspelt gets the nearest name', () => {
    const ran = at(1, 'run', 'job.ts', '--input', 'sale')
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('error[NO_DATA]')
    expect(ran.stderr).toContain('sales')
    expect(at(1, 'run', 'jbo.ts').code).toBe(2)
  })

  test('doctor, help, version, init', () => {
    expect(at(1, 'doctor').stdout).toMatch(/disk/)
    expect(shoal(['help', 'NO_NODE']).stdout).toContain('exit code 4')
    expect(shoal(['version', '--json']).stdout).toContain('shoal.version/1')
    expect(shoal(['init', 'starter'])).toMatchObject({ code: 0 })
    const ran = shoal(['run', 'starter/job.ts', '--local', '--data', 'purchases=starter/data', '--memory', '128MB'])
    expect(ran.stderr).toContain('this machine only')
    expect(answerIn(ran.stdout)).toEqual(
      new Map([
        ['ada', 1600],
        ['grace', 990],
        ['linus', 4000],
      ]),
    )
  })

  test('a job is removed; a member and a dataset are forgotten; a node is drained', async () => {
    expect(at(1, 'job', 'rm', id).code).toBe(0)
    expect(at(1, 'job', 'show', id).code).toBe(2)
    const gone = new Promise((resolve) => nodes[1]?.once('exit', resolve))
    expect(at(2, 'drain').code).toBe(0)
    expect(await gone).toBe(0)
    expect(at(2, 'status').code).toBe(4)
    expect(at(1, 'run', 'job.ts').code).toBe(3)
    expect(at(1, 'members', 'forget', 'data-2').code).toBe(0)
    expect(at(1, 'data', 'forget', 'sales').code).toBe(0)
    expect(at(1, 'run', 'job.ts').stderr).toMatch(/3\/3 shards/)
  })
})

describe('the simulator', () => {
  test('the same hash with a node killed inside a task, and nothing left behind', () => {
    driven.add('sim run')
    mkdirSync(join(root, 'all'))
    for (const i of [1, 2]) {
      for (const file of ['a', 'b', 'c']) {
        writeFileSync(join(root, 'all', `${i}${file}.ndjson`), readFileSync(join(root, `sales-${i}`, `${file}.ndjson`)))
      }
    }
    const ran = shoal(['sim', '--nodes', '3', '--kill', '1', '--seed', '7', '--data', 'sales=all', 'run', 'job.ts'])
    expect(ran.stderr).toMatch(/^killed node-\d pid \d+ at (map|reduce) \d+\/\d+$/m)
    expect(ran.code, ran.stderr).toBe(0)
    expect(answerIn(ran.stdout)).toEqual(expected)
    const local = shoal(['run', 'job.ts', '--local', '--data', 'sales=all', '--memory', '128MB'])
    expect(local.stderr.slice(-65)).toBe(ran.stderr.slice(-65))
    const killed = Number(/pid (\d+)/.exec(ran.stderr)?.[1])
    expect(() => process.kill(killed, 0)).toThrow()
  })

  test('up stays until it is told to end, and ends its nodes', async () => {
    driven.add('sim up')
    const argv = [MAIN, 'sim', '--nodes', '2', 'up']
    const sim = spawn(process.execPath, argv, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
    let printed = ''
    for await (const chunk of sim.stdout as AsyncIterable<Buffer>) {
      printed += chunk.toString()
      if (printed.split('\n').length > 2) break
    }
    const pids = [...printed.matchAll(/pid (\d+)/g)].map((found) => Number(found[1]))
    const home = /--home (\S+)/.exec(printed)?.[1] ?? ''
    expect(shoal(['members', '-q', '--home', home]).stdout.split('\n').toSorted()).toEqual(['', 'node-1', 'node-2'])
    const gone = new Promise((resolve) => sim.once('exit', resolve))
    sim.kill('SIGINT')
    expect(await gone).toBe(0)
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow()
  })

  test('more victims than holders is exit 2', () => {
    const ran = shoal(['sim', '--nodes', '9', '--kill', '8', '--data', 'sales=sales-1', 'run', 'job.ts'])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('hold shards')
  })
})

describe('as a process among others', () => {
  test('a reader that leaves ends a command quietly', () => {
    const command = `"${process.execPath}" "${MAIN}" --help | head -n 1; echo "\${PIPESTATUS[0]}"`
    const ran = spawnSync('bash', ['-c', command], { encoding: 'utf8' })
    expect(ran).toMatchObject({ stdout: 'Usage: shoal [options] [command]\n0\n', stderr: '' })
  })

  test.skipIf(!existsSync('/dev/full'))('a full disk behind stdout is named, and no home', () => {
    const command = `"${process.execPath}" "${MAIN}" --json --help > /dev/full`
    const ran = spawnSync('bash', ['-c', command], { encoding: 'utf8' })
    expect([ran.status, ran.stderr]).toEqual([1, expect.stringContaining('what stdout leads to cannot be written')])
  })

  test.each(['while it starts', 'while a job runs'])(
    'a local mesh that a doubled Ctrl-C ends %s leaves nothing behind',
    async (when) => {
      const tmp = mkdtempSync(join(root, 'tmp-'))
      writeFileSync(join(root, 'slow.ts'), JOB.replace('console.log', 'for (let i = 0; i < 1e11; i++); console.log'))
      const words = ['run', 'slow.ts', '--local', '--data', 'sales=sales-1', '--memory', '128MB']
      const child = spawn(process.execPath, [MAIN, ...words], {
        cwd: root,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { PATH: process.env['PATH'], HOME: root, TMPDIR: tmp },
      })
      const ended = once(child, 'exit')
      const homes = (): string[] => readdirSync(tmp).filter((name) => name.startsWith('shoal-local-'))
      while (homes().length === 0) await sleep(1)
      let said = ''
      child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
      while (when === 'while a job runs' && !/^job /m.test(said)) await sleep(5)
      child.kill('SIGINT')
      setTimeout(() => child.kill('SIGINT'), 30)
      await ended
      expect(homes()).toEqual([])
    },
  )

  test('every command that the help lists was driven above', () => {
    expect(TREE.commands.map((command) => command.path).filter((path) => !driven.has(path))).toEqual([])
  })
})
