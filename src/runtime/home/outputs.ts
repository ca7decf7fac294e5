import type { Held } from '../../core/events.ts'
import { manifestText, outputOf, type TaskListing, type TaskManifest } from '../../core/ledger/manifest.ts'
import { filesOf } from '../../core/plan/files.ts'
import { rootIn } from '../../core/plan/rows.ts'
import type { Digest, JobId, TaskIndex } from '../../core/types.ts'
import type { Disk } from '../../ports.ts'
import { openManifest } from '../../wire/manifest.ts'
import { openRows } from '../../wire/rows.ts'
import type { Damage } from './damage.ts'
import { arrivalFile, folderFile, jobOfFile, outputFile } from './folder.ts'
import { getOrTell, putKept, textOf } from './kept.ts'
import { KeptInputs } from './kept-inputs.ts'
import { recoverRows, ROWS, ROWS_LOG } from './rows.ts'

const MANIFEST = 'manifest.json'
const OUTPUT_LOST = 'the output is had again from another node, or made again, where it is still wanted'

/** What was found of a task's consumed input at boot. */
export interface Arrival {
  readonly task: TaskIndex
  readonly digest: Digest
  readonly listing: TaskListing
  readonly files: readonly string[]
}

/** Tasks' outputs on this disk, each a folder of files with a manifest: those that this node holds, and what arrived. */
export class Outputs {
  readonly #disk: Disk
  readonly #damage: Damage
  /** What tasks here have read of them. */
  readonly inputs: KeptInputs = new KeptInputs()

  constructor(disk: Disk, damage: Damage) {
    this.#disk = disk
    this.#damage = damage
  }

  async putManifest(name: string, manifest: TaskManifest): Promise<void> {
    await putKept(this.#disk, name, Buffer.from(manifestText(manifest)))
    this.#damage.mended(name)
  }

  /** null where there is none, or none that can be read. */
  async manifest(name: string): Promise<TaskManifest | null> {
    const bytes = await this.#content(name)
    return bytes === null ? null : openManifest(parsed(bytes))
  }

  /** An output that is here whole, with all its rows; null where any of that cannot be read. */
  async listing(job: JobId, task: TaskIndex): Promise<TaskListing | null> {
    const manifest = await this.manifest(outputFile(job, task, MANIFEST))
    const root = manifest && rootIn(manifest.manifest)
    if (manifest === null || root === null) return manifest && { ...manifest, rows: [] }
    const packed = await this.#content(outputFile(job, task, ROWS))
    const rows = packed && openRows(packed)
    return rows?.length === root.count ? { ...manifest, rows } : null
  }

  /** Outputs that are here whole: a manifest, and every file that it names. */
  async holding(job: JobId): Promise<Held[]> {
    const held: Held[] = []
    const folder = folderFile(job, 'out')
    for (const name of await this.#disk.list(folder)) {
      const listing = await this.listing(job, Number(name))
      const here = new Set(await this.#disk.list(`${folder}/${name}`))
      if (listing !== null && filesOf(listing).every((file) => here.has(file)))
        held.push({ task: Number(name), output: outputOf(listing) })
    }
    return held
  }

  /** What had arrived, each under the digest that its manifest still has. */
  async arrivals(job: JobId): Promise<Arrival[]> {
    const arrivals: Arrival[] = []
    const folder = folderFile(job, 'in')
    for (const name of await this.#disk.list(folder)) {
      const manifest = await this.manifest(`${folder}/${name}/${MANIFEST}`)
      if (manifest === null) continue
      const { digest } = outputOf(manifest)
      const task = Number.parseInt(name, 10)
      if (name !== `${task}.${digest}`) continue
      const log = arrivalFile(job, task, digest, ROWS_LOG)
      const rows = await recoverRows(this.#disk, log, () => this.#damage.found(log, OUTPUT_LOST, job))
      arrivals.push({ task, digest, listing: { ...manifest, rows }, files: await this.#disk.list(`${folder}/${name}`) })
    }
    return arrivals
  }

  /**
   * Deletes what had arrived of tasks that are released, and what their outputs here consist of; manifests stay. It takes
   * long where there are many: each is asked for when its turn comes, since a round that was opened meanwhile makes such
   * files again.
   */
  async release(job: JobId, isReleased: (task: TaskIndex) => boolean): Promise<void> {
    this.inputs.forget(job)
    for (const name of await this.#disk.list(folderFile(job, 'in')))
      if (isReleased(Number.parseInt(name, 10))) await this.#disk.remove(`${folderFile(job, 'in')}/${name}`)
    for (const name of await this.#disk.list(folderFile(job, 'out')))
      for (const file of await this.#disk.list(`${folderFile(job, 'out')}/${name}`))
        if (file !== MANIFEST && isReleased(Number(name))) await this.#disk.remove(outputFile(job, Number(name), file))
  }

  /** Deletes all outputs, parts as well, and all that had arrived. */
  async removeAll(job: JobId): Promise<void> {
    this.inputs.forget(job)
    await this.#disk.remove(folderFile(job, 'in'))
    await this.#disk.remove(folderFile(job, 'out'))
  }

  async #content(name: string): Promise<Uint8Array | null> {
    const bytes = await getOrTell(this.#disk, this.#damage, name, OUTPUT_LOST, jobOfFile(name))
    return bytes instanceof Uint8Array ? bytes : null
  }
}

/** JSON from this disk; null where it is damaged. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes))
  } catch {
    return null
  }
}
