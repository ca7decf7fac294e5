import type { Held } from '../../core/events.ts'
import { manifestText, outputOf, type TaskManifest } from '../../core/ledger/manifest.ts'
import { filesOf } from '../../core/plan/files.ts'
import type { Digest, JobId, TaskIndex } from '../../core/types.ts'
import type { Disk } from '../../ports.ts'
import { openManifest } from '../../wire/manifest.ts'
import type { Damage } from './damage.ts'
import { folderFile, jobOfFile, outputFile } from './folder.ts'
import { getOrTell, putKept, textOf } from './kept.ts'

const MANIFEST = 'manifest.json'
const OUTPUT_LOST = 'the output is had again from another node, or made again, where it is still wanted'

/** What was found of a task's consumed input at boot. */
export interface Arrival {
  readonly task: TaskIndex
  readonly digest: Digest
  readonly manifest: TaskManifest
  readonly files: readonly string[]
}

interface Found {
  /** Of the folder: `TASK` of an output, `TASK.DIGEST` of what arrived. */
  readonly name: string
  readonly manifest: TaskManifest
  readonly files: readonly string[]
}

/** Tasks' outputs on this disk, each a folder of files with a manifest: those that this node holds, and what arrived. */
export class Outputs {
  readonly #disk: Disk
  readonly #damage: Damage

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
    return openManifest(await this.#json(name))
  }

  /** The same of one that was checked before in this life: a job's reduces read all its manifests again and again. */
  async checkedManifest(name: string): Promise<TaskManifest | null> {
    const found = (await this.#json(name)) as TaskManifest | null
    if (found === null || 'took' in found.manifest || 'bounds' in found.manifest) return found
    return openManifest(found)
  }

  /** Outputs that are here whole: a manifest, and every file that it names. */
  async holding(job: JobId): Promise<Held[]> {
    const held: Held[] = []
    for (const { name, manifest, files } of await this.#found(folderFile(job, 'out')))
      if (filesOf(manifest.manifest).every((file) => files.includes(file)))
        held.push({ task: Number(name), output: outputOf(manifest) })
    return held
  }

  /** What had arrived, each under the digest that its manifest still has. */
  async arrivals(job: JobId): Promise<Arrival[]> {
    const arrivals: Arrival[] = []
    for (const { name, manifest, files } of await this.#found(folderFile(job, 'in'))) {
      const { digest } = outputOf(manifest)
      const task = Number.parseInt(name, 10)
      if (name === `${task}.${digest}`) arrivals.push({ task, digest, manifest, files })
    }
    return arrivals
  }

  /**
   * Deletes what had arrived of tasks that are released, and what their outputs here consist of; manifests stay. It takes
   * long where there are many: each is asked for when its turn comes, since a round that was opened meanwhile makes such
   * files again.
   */
  async release(job: JobId, isReleased: (task: TaskIndex) => boolean): Promise<void> {
    for (const name of await this.#disk.list(folderFile(job, 'in')))
      if (isReleased(Number.parseInt(name, 10))) await this.#disk.remove(`${folderFile(job, 'in')}/${name}`)
    for (const { name, files } of await this.#found(folderFile(job, 'out')))
      for (const file of files)
        if (file !== MANIFEST && isReleased(Number(name))) await this.#disk.remove(outputFile(job, Number(name), file))
  }

  /** Deletes all outputs, parts as well, and all that had arrived. */
  async removeAll(job: JobId): Promise<void> {
    await this.#disk.remove(folderFile(job, 'in'))
    await this.#disk.remove(folderFile(job, 'out'))
  }

  async #found(folder: string): Promise<Found[]> {
    const found: Found[] = []
    for (const name of await this.#disk.list(folder)) {
      const manifest = await this.manifest(`${folder}/${name}/${MANIFEST}`)
      if (manifest !== null) found.push({ name, manifest, files: await this.#disk.list(`${folder}/${name}`) })
    }
    return found
  }

  async #json(name: string): Promise<unknown> {
    const bytes = await getOrTell(this.#disk, this.#damage, name, OUTPUT_LOST, jobOfFile(name))
    return bytes instanceof Uint8Array ? parsed(bytes) : null
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
