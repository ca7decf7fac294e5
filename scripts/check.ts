/**
 * `npm test`: every check of the repository, each once, in the order in which they fail fastest. The last line is
 * `N passed, N failed`: each check counts as one, each test as one. `npm test -- --only lint,tidy` runs some of them.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, styleText } from 'node:util'

interface Tally {
  readonly passed: number
  readonly failed: number
}

interface Check {
  readonly name: string
  readonly run: () => Promise<Tally>
}

const root = join(import.meta.dirname, '..')
const scratch = mkdtempSync(join(tmpdir(), 'shoal-check-'))
const CODE = ['src', 'test', 'scripts', 'examples']

/** What was built must run, task processes too. */
const LOCAL_RUN = [
  'run',
  'examples/flights.ts',
  '--local',
  '--data',
  'flights=examples/data/flights',
  '--format',
  'csv',
]

/** A command that hangs is a failed check, not a stuck machine. */
const COMMAND_TIMEOUT_MS = 20 * 60_000

async function command(file: string, args: readonly string[]): Promise<number> {
  const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], detached: true })
  const timer = setTimeout(() => {
    console.error(`${file} runs longer than ${COMMAND_TIMEOUT_MS / 60_000} minutes: ended`)
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }, COMMAND_TIMEOUT_MS)
  const stop = (): void => void (child.pid !== undefined && process.kill(-child.pid, 'SIGTERM'))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code) => resolve(code ?? 1))
    })
  } finally {
    clearTimeout(timer)
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

const one = (name: string, file: string, ...args: string[]): Check => ({
  name,
  run: async () => ((await command(file, args)) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }),
})

/** Counts come from the JSON report; a file that did not load, or a run that ended badly otherwise, is one failure. */
async function tests(): Promise<Tally> {
  const report = join(scratch, 'vitest.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const code = await command('vitest', ['run', '--config', 'test/vitest.config.ts', ...reporters])
  let passed = 0
  let failed = 0
  try {
    const counts: unknown = JSON.parse(readFileSync(report, 'utf8'))
    passed = countOf(counts, 'numPassedTests')
    failed = countOf(counts, 'numFailedTests') + unloadedFiles(counts)
  } catch (error) {
    console.error(`vitest left no report: ${String(error)}`)
  }
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed }
}

function countOf(report: unknown, field: string): number {
  const value = typeof report === 'object' && report !== null ? Reflect.get(report, field) : undefined
  if (typeof value !== 'number') throw new Error(`no ${field} in the report`)
  return value
}

/** Files that failed before any of their tests ran. */
function unloadedFiles(report: unknown): number {
  const { testResults } = report as { testResults: { status: string; assertionResults: unknown[] }[] }
  return testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length
}

const CHECKS: readonly Check[] = [
  one('format', 'oxfmt', '--check', ...CODE),
  one('lint', 'oxlint', ...CODE),
  one('types', 'tsc', '-p', '.'),
  one('types-core', 'tsc', '-p', 'src/core', '--noEmit'),
  one('types-examples', 'tsc', '-p', 'examples'),
  one('types-bench-jobs', 'tsc', '-p', 'scripts/bench/jobs'),
  one('tidy', process.execPath, 'scripts/tidy.ts'),
  one('dead-code', 'knip', '--no-progress'),
  one('build', process.execPath, 'scripts/build.ts'),
  one('package', 'publint', '--strict'),
  one('built', process.execPath, 'dist/cli/main.js', ...LOCAL_RUN),
  { name: 'tests', run: tests },
  one('simulate', process.execPath, '--conditions=development', 'test/sim/main.ts', '--seeds', '2000'),
  one('simulate-greedy', process.execPath, '--conditions=development', 'test/sim/main.ts', '--seeds', '60', '--greedy'),
]

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string' } } })
  const wanted = values.only?.split(',')
  const unknown = wanted?.filter((name) => !CHECKS.some((check) => check.name === name)) ?? []
  if (unknown.length > 0)
    throw new Error(`no check ${unknown.join(', ')}; there are ${CHECKS.map((c) => c.name).join(', ')}`)

  const failures: string[] = []
  let passed = 0
  let failed = 0
  for (const check of CHECKS) {
    if (wanted !== undefined && !wanted.includes(check.name)) continue
    const started = performance.now()
    console.log(styleText('bold', `── ${check.name}`))
    const tally = await check.run()
    passed += tally.passed
    failed += tally.failed
    if (tally.failed > 0) failures.push(check.name)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(
      `${tally.failed > 0 ? styleText('red', 'FAILED') : styleText('green', 'ok')} ${check.name} ${seconds} s`,
    )
  }
  if (failures.length > 0) console.log(`failed: ${failures.join(', ')}`)
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
}

try {
  await main()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
