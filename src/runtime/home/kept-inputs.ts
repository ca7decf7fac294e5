/**
 * What tasks that ran here have read of the outputs that they consumed: their manifests, and rows. All reduces of a job
 * read those of all its maps, and reading and checking them each time takes longer than all else that a reduce asks of
 * the node.
 */
import { LIMITS } from '../../core/limits.ts'
import type { TaskManifest } from '../../core/ledger/manifest.ts'
import type { Bytes, Digest, JobId } from '../../core/types.ts'

export interface KeptInput {
  /** That of the manifest. */
  readonly digest: Digest
  readonly manifest: TaskManifest
  /** As they were when they were read, packed: rows that arrive later are not among them. */
  readonly rows: Uint8Array
  /** Of both on disk. */
  readonly bytes: Bytes
}

interface KeptJob {
  readonly inputs: Map<string, KeptInput>
  bytes: Bytes
}

/**
 * Within LIMITS.inputsKeptBytes. Jobs whose tasks have read nothing for the longest make room; within a job nothing does,
 * since each of its tasks reads all in the same order: what was read longest ago is what is read next.
 */
export class KeptInputs {
  /** The job that was read for last is the last. */
  readonly #jobs = new Map<JobId, KeptJob>()
  #bytes = 0

  get bytes(): Bytes {
    return this.#bytes
  }

  /** `folder`: where the output lies. null where what is kept of it is of another digest, or nothing. */
  get(job: JobId, folder: string, digest: Digest): KeptInput | null {
    const kept = this.#jobs.get(job)
    if (kept === undefined) return null
    this.#jobs.delete(job)
    this.#jobs.set(job, kept)
    const input = kept.inputs.get(folder)
    return input?.digest === digest ? input : null
  }

  put(job: JobId, folder: string, input: KeptInput): void {
    const kept = this.#jobs.get(job) ?? { inputs: new Map<string, KeptInput>(), bytes: 0 }
    this.#jobs.delete(job)
    this.#jobs.set(job, kept)
    this.#add(kept, -(kept.inputs.get(folder)?.bytes ?? 0))
    kept.inputs.delete(folder)
    for (const other of [...this.#jobs.keys()])
      if (other !== job && this.#bytes + input.bytes > LIMITS.inputsKeptBytes) this.forget(other)
    if (this.#bytes + input.bytes > LIMITS.inputsKeptBytes) return
    kept.inputs.set(folder, input)
    this.#add(kept, input.bytes)
  }

  forget(job: JobId): void {
    this.#bytes -= this.#jobs.get(job)?.bytes ?? 0
    this.#jobs.delete(job)
  }

  #add(kept: KeptJob, bytes: Bytes): void {
    kept.bytes += bytes
    this.#bytes += bytes
  }
}
