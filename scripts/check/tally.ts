/** A check as a command of its own, or as tests whose report is counted. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Tally {
  readonly passed: number
  readonly failed: number
  /** Tests that did not run, by name: what they need is not here. */
  readonly skipped: readonly string[]
}

export function together(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, { passed }) => sum + passed, 0),
    failed: tallies.reduce((sum, { failed }) => sum + failed, 0),
    skipped: tallies.flatMap(({ skipped }) => skipped),
  }
}

const ROOT = join(import.meta.dirname, '../..')
/** A command that hangs is a failed check, not a stuck machine; one that is slow on a busy machine is none. */
const LIMIT_MIN_S = 20 * 60
const LIMIT_TIMES = 4

export async function commandTally(seconds: number, file: string, args: readonly string[]): Promise<Tally> {
  const passed = (await run(seconds, file, args)) === 0 ? 1 : 0
  return { passed, failed: 1 - passed, skipped: [] }
}

export interface Tests {
  readonly project: string
  /** Only these of its files. */
  readonly files?: readonly string[]
  /** What makes them do more than by default. */
  readonly environment?: NodeJS.ProcessEnv
}

/** Counts come from the JSON report; a file that did not load, or a run that ended badly otherwise, is one failure. */
export async function testsTally(
  seconds: number,
  { project, files = [], environment = {} }: Tests,
  report: string,
): Promise<Tally> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const args = ['run', '--config', 'test/vitest.config.ts', '--project', project, ...files, ...reporters]
  const code = await run(seconds, 'vitest', args, environment)
  try {
    const tally = tallyOf(JSON.parse(readFileSync(report, 'utf8')) as TestReport)
    return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally
  } catch (error) {
    console.error(`vitest left no report: ${String(error)}`)
    return { passed: 0, failed: 1, skipped: [] }
  }
}

interface TestReport {
  readonly testResults: readonly {
    readonly status: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

export function tallyOf({ testResults }: TestReport): Tally {
  const tests = testResults.flatMap((file) => file.assertionResults)
  const unloaded = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  const are = (status: string): number => tests.filter((test) => test.status === status).length
  const [passed, failed] = [are('passed'), are('failed')]
  return {
    passed,
    failed: failed + unloaded.length,
    skipped: tests.filter(({ status }) => status !== 'passed' && status !== 'failed').map(({ fullName }) => fullName),
  }
}

async function run(
  seconds: number,
  file: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<number> {
  const child = spawn(file, args, {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  })
  const limit = Math.max(LIMIT_MIN_S, LIMIT_TIMES * seconds)
  const timer = setTimeout(() => {
    console.error(`${file} runs longer than ${Math.round(limit / 60)} minutes: ended`)
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }, limit * 1000)
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
