import { execFile } from 'node:child_process'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * Ends the task processes, and removes the slot folders, that an earlier life of this node has left. The caller holds
 * the lock of the home, so that no other node lives on it. A process is known by the grant on its command line.
 */
export async function removeLeftovers(folder: string): Promise<void> {
  const grant = `--allow-fs-write=${join(folder, '/')}`
  for (const { pid, command } of await processes()) {
    if (pid !== process.pid && command.includes(grant)) kill(pid)
  }
  for (const name of await readdir(folder).catch(() => [])) {
    if (name.startsWith('slot-')) await rm(join(folder, name), { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Gone already is as good. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // no such process
  }
}

interface RunningProcess {
  readonly pid: number
  readonly command: string
}

async function processes(): Promise<RunningProcess[]> {
  const names = await readdir('/proc').catch(() => null)
  if (names === null) return listedByPs()
  const found: RunningProcess[] = []
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue
    // Arguments end with a NUL; a process that has ended meanwhile has none.
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    found.push({ pid: Number(name), command: command.replaceAll('\0', ' ') })
  }
  return found
}

async function listedByPs(): Promise<RunningProcess[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,command='], { maxBuffer: 64 * 1024 * 1024 })
  return stdout.split('\n').flatMap((line) => {
    const [, pid, command] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? []
    return pid === undefined || command === undefined ? [] : [{ pid: Number(pid), command }]
  })
}
