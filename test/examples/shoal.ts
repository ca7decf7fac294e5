/** The command line as a user's shell would start it, from a checkout. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { freshMain } from '../../scripts/fresh-build.ts'

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))
const MAIN = freshMain()

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command to its end; after `limitMs` it is killed, and `code` is null. */
export async function shoal(args: readonly string[], limitMs = 100_000): Promise<Ran> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
    timeout: limitMs,
    killSignal: 'SIGKILL',
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }
}

/** The hash in the last line of a run's summary. */
export function resultHash(stderr: string): string | undefined {
  return /result sha256:([0-9a-f]{64})\s*$/.exec(stderr.trimEnd())?.[1]
}
