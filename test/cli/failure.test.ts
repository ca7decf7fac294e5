import { describe, expect, test } from 'vitest'
import { failureText, renderFailure } from '../../src/cli/failure.ts'
import type { Paint } from '../../src/cli/io.ts'
import { CODES, type Code } from '../../src/core/codes.ts'
import { ShoalError } from '../../src/core/errors.ts'
import { errorToJson } from '../../src/words/thrown.ts'
import { JOB_ID, OUTCOME, SUMMARY, outside, shoal, terminal } from './fake.ts'
import { main } from '../../src/cli/program.ts'

const plain: Paint = (_, text) => text

describe('the form of an error', () => {
  test('what, why, try, more', () => {
    const error = new ShoalError('SHARD_CHANGED', 'purchases/2025-03.ndjson on data-2 changed while the job ran', {
      why: 'size 104857600 → 104861120 at 14:02:19',
      try: ['shoal data freeze purchases', 'then submit with --input purchases@SNAPSHOT'],
    })
    expect(failureText(errorToJson(error), plain)).toBe(
      [
        'error[SHARD_CHANGED]: purchases/2025-03.ndjson on data-2 changed while the job ran',
        '  why:  size 104857600 → 104861120 at 14:02:19',
        '  try:  shoal data freeze purchases',
        '        then submit with --input purchases@SNAPSHOT',
        '  more: shoal help SHARD_CHANGED',
        '',
      ].join('\n'),
    )
  })

  test('--json: one line of shoal.error/1 on stderr', async () => {
    const error = new ShoalError('INCOMPLETE', 'two shards are away', {
      why: 'data-2',
      try: ['wait'],
      job: JOB_ID,
      node: 'data-1',
    })
    const ran = await shoal(['jobs', '--json'], { node: { jobs: () => Promise.reject(error) } })
    expect(ran.stdout).toBe('')
    expect(ran.stderr.split('\n')).toHaveLength(2)
    expect(JSON.parse(ran.stderr)).toEqual({
      schema: 'shoal.error/1',
      code: 'INCOMPLETE',
      message: 'two shards are away',
      why: 'data-2',
      try: ['wait'],
      retryable: true,
      exit: 3,
      job: JOB_ID,
      node: 'data-1',
    })
  })

  test('a usage error is JSON as well when --json is there, wherever the fault', async () => {
    for (const argv of [
      ['--json', 'rum'],
      ['wait', '--json'],
      ['wait', '7c', '--timeout', 'x', '--json'],
    ]) {
      const ran = await shoal(argv)
      expect(JSON.parse(ran.stderr)).toMatchObject({ schema: 'shoal.error/1', code: 'USAGE', exit: 2 })
      expect(ran.code).toBe(2)
    }
    expect(JSON.parse((await shoal(['rum'], { environment: { SHOAL_JSON: '1' } })).stderr)).toMatchObject({
      code: 'USAGE',
    })
  })

  test('no stack trace without -v; with it, the causes', async () => {
    const bug = (): Promise<never> =>
      Promise.reject(new ShoalError('INTERNAL', 'odd', { cause: new TypeError('deep reason') }))
    const quiet = await shoal(['jobs'], { node: { jobs: bug } })
    expect(quiet.code).toBe(70)
    expect(quiet.stderr).not.toMatch(/\n\s+at /)
    expect(quiet.stderr).not.toContain('deep reason')
    const verbose = await shoal(['jobs', '-v'], { node: { jobs: bug } })
    expect(verbose.stderr).toContain('deep reason')
    expect(verbose.stderr).toMatch(/\n\s+at /)
  })

  test('what is thrown and is no operating error is a bug: 70', async () => {
    const ran = await shoal(['jobs'], { node: { jobs: () => Promise.reject(new TypeError('x')) } })
    expect(ran.code).toBe(70)
    expect(ran.stderr).toContain('error[INTERNAL]: x')
    expect(renderFailure('text', { json: false, verbose: true, paint: plain })).toContain('error[INTERNAL]: text')
  })
})

describe('exit codes', () => {
  const codes = Object.entries(CODES) as [Code, { exit: number }][]

  test.each(codes)('%s thrown by a command ends it with its own code', async (code, { exit }) => {
    const ran = await shoal(['jobs'], { node: { jobs: () => Promise.reject(new ShoalError(code, 'said')) } })
    expect(ran.code).toBe(exit)
    expect(ran.stderr).toContain(`error[${code}]: said`)
    expect(ran.stdout).toBe('')
  })

  test.each(codes)(
    '%s as a job’s outcome is the exit code of run, wait, watch and job result',
    async (code, { exit }) => {
      const error = errorToJson(new ShoalError(code, 'said'))
      const state = code === 'CANCELLED' ? 'cancelled' : code === 'DISPUTED' ? 'disputed' : 'failed'
      const node = {
        async *watch() {
          yield {
            ...OUTCOME,
            type: 'outcome' as const,
            state,
            summary: { ...SUMMARY, state, result: null },
            error,
          } as typeof OUTCOME
        },
      }
      for (const argv of [
        ['run', 'x.ts'],
        ['wait', '7c'],
        ['watch', '7c'],
        ['job', 'result', '7c'],
      ]) {
        const ran = await shoal(argv, { node })
        expect(ran.code, argv.join(' ')).toBe(exit)
        expect(ran.stderr).toContain(`error[${code}]`)
        expect(ran.stdout).toBe('')
      }
    },
  )

  test.each([
    ['cancelled', 8, 'CANCELLED'],
    ['disputed', 1, 'DISPUTED'],
    ['failed', 1, 'JOB_FAILED'],
  ] as const)('an outcome %s without an error of its own is %i', async (state, exit, code) => {
    const node = {
      async *watch() {
        yield { ...OUTCOME, type: 'outcome' as const, state, summary: SUMMARY, error: null } as typeof OUTCOME
      },
    }
    const ran = await shoal(['wait', '7c'], { node })
    expect(ran.code).toBe(exit)
    expect(ran.stderr).toContain(`error[${code}]`)
  })

  test.each([
    [['status'], 0],
    [['--help'], 0],
    [['--version'], 0],
    [[], 2],
    [['job'], 2],
    [['frobnicate'], 2],
    [['status', 'extra'], 2],
    [['status', '--no-such-flag'], 2],
    [['wait'], 2],
    [['wait', '7c', '--timeout'], 2],
    [['run', 'x.ts', '--partitions', '100000'], 2],
    [['run', 'x.ts', '--copies', '0'], 2],
    [['run', 'x.ts', '--format', 'xml'], 2],
    [['run', 'x.ts', '--param', 'novalue'], 2],
    [['run', 'x.ts', '--local'], 2],
    [['run', 'x.ts', '--local', '--data', 'a=/no/such/dir'], 2],
    [['sim', 'run', 'x.ts'], 2],
    [['node', '--memory', '64MB'], 2],
    [['node', '--slots', '4', '--memory', '256MB'], 2],
    [['node', '--data', 'no-directory'], 2],
  ] as const)('shoal %j is %i', async (argv, exit) => {
    expect((await shoal(argv)).code).toBe(exit)
  })

  test('a misspelt command or flag gets the nearest name', async () => {
    expect((await shoal(['stauts'])).stderr).toContain('shoal help status')
    expect((await shoal(['run', 'x.ts', '--ouptut', 'x'])).stderr).toContain('--output')
  })

  test('help is data when asked for, and a complaint when not', async () => {
    expect(await shoal(['--help'])).toMatchObject({ stderr: '' })
    expect(await shoal([])).toMatchObject({ stdout: '' })
    expect((await shoal([])).stderr).toContain('Usage: shoal')
  })

  test('a closed stdout ends a command quietly', async () => {
    const here = terminal()
    here.io.stdout.destroy()
    expect(await main(['jobs'], here.io, outside())).toBe(0)
    expect(here.stderr()).toBe('')
  })
})
