/** Resident memory of a process and all below it, ten times a second, from /proc. */
import { readdirSync, readFileSync } from 'node:fs'

const PAGE_BYTES = 4096
const SAMPLE_MS = 100

export interface MemoryWatch {
  /** The highest sum so far, in bytes. */
  readonly peak: () => number
  stop(): void
}

export function watchMemory(root: number): MemoryWatch {
  let peak = 0
  const sample = (): void => {
    let bytes = 0
    for (const pid of tree(root)) bytes += resident(pid)
    peak = Math.max(peak, bytes)
  }
  sample()
  const timer = setInterval(sample, SAMPLE_MS)
  return { peak: () => peak, stop: () => clearInterval(timer) }
}

/** The process and its descendants; one that ends meanwhile is left out. */
export function tree(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const entry of readdirSync('/proc')) {
    const parent = /^\d+$/.test(entry) ? parentOf(Number(entry)) : undefined
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(entry)])
  }
  const found = [root]
  for (const pid of found) found.push(...(children.get(pid) ?? []))
  return found
}

function parentOf(pid: number): number | undefined {
  const text = read(`/proc/${pid}/stat`)
  return text === '' ? undefined : Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1])
}

function resident(pid: number): number {
  return Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * PAGE_BYTES
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
