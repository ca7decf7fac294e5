import { hashText } from '../../core/hash.ts'
import type { Digest, JobId } from '../../core/types.ts'
import type { Disk } from '../../ports.ts'
import type { Damage } from './damage.ts'
import { folderFile, recordFile } from './folder.ts'
import { getOrTell, putKept, textOf } from './kept.ts'

/** What a job needs beside its record; content-addressed by the record's `code`. */
export interface JobCode {
  readonly bundle: string
  readonly sourceMap: string
}

/** All that a folder has before the record comes. */
export const CODE_FILES: readonly string[] = ['bundle.js', 'bundle.map']

const CODE_LOST = 'it is had again from another node, or from the next `shoal run` of the job'

/** The jobs' bundles and source maps on this disk, and of which known jobs they are damaged or missing. */
export class Codes {
  readonly #disk: Disk
  readonly #damage: Damage
  /** Jobs whose bundle or source map was found damaged or missing. */
  readonly #missing = new Set<JobId>()
  /** Those of them that cannot run: the others lack a source map alone. */
  readonly #withoutBundle = new Set<JobId>()
  /** Those of these whose bundle no node that could be asked has. */
  readonly #lost = new Set<JobId>()

  constructor(disk: Disk, damage: Damage) {
    this.#disk = disk
    this.#damage = damage
  }

  bundlePath(job: JobId): string {
    return this.#disk.path(folderFile(job, 'bundle.js'))
  }

  sourceMapPath(job: JobId): string {
    return this.#disk.path(folderFile(job, 'bundle.map'))
  }

  async put(job: JobId, { bundle, sourceMap }: JobCode): Promise<void> {
    await Promise.all([
      this.#disk.put(folderFile(job, 'bundle.js'), Buffer.from(bundle)),
      putKept(this.#disk, folderFile(job, 'bundle.map'), Buffer.from(sourceMap)),
    ])
    this.forget(job)
    for (const file of CODE_FILES) this.#damage.mended(folderFile(job, file))
  }

  /**
   * The code that the record names; null where it is damaged or not here. A source map only serves messages: code without
   * its own is better than none, and another node's is asked for.
   */
  async get(job: JobId, code: Digest): Promise<JobCode | null> {
    const bundle = await this.#disk.get(folderFile(job, 'bundle.js'))
    const text = bundle === null ? '' : textOf(bundle)
    const sourceMap = await getOrTell(this.#disk, this.#damage, folderFile(job, 'bundle.map'), CODE_LOST, job)
    const whole = codeDigest(text) === code
    // Forgotten while it was read: what is gone then is not damaged.
    if (!whole && (await this.#disk.size(recordFile(job))) === null) return null
    if (!whole) this.#damage.found(folderFile(job, 'bundle.js'), CODE_LOST, job)
    const hasMap = sourceMap instanceof Uint8Array
    if (!whole) this.#withoutBundle.add(job)
    if (!whole || !hasMap) this.#missing.add(job)
    return whole ? { bundle: text, sourceMap: hasMap ? textOf(sourceMap) : '' } : null
  }

  /** Known jobs whose code was found damaged or missing, until `put` brings it. */
  missing(): JobId[] {
    return [...this.#missing]
  }

  /** All that live have been asked for what is missing, and none has it. */
  nobodyHas(job: JobId): void {
    if (this.#withoutBundle.has(job)) this.#lost.add(job)
  }

  isLost(job: JobId): boolean {
    return this.#lost.has(job)
  }

  forget(job: JobId): void {
    this.#missing.delete(job)
    this.#withoutBundle.delete(job)
    this.#lost.delete(job)
  }
}

export function codeDigest(bundle: string): Digest {
  return hashText(bundle)
}
