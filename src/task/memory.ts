import type { Bytes } from '../core/types.ts'

const MB = 1_000_000
/** RSS of a task process that has loaded its code and done nothing yet. */
const RESIDENT: Bytes = 62 * MB

/** What is left of a task's memory for data; it is shared between the JavaScript heap and the arenas beside it. */
function room(memory: Bytes): Bytes {
  return Math.max(24 * MB, memory - RESIDENT)
}

/** For record arenas and blocks: above what they need at once, more of it saves no time. */
export function arenaBytes(memory: Bytes): Bytes {
  return Math.min(512 * MB, Math.floor(room(memory) * 0.4))
}

/** V8 flags that let a heap that outgrows the task end the process, instead of the machine. */
export function heapFlags(memory: Bytes): string[] {
  const heap = Math.max(16, Math.floor((room(memory) * 0.5) / MB) + 12)
  const young = Math.max(1, Math.min(16, Math.floor(room(memory) / MB / 32)))
  return [`--max-old-space-size=${heap}`, `--max-semi-space-size=${young}`]
}
