/** Nodes for the benchmark: real processes with throw-away homes, kept warm between runs. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { connectControl } from '../../src/control/client.ts'
import type { NodeApi } from '../../src/control/api.ts'

const ROOT = join(import.meta.dirname, '../..')
const MAIN = join(ROOT, 'src/cli/main.ts')
const READY_MS = 30_000

export interface BenchNode {
  readonly home: string
  readonly pid: number
  readonly api: NodeApi
}

export interface NodeSetting {
  /** `--data` values. */
  readonly data: readonly string[]
  readonly slots: number
  readonly memory: string
}

export interface Ended {
  readonly code: number | null
  readonly milliseconds: number
  readonly output: string
  readonly errors: string
}

/** Runs a command to its end and times it from exec. */
export async function timed(
  file: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
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
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Ended> {
  const ended = await timed(file, args, environment)
  if (ended.code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${String(ended.code)}:\n${ended.errors}`)
  return ended
}

export async function shoal(...args: string[]): Promise<Ended> {
  return await timedWell(process.execPath, ['--conditions=development', MAIN, ...args])
}

/** Starts one node after the other, the later ones with the first one's ticket; resolves when all are ready. */
export async function withMesh<T>(
  scratch: string,
  settings: readonly NodeSetting[],
  use: (nodes: readonly BenchNode[]) => Promise<T>,
): Promise<T> {
  const children: ChildProcess[] = []
  const homes: string[] = []
  try {
    const nodes: BenchNode[] = []
    for (const [index, setting] of settings.entries()) {
      const home = join(scratch, `home-${process.pid}-${index}`)
      rmSync(home, { recursive: true, force: true })
      mkdirSync(home, { recursive: true })
      homes.push(home)
      const ticket = nodes[0] === undefined ? [] : ['--join', await nodes[0].api.ticket()]
      const flags = ['--home', home, '--name', `bench-${index}`, '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']
      const sizes = ['--slots', String(setting.slots), '--memory', setting.memory]
      const data = setting.data.flatMap((value) => ['--data', value])
      const args = ['--conditions=development', MAIN, 'node', ...flags, ...sizes, ...data, ...ticket]
      const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] })
      children.push(child)
      const said = keepLast(child)
      if (child.pid === undefined) throw new Error('a node did not start')
      const api = connectControl(home)
      await ready(api, child, index + 1).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${said()}`)
      })
      nodes.push({ home, pid: child.pid, api })
    }
    return await use(nodes)
  } finally {
    await Promise.all(children.map(end))
    for (const home of homes) rmSync(home, { recursive: true, force: true })
  }
}

/** The last of what a node says, for the case that it fails. */
function keepLast(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-4000)
  })
  return () => text
}

/** Ready, all members alive, nothing pending. */
async function ready(api: NodeApi, child: ChildProcess, members: number): Promise<void> {
  const limit = performance.now() + READY_MS
  while (performance.now() < limit && child.exitCode === null) {
    const status = await api.status().catch(() => null)
    const pending = status?.datasets.some((dataset) => dataset.pending > 0) ?? true
    if (status?.ready === true && status.alive >= members && !pending) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`a node was not ready within ${READY_MS / 1000} s`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

/** The first tool of these names that is on PATH. */
export function tool(...names: string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':')
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
}
