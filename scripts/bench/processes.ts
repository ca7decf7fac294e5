/** What a process and all below it use, from /proc. One that ends meanwhile is left out. */
import { readdirSync, readFileSync } from 'node:fs'

const PAGE_BYTES = 4096
/** USER_HZ, in which /proc counts; 100 on every Linux that Node runs on. */
const TICK_MS = 10

/** The process and its descendants. */
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

export function childrenOf(pid: number): number[] {
  return tree(pid).filter((one) => parentOf(one) === pid)
}

/** Processor time that the process and its descendants have used so far, those that have ended among them. */
export function cpuMs(root: number): number {
  let ticks = 0
  // Fields 14 to 17 of proc_pid_stat(5): user and system time, its own and that of children that were waited for.
  for (const pid of tree(root))
    ticks += statOf(pid)
      .slice(11, 15)
      .reduce((sum, field) => sum + Number(field), 0)
  return ticks * TICK_MS
}

/** Proportional memory: of pages that n processes share, each counts an nth. */
export function pssBytes(root: number): number {
  let kib = 0
  for (const pid of tree(root)) kib += Number(/^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0)
  return kib * 1024
}

export function residentBytes(root: number): number {
  let pages = 0
  for (const pid of tree(root)) pages += Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0)
  return pages * PAGE_BYTES
}

function parentOf(pid: number): number | undefined {
  const [, parent] = statOf(pid)
  return parent === undefined ? undefined : Number(parent)
}

/** The fields behind the name, which may hold anything: the first is the third of proc_pid_stat(5). */
function statOf(pid: number): string[] {
  const text = read(`/proc/${pid}/stat`)
  return text === '' ? [] : text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
