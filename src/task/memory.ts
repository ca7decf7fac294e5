import type { Bytes } from '../core/types.ts'

const MB = 1_000_000
/** RSS of a task process that has done nothing yet; 50 MB of it is Node's program, which all processes share. */
const RESIDENT: Bytes = 64 * MB
/** What work of any size takes beside the record arenas: read chunks, decoded text, compressor, young objects. */
const WORKING: Bytes = 24 * MB

/** Below it, V8's second compiler of WebAssembly, which takes 20 MB and makes the Parquet decoder faster, does not pay. */
const ROOMY: Bytes = 192 * MB

/** What is left of a task's memory for data; it is shared between the JavaScript heap and the arenas beside it. */
function room(memory: Bytes): Bytes {
  return Math.max(WORKING, memory - RESIDENT)
}

/** Sorting gets along with so little. */
const ARENA_LEAST: Bytes = 5 * MB

/** For record arenas and their index. Above 512 MB more of it saves no time. */
export function arenaBytes(memory: Bytes): Bytes {
  return Math.max(ARENA_LEAST, Math.min(512 * MB, Math.floor((room(memory) - WORKING) * 0.45)))
}

/** What is left of an arena beside tables that take so much. */
export function arenaBeside(arena: Bytes, tables: Bytes): Bytes {
  return Math.max(ARENA_LEAST, arena - tables)
}

/** What tables of sides may take; what they do take is not there for arenas. */
export function sideBytes(memory: Bytes): Bytes {
  return Math.floor(memory / 4)
}

/**
 * For the window of a zstd decoder (what it keeps of its output): what is left of the task's memory beside the resident
 * set, work, full arenas and a JavaScript heap of ordinary size, since a split is read while its records fill all these.
 * It depends on the task's memory alone, so that a file is refused by every task of that size, or by none. It is never
 * below the 8 MiB that RFC 8878 asks of every decoder; where arenas are small there is room for these.
 */
export function windowBytes(memory: Bytes): Bytes {
  const heap = Math.min(64 * MB, room(memory) / 4)
  return Math.max(8 * 2 ** 20, Math.floor(room(memory) - WORKING - arenaBytes(memory) - heap))
}

/**
 * V8 flags that let a heap that outgrows the task end the process, instead of the machine. A batch of records should
 * fit into the young generation: it is garbage at once.
 */
export function memoryFlags(memory: Bytes): string[] {
  const heap = Math.max(16, Math.floor((room(memory) * 0.5) / MB) + 4)
  const young = Math.max(2, Math.min(16, Math.floor(room(memory) / MB / 16)))
  const frugal = memory < ROOMY ? ['--liftoff-only'] : []
  // Where there is room it begins large: while it grows, garbage is taken for what stays, and marked beside the work.
  const begins = memory < ROOMY ? [] : [`--min-semi-space-size=${young / 2}`]
  return [`--max-old-space-size=${heap}`, `--max-semi-space-size=${young}`, ...begins, ...frugal]
}
