import { hashText } from '../core/hash.ts'
import type { Delta } from '../core/ledger.ts'
import { outputOf, type TaskManifest } from '../core/manifest.ts'
import type { Death, Held } from '../core/events.ts'
import type { Digest, JobId, JobRecord, TaskIndex } from '../core/types.ts'
import { FrameDecoder, FRAME_HEADER_BYTES, frame } from '../data/frame.ts'
import { LIMITS } from '../core/limits.ts'
import type { Disk } from '../ports.ts'

/** What a job needs beside its record; content-addressed by the record's `code`. */
export interface JobCode {
  readonly bundle: string
  readonly sourceMap: string
}

/** What was found of a task's consumed input at boot. */
export interface Arrival {
  readonly task: TaskIndex
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
 *   jobs/ID/in/TASK/{manifest.json, run-P|keys}         what arrived for tasks that run here
 */
export class JobStore {
  readonly #disk: Disk

  constructor(disk: Disk) {
    this.#disk = disk
  }

  folder(job: JobId): string {
    return `jobs/${job}`
  }

  output(job: JobId, task: TaskIndex, file: string): string {
    return `${this.folder(job)}/out/${task}/${file}`
  }

  arrival(job: JobId, task: TaskIndex, file: string): string {
    return `${this.folder(job)}/in/${task}/${file}`
  }

  bundlePath(job: JobId): string {
    return this.#disk.path(`${this.folder(job)}/bundle.js`)
  }

  sourceMapPath(job: JobId): string {
    return this.#disk.path(`${this.folder(job)}/bundle.map`)
  }

  /** The record last: where it is, all of the job is. */
  async putJob(record: JobRecord, code: JobCode): Promise<void> {
    const folder = this.folder(record.id)
    await this.#disk.put(`${folder}/bundle.js`, Buffer.from(code.bundle))
    await this.#disk.put(`${folder}/bundle.map`, Buffer.from(code.sourceMap))
    await this.#disk.put(`${folder}/record.json`, Buffer.from(JSON.stringify(record)))
  }

  async getJob(job: JobId): Promise<{ record: JobRecord; code: JobCode } | null> {
    const folder = this.folder(job)
    const [record, bundle, sourceMap] = await Promise.all(
      ['record.json', 'bundle.js', 'bundle.map'].map((file) => this.#disk.get(`${folder}/${file}`)),
    )
    if (!record || !bundle || !sourceMap) return null
    return {
      record: JSON.parse(Buffer.from(record).toString()) as JobRecord,
      code: { bundle: Buffer.from(bundle).toString(), sourceMap: Buffer.from(sourceMap).toString() },
    }
  }

  async jobs(): Promise<JobId[]> {
    return (await this.#disk.list('jobs')) as JobId[]
  }

  appendDelta(job: JobId, delta: Uint8Array): Promise<void> {
    return this.#disk.append(`${this.folder(job)}/ledger.log`, frame(delta))
  }

  /** The deltas kept, in order; a torn or damaged tail ends the list (what it said comes again from peers). */
  async readDeltas(job: JobId, decode: (bytes: Uint8Array) => Promise<Delta>): Promise<Delta[]> {
    const deltas: Delta[] = []
    for (const payload of await this.#frames(`${this.folder(job)}/ledger.log`)) {
      try {
        deltas.push(await decode(payload))
      } catch {
        break
      }
    }
    return deltas
  }

  async #frames(name: string): Promise<Uint8Array[]> {
    const bytes = await this.#disk.get(name)
    if (bytes === null) return []
    const decoder = new FrameDecoder(LIMITS.rpcBodyBytesMax)
    const payloads: Uint8Array[] = []
    try {
      for (let at = 0; at < bytes.length;) {
        const length = FRAME_HEADER_BYTES + Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32BE(at)
        payloads.push(...decoder.push(bytes.subarray(at, at + length)))
        at += length
      }
    } catch {
      // A torn append: all before it is whole.
    }
    return payloads
  }

  /** Journals the start of an attempt, on disk before it starts; `ended` is told later and may be lost. */
  journal(job: JobId, task: TaskIndex, attempt: string, what: 'started' | 'ended'): Promise<void> {
    const line = Buffer.from(JSON.stringify([what, task, attempt]))
    return this.#disk.append(`${this.folder(job)}/attempts.log`, frame(line))
  }

  /** Attempts that were open when the node last died. */
  async deaths(job: JobId): Promise<Death[]> {
    const open = new Map<string, Death>()
    for (const payload of await this.#frames(`${this.folder(job)}/attempts.log`)) {
      const [what, task, attempt] = JSON.parse(Buffer.from(payload).toString()) as [string, number, string]
      if (what === 'started') open.set(attempt, { task, attempt })
      else open.delete(attempt)
    }
    return [...open.values()]
  }

  async putManifest(name: string, manifest: TaskManifest): Promise<void> {
    await this.#disk.put(name, Buffer.from(JSON.stringify(manifest)))
  }

  async manifest(name: string): Promise<TaskManifest | null> {
    const bytes = await this.#disk.get(name)
    return bytes === null ? null : (JSON.parse(Buffer.from(bytes).toString()) as TaskManifest)
  }

  /** A task's manifest, whether this node ran the task or was sent its output. */
  async anyManifest(job: JobId, task: TaskIndex): Promise<TaskManifest | null> {
    return (
      (await this.manifest(this.output(job, task, 'manifest.json'))) ??
      this.manifest(this.arrival(job, task, 'manifest.json'))
    )
  }

  /** Outputs that are here whole: a manifest, and every file that it names. */
  async holding(job: JobId): Promise<Held[]> {
    const held: Held[] = []
    for (const { task, manifest, files } of await this.#found(`${this.folder(job)}/out`))
      if (outputFiles(manifest).every((file) => files.includes(file))) held.push({ task, output: outputOf(manifest) })
    return held
  }

  async arrivals(job: JobId): Promise<Arrival[]> {
    return this.#found(`${this.folder(job)}/in`)
  }

  async #found(folder: string): Promise<Arrival[]> {
    const found: Arrival[] = []
    for (const name of await this.#disk.list(folder)) {
      const manifest = await this.manifest(`${folder}/${name}/manifest.json`)
      if (manifest !== null)
        found.push({ task: Number(name), manifest, files: await this.#disk.list(`${folder}/${name}`) })
    }
    return found
  }

  /** Where a consumed file lies here: this node's own output, or what arrived. */
  async locate(job: JobId, task: TaskIndex, file: string): Promise<string | null> {
    for (const name of [this.output(job, task, file), this.arrival(job, task, file)])
      if ((await this.#disk.size(name)) !== null) return name
    return null
  }

  /** Deletes runs, sample keys and all that had arrived; parts and manifests stay. */
  async release(job: JobId): Promise<void> {
    await this.#disk.remove(`${this.folder(job)}/in`)
    for (const { task, manifest, files } of await this.#found(`${this.folder(job)}/out`)) {
      if (manifest.manifest.kind === 'reduce') continue
      for (const file of files) if (file !== 'manifest.json') await this.#disk.remove(this.output(job, task, file))
    }
  }

  drop(job: JobId): Promise<void> {
    return this.#disk.remove(this.folder(job))
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
