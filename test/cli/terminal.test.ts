/** What comes from data, names, logs and user code never reaches a terminal as it is. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { freshMain } from '../../scripts/fresh-build.ts'
import type { JobEvent, NodeApi } from '../../src/control/api.ts'
import { ShoalError } from '../../src/core/errors.ts'
import { errorToJson } from '../../src/words/thrown.ts'
import { createRenderer } from '../../src/index.ts'
import {
  COVERAGE,
  DETAIL,
  JOB_ID,
  OUTCOME,
  RECEIPT,
  STATUS,
  SUMMARY,
  lines,
  progress,
  shoal,
  type Ran,
  type TerminalForm,
} from './fake.ts'

const CLEAR = '\u001b[2J'
const TITLE = '\u001b]0;owned\u0007'
/** One of each kind, and a name that would make a line of its own. */
const HOSTILE = `a\n${CLEAR}${TITLE}\r\b\u007f\u009b31m\u202e\u2066\u2028b`
const SHOWN = 'a\\n\\u001b[2J\\u001b]0;owned\\u0007\\r\\u0008\\u007f\\u009b31m\\u202e\\u2066\\u2028b'

/** What a terminal obeys, but for newlines and tabs. */
const OBEYED = /[^\P{Cc}\n\t]|[\u2028-\u202e\u2066-\u2069]/u
/** The colours that Shoal paints, and how it draws its block of progress. */
const OWN = /\u001b\[(?:\d{1,2}m|\?2026[hl]|2K|\d*A|G)/g

const FORMS: readonly (readonly [where: string, form: TerminalForm])[] = [
  ['a pipe', {}],
  ['a terminal', { tty: true, columns: 400, environment: { COLUMNS: '2000' } }],
]

function expectHarmless({ stdout, stderr }: Ran): void {
  expect(stdout.replaceAll(OWN, '')).not.toMatch(OBEYED)
  expect(stderr.replaceAll(OWN, '')).not.toMatch(OBEYED)
}

const refusing = (error: unknown): Partial<NodeApi> => ({ jobs: () => Promise.reject(error) })

describe.each(FORMS)('an error, to %s', (_, form) => {
  const error = new ShoalError('SHARD_CHANGED', `${HOSTILE} changed`, {
    why: `it held ${CLEAR}\n\tand ${TITLE}`,
    try: [`rm ${HOSTILE}`],
  })

  test('message, why and try are shown; only lines that Shoal has made are lines', async () => {
    const ran = await shoal(['jobs'], { ...form, node: refusing(error) })
    expectHarmless(ran)
    expect(ran.stderr.replaceAll(OWN, '').split('\n')).toEqual([
      `error[SHARD_CHANGED]: ${SHOWN} changed`,
      '  why:  it held \\u001b[2J',
      '        \tand \\u001b]0;owned\\u0007',
      `  try:  rm ${SHOWN}`,
      '  more: shoal help SHARD_CHANGED',
      '',
    ])
  })

  test('what user code has thrown keeps its lines, set in', async () => {
    const thrown = new ShoalError('JOB_THREW', `job.ts:3:1: no user\n${CLEAR}in it`)
    const ran = await shoal(['jobs'], { ...form, node: refusing(thrown) })
    expectHarmless(ran)
    expect(ran.stderr).toContain('job.ts:3:1: no user\n        \\u001b[2Jin it\n')
  })

  test('with -v, its causes and stacks', async () => {
    const cause = new TypeError(`deep ${HOSTILE}`)
    const ran = await shoal(['jobs', '-v'], {
      ...form,
      node: refusing(new ShoalError('INTERNAL', 'odd', { cause })),
    })
    expectHarmless(ran)
    expect(ran.stderr).toContain('deep a\n  \\u001b[2J')
  })

  test('with --json it is the same error', async () => {
    const ran = await shoal(['jobs', '--json'], { ...form, node: refusing(error) })
    expectHarmless(ran)
    expect(JSON.parse(ran.stderr)).toEqual(errorToJson(error))
  })

  test('what was typed is shown as well', async () => {
    for (const argv of [
      [HOSTILE],
      ['help', HOSTILE],
      ['data', 'ls', HOSTILE],
      ['jobs', `--${HOSTILE}`],
      ['jobs', HOSTILE],
    ])
      expectHarmless(await shoal(argv, form))
  })
})

const OMITTED = [{ dataset: 'logs', path: HOSTILE, node: HOSTILE, why: 'away' as const }]
const HOSTILE_NODE: Partial<NodeApi> = {
  status: () =>
    Promise.resolve({ ...STATUS, name: HOSTILE, home: HOSTILE, warnings: [HOSTILE], ready: false, why: HOSTILE }),
  members: () =>
    Promise.resolve([
      {
        id: 'id',
        name: HOSTILE,
        state: 'alive',
        self: true,
        addresses: [HOSTILE],
        shards: 1,
        bytes: 1,
        version: HOSTILE,
        runtime: HOSTILE,
        slots: 1,
        drained: false,
        connected: true,
      },
    ]),
  datasets: () =>
    Promise.resolve([
      {
        name: HOSTILE,
        replicated: false,
        mode: 'own',
        shards: [
          {
            ...{ path: HOSTILE, bytes: 1, mtime: 'now', state: 'unreadable', holders: [HOSTILE], why: HOSTILE },
            ...{ format: HOSTILE, read: false },
          },
        ],
        leftOut: [{ dataset: HOSTILE, node: HOSTILE, kind: 'hidden', count: 1, samples: [HOSTILE], text: HOSTILE }],
      },
    ]),
  snapshots: () => Promise.resolve([{ snapshot: 'f'.repeat(64), data: HOSTILE, shards: 1, bytes: 1 }]),
  doctor: () =>
    Promise.resolve({
      schema: 'shoal.doctor/1',
      checks: [{ name: HOSTILE, ok: false, detail: HOSTILE, try: HOSTILE }],
    }),
  explain: () =>
    Promise.resolve({
      schema: 'shoal.explain/1',
      job: JOB_ID,
      bundleBytes: 1,
      partitions: 1,
      shards: 1,
      bytes: 1,
      stages: [{ stage: 'map', tasks: 1, nodes: [{ node: 'id', name: HOSTILE, tasks: 1, bytes: 1 }] }],
      moves: 1,
      columns: [{ alias: HOSTILE, dataset: HOSTILE, widened: [[HOSTILE, HOSTILE]], lacking: [HOSTILE] }],
      streamed: [{ from: HOSTILE, to: HOSTILE, tasks: 1, bytes: 1 }],
      takeover: [{ node: 'id', name: HOSTILE, tasks: 1, sole: 1, next: [HOSTILE] }],
      leftOut: [{ node: HOSTILE, why: HOSTILE }],
      warnings: [HOSTILE],
    }),
  submit: () => Promise.resolve({ id: JOB_ID, attached: true, knownHereOnly: false, warnings: [HOSTILE] }),
  jobs: () => Promise.resolve([{ ...SUMMARY, name: HOSTILE }]),
  job: () =>
    Promise.resolve({
      ...DETAIL,
      name: HOSTILE,
      key: HOSTILE,
      params: { [HOSTILE]: HOSTILE },
      inputs: [{ alias: HOSTILE, dataset: 'logs', glob: HOSTILE, shards: 1, bytes: 1 }],
      tasks: DETAIL.tasks.map((task) => ({ ...task, what: HOSTILE, owner: HOSTILE, failures: [HOSTILE] })),
      coverage: { ...COVERAGE, omitted: OMITTED },
      error: errorToJson(new ShoalError('BAD_RECORD', HOSTILE, { why: HOSTILE, try: [HOSTILE] })),
    }),
  why: () => Promise.resolve(HOSTILE),
  events: () => Promise.resolve([{ t: 'now', node: HOSTILE, task: 1, attempt: 'a1', type: HOSTILE, text: HOSTILE }]),
  receipt: () =>
    Promise.resolve({
      ...RECEIPT,
      name: HOSTILE,
      coverage: { ...COVERAGE, omitted: OMITTED },
      counters: { [HOSTILE]: 1 },
      params: { [HOSTILE]: HOSTILE },
      skipped: { count: 1, samples: [{ place: HOSTILE, reason: HOSTILE, record: HOSTILE }] },
    }),
  verify: () =>
    Promise.resolve({
      schema: 'shoal.verify/1',
      job: JOB_ID,
      result: 'sha256:00',
      ok: false,
      checks: [{ name: HOSTILE, ok: false, detail: HOSTILE }],
    }),
  diff: () =>
    Promise.resolve({
      schema: 'shoal.diff/1',
      a: JOB_ID,
      b: 'b'.repeat(64),
      same: false,
      fields: [{ field: HOSTILE, a: HOSTILE, b: HOSTILE }],
      onlyA: { count: 1, shards: [HOSTILE] },
      onlyB: { count: 1, shards: [HOSTILE] },
      changed: { count: 1, shards: [HOSTILE] },
      result: { a: null, b: null, equal: false },
      parts: [],
    }),
  async *watch() {
    const waiting = progress(1, 2, HOSTILE) as Extract<JobEvent, { type: 'progress' }>
    yield { ...waiting, lanes: [{ node: 'id', name: HOSTILE, done: 1, running: 1 }] }
    const summary = { ...SUMMARY, name: HOSTILE, coverage: { ...COVERAGE, omitted: OMITTED } }
    yield { ...OUTCOME, summary } as JobEvent
  },
  logs: () => Promise.resolve([{ task: 3, node: HOSTILE, text: `50 %\r100 %\n\t${CLEAR}done\n` }]),
}

const COMMANDS: readonly string[] = [
  'status',
  'members',
  'members -q',
  'members forget data-9',
  'jobs',
  'job show 7c',
  'job why 7c',
  'job events 7c',
  'job events 7c -q',
  'job receipt 7c',
  'job verify 7c',
  'job diff 7c 8d',
  'job cancel 7c',
  'data ls',
  'data ls -q',
  'data show',
  'data freeze logs',
  'doctor',
  'drain',
  'drain -q',
  'explain x.ts',
  'run x.ts',
  'run x.ts --progress=json',
  'run x.ts --progress=plain',
  'wait 7c',
  'watch 7c',
]

describe.each(FORMS)('to %s', (_, form) => {
  test.each(COMMANDS)('%s shows names, records and reasons', async (argv) => {
    const ran = await shoal(argv.split(' '), { ...form, node: HOSTILE_NODE })
    expectHarmless(ran)
    if (!/forget|cancel|freeze|drain|progress=json|wait/.test(argv))
      expect(`${ran.stdout}${ran.stderr}`).toContain('\\u001b[2J')
  })

  test.each(COMMANDS.filter((argv) => !argv.includes('-')))('%s --json gives the same JSON', async (argv) => {
    const ran = await shoal([...argv.split(' '), '--json'], { ...form, node: HOSTILE_NODE })
    expectHarmless(ran)
    if (!argv.startsWith('run') && !argv.startsWith('wait'))
      for (const line of ran.stdout.trimEnd().split('\n')) expect(JSON.parse(line)).toBeTypeOf('object')
  })
})

test('data ls --json has the names as they are, once read', async () => {
  const ran = await shoal(['data', 'ls', '--json'], { node: HOSTILE_NODE })
  expect(ran.stdout).toContain('\\u009b31m\\u202e')
  expect(JSON.parse(ran.stdout)).toMatchObject({ datasets: [{ shards: [{ path: HOSTILE, holders: [HOSTILE] }] }] })
})

test('data ls shows a name in one line, aligned', async () => {
  const { stdout } = await shoal(['data', 'ls'], { node: HOSTILE_NODE })
  const [head = '', row = '', end] = stdout.split('\n')
  expect(row.indexOf(SHOWN, SHOWN.length)).toBe(head.indexOf('PATH'))
  expect(end).toBe('')
})

test('job why sets in the lines behind its first', async () => {
  const why = (): Promise<string> => Promise.resolve('job.ts:1: bad\nemit(x)\nok: all is well')
  expect((await shoal(['job', 'why', '7c'], { node: { why } })).stdout).toBe(
    'job.ts:1: bad\n  emit(x)\n  ok: all is well\n',
  )
})

test('what nobody has caught is a bug, 70, and shown', async () => {
  const thrower = `
    const ready = setInterval(() => {
      if (process.listenerCount('uncaughtException') === 0) return
      clearInterval(ready)
      throw new Error('odd \\u001b[2J')
    }, 10)`
  // It waits for a ticket on its stdin.
  const child = spawn(process.execPath, [
    `--import=data:text/javascript,${encodeURIComponent(thrower)}`,
    freshMain(),
    ...['node', '--join', '-', '--home', '/nowhere'],
  ])
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number]
  expect(code).toBe(70)
  expect(said).toContain('error[INTERNAL]: odd \\u001b[2J\n')
  expect(said).not.toMatch(OBEYED)
})

test('colours that Shoal paints reach a terminal, those in a name do not', async () => {
  const red = '\u001b[31m'
  const doctor: NodeApi['doctor'] = () =>
    Promise.resolve({ schema: 'shoal.doctor/1', checks: [{ name: `x${red}`, ok: true, detail: red }] })
  const { stdout } = await shoal(['doctor'], { tty: true, node: { doctor } })
  expect(stdout).toBe('\u001b[32mok  \u001b[39m x\\u001b[31m: \\u001b[31m\n')
})

describe('job logs', () => {
  test('a terminal is shown what the job wrote', async () => {
    const ran = await shoal(['job', 'logs', '7c'], { tty: true, node: HOSTILE_NODE })
    expectHarmless(ran)
    expect(ran.stdout).toBe(`3 ${SHOWN}| 50 %\\r100 %\n3 ${SHOWN}| \t\\u001b[2Jdone\n`)
  })

  test('a pipe gets the bytes that it wrote, behind a node’s name that is shown', async () => {
    const ran = await shoal(['job', 'logs', '7c'], { node: HOSTILE_NODE })
    expect(ran.stdout).toBe(`3 ${SHOWN}| 50 %\r100 %\n3 ${SHOWN}| \t${CLEAR}done\n`)
  })

  test('--json is JSON of it, for both', async () => {
    for (const tty of [true, false]) {
      const ran = await shoal(['job', 'logs', '7c', '--json'], { tty, node: HOSTILE_NODE })
      expectHarmless(ran)
      expect(JSON.parse(ran.stdout)).toMatchObject({ logs: [{ text: `50 %\r100 %\n\t${CLEAR}done\n` }] })
    }
  })
})

describe('a result', () => {
  const VALUE = `x\u009b31m${CLEAR}\u202e\ty`
  const node: Partial<NodeApi> = {
    async *result() {
      yield { partition: 0, bytes: lines(`k=${VALUE}`) }
    },
  }
  const engine = { createRenderer }
  const given = (argv: readonly string[], tty: boolean): Promise<Ran> =>
    shoal(argv, { tty, columns: 200, node, engine })

  test.each([
    [['run', 'x.ts']],
    [['run', 'x.ts', '-o', '-']],
    [['job', 'result', '7c']],
    [['run', 'x.ts', '--format', 'json']],
  ])('%j: as JSON it is equal JSON on a terminal', async (argv) => {
    const shown = await given(argv, true)
    expectHarmless(shown)
    expect(shown.stdout).toContain('\\u009b31m')
    const exact = (await given(argv, false)).stdout
    expect(exact).toContain('\u009b31m')
    expect(exact).toContain('\u202e')
    expect(JSON.parse(shown.stdout)).toEqual(JSON.parse(exact))
  })

  test.each(['csv', 'text'])('%s keeps newlines and tabs on a terminal, and every byte in a pipe', async (format) => {
    const shown = await given(['run', 'x.ts', '--format', format], true)
    expectHarmless(shown)
    expect(shown.stdout).toContain('x\\u009b31m\\u001b[2J\\u202e\ty\n')
    expect((await given(['run', 'x.ts', '--format', format], false)).stdout).toContain(`${VALUE}\n`)
  })

  test('a table is for people, wherever it goes', async () => {
    for (const tty of [true, false]) {
      const ran = await given(['run', 'x.ts', '--format', 'table'], tty)
      expectHarmless(ran)
      expect(ran.stdout).toContain('x\\u009b31m\\u001b[2J\\u202e\\ty')
    }
  })

  test('a file gets every byte, whatever stdout is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-terminal-'))
    await shoal(['run', 'x.ts', '-o', 'out.txt'], { tty: true, folder, node, engine })
    expect(readFileSync(join(folder, 'out.txt'), 'utf8')).toBe(`k\t${VALUE}\n`)
    rmSync(folder, { recursive: true })
  })

  test('parquet is refused to a terminal before there is a job, and whole in a pipe', async () => {
    for (const argv of [
      ['run', 'x.ts', '--format', 'parquet'],
      ['job', 'result', '7c', '--format', 'parquet'],
    ]) {
      const calls: unknown[][] = []
      const ran = await shoal(argv, { tty: true, node, engine, calls })
      expect(ran).toMatchObject({ code: 2, stdout: '' })
      expect(ran.stderr).toContain('parquet is no text')
      expect(ran.stderr).toContain('-o FILE.parquet')
      expect(calls.filter(([name]) => name === 'submit' || name === 'watch')).toEqual([])
      expect((await given(argv, false)).stdout).toMatch(/^PAR1.*PAR1$/s)
    }
  })

  test('where nothing is written, parquet is no matter', async () => {
    for (const flag of ['--detach', '--dry-run'])
      expect((await given(['run', 'x.ts', '--format', 'parquet', flag], true)).code).toBe(0)
  })
})
