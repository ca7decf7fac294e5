/** Commands that are timed from exec: to their end, or to what they say. */
import { spawn, type ChildProcess } from 'node:child_process'
import { dirname, join } from 'node:path'

export const ROOT: string = join(import.meta.dirname, '../..')

/** This Node before any other: an installed command looks for it on PATH. */
export const ENVIRONMENT: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
}

export interface Ended {
  readonly code: number | null
  readonly milliseconds: number
  readonly output: string
  readonly errors: string
}

/** Runs a command to its end. */
export async function timed(
  file: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = ENVIRONMENT,
): Promise<Ended> {
  const started = performance.now()
  const child = spawn(file, args, { cwd: ROOT, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const output: Buffer[] = []
  const errors: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const milliseconds = performance.now() - started
  return { code, milliseconds, output: Buffer.concat(output).toString(), errors: Buffer.concat(errors).toString() }
}

/** `timed`, and an end other than 0 is an error. */
export async function timedWell(
  file: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = ENVIRONMENT,
): Promise<Ended> {
  const ended = await timed(file, args, environment)
  if (ended.code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${String(ended.code)}:\n${ended.errors}`)
  return ended
}

/** A command that goes on after it has said what it was waited for. */
export interface Begun {
  readonly pid: number
  /** From exec to the line. */
  readonly milliseconds: number
  /** Asks it to end, and waits until it has. */
  end(signal: NodeJS.Signals): Promise<void>
}

/** Starts a command; resolves as soon as it has said `line` on stderr. */
export async function untilSaid(file: string, args: readonly string[], line: RegExp): Promise<Begun> {
  const started = performance.now()
  const child = spawn(file, args, { cwd: ROOT, env: ENVIRONMENT, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-10_000)
      if (line.test(said)) resolve()
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${file} ${args.join(' ')} ended with ${String(code)}:\n${said}`)))
  })
  const milliseconds = performance.now() - started
  return { pid: child.pid ?? 0, milliseconds, end: (signal) => endOf(child, signal) }
}

export async function endOf(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await ended
}
