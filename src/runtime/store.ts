import { hashText } from '../core/hash.ts'
import type { Delta } from '../core/ledger.ts'
import { outputOf, type TaskManifest } from '../core/manifest.ts'
import type { Death, Held } from '../core/events.ts'
import type { Digest, JobId, JobRecord, TaskIndex } from '../core/types.ts'
import { FrameDecoder, FRAME_HEADER_BYTES, frame } from '../data/frame.ts'
import { LIMITS } from '../core/limits.ts'
import type { Disk } from '../ports.ts'
import type { JobBody } from '../wire/job.ts'
import { openManifest } from '../wire/manifest.ts'

/** What a job needs beside its record; content-addressed by the record's `code`. */
export interface JobCode {
  readonly bundle: string
  readonly sourceMap: string
}

/** What was found of a task's consumed input at boot. */
export interface Arrival {
  readonly task: TaskIndex
  readonly digest: Digest
  readonly manifest: TaskManifest
  readonly files: readonly string[]
}

/**
 * A job's folder under home:
 *
 *   jobs/ID/record.json  bundle.js  bundle.map      what the job is
 *   jobs/ID/ledger.log                              deltas as they were joined, to be joined again
 *   jobs/ID/attempts.log                            attempts started and ended: one left open is a death
 *   jobs/ID/out/TASK/{manifest.json, run-P|keys|part}   whole outputs that this node holds
 *   jobs/ID/in/TASK.DIGEST/{manifest.json, run-P|keys}  what arrived for tasks that run here: by content, so that two
 *                                                       outputs of one task never mix
 */
export class JobStore {
  readonly #disk: Disk
  readonly #leaving = new Map<JobId, Promise<void>>()

  constructor(disk: Disk) {
    this.#disk = disk
  }

  folder(job: JobId): string {
    return `jobs/${job}`
  }

  output(job: JobId, task: TaskIndex, file: string): string {
    return `${this.folder(job)}/out/${task}/${file}`
  }

  arrival(job: JobId, task: TaskIndex, digest: Digest, file: string): string {
    return `${this.folder(job)}/in/${task}.${digest}/${file}`
  }

  bundlePath(job: JobId): string {
    return this.#disk.path(`${this.folder(job)}/bundle.js`)
  }

  sourceMapPath(job: JobId): string {
    return this.#disk.path(`${this.folder(job)}/bundle.map`)
  }

  /** The record last: where it is, all of the job is. */
  async putJob(record: JobRecord, code: JobCode): Promise<void> {
    await this.#leaving.get(record.id)?.catch(() => undefined)
    const folder = this.folder(record.id)
    await this.#disk.put(`${folder}/bundle.js`, Buffer.from(code.bundle))
    await this.#disk.put(`${folder}/bundle.map`, Buffer.from(code.sourceMap))
    await this.#disk.put(`${folder}/record.json`, Buffer.from(JSON.stringify(record)))
  }

  /** The job as it travels; null where not all of it is here. */
  async getJob(job: JobId): Promise<JobBody | null> {
    const folder = this.folder(job)
    const [record, bundle, sourceMap] = await Promise.all(
      ['record.json', 'bundle.js', 'bundle.map'].map((file) => this.#disk.get(`${folder}/${file}`)),
    )
    if (!record || !bundle || !sourceMap) return null
    const [text, code, map] = [record, bundle, sourceMap].map((bytes) => Buffer.from(bytes).toString())
    return { record: text!, bundle: code!, sourceMap: map! }
  }

  async jobs(): Promise<JobId[]> {
    return (await this.#disk.list('jobs')) as JobId[]
  }

  appendDelta(job: JobId, delta: Uint8Array): Promise<void> {
    return this.#disk.append(`${this.folder(job)}/ledger.log`, frame(delta))
  }

  /** The deltas kept, in order; one that cannot be read is left out (what it said comes again from peers). */
  async readDeltas(job: JobId, decode: (bytes: Uint8Array) => Promise<Delta>): Promise<Delta[]> {
    const deltas: Delta[] = []
    for (const payload of await this.#frames(`${this.folder(job)}/ledger.log`)) {
      const delta = await decode(payload).catch(() => null)
      if (delta !== null) deltas.push(delta)
    }
    return deltas
  }

  /** The whole frames of a log. What is torn behind them is cut off: else what is appended next could not be read. */
  async #frames(name: string): Promise<Uint8Array[]> {
    const bytes = await this.#disk.get(name)
    if (bytes === null) return []
    const payloads: Uint8Array[] = []
    let whole = 0
    while (bytes.length - whole >= FRAME_HEADER_BYTES) {
      const length = FRAME_HEADER_BYTES + Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32BE(whole)
      const payload = wholeFrame(bytes.subarray(whole, whole + length))
      if (payload === null) break
      payloads.push(payload)
      whole += length
    }
    if (whole < bytes.length) await this.#disk.put(name, bytes.subarray(0, whole))
    return payloads
  }

  /** Journals the start of an attempt, on disk before it starts; `ended` is told later and may be lost. */
  journal(job: JobId, task: TaskIndex, attempt: string, what: 'started' | 'ended'): Promise<void> {
    const line = Buffer.from(JSON.stringify([what, task, attempt]))
    return this.#disk.append(`${this.folder(job)}/attempts.log`, frame(line))
  }

  /**
   * Attempts that were open when the node last died: at most one a task, since a node runs a task once at a time, and a
   * later start tells of the end before it.
   */
  async deaths(job: JobId): Promise<Death[]> {
    const open = new Map<TaskIndex, Death>()
    for (const payload of await this.#frames(`${this.folder(job)}/attempts.log`)) {
      const entry = parsed(payload) as [string, number, string] | null
      if (entry === null) continue
      const [what, task, attempt] = entry
      if (what === 'started') open.set(task, { task, attempt })
      else if (open.get(task)?.attempt === attempt) open.delete(task)
    }
    return [...open.values()]
  }

  async putManifest(name: string, manifest: TaskManifest): Promise<void> {
    await this.#disk.put(name, Buffer.from(JSON.stringify(manifest)))
  }

  /** null where there is none, or none that can be read. */
  async manifest(name: string): Promise<TaskManifest | null> {
    return openManifest(await this.#json(name))
  }

  /** The same of one that was checked before in this life: a job's reduces read all its manifests again and again. */
  async checkedManifest(name: string): Promise<TaskManifest | null> {
    return (await this.#json(name)) as TaskManifest | null
  }

  async #json(name: string): Promise<unknown> {
    const bytes = await this.#disk.get(name)
    return bytes === null ? null : parsed(bytes)
  }

  /** Outputs that are here whole: a manifest, and every file that it names. */
  async holding(job: JobId): Promise<Held[]> {
    const held: Held[] = []
    for (const { name, manifest, files } of await this.#found(`${this.folder(job)}/out`))
      if (outputFiles(manifest).every((file) => files.includes(file)))
        held.push({ task: Number(name), output: outputOf(manifest) })
    return held
  }

  /** What had arrived, each under the digest that its manifest still has. */
  async arrivals(job: JobId): Promise<Arrival[]> {
    const arrivals: Arrival[] = []
    for (const { name, manifest, files } of await this.#found(`${this.folder(job)}/in`)) {
      const { digest } = outputOf(manifest)
      const task = Number.parseInt(name, 10)
      if (name === `${task}.${digest}`) arrivals.push({ task, digest, manifest, files })
    }
    return arrivals
  }

  async #found(folder: string): Promise<{ name: string; manifest: TaskManifest; files: readonly string[] }[]> {
    const found: { name: string; manifest: TaskManifest; files: readonly string[] }[] = []
    for (const name of await this.#disk.list(folder)) {
      const manifest = await this.manifest(`${folder}/${name}/manifest.json`)
      if (manifest !== null) found.push({ name, manifest, files: await this.#disk.list(`${folder}/${name}`) })
    }
    return found
  }

  /** Deletes runs, sample keys and all that had arrived; parts and manifests stay. */
  async release(job: JobId): Promise<void> {
    await this.#disk.remove(`${this.folder(job)}/in`)
    for (const { name, manifest, files } of await this.#found(`${this.folder(job)}/out`)) {
      if (manifest.manifest.kind === 'reduce') continue
      for (const file of files)
        if (file !== 'manifest.json') await this.#disk.remove(this.output(job, Number(name), file))
    }
  }

  /** Work that ends with the job gone: whoever brings the job anew waits for it. */
  async leave(job: JobId, work: () => Promise<void>): Promise<void> {
    const leaving = work()
    this.#leaving.set(job, leaving)
    try {
      await leaving
    } finally {
      if (this.#leaving.get(job) === leaving) this.#leaving.delete(job)
    }
  }

  /** Takes the record away: from now on the job is not here, and what is left of it goes with the next `drop`. */
  disown(job: JobId): Promise<void> {
    return this.#disk.remove(`${this.folder(job)}/record.json`)
  }

  drop(job: JobId): Promise<void> {
    return this.#disk.remove(this.folder(job))
  }
}

function wholeFrame(bytes: Uint8Array): Uint8Array | null {
  try {
    return new FrameDecoder(LIMITS.rpcBodyBytesMax).push(bytes)[0] ?? null
  } catch {
    return null
  }
}

/** JSON from this disk; null where it is damaged. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return null
  }
}

/** The files that a task's output consists of, beside its manifest. */
export function outputFiles({ manifest }: TaskManifest): string[] {
  if (manifest.kind === 'map') return manifest.runs.map((run) => `run-${run.partition}`)
  if (manifest.kind === 'sample') return ['keys']
  return manifest.kind === 'reduce' ? ['part'] : []
}

export function codeDigest(bundle: string): Digest {
  return hashText(bundle)
}
