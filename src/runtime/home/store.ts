import { hashText } from '../../core/hash.ts'
import type { Delta } from '../../core/ledger/ledger.ts'
import { outputOf, type TaskListing, type TaskManifest } from '../../core/ledger/manifest.ts'
import type { Held } from '../../core/events.ts'
import type { Digest, JobId, JobRecord, TaskIndex } from '../../core/types.ts'
import type { Disk } from '../../ports.ts'
import type { JobBody } from '../../wire/job.ts'
import { filesOf } from '../../core/plan/files.ts'
import { openManifest } from '../../wire/manifest.ts'
import { AttemptLog } from './attempt-log.ts'
import { Coming } from './coming.ts'
import { Damage } from './damage.ts'
import { getKept, isDamaged, putKept } from './kept.ts'
import { KeptInputs } from './kept-inputs.ts'
import { readLog, toEntry } from './kept-log.ts'
import { listingIn, recoverRows, ROWS, ROWS_LOG } from './rows.ts'

/** What a job needs beside its record; content-addressed by the record's `code`. */
export interface JobCode {
  readonly bundle: string
  readonly sourceMap: string
}

/** A log of which a part is lost tells less than it could; all of it are facts that others have, or that are made again. */
const LEDGER_LOST = 'a part of what this node knew of the job is lost: peers say it again, or it is made again'
const OUTPUT_LOST = 'the output is had again from another node, or made again, where it is still wanted'
const RECORD_LOST = 'the job is not known here until another node brings it again'

/** All that a folder has before the record comes. */
const CODE_FILES: readonly string[] = ['bundle.js', 'bundle.map']
/** What a record is called once its job is forgotten. */
const LEAVING = 'leaving.json'

/** What was found of a task's consumed input at boot. */
export interface Arrival {
  readonly task: TaskIndex
  readonly digest: Digest
  readonly listing: TaskListing
  readonly files: readonly string[]
}

/**
 * A job's folder under home:
 *
 *   jobs/ID/record.json  bundle.js  bundle.map      what the job is; the bundle is named by its hash in the record
 *   jobs/ID/leaving.json                            the record of a job that is being forgotten
 *   jobs/ID/ledger.log                              deltas as they were joined, to be joined again
 *   jobs/ID/attempts.log                            attempts started and ended: one left open is a death
 *   jobs/ID/out/TASK/{manifest.json, part|keys|rows, run-P}        whole outputs that this node holds
 *   jobs/ID/in/TASK.DIGEST/{manifest.json, keys|rows.log, run-P}   what arrived for tasks here, by content: never mixed
 *
 * Small files have the kept form (kept/form.ts), logs that of kept-log.ts, runs and parts that of data/blocks.ts:
 * each shows damage by itself. What is found is told to `damage`.
 */
export class JobStore {
  readonly #disk: Disk
  readonly #damage: Damage
  readonly #leaving = new Map<JobId, Promise<void>>()
  /** Which of the puts of a job was begun last. */
  readonly #puts = new Map<JobId, number>()
  #turns = 0
  /** Jobs that are known here, and whose code is damaged or missing on this disk. */
  readonly #withoutCode = new Set<JobId>()
  /** Those of them that cannot run: the others lack a source map alone. */
  readonly #withoutBundle = new Set<JobId>()
  /** Those of these whose code no node that could be asked has. */
  readonly #nobodyHasCode = new Set<JobId>()
  /** Jobs whose record is damaged: what they are is not known here. */
  readonly #withoutRecord = new Set<JobId>()

  /** `jobs/ID/attempts.log` */
  readonly attempts: AttemptLog
  /** Jobs that are just being put here. */
  readonly coming: Coming = new Coming()
  readonly inputs: KeptInputs = new KeptInputs()

  constructor(disk: Disk, damage: Damage = new Damage()) {
    this.#disk = disk
    this.#damage = damage
    this.attempts = new AttemptLog(disk, damage)
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

  /**
   * The record last: where it is, all of the job is. `isLastPut` tells whether it was put again since. Resolves to whether
   * nothing was here of the job before.
   */
  async putJob(record: JobRecord, code: JobCode, turn: number = this.nextPut()): Promise<boolean> {
    this.#puts.set(record.id, turn)
    await this.left(record.id)
    const isNew = (await this.#disk.list(this.folder(record.id))).length === 0
    await this.putCode(record.id, code)
    const name = `${this.folder(record.id)}/record.json`
    await putKept(this.#disk, name, Buffer.from(JSON.stringify(record)))
    this.#withoutRecord.delete(record.id)
    this.#damage.mended(name)
    return isNew
  }

  nextPut(): number {
    return ++this.#turns
  }

  lastPut(job: JobId): number | undefined {
    return this.#puts.get(job)
  }

  isLeaving(job: JobId): boolean {
    return this.#leaving.has(job)
  }

  isLastPut(job: JobId, turn: number): boolean {
    return this.#puts.get(job) === turn
  }

  async putCode(job: JobId, { bundle, sourceMap }: JobCode): Promise<void> {
    const folder = this.folder(job)
    await Promise.all([
      this.#disk.put(`${folder}/bundle.js`, Buffer.from(bundle)),
      putKept(this.#disk, `${folder}/bundle.map`, Buffer.from(sourceMap)),
    ])
    this.#withoutCode.delete(job)
    this.#withoutBundle.delete(job)
    this.#nobodyHasCode.delete(job)
    for (const file of ['bundle.js', 'bundle.map']) this.#damage.mended(`${folder}/${file}`)
  }

  /** The record as it travels; null where there is none, or a damaged one, which `isRecordDamaged` then tells. */
  async getRecord(job: JobId): Promise<string | null> {
    const bytes = await this.#kept(`${this.folder(job)}/record.json`, RECORD_LOST, job)
    if (bytes === 'damaged') this.#withoutRecord.add(job)
    return typeof bytes === 'string' || bytes === null ? null : textOf(bytes)
  }

  /**
   * A folder without a record that is neither of a job on its way here nor of one that was leaving: it was taken away.
   * `forgotten`: once it was, and small files may have come after it; what it has put out since then may not.
   */
  async missRecord(job: JobId, forgotten: boolean): Promise<boolean> {
    const files = await this.#disk.list(this.folder(job))
    const telling = forgotten ? files.includes('out') : files.some((file) => !CODE_FILES.includes(file))
    if (files.includes(LEAVING) || !telling) return false
    this.#damage.found(`${this.folder(job)}/record.json`, RECORD_LOST, job)
    this.#withoutRecord.add(job)
    return true
  }

  isRecordDamaged(job: JobId): boolean {
    return this.#withoutRecord.has(job)
  }

  /** Jobs of which this disk has a folder, and of which nobody has brought the record again yet. */
  withoutRecord(): JobId[] {
    return [...this.#withoutRecord]
  }

  /**
   * The code that the record names; null where it is damaged or not here. A source map only serves messages: code without
   * its own is better than none, and another node's is asked for.
   */
  async getCode(job: JobId, code: Digest): Promise<JobCode | null> {
    const folder = this.folder(job)
    const what = 'it is had again from another node, or from the next `shoal run` of the job'
    const bundle = await this.#disk.get(`${folder}/bundle.js`)
    const text = bundle === null ? '' : textOf(bundle)
    const sourceMap = await this.#kept(`${folder}/bundle.map`, what, job)
    const whole = codeDigest(text) === code
    // Forgotten while it was read: what is gone then is not damaged.
    if (!whole && (await this.#disk.size(`${folder}/record.json`)) === null) return null
    if (!whole) this.#damage.found(`${folder}/bundle.js`, what, job)
    const hasMap = sourceMap instanceof Uint8Array
    if (!whole) this.#withoutBundle.add(job)
    if (!whole || !hasMap) this.#withoutCode.add(job)
    return whole ? { bundle: text, sourceMap: hasMap ? textOf(sourceMap) : '' } : null
  }

  /** Known jobs whose code was found damaged or missing, until `putCode` brings it. */
  withoutCode(): JobId[] {
    return [...this.#withoutCode]
  }

  /** All that live have been asked, and none has what is missing. */
  missCode(job: JobId): void {
    if (this.#withoutBundle.has(job)) this.#nobodyHasCode.add(job)
  }

  isCodeLost(job: JobId): boolean {
    return this.#nobodyHasCode.has(job)
  }

  /** The job as it travels; null where not all of it is here, whole. */
  async getJob(job: JobId): Promise<JobBody | null> {
    const record = await this.getRecord(job)
    if (record === null) return null
    const code = await this.getCode(job, (JSON.parse(record) as JobRecord).spec.code)
    return code === null ? null : { record, ...code }
  }

  async jobs(): Promise<JobId[]> {
    return (await this.#disk.list('jobs')) as JobId[]
  }

  appendDeltas(job: JobId, deltas: readonly Uint8Array[]): Promise<void> {
    return this.#disk.append(`${this.folder(job)}/ledger.log`, Buffer.concat(deltas.map(toEntry)))
  }

  async ledgerBytes(job: JobId): Promise<number> {
    return (await this.#disk.size(`${this.folder(job)}/ledger.log`)) ?? 0
  }

  /** Replaces the log by one of these deltas; resolves to its size. */
  async putLedger(job: JobId, deltas: readonly Uint8Array[]): Promise<number> {
    const bytes = Buffer.concat(deltas.map(toEntry))
    await this.#disk.put(`${this.folder(job)}/ledger.log`, bytes)
    return bytes.length
  }

  /** The deltas kept, in order; one that cannot be read is left out (what it said comes again from peers). */
  async readDeltas(job: JobId, decode: (bytes: Uint8Array) => Promise<Delta>): Promise<Delta[]> {
    const deltas: Delta[] = []
    const log = `${this.folder(job)}/ledger.log`
    const files = await this.#disk.list(this.folder(job))
    if (files.includes('out') && !files.includes('ledger.log')) this.#damage.found(log, LEDGER_LOST, job)
    const { payloads, lost, empty } = await readLog(this.#disk, log)
    // A torn end is named as damage, too: a crash, or a kill inside a long append, cannot be told from it.
    if (lost > 0 || empty) this.#damage.found(log, LEDGER_LOST, job)
    for (const payload of payloads) {
      const delta = await decode(payload).catch(() => null)
      if (delta !== null) deltas.push(delta)
    }
    return deltas
  }

  async putManifest(name: string, manifest: TaskManifest): Promise<void> {
    await putKept(this.#disk, name, Buffer.from(JSON.stringify(manifest)))
    this.#damage.mended(name)
  }

  /** null where there is none, or none that can be read. */
  async manifest(name: string): Promise<TaskManifest | null> {
    const bytes = await this.#kept(name, OUTPUT_LOST, (name.split('/')[1] ?? null) as JobId | null)
    return bytes instanceof Uint8Array ? openManifest(parsed(bytes)) : null
  }

  /** An output that is here whole, with all its rows; null where any of that cannot be read. */
  async listing(job: JobId, task: TaskIndex): Promise<TaskListing | null> {
    const manifest = await this.manifest(this.output(job, task, 'manifest.json'))
    const rows = this.output(job, task, ROWS)
    return manifest && listingIn(this.#disk, manifest, rows, () => this.#damage.found(rows, OUTPUT_LOST, job))
  }

  /** A small file's content; damage is told. */
  async #kept(name: string, what: string, job: JobId | null): Promise<Uint8Array | null | 'damaged'> {
    try {
      return await getKept(this.#disk, name)
    } catch (error) {
      if (!isDamaged(error)) throw error
      this.#damage.found(name, what, job)
      return 'damaged'
    }
  }

  /** Outputs that are here whole: a manifest, and every file that it names. */
  async holding(job: JobId): Promise<Held[]> {
    const held: Held[] = []
    for (const name of await this.#disk.list(`${this.folder(job)}/out`)) {
      const listing = await this.listing(job, Number(name))
      const here = new Set(await this.#disk.list(`${this.folder(job)}/out/${name}`))
      if (listing !== null && filesOf(listing).every((file) => here.has(file)))
        held.push({ task: Number(name), output: outputOf(listing) })
    }
    return held
  }

  /** What had arrived, each under the digest that its manifest still has. */
  async arrivals(job: JobId): Promise<Arrival[]> {
    const arrivals: Arrival[] = []
    for (const { name, manifest, files } of await this.#found(`${this.folder(job)}/in`)) {
      const { digest } = outputOf(manifest)
      const task = Number.parseInt(name, 10)
      if (name !== `${task}.${digest}`) continue
      const log = this.arrival(job, task, digest, ROWS_LOG)
      const rows = await recoverRows(this.#disk, log, () => this.#damage.found(log, OUTPUT_LOST, job))
      arrivals.push({ task, digest, listing: { ...manifest, rows }, files })
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

  /**
   * Deletes what outputs consist of, but for those that are kept, and all that had arrived; manifests stay. It takes long
   * where there are many, and ends as soon as `may` says no: a round that was opened meanwhile makes such files again.
   */
  async release(job: JobId, isKept: (task: TaskIndex) => boolean, may: () => boolean): Promise<void> {
    if (!may()) return
    this.inputs.forget(job)
    await this.#disk.remove(`${this.folder(job)}/in`)
    for (const { name, files } of await this.#found(`${this.folder(job)}/out`)) {
      if (isKept(Number(name))) continue
      for (const file of files) {
        if (!may()) return
        if (file !== 'manifest.json') await this.#disk.remove(this.output(job, Number(name), file))
      }
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

  /** Resolves once such work has ended; rejects where it failed. */
  async gone(job: JobId): Promise<void> {
    await this.#leaving.get(job)
  }

  /** Resolves once no such work is under way, however it ended. */
  async left(job: JobId): Promise<void> {
    await this.#leaving.get(job)?.catch(() => undefined)
  }

  /** Deletes all outputs and all that had arrived. */
  async dropOutputs(job: JobId): Promise<void> {
    this.inputs.forget(job)
    await this.#disk.remove(`${this.folder(job)}/in`)
    await this.#disk.remove(`${this.folder(job)}/out`)
  }

  /**
   * Takes the record away, for good: from now on the job is not here, and what is left of it goes with the next `drop`.
   * It gets another name, or a record that somebody deleted could not be told from one that was forgotten.
   */
  async disown(job: JobId): Promise<void> {
    const name = `${this.folder(job)}/record.json`
    const size = await this.#disk.size(name)
    if (size !== null) await this.#disk.adopt(this.#disk.path(name), `${this.folder(job)}/${LEAVING}`, size)
  }

  async drop(job: JobId): Promise<void> {
    await this.#disk.remove(this.folder(job))
    this.attempts.forget(job)
    this.inputs.forget(job)
    this.#puts.delete(job)
    this.#withoutCode.delete(job)
    this.#withoutBundle.delete(job)
    this.#nobodyHasCode.delete(job)
    this.#withoutRecord.delete(job)
    this.#damage.mended(this.folder(job))
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}

/** JSON from this disk; null where it is damaged. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return null
  }
}

export function codeDigest(bundle: string): Digest {
  return hashText(bundle)
}
