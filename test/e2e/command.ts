/** A command line in a process of its own: what goes in, what comes out, and nothing of this shell's own settings. */
import { spawn } from 'node:child_process'
import { freshMain } from '../../scripts/fresh-build.ts'

/** Generous: a loaded machine must not make a test red. */
export const COMMAND_MS = 150_000

const UNTIL_MS = 120_000

export const SHOAL: readonly string[] = [freshMain()]

/** A command that has ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  readonly input?: string
  /** Ctrl-C, once what it has said on stderr matches. */
  readonly interruptAt?: RegExp
  readonly deadlineMs?: number
}

/** This shell's environment without any setting of Shoal, without colour and terminal. */
export function plainEnvironment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(SHOAL_|NODE_OPTIONS|VITEST|FORCE_COLOR|NO_COLOR|TEST$|NODE_ENV)/.test(name),
  )
  return { ...Object.fromEntries(kept), ...more }
}

/** Runs to the end. A command beyond its deadline is killed, and the test fails with what it had said. */
export function command(args: readonly string[], options: CommandOptions): Promise<Ended> {
  return program(process.execPath, [...SHOAL, ...args], options)
}

/** Any program, as `command`. */
export async function program(file: string, args: readonly string[], options: CommandOptions): Promise<Ended> {
  const child = spawn(file, args, {
    cwd: options.folder,
    env: options.environment,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (piece: Buffer) => stdout.push(piece))
  let interrupted = false
  child.stderr.on('data', (piece: Buffer) => {
    stderr.push(piece)
    if (interrupted || options.interruptAt?.test(Buffer.concat(stderr).toString()) !== true) return
    interrupted = true
    child.kill('SIGINT')
  })
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, options.deadlineMs ?? COMMAND_MS)
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (...ending) => resolve(ending))
  })
  clearTimeout(timer)
  const ended = { code, signal, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }
  if (late) throw new Error(`shoal ${args.join(' ')} did not end in time\n${ended.stdout}\n${ended.stderr}`)
  return ended
}

/** Asks again until the answer is not null. The asking itself takes a while, so there is a short pause at most. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null> | T | null,
  deadlineMs: number = UNTIL_MS,
): Promise<T> {
  const end = performance.now() + deadlineMs
  let last = ''
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== null) return answer
    } catch (error) {
      last = String(error)
    }
    if (performance.now() > end) throw new Error(`${what}: not within ${deadlineMs} ms ${last}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
