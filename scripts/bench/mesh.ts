/** Nodes for the benchmark: real processes with throw-away homes, kept warm between runs. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { connectControl } from '../../src/control/client.ts'
import type { NodeApi } from '../../src/control/api.ts'
import { SOURCES, type Subject } from './subject.ts'
import { endOf, ENVIRONMENT, ROOT } from './timed.ts'

const READY_MS = 30_000

export interface BenchNode {
  readonly home: string
  readonly pid: number
  readonly api: NodeApi
  readonly subject: Subject
}

export interface NodeSetting {
  /** `--data` values. */
  readonly data: readonly string[]
  /** Without these: what the node takes of its machine. */
  readonly slots?: number
  readonly memory?: string
}

/** Starts one node after the other, the later ones with the first one's ticket; resolves when all are ready. */
export async function withMesh<T>(
  scratch: string,
  settings: readonly NodeSetting[],
  use: (nodes: readonly BenchNode[]) => Promise<T>,
  subject: Subject = SOURCES,
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
      const sizes = [
        ...(setting.slots === undefined ? [] : ['--slots', String(setting.slots)]),
        ...(setting.memory === undefined ? [] : ['--memory', setting.memory]),
      ]
      const data = setting.data.flatMap((value) => ['--data', value])
      const args = [...subject.args, 'node', ...flags, ...sizes, ...data, ...ticket]
      const child = spawn(subject.file, args, { cwd: ROOT, env: ENVIRONMENT, stdio: ['ignore', 'ignore', 'pipe'] })
      children.push(child)
      const said = keepLast(child)
      if (child.pid === undefined) throw new Error('a node did not start')
      const api = connectControl(home)
      await ready(api, child, index + 1).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${said()}`)
      })
      nodes.push({ home, pid: child.pid, api, subject })
    }
    return await use(nodes)
  } finally {
    await Promise.all(children.map((child) => endOf(child, 'SIGKILL')))
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

/** The first tool of these names that is on PATH. */
export function tool(...names: string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':')
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
}
