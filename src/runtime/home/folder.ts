/**
 * What a job's folder under home has, and what its files are called:
 *
 *   jobs/ID/record.json  bundle.js  bundle.map      what the job is; the bundle is named by its hash in the record
 *   jobs/ID/leaving.json                            the record of a job whose removal has begun
 *   jobs/ID/ledger.log                              deltas as they were joined, to be joined again
 *   jobs/ID/attempts.log                            attempts started and ended: one left open is a death
 *   jobs/ID/story.log  times.json  logs/TASK        what people are told of it
 *   jobs/ID/out/TASK/{manifest.json, part|keys|rows, run-P}         whole outputs that this node holds
 *   jobs/ID/in/TASK.DIGEST/{manifest.json, part|keys|rows.log, run-P}   what arrived for tasks that run here: by content,
 *                                                       so that two outputs of one task never mix
 *   jobs/ID/spool/ATTEMPT                           what a running attempt reads of shards that lie elsewhere
 *
 * Small files have the kept form (kept/form.ts), logs that of kept-log.ts, runs and parts that of data/blocks.ts:
 * each shows damage by itself.
 */
import type { Digest, JobId, TaskIndex } from '../../core/types.ts'

export const JOBS = 'jobs'

export function jobFolder(job: JobId): string {
  return `${JOBS}/${job}`
}

/** A file, or a folder, directly in the job's folder. */
export function folderFile(job: JobId, name: string): string {
  return `${jobFolder(job)}/${name}`
}

export function recordFile(job: JobId): string {
  return folderFile(job, 'record.json')
}

export function outputFile(job: JobId, task: TaskIndex, file: string): string {
  return folderFile(job, `out/${task}/${file}`)
}

export function arrivalFile(job: JobId, task: TaskIndex, digest: Digest, file: string): string {
  return folderFile(job, `in/${task}.${digest}/${file}`)
}

/** The job whose folder has this file; null for a file elsewhere. */
export function jobOfFile(name: string): JobId | null {
  const [folder, job] = name.split('/')
  return folder === JOBS && job !== undefined ? (job as JobId) : null
}
