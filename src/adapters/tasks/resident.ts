import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Bytes } from '../../core/types.ts'

/** The resident memory of a process; 0 if it is gone. */
export function residentBytes(pid: number): Bytes {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    return kib === undefined ? 0 : Number(kib) * 1024
  } catch {
    return process.platform === 'linux' ? 0 : residentByPs(pid)
  }
}

function residentByPs(pid: number): Bytes {
  try {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024
  } catch {
    return 0
  }
}
