/** What a node's process uses, read from outside, and how that moves. */
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../bench/report.ts'
import type { StormNode } from './weather.ts'

export interface Reading {
  readonly minutes: number
  readonly jobs: number
  readonly memory: number
  readonly files: number
  readonly streams: number
  readonly connections: number
  readonly disk: number
  readonly diskFiles: number
  readonly known: number
}

const PAGE_BYTES = 4096
/** Streams and files come and go with the work: what is held for good is the least of so many looks. */
const LOOKS = 10
const LOOK_EVERY_MS = 500

/** Of the node's own process, without its task processes. */
export async function read(node: StormNode, minutes: number, jobs: number): Promise<Reading> {
  const { pid, home } = node.node
  let [files, streams] = [Infinity, Infinity]
  for (let look = 1; look < LOOKS; look++) {
    files = Math.min(files, readdirSync(`/proc/${pid}/fd`).length)
    streams = Math.min(streams, (await node.api.status()).streams)
    await sleep(LOOK_EVERY_MS)
  }
  const status = await node.api.status()
  const disk = usage(home)
  return {
    minutes,
    jobs,
    memory: Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * PAGE_BYTES,
    files: Math.min(files, readdirSync(`/proc/${pid}/fd`).length),
    streams: Math.min(streams, status.streams),
    connections: status.connections,
    disk: disk.bytes,
    diskFiles: disk.files,
    known: status.jobs.known,
  }
}

/** Bytes allocated below a folder, and files; what goes away meanwhile is left out. */
function usage(folder: string): { bytes: number; files: number } {
  let bytes = 0
  let files = 0
  let names: string[] = []
  try {
    names = readdirSync(folder)
  } catch {
    return { bytes, files }
  }
  for (const name of names) {
    const path = join(folder, name)
    const facts = lstatSync(path, { throwIfNoEntry: false })
    if (facts === undefined) continue
    bytes += facts.blocks * 512
    if (!facts.isDirectory()) files++
    else {
      const below = usage(path)
      bytes += below.bytes
      files += below.files
    }
  }
  return { bytes, files }
}

/**
 * How much a figure grows in an hour: the median of the slopes between any two readings (Sen 1968), so that one reading
 * in the midst of a burst is not taken for growth.
 */
export function slopeAnHour(readings: readonly Reading[], of: (reading: Reading) => number): number {
  const slopes = readings.flatMap((late, i) =>
    readings.slice(0, i).map((early) => ((of(late) - of(early)) / (late.minutes - early.minutes)) * 60),
  )
  return slopes.length === 0 ? 0 : median(slopes)
}
