import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { TREE } from '../../src/cli/commands.ts'
import { CODES } from '../../src/core/codes.ts'
import { HELP } from '../../src/words/code-help.ts'
import { JOB_ID, RESULT, shoal } from './fake.ts'

/** Each command that reads, with the schema of its JSON. */
const READERS: readonly (readonly [argv: string, schema: string])[] = [
  ['status', 'shoal.status/1'],
  ['members', 'shoal.members/1'],
  ['jobs', 'shoal.jobs/1'],
  ['job show 7c', 'shoal.job/1'],
  ['job why 7c', 'shoal.why/1'],
  ['job graph 7c', 'shoal.graph/1'],
  ['job events 7c', 'shoal.events/1'],
  ['job logs 7c', 'shoal.logs/1'],
  ['job receipt 7c', 'shoal.receipt/1'],
  ['data ls', 'shoal.data/1'],
  ['data show', 'shoal.snapshots/1'],
  ['data freeze purchases', 'shoal.snapshot/1'],
  ['ticket', 'shoal.ticket/1'],
  ['doctor', 'shoal.doctor/1'],
  ['explain x.ts', 'shoal.explain/1'],
  ['version', 'shoal.version/1'],
  ['help NO_NODE', 'shoal.help/1'],
]

describe('every command that reads', () => {
  test.each(READERS)('%s --json is one object of %s, on stdout', async (argv, schema) => {
    const ran = await shoal([...argv.split(' '), '--json'])
    expect(ran.stdout.split('\n')).toHaveLength(2)
    expect(JSON.parse(ran.stdout)).toMatchObject({ schema })
    expect(ran.stderr).toBe('')
  })

  test.each(READERS)('%s shows people nothing that its JSON lacks', async (argv) => {
    const json = (await shoal([...argv.split(' '), '--json'])).stdout
    const text = (await shoal(argv.split(' '))).stdout
    const known = json.toLowerCase().replaceAll(String.raw`\\n`, '\n')
    const ids = text.match(/[0-9a-f]{12,}|12D3\w+|[\w-]+\/[\w.-]+\.ndjson|data-\d/g) ?? []
    for (const id of ids) expect(known, id).toContain(id.toLowerCase())
  })

  test.each(READERS)(
    '%s writes no escape sequence to a pipe, and none with NO_COLOR, TERM=dumb or --no-color',
    async (argv) => {
      const words = argv.split(' ')
      const escape = String.fromCharCode(27)
      expect((await shoal(words)).stdout).not.toContain(escape)
      expect((await shoal(words, { tty: true, environment: { NO_COLOR: '1' } })).stdout).not.toContain(escape)
      expect((await shoal(words, { tty: true, environment: { TERM: 'dumb' } })).stdout).not.toContain(escape)
      expect(
        (await shoal([...words, '--no-color'], { tty: true, environment: { FORCE_COLOR: '1' } })).stdout,
      ).not.toContain(escape)
    },
  )

  test('FORCE_COLOR colours a pipe, over NO_COLOR; a terminal is coloured by itself', async () => {
    const escape = String.fromCharCode(27)
    expect((await shoal(['jobs'], { environment: { FORCE_COLOR: '1', NO_COLOR: '1' } })).stdout).toContain(escape)
    expect((await shoal(['jobs'], { tty: true })).stdout).toContain(escape)
    expect((await shoal(['jobs'], { tty: true, environment: { FORCE_COLOR: '0' } })).stdout).not.toContain(escape)
  })
})

describe('tables', () => {
  test('fit a terminal, and are whole in a pipe', async () => {
    const narrow = (await shoal(['data', 'ls'], { tty: true, columns: 60, environment: { NO_COLOR: '1' } })).stdout
    expect(narrow).toContain('…')
    const piped = (await shoal(['data', 'ls'])).stdout
    expect(piped).not.toContain('…')
    expect(piped).toContain(String.raw`b\nc.ndjson`)
    const [head = '', ...rows] = piped.trimEnd().split('\n')
    for (const row of rows) expect(row.indexOf('own')).toBe(head.indexOf('MODE'))
  })
})

describe('-q', () => {
  test.each([
    ['status', '12D3KooWFakeFakeFake\n'],
    ['members', 'data-1\n'],
    ['jobs', `${JOB_ID}\n`],
    ['job show 7c', `${JOB_ID}\n`],
    ['job receipt 7c', `${RESULT}\n`],
    ['job graph 7c', `${JOB_ID}\n`],
    ['job cancel 7c', `${JOB_ID}\n`],
    ['data ls', 'purchases\n'],
    ['data freeze purchases', `${'f'.repeat(64)}\n`],
    ['data show', `${'f'.repeat(64)}\n`],
    ['ticket', 'shoal1ticket\n'],
    ['wait 7c', ''],
  ])('%s prints %j', async (argv, printed) => {
    expect(await shoal([...argv.split(' '), '-q'])).toMatchObject({ code: 0, stdout: printed, stderr: '' })
  })
})

describe('commands that change something', () => {
  test.each([
    ['job cancel 7c', ['cancel', JOB_ID]],
    ['job retry 7c', ['retry', JOB_ID]],
    ['job rm 7c', ['remove', JOB_ID]],
    ['members forget data-9', ['forgetMember', 'data-9']],
    ['data forget old', ['forgetData', 'old']],
    ['data freeze purchases/*.csv', ['freeze', 'purchases/*.csv']],
    ['drain', ['drain']],
  ])('%s', async (argv, call) => {
    const calls: unknown[][] = []
    const ran = await shoal(argv.split(' '), { calls })
    expect(ran.code).toBe(0)
    expect(calls).toContainEqual(call)
  })

  // The node's job is done, and stays so.
  test.each([
    ['job cancel 7c', 'was over before: it is done'],
    ['job retry 7c', 'is done, and nothing of its result is lost'],
  ])('%s says what has come of it', async (argv, said) => {
    expect((await shoal(argv.split(' '))).stderr).toBe(`job ${JOB_ID.slice(0, 12)} ${said}\n`)
  })
})

describe('waiting', () => {
  test('watch --json: the events are the data', async () => {
    const { stdout, stderr } = await shoal(['watch', '7c', '--json'])
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { schema: string; type: string })
    expect(events.map((event) => event.type)).toEqual(['progress', 'progress', 'outcome'])
    expect(events.every((event) => event.schema === 'shoal.event/1')).toBe(true)
    expect(stderr).toMatch(/result sha256:[0-9a-f]{64}\n$/)
  })

  test('wait says nothing until the summary', async () => {
    const { stdout, stderr } = await shoal(['wait', '7c'])
    expect(stdout).toBe('')
    expect(stderr.trimEnd().split('\n')).toHaveLength(2)
    expect(stderr).toContain('142/142 shards  18.4 GB  61,204,113 records  5 nodes  41.8 s  result sha256:51c0')
  })

  test('job result is what run gives', async () => {
    expect((await shoal(['job', 'result', '7c'])).stdout).toBe((await shoal(['run', 'x.ts'])).stdout)
  })
})

describe('help', () => {
  test('lists every command, in words that explain it', async () => {
    const root = (await shoal(['--help'])).stdout
    for (const command of TREE.commands) {
      const words = command.path.split(' ')
      expect(root).toContain(words[0])
      const own = await shoal([...words, '--help'])
      expect(own).toMatchObject({ code: 0, stderr: '' })
      expect(own.stdout).toContain(`Usage: shoal ${command.path}`)
      expect((await shoal(['help', ...words])).stdout).toContain(`Usage: shoal ${command.path}`)
    }
    for (const absent of ['sql', 'verify', 'diff']) expect(root).not.toMatch(new RegExp(`^  ${absent}\\b`, 'm'))
  })

  test.each(Object.keys(CODES))('help %s', async (code) => {
    const ran = await shoal(['help', code])
    expect(ran.code).toBe(0)
    expect(ran.stdout).toContain(HELP[code as keyof typeof HELP])
    expect(ran.stdout).toContain(`exit code ${CODES[code as keyof typeof CODES].exit}`)
  })

  test('an unknown topic gets the nearest one', async () => {
    expect(await shoal(['help', 'SHARD_CHANGE'])).toMatchObject({ code: 2 })
    expect((await shoal(['help', 'SHARD_CHANGE'])).stderr).toContain('shoal help SHARD_CHANGED')
  })
})

describe('init', () => {
  test('a starter that compiles with its own types, strictly, and replaces nothing', { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-init-'))
    expect((await shoal(['init'], { folder })).code).toBe(0)
    expect(readdirSync(folder).sort()).toEqual(['SHOAL.md', 'data', 'job.ts', 'shoal-job.d.ts'])
    const tsc = join(import.meta.dirname, '../../node_modules/.bin/tsc')
    const flags = ['--noEmit', '--strict', '--target', 'es2024', '--module', 'esnext', '--types', '', '--ignoreConfig']
    execFileSync(tsc, [...flags, join(folder, 'job.ts')], { cwd: folder, stdio: 'pipe' })
    const helpers = "import { decimalComma, toCents, toDate, toFixedPoint, toISO, type TimeUnit } from 'shoal/job'\n"
    const uses =
      "const unit: TimeUnit = 'us'\nexport const all = [toCents(decimalComma('1,5')), toFixedPoint(1n, 2), toDate(1n, unit), toISO(1n, unit)]"
    writeFileSync(join(folder, 'helpers.ts'), `/// <reference path="./shoal-job.d.ts" />\n${helpers}${uses}\n`)
    execFileSync(tsc, [...flags, join(folder, 'helpers.ts')], { cwd: folder, stdio: 'pipe' })
    const wrong = readFileSync(join(folder, 'job.ts'), 'utf8').replace('combine:', 'combine: 7, sort:')
    writeFileSync(join(folder, 'wrong.ts'), wrong)
    expect(() => execFileSync(tsc, [...flags, join(folder, 'wrong.ts')], { cwd: folder, stdio: 'pipe' })).toThrow()
    expect(await shoal(['init'], { folder })).toMatchObject({ code: 2 })
    rmSync(folder, { recursive: true })
  })
})
