/** Resident memory of a process and all below it, ten times a second. */
import { residentBytes } from './processes.ts'

const SAMPLE_MS = 100

export interface MemoryWatch {
  /** The highest sum so far, in bytes. */
  readonly peak: () => number
  stop(): void
}

export function watchMemory(root: number): MemoryWatch {
  let peak = 0
  const sample = (): void => {
    peak = Math.max(peak, residentBytes(root))
  }
  sample()
  const timer = setInterval(sample, SAMPLE_MS)
  return { peak: () => peak, stop: () => clearInterval(timer) }
}
