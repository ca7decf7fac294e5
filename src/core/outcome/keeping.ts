/** Which finished jobs make room: those that ended first, and never the last one, whatever it takes. */
import { LIMITS } from '../limits.ts'
import type { Bytes, JobId, Millis } from '../types.ts'

/** A job that is over, with what it takes on this node's disk. */
export interface Finished {
  readonly id: JobId
  readonly endedAt: Millis
  readonly keptUntil: Millis
  readonly bytes: Bytes
}

/**
 * The jobs to forget so that what the others keep is at most `most`, in the order of their ends. One that has just
 * ended, or come here, stays, so that who waits for it has its result; and so does the last one, or a result larger than
 * `most` could never be had.
 */
export function overflowing(finished: readonly Finished[], most: Bytes, now: Millis): JobId[] {
  const byEnd = finished.toSorted((a, b) => a.endedAt - b.endedAt || (a.id < b.id ? -1 : 1))
  let kept = byEnd.reduce((sum, job) => sum + job.bytes, 0)
  const going: JobId[] = []
  for (const job of byEnd.slice(0, -1)) {
    if (kept <= most || now - job.endedAt < LIMITS.keptAtLeastMs) break
    if (now < job.keptUntil) continue
    going.push(job.id)
    kept -= job.bytes
  }
  return going
}
